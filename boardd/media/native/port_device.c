/* Device ports: descriptors of a card, read and written through the functions of its I/O library. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec.h"
#include "engine.h"

enum {
    MAX_WIDTH = 2,                       /* bytes a sample */
    RX_BLOCKS = 8,
    TX_BLOCKS = 2,
    LOOK_EVERY = ME_RATE_HZ / ME_BLOCK,  /* blocks between looks at what waits in the device: 1 s */
    WAITING_TOO_MANY = 2,                /* blocks that wait, at PATIENCE looks in a row, are too many */
    PATIENCE = 5,
    CALM = 30,                           /* seconds without a late moment, then a block a second is given back, */
    QUIET_WITHIN = 2 * LOOK_EVERY,       /* in the first quiet block of so many, else in the last of them */
    QUIET_PEAK = 130,                    /* 48 dB below full scale: noise in a pause of speech */
    MOST_EVENTS = 16                     /* taken from the device at once */
};

typedef struct {
    me_device options;
    int32_t width; /* bytes a sample */
    int32_t rx_bytes, tx_bytes;
    bool begun;    /* something has been read since it runs */
    bool filled;   /* the silence ahead is written */
    int32_t looks; /* in a row that found too much waiting */
    int64_t stood; /* of the clock, as last seen */
    bool behind;   /* we stood still, and what waits in the device is older than what it plays */
    int32_t excess;   /* blocks ahead of the device beside the silence, from late moments */
    int32_t calm;     /* seconds since the last of them */
    int64_t burst_ns; /* when that was */
    int32_t due;      /* blocks in which one of the excess may still be left out; 0: none is to be */
    bool folding;     /* `folded` was not written: it goes over into the block after it */
    int16_t folded[ME_BLOCK];
    uint8_t rx[RX_BLOCKS * ME_BLOCK * MAX_WIDTH], tx[TX_BLOCKS * ME_BLOCK * MAX_WIDTH];
} device;

static long plain_read(int fd, void *to, unsigned long bytes)
{
    ssize_t n = read(fd, to, bytes);
    return n < 0 ? -errno : n;
}

static long plain_write(int fd, const void *from, unsigned long bytes)
{
    ssize_t n = write(fd, from, bytes);
    return n < 0 ? -errno : n;
}

static int32_t block_bytes(const device *self) { return ME_BLOCK * self->width; }

/* Asks the device for the events that stop it. */
static bool take_events(me_engine *engine, port *self)
{
    device *line = self->inside;
    for (int i = 0; i < MOST_EVENTS; i++) {
        int number = 0;
        if (line->options.ioctl(line->options.fd, line->options.event_request, &number) < 0)
            return false;
        if (number == 0)
            break;
        me_event event = {.at_sample = engine->now, .port = self->id, .kind = ME_EV_LINE, .code = number};
        event_post(engine, &event);
    }
    return true;
}

/* What the device answered: whether to ask it once more. */
static bool refused(me_engine *engine, port *self, long answer)
{
    device *line = self->inside;
    if (answer == -EAGAIN || answer == -EINTR)
        return false;
    if (line->options.event_errno && answer == -line->options.event_errno && line->options.ioctl)
        return take_events(engine, self);
    port_fail(engine, self, (int)-answer);
    return false;
}

/* Answers the bytes that came. */
static long read_once(me_engine *engine, port *self)
{
    device *line = self->inside;
    unsigned long space = (unsigned long)(RX_BLOCKS * block_bytes(line) - line->rx_bytes);
    if (space == 0 || self->failed)
        return 0;
    for (int attempt = 0; attempt < 2; attempt++) {
        long n = line->options.read(line->options.fd, &line->rx[line->rx_bytes], space);
        if (n > 0) {
            line->rx_bytes += (int32_t)n;
            line->begun = true;
            self->stalled = false;
            return n;
        }
        if (!refused(engine, self, n))
            break;
    }
    return 0;
}

static void fill(me_engine *engine, port *self)
{
    device *line = self->inside;
    if (line->rx_bytes < block_bytes(line))
        read_once(engine, self);
}

static bool ready(const port *self)
{
    const device *line = self->inside;
    return line->rx_bytes >= block_bytes(line);
}

static int descriptor(const port *self) { return ((const device *)self->inside)->options.fd; }

static bool may_drive(const port *self) { return !((const device *)self->inside)->options.no_clock; }

