/*
 * Opens libpri in simulated time.
 *
 * This library is linked as a filter of libpri.so.1.4 and opened with RTLD_DEEPBIND: libpri is loaded with it, and finds
 * our gettimeofday() before libc's. Only libraries that are loaded this way see it. Nothing of libpri is needed to build.
 *
 * Its I/O callbacks are here, on rings in memory, so that no foreign code calls into the interpreter.
 */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { FRAME_BYTES = 512, FRAMES = 64, FCS_BYTES = 2, TEXT_BYTES = 16384 };

struct pri;
typedef int (*pri_io)(struct pri *, void *, int);
struct pri *pri_new_cb(int fd, int node, int switch_type, pri_io read, pri_io write, void *user);
void *pri_get_userdata(struct pri *pri);
void pri_set_message(void (*show)(struct pri *, char *));
void pri_set_error(void (*show)(struct pri *, char *));

struct seconds {
    long s;
    long us;
};

struct frames {
    uint8_t bytes[FRAMES][FRAME_BYTES];
    int32_t size[FRAMES];
    uint32_t first, count;
    uint32_t lost;
};

typedef struct hwpri_link {
    struct frames rx, tx;
} hwpri_link;

static int64_t now_us;
static char text[TEXT_BYTES];
static size_t text_used;

EXPORT void hwpri_set_time(int64_t us) { now_us = us; }

EXPORT int gettimeofday(struct seconds *restrict now, void *restrict zone)
{
    (void)zone;
    now->s = (long)(now_us / 1000000);
    now->us = (long)(now_us % 1000000);
    return 0;
}

static int put(struct frames *ring, const void *bytes, int32_t size)
{
    if (size <= 0 || size > FRAME_BYTES || ring->count == FRAMES) {
        ring->lost++;
        return -1;
    }
    uint32_t at = (ring->first + ring->count++) % FRAMES;
    memcpy(ring->bytes[at], bytes, (size_t)size);
    ring->size[at] = size;
    return 0;
}

static int take(struct frames *ring, void *bytes, int32_t room)
{
    if (!ring->count)
        return 0;
    uint32_t at = ring->first;
    ring->first = (ring->first + 1) % FRAMES;
    ring->count--;
    if (ring->size[at] > room) {
        ring->lost++;
        return -1;
    }
    memcpy(bytes, ring->bytes[at], (size_t)ring->size[at]);
    return ring->size[at];
}

/* libpri counts two octets for the frame check sequence, both ways, and never looks at them. */
static int on_read(struct pri *pri, void *bytes, int room)
{
    hwpri_link *link = pri_get_userdata(pri);
    int size = take(&link->rx, bytes, room - FCS_BYTES);
    return size > 0 ? size + FCS_BYTES : 0;
}

static int on_write(struct pri *pri, void *bytes, int size)
{
    hwpri_link *link = pri_get_userdata(pri);
    put(&link->tx, bytes, size - FCS_BYTES);
    return size;
}

static void on_text(struct pri *pri, char *line)
{
    (void)pri;
    size_t size = strlen(line);
    if (text_used + size > TEXT_BYTES)
        return;
    memcpy(text + text_used, line, size);
    text_used += size;
}

EXPORT hwpri_link *hwpri_link_new(void) { return calloc(1, sizeof(hwpri_link)); }

EXPORT struct pri *hwpri_open(hwpri_link *link, int node, int switch_type)
{
    pri_set_message(on_text);
    pri_set_error(on_text);
    return pri_new_cb(-1, node, switch_type, on_read, on_write, link);
}

EXPORT int hwpri_push(hwpri_link *link, const void *frame, int32_t size) { return put(&link->rx, frame, size); }

EXPORT int hwpri_pop(hwpri_link *link, void *frame, int32_t room) { return take(&link->tx, frame, room); }

EXPORT int hwpri_text(char *copy, int32_t room)
{
    size_t size = text_used < (size_t)room ? text_used : (size_t)room;
    memcpy(copy, text, size);
    text_used = 0;
    return (int)size;
}
