/*
 * What a far end must not do to libpri. It keeps one record for everything with the global call reference, and what a
 * message of the wrong type leaves in it spoils every RESTART that we send later. Such a message is passed on under a
 * protocol discriminator that nobody has: Q.921 acknowledges it, Q.931 ignores it (Q.931 5.8.1), nothing is repeated.
 */

#include <stdint.h>

#include "q931_link.h"

enum { NOBODY = 0x00, Q931 = 0x08, MAINTENANCE_1 = 0x03, MAINTENANCE_2 = 0x43, CHANNEL = 0x18, D_CHANNEL = 0x04 };
enum { RESTART = 0x46, RESTART_ACK = 0x4E, FACILITY = 0x62, STATUS_ENQUIRY = 0x75, STATUS = 0x7D };

/* A channel identification that means the D channel itself. */
static int names_d_channel(const uint8_t *element, int32_t size)
{
    while (size >= 2) {
        if (element[0] & 0x80) {
            element++;
            size--;
            continue;
        }
        if (element[0] == CHANNEL && element[1] >= 1 && size >= 3 && element[2] & D_CHANNEL)
            return 1;
        size -= 2 + element[1];
        element += 2 + element[1];
    }
    return 0;
}

static int sound(const uint8_t *message, int32_t size)
{
    int32_t length = message[1] & 0xF;
    if (size < 3 + length)
        return 1; /* libpri refuses it */
    const uint8_t *kind = message + 2 + length;
    int reference = 0;
    for (const uint8_t *octet = message + 2; octet < kind; octet++)
        reference |= octet == message + 2 ? *octet & 0x7F : *octet;
    if (length && reference)
        return 1;
    if (!length)
        return *kind == FACILITY;
    int known = *kind == RESTART || *kind == RESTART_ACK || *kind == STATUS || *kind == STATUS_ENQUIRY;
    if (message[0] == Q931 && !known)
        return 0;
    return !names_d_channel(kind + 1, (int32_t)(message + size - kind - 1));
}

int q9_guard(uint8_t *frame, int32_t size)
{
    int32_t at = (frame[2] & 1) == 0 ? 4 : (frame[2] & 0xEF) == 0x03 ? 3 : size;
    int other = at + 3 > size || (frame[at] != Q931 && frame[at] != MAINTENANCE_1 && frame[at] != MAINTENANCE_2);
    if (other || sound(frame + at, size - at))
        return 1;
    frame[at] = NOBODY;
    return 0;
}
