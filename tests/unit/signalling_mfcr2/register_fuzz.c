/* Random operations on registers, both ends, with a device that answers anything: for the sanitizers. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mfcr2.h"

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static long answer(unsigned long most)
{
    static const long errors[] = {-EAGAIN, -EINTR, -500, 0, -EIO};
    return draw(4) ? (long)draw((uint32_t)most) + 1 : errors[draw(5)];
}

static long device_read(int fd, void *to, unsigned long size)
{
    (void)fd;
    long got = answer(size);
    for (long i = 0; i < got; i++)
        ((uint8_t *)to)[i] = (uint8_t)draw(256);
    return got;
}

static long device_write(int fd, const void *from, unsigned long size)
{
    (void)fd, (void)from;
    return answer(size);
}

int main(int count, char **arguments)
{
    state = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
    const mfcr2_io io = {device_read, device_write};
    uint8_t in[700], out[700];
    long events = 0;
    for (int life = 0; life < 30; life++) {
        mfcr2_options options;
        mfcr2_defaults(&options);
        if (!draw(3)) {
            options.send_mb = (int32_t)draw(6000) - 5000;
            options.least_mb = (int32_t)draw(8000) - 7000;
            options.recognise_ms = (int32_t)draw(150);
        }
        mfcr2_register *reg = mfcr2_new(&options, (int32_t)draw(3));
        if (!reg)
            continue;
        for (int step = 0; step < 400; step++) {
            mfcr2_event event;
            int32_t size = (int32_t)draw(sizeof in);
            switch (draw(6)) {
            case 0:
                mfcr2_send(reg, (int32_t)draw(20) - 2, (int32_t)draw(4000) - 100);
                break;
            case 1:
                for (int i = 0; i < size; i++)
                    in[i] = draw(2) ? 0xD5 : (uint8_t)draw(256);
                mfcr2_feed(reg, in, out, size);
                break;
            case 2:
                mfcr2_pump(reg, &io, 3);
                break;
            case 3:
                mfcr2_prime(reg, &io, 3, (int32_t)draw(1200) - 50);
                break;
            default:
                while (mfcr2_next(reg, &event))
                    events += event.number >= 1 && event.number <= 15 && event.kind >= MFCR2_HEARD;
            }
        }
        if (mfcr2_dropped(reg) < 0 || mfcr2_now(reg) < 0 || mfcr2_sending(reg) > 15 || mfcr2_hearing(reg) > 15)
            return 1;
        mfcr2_free(reg);
    }
    printf("%ld\n", events);
    return events ? 0 : 1;
}
