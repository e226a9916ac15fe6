/* A program of somebody else's, written for the I/O library alone: two spans back to back, sound, line bits, frames and
 * events from one to the other. Says what happened in lines of "what: value"; ends with 0 when all of it arrived. Runs
 * with either build of the library. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "dahdi.h"
#include "dio.h"

#define BLOCK 160
#define BLOCKS 20

static int must(int result, const char *what)
{
    if (result >= 0)
        return result;
    fprintf(stderr, "%s: %s\n", what, result == -DAHDI_ELAST ? "an event waits" : strerror(-result));
    return -1;
}

static struct dahdi_dynamic_span spans[2] = {
    {.driver = "loc", .address = "9:0", .channels = 31}, {.driver = "loc", .address = "9:1", .channels = 31}};

/* The number of a span's first channel, found by asking all of them. */
static int first_channel(int ctl, int span)
{
    for (int channel = 1; channel < 1024; channel++) {
        struct dahdi_params params = {.channel = channel};

        if (dio_ioctl(ctl, DAHDI_GET_PARAMS, &params) >= 0 && params.span == span && params.position == 1)
            return channel;
    }
    return -1;
}

static int open_channel(int ctl, int number, int signalling, int size)
{
    struct dahdi_channel_config config = {
        .channel = number, .master = number, .signalling = signalling, .idle_bits = 13};
    struct dahdi_buffers buffers = {.count = 4, .size = size};
    int law = DAHDI_LAW_ALAW, fd;

    if (must(dio_ioctl(ctl, DAHDI_CHANCONFIG, &config), "CHANCONFIG") < 0)
        return -1;
    fd = must(dio_open("/dev/dahdi/channel", O_RDWR | O_NONBLOCK), "open");
    if (fd < 0 || must(dio_ioctl(fd, DAHDI_SPECIFY, &number), "SPECIFY") < 0 ||
        must(dio_ioctl(fd, DAHDI_SETLAW, &law), "SETLAW") < 0 ||
        must(dio_ioctl(fd, DAHDI_SET_BUFINFO, &buffers), "SET_BUFINFO") < 0)
        return -1;
    return fd;
}

static int wait_for(int fd, int events, int timeout_ms)
{
    struct dio_pollfd one = {.fd = fd, .events = (short)events};

    return dio_poll(&one, 1, timeout_ms) > 0 ? one.revents : 0;
}

static void take_events(int fd)
{
    int event;

    while (dio_ioctl(fd, DAHDI_GETEVENT, &event) >= 0 && event)
        ;
}

/* Numbered blocks from a to b; how many came in order. */
static int send_sound(int a, int b)
{
    unsigned char block[BLOCK];
    int sent = 0, got = 0;

    take_events(a);
    take_events(b);
    for (int turn = 0; turn < 50 * BLOCKS && got < BLOCKS; turn++) {
        if (sent < BLOCKS && wait_for(a, POLLOUT, 0) & POLLOUT) {
            memset(block, sent + 3, sizeof block);
            if (dio_write(a, block, sizeof block) == BLOCK)
                sent++;
        }
        if (!(wait_for(b, POLLIN, 20) & POLLIN) || dio_read(b, block, sizeof block) != BLOCK)
            continue;
        /* Blocks of the reader need not begin where those of the writer did. */
        if (memchr(block, got + 3, sizeof block))
            got++;
    }
    return got;
}

static int send_bits(int a, int b)
{
    int bits = 3, event = 0, heard = 0;

    take_events(b);
    if (must(dio_ioctl(a, DAHDI_SETTXBITS, &bits), "SETTXBITS") < 0)
        return -1;
    if (wait_for(b, POLLPRI, 500) & POLLPRI && dio_read(b, &heard, sizeof heard) == -DAHDI_ELAST)
        dio_ioctl(b, DAHDI_GETEVENT, &event);
    dio_ioctl(b, DAHDI_GETRXBITS, &heard);
    return event == DAHDI_EVENT_BITSCHANGED ? heard & 15 : -1;
}

static long send_frame(int a, int b)
{
    unsigned char frame[64] = "a frame with room for its check sequence", got[256];
    long size = 0;

    wait_for(b, POLLPRI, 100);
    if (dio_write(a, frame, sizeof frame) != sizeof frame)
        return -1;
    if (wait_for(b, POLLIN, 500) & POLLIN)
        size = dio_read(b, got, sizeof got);
    return size == sizeof frame && !memcmp(got, frame, sizeof frame - 2) ? size : -1;
}

int main(void)
{
    int ctl = must(dio_open("/dev/dahdi/ctl", O_RDWR), "ctl"), near, far, a, b, blocks, bits;
    long frame;

    if (ctl < 0)
        return 1;
    for (int end = 0; end < 2; end++)
        if (must(dio_ioctl(ctl, DAHDI_DYNAMIC_CREATE, &spans[end]), "DYNAMIC_CREATE") < 0)
            return 1;
    near = first_channel(ctl, spans[0].span);
    far = first_channel(ctl, spans[1].span);
    printf("channels: %d %d\n", near, far);

    if ((a = open_channel(ctl, near, DAHDI_SIG_CAS, BLOCK)) < 0 ||
        (b = open_channel(ctl, far, DAHDI_SIG_CAS, BLOCK)) < 0)
        return 1;
    wait_for(b, POLLPRI, 100);
    bits = send_bits(a, b);
    printf("bits: %d\n", bits);
    blocks = send_sound(a, b);
    printf("blocks: %d\n", blocks);
    dio_close(a);
    dio_close(b);

    if ((a = open_channel(ctl, near + 15, DAHDI_SIG_HDLCFCS, 1024)) < 0 ||
        (b = open_channel(ctl, far + 15, DAHDI_SIG_HDLCFCS, 1024)) < 0)
        return 1;
    frame = send_frame(a, b);
    printf("frame: %ld\n", frame);
    dio_close(a);
    dio_close(b);
    for (int end = 0; end < 2; end++)
        if (must(dio_ioctl(ctl, DAHDI_DYNAMIC_DESTROY, &spans[end]), "DYNAMIC_DESTROY") < 0)
            return 1;
    dio_close(ctl);
    return blocks == BLOCKS && bits == 3 && frame == 64 ? 0 : 1;
}