/* Once a second: a delay that a late tick left behind must not stay for ever. */
static void look(me_engine *engine, port *self)
{
    device *line = self->inside;
    int32_t block = block_bytes(line);
    while (read_once(engine, self) > 0)
        ;
    int32_t waiting = line->rx_bytes / block - 1; /* behind the one that is taken now */
    line->looks = waiting >= WAITING_TOO_MANY ? line->looks + 1 : 0;
    if (line->looks < PATIENCE)
        return;
    int32_t excess = (waiting - 1) * block;
    line->rx_bytes -= excess;
    memmove(line->rx, line->rx + excess, (size_t)line->rx_bytes);
    line->looks = 0;
    self->dropped += excess / line->width;
    port_missing(engine, self, excess / line->width);
}

static void decode(const device *line, port *self)
{
    switch (line->options.law) {
    case CODEC_ALAW:
        memcpy(self->heard_alaw, line->rx, ME_BLOCK);
        self->heard_coded = true;
        for (int n = 0; n < ME_BLOCK; n++)
            self->heard[n] = codec_alaw_linear[line->rx[n]];
        break;
    case CODEC_MULAW:
        for (int n = 0; n < ME_BLOCK; n++)
            self->heard[n] = codec_mulaw_linear[line->rx[n]];
        break;
    default:
        memcpy(self->heard, line->rx, sizeof self->heard);
    }
}

/*
 * Lateness that what was written ahead did not cover: the device has run dry, and what we write now for each block that
 * waits stays ahead of the rest. That is good while such moments come again (the next one is covered), and is given back
 * when they do not. A device that gave no blocks stood still itself, and has played nothing either.
 */
static void note_dry(me_engine *engine, port *self)
{
    device *line = self->inside;
    const tick_clock *clock = &engine->clock;
    int64_t late_ns = clock->last_ns - clock->paced_ns;
    if (late_ns <= line->options.prefill * (int64_t)ME_BLOCK_NS + ME_BLOCK_NS / 2 || clock->last_ns == line->burst_ns)
        return;
    line->burst_ns = clock->last_ns;
    line->calm = 0;
    while (read_once(engine, self) > 0)
        ;
    int32_t dry = line->rx_bytes / block_bytes(line) - 1 - line->options.prefill - line->excess;
    line->excess += dry > 0 ? dry : 0;
}

static bool is_quiet(const port *self)
{
    int32_t peak = 0;
    for (int n = 0; n < ME_BLOCK; n++)
        peak = abs(self->said[n]) > peak ? abs(self->said[n]) : peak;
    return peak <= QUIET_PEAK;
}

/* Whether this block, one of those that late moments have put ahead, is to be left out. */
static bool catches_up(me_engine *engine, port *self)
{
    device *line = self->inside;
    if (line->excess == 0 || line->folding) {
        line->due = 0;
        return false;
    }
    if ((engine->blocks + self->index) % LOOK_EVERY == 0 && ++line->calm > CALM && line->due == 0)
        line->due = QUIET_WITHIN;
    if (line->due == 0 || (!is_quiet(self) && --line->due > 0))
        return false;
    line->due = 0;
    line->excess--;
    line->folding = true;
    memcpy(line->folded, self->said, sizeof line->folded);
    return true;
}

/* The block that was left out begins, this one ends: neither edge is a step. */
static void fold(device *line, port *self)
{
    for (int n = 0; n < ME_BLOCK; n++)
        line->folded[n] = (int16_t)((line->folded[n] * (ME_BLOCK - n) + self->said[n] * n) / ME_BLOCK);
}

static void hear(me_engine *engine, port *self)
{
    device *line = self->inside;
    fill(engine, self);
    line->behind |= line->stood != engine->clock.stood;
    line->stood = engine->clock.stood;
    if (line->filled && !line->behind)
        note_dry(engine, self);
    if ((engine->blocks + self->index) % LOOK_EVERY == 0 && ready(self))
        look(engine, self);
    if (!ready(self)) {
        memset(self->heard, 0, sizeof self->heard);
        if (line->begun)
            port_missing(engine, self, ME_BLOCK);
        return;
    }
    decode(line, self);
    int32_t block = block_bytes(line);
    line->rx_bytes -= block;
    if (line->rx_bytes)
        memmove(line->rx, line->rx + block, (size_t)line->rx_bytes);
}

