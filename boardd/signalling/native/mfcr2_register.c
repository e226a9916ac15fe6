/*
 * The register: the compelled rule between receiver and sender, and the way to and from the circuit.
 *
 * The rule is applied here and not by the state machine above, so that a held signal stops within 5 ms of the far end's
 * answer however busy the interpreter is: an outgoing register stops its signal when it hears the backward one, an
 * incoming register when it no longer hears the forward one.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mfcr2.h"

#include "../../media/native/codec.h"
#include "mfcr2_tones.h"

#define EXPORT __attribute__((visibility("default")))

enum { EVENTS = 256, BLOCK = 160, UNSENT = 1024, ALAW_SILENCE = 0xD5, LOUDEST_MB = -300, MOST_MB = 3000 };
enum { AN_EVENT_WAITS = 500 /* DAHDI's ELAST */ };

struct mfcr2_register {
    int end;
    int64_t now;
    struct mfcr2_receiver rx;
    struct mfcr2_sender tx;
    int compelled;
    int left;                     /* samples of a signal with a length */
    int phase;                    /* samples into the current hop */
    mfcr2_event events[EVENTS];
    unsigned first, count;
    uint8_t in[BLOCK];            /* read and not heard yet */
    int in_at, in_size;
    uint8_t unsent[UNSENT];
    int unsent_size;
    int64_t dropped;
};

EXPORT void mfcr2_defaults(mfcr2_options *options)
{
    options->send_mb = -800;
    options->least_mb = -3800;
    options->twist_mb = 900;
    options->margin_mb = 800;
    options->recognise_ms = 15;
}

static int within(int value, int least, int most) { return value >= least && value <= most; }

EXPORT mfcr2_register *mfcr2_new(const mfcr2_options *options, int32_t end)
{
    if (!within(options->send_mb, -MOST_MB, LOUDEST_MB) || !within(options->least_mb, -5000, -1000) ||
        !within(options->twist_mb, 0, MOST_MB) || !within(options->margin_mb, 0, MOST_MB) ||
        !within(options->recognise_ms, 5, 100) || (end != MFCR2_OUTGOING && end != MFCR2_INCOMING))
        return NULL;
    mfcr2_register *reg = calloc(1, sizeof *reg);
    if (!reg)
        return NULL;
    const double *sent = end == MFCR2_OUTGOING ? mfcr2_forward_hz : mfcr2_backward_hz;
    reg->end = end;
    reg->rx.forward = end == MFCR2_INCOMING;
    reg->rx.least = mfcr2_power(options->least_mb);
    reg->rx.twist = mfcr2_power(options->twist_mb) / mfcr2_power(0);
    reg->rx.margin = mfcr2_power(options->margin_mb) / mfcr2_power(0);
    reg->rx.recognise = (options->recognise_ms * MFCR2_RATE_HZ / 1000 + MFCR2_HOP - 1) / MFCR2_HOP;
    mfcr2_sender_init(&reg->tx, sent, options->send_mb);
    return reg;
}

EXPORT void mfcr2_free(mfcr2_register *reg) { free(reg); }

static void note(mfcr2_register *reg, int kind, int number)
{
    if (reg->count == EVENTS)
        return; /* a compelled cycle is five events: this many mean that nobody asks for them */
    mfcr2_event *event = &reg->events[(reg->first + reg->count++) % EVENTS];
    memset(event, 0, sizeof *event);
    event->at_sample = reg->now;
    event->kind = kind;
    event->number = number;
    if (kind == MFCR2_HEARD) {
        mfcr2_receiver_levels(&reg->rx, &event->low_mb, &event->high_mb);
        if (reg->end == MFCR2_OUTGOING) { /* backward frequencies are listed from the highest */
            int32_t swap = event->low_mb;
            event->low_mb = event->high_mb;
            event->high_mb = swap;
        }
    }
}

static void stop(mfcr2_register *reg)
{
    if (!reg->tx.number)
        return;
    int number = reg->tx.number;
    mfcr2_sender_begin(&reg->tx, 0);
    note(reg, MFCR2_STOPPED, number);
}

EXPORT int32_t mfcr2_send(mfcr2_register *reg, int32_t number, int32_t samples)
{
    if (!within(number, 0, MFCR2_SIGNALS) || samples < 0)
        return -1;
    stop(reg);
    if (!number)
        return 0;
    reg->compelled = samples == MFCR2_COMPELLED;
    reg->left = samples;
    mfcr2_sender_begin(&reg->tx, number);
    note(reg, MFCR2_SENT, number);
    return 0;
}