/* False: the device takes no more now. */
static bool push(me_engine *engine, port *self)
{
    device *line = self->inside;
    int32_t done = 0, retries = 0;
    while (done < line->tx_bytes && !self->failed) {
        long n = line->options.write(line->options.fd, &line->tx[done], (unsigned long)(line->tx_bytes - done));
        if (n > 0)
            done += (int32_t)n;
        else if (n == 0 || !refused(engine, self, n) || ++retries > 1)
            break;
    }
    line->tx_bytes -= done;
    if (line->tx_bytes && done)
        memmove(line->tx, line->tx + done, (size_t)line->tx_bytes);
    return line->tx_bytes == 0;
}

static void encode(device *line, port *self, uint8_t *to)
{
    bool folding = line->folding;
    const int16_t *from = folding ? line->folded : self->said;
    if (folding)
        fold(line, self);
    line->folding = false;
    switch (line->options.law) {
    case CODEC_ALAW:
        if (!folding) { /* others may want it, too: it is made once */
            memcpy(to, port_said_alaw(self), ME_BLOCK);
            break;
        }
        for (int n = 0; n < ME_BLOCK; n++)
            to[n] = codec_to_alaw(from[n]);
        break;
    case CODEC_MULAW:
        for (int n = 0; n < ME_BLOCK; n++)
            to[n] = codec_to_mulaw(from[n]);
        break;
    default:
        memcpy(to, from, ME_BLOCK * sizeof *from);
    }
}

static void silence(const device *line, uint8_t *to)
{
    int value = line->options.law == CODEC_ALAW ? SILENCE_ALAW : line->options.law == CODEC_MULAW ? 0xFF : 0;
    memset(to, value, (size_t)block_bytes(line));
}

static void say(me_engine *engine, port *self)
{
    device *line = self->inside;
    int32_t block = block_bytes(line);
    if (line->behind)
        fill(engine, self); /* many give one block at a time */
    if (line->behind && ready(self)) {
        /* The device has run dry meanwhile. A block for each that waits would stay ahead for ever. */
        self->unsent += ME_BLOCK;
        return;
    }
    if (line->behind) {
        line->behind = line->filled = line->folding = false;
        line->tx_bytes = line->excess = line->due = 0;
    }
    if (catches_up(engine, self)) {
        self->unsent += ME_BLOCK;
        return;
    }
    for (int32_t i = 0; i < line->options.prefill && !line->filled; i++) {
        silence(line, line->tx);
        line->tx_bytes = block;
        if (!push(engine, self))
            break;
    }
    line->filled = true;
    if (line->tx_bytes)
        push(engine, self);
    if (line->tx_bytes + block > TX_BLOCKS * block) {
        line->excess -= line->excess > 0; /* it is full: so much is not ahead of it */
        self->unsent += ME_BLOCK;
        return;
    }
    encode(line, self, &line->tx[line->tx_bytes]);
    line->tx_bytes += block;
    push(engine, self);
}

static void run(me_engine *engine, port *self)
{
    device *line = self->inside;
    line->stood = engine->clock.stood;
    line->behind = false;
    line->rx_bytes = line->tx_bytes = line->looks = line->excess = line->calm = line->due = 0;
    line->burst_ns = -1;
    line->begun = line->filled = line->folding = false;
}

static void close_line(port *self) { free(self->inside); }

static const port_kind DEVICE = {.number = PORT_DEVICE,
                                 .hear = hear,
                                 .say = say,
                                 .run = run,
                                 .close = close_line,
                                 .fill = fill,
                                 .ready = ready,
                                 .descriptor = descriptor,
                                 .may_drive = may_drive};

int32_t me_port_device(me_engine *engine, const me_device *options)
{
    int32_t law = options->law, delay = options->delay ? options->delay : options->prefill + 1;
    if (!options->delay && delay > ME_MAX_DELAY_BLOCKS)
        delay = ME_MAX_DELAY_BLOCKS;
    if (options->fd < 0 || (law != CODEC_ALAW && law != CODEC_MULAW && law != ME_LINEAR) || options->prefill < 0 ||
        options->prefill > ME_MAX_DELAY_BLOCKS || delay < 1 || delay > ME_MAX_DELAY_BLOCKS)
        return ME_E_ARGUMENT;
    device *line = calloc(1, sizeof *line);
    if (!line)
        return ME_E_MEMORY;
    line->options = *options;
    line->width = law == ME_LINEAR ? 2 : 1;
    if (!line->options.read)
        line->options.read = plain_read;
    if (!line->options.write)
        line->options.write = plain_write;
    int32_t id = port_new(engine, &DEVICE, line, delay);
    if (id < 0)
        free(line);
    return id;
}