EXPORT int32_t mfcr2_sending(const mfcr2_register *reg) { return reg->tx.number; }
EXPORT int32_t mfcr2_hearing(const mfcr2_register *reg) { return reg->rx.heard; }
EXPORT int64_t mfcr2_now(const mfcr2_register *reg) { return reg->now; }
EXPORT int64_t mfcr2_dropped(const mfcr2_register *reg) { return reg->dropped; }

/* What the far end does now, and what the compelled rule makes of it. */
static void listen(mfcr2_register *reg, int before)
{
    int now = reg->rx.heard;
    if (now == before)
        return;
    if (before)
        note(reg, MFCR2_CEASED, before);
    if (now)
        note(reg, MFCR2_HEARD, now);
    int answered = reg->end == MFCR2_OUTGOING ? now != 0 : before != 0;
    if (reg->compelled && answered)
        stop(reg);
}

static void step(mfcr2_register *reg, const uint8_t *in, uint8_t *out, int size)
{
    int16_t samples[MFCR2_HOP];
    for (int i = 0; i < size; i++)
        samples[i] = codec_from_alaw(in[i]);
    int before = reg->rx.heard;
    mfcr2_receiver_take(&reg->rx, samples, size);
    reg->now += size;
    listen(reg, before);
    mfcr2_sender_give(&reg->tx, samples, size);
    for (int i = 0; i < size; i++)
        out[i] = codec_to_alaw(samples[i]);
    if (reg->tx.number && !reg->compelled && (reg->left -= size) <= 0)
        stop(reg);
}

EXPORT int32_t mfcr2_feed(mfcr2_register *reg, const uint8_t *in, uint8_t *out, int32_t size)
{
    for (int done = 0; done < size;) {
        int part = MFCR2_HOP - reg->phase < size - done ? MFCR2_HOP - reg->phase : size - done;
        step(reg, in + done, out + done, part);
        reg->phase = (reg->phase + part) % MFCR2_HOP;
        done += part;
    }
    return (int32_t)reg->count;
}

EXPORT int32_t mfcr2_next(mfcr2_register *reg, mfcr2_event *event)
{
    if (!reg->count)
        return 0;
    *event = reg->events[reg->first];
    reg->first = (reg->first + 1) % EVENTS;
    reg->count--;
    return 1;
}

/* No room, no sound, or an event of the device that somebody else has to take first. */
static int nothing_now(long answer) { return answer == 0 || answer == -EAGAIN || answer == -AN_EVENT_WAITS; }

/* Write what waits, in order; what does not fit any more is dropped and counted. */
static int flush(mfcr2_register *reg, const mfcr2_io *io, int fd)
{
    while (reg->unsent_size) {
        int size = reg->unsent_size < BLOCK ? reg->unsent_size : BLOCK;
        long done = io->write(fd, reg->unsent, (unsigned long)size);
        if (nothing_now(done) || done == -EINTR)
            return 0;
        if (done < 0)
            return (int)done;
        reg->unsent_size -= (int)done;
        memmove(reg->unsent, reg->unsent + done, (size_t)reg->unsent_size);
    }
    return 0;
}

static void enqueue(mfcr2_register *reg, const uint8_t *octets, int size)
{
    int room = UNSENT - reg->unsent_size;
    int taken = size < room ? size : room;
    memcpy(reg->unsent + reg->unsent_size, octets, (size_t)taken);
    reg->unsent_size += taken;
    reg->dropped += size - taken;
}

EXPORT int32_t mfcr2_prime(mfcr2_register *reg, const mfcr2_io *io, int32_t fd, int32_t size)
{
    uint8_t silence[UNSENT];
    memset(silence, ALAW_SILENCE, sizeof silence);
    if (size < 0 || size > UNSENT)
        return -EINVAL;
    enqueue(reg, silence, size);
    int failed = flush(reg, io, fd);
    return failed ? failed : size;
}

EXPORT int32_t mfcr2_pump(mfcr2_register *reg, const mfcr2_io *io, int32_t fd)
{
    while (!reg->count) {
        if (reg->in_at == reg->in_size) {
            long size = io->read(fd, reg->in, sizeof reg->in);
            if (size == -EINTR)
                continue;
            if (nothing_now(size))
                break;
            if (size < 0)
                return (int32_t)size;
            reg->in_at = 0;
            reg->in_size = (int)size;
        }
        uint8_t out[MFCR2_HOP];
        int part = reg->in_size - reg->in_at, rest = MFCR2_HOP - reg->phase;
        part = part < rest ? part : rest;
        mfcr2_feed(reg, reg->in + reg->in_at, out, part);
        reg->in_at += part;
        enqueue(reg, out, part);
    }
    int failed = reg->count ? 0 : flush(reg, io, fd);
    return failed ? failed : (int32_t)reg->count;
}
