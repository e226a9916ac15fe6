/*
 * Stream ports: the leg of a card that gives and takes sound in pieces of its own size, at its own pace, on threads of
 * its own. Both ways are followed like a ring's peer: each piece is stamped with the time at which it came or was asked for,
 * and read out at our pace, or at the card's.
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "engine.h"
#include "resample.h"

enum {
    GIVE_MARGIN_MS = 40, /* beyond the length of a piece: how late the card's thread may be */
    TAKE_DELAY_MS = 32,
    MOST_PIECE_MS = 400,
    NS_PER_SAMPLE = ME_BLOCK_NS / ME_BLOCK
};

struct me_stream {
    pthread_mutex_t lock;
    bool attached, live; /* a port has it; the engine ticks in real time */
    int64_t tick_ns;     /* the last tick, which is now when the engine's time is not the machine's */
    int64_t late;        /* samples that were not there when the card asked for them */

    tick_clock given; /* the card's pace, lateness taken out */
    int32_t piece_ms, part_count;
    int16_t part[ME_BLOCK];
    resampler in;

    tick_clock taken;
    int32_t rest_count;
    int16_t rest[ME_BLOCK];
    resampler out;
};

static int64_t now_of(const me_stream *self, int64_t now_ns)
{
    return now_ns >= 0 ? now_ns : self->live ? monotonic_ns() : self->tick_ns;
}

/* A piece of so many blocks is there, or wanted, now: the next clock_pace()s lead up to this moment. */
static void anchor(tick_clock *pace, int64_t now_ns, int32_t blocks)
{
    int64_t begin_ns = now_ns - (int64_t)blocks * ME_BLOCK_NS;
    if (pace->window == 0 || begin_ns - pace->paced_ns > CLOCK_STOOD_NS) {
        pace->paced_ns = begin_ns;
        pace->least_ns = INT64_MAX;
        pace->window = 1;
    }
}

/* ---- from the card ---- */

/* The card began anew: what it did not give in between is silence. */
static void bridge_gap(me_stream *self, int64_t begin_ns)
{
    if (self->given.window != 0 || self->in.have == 0)
        return;
    int64_t gap_ns = begin_ns - self->in.stamp_ns;
    if (gap_ns > ME_BLOCK_NS)
        resampler_skip(&self->in, (gap_ns + ME_BLOCK_NS / 2) / ME_BLOCK_NS);
}

static void follow_piece(me_stream *self, int32_t count)
{
    int32_t piece_ms = count / (ME_RATE_HZ / 1000);
    piece_ms = piece_ms < MOST_PIECE_MS ? piece_ms : MOST_PIECE_MS;
    if (piece_ms <= self->piece_ms)
        return;
    self->piece_ms = piece_ms;
    resampler_reset(&self->in, piece_ms + GIVE_MARGIN_MS);
}

void me_stream_give(me_stream *self, const unsigned char *alaw, int32_t count, int64_t now_ns)
{
    pthread_mutex_lock(&self->lock);
    if (self->attached && count > 0) {
        now_ns = now_of(self, now_ns);
        follow_piece(self, count);
        bridge_gap(self, now_ns - (int64_t)count * NS_PER_SAMPLE);
        anchor(&self->given, now_ns, (self->part_count + count) / ME_BLOCK);
        for (int32_t n = 0; n < count; n++) {
            self->part[self->part_count++] = codec_from_alaw(alaw[n]);
            if (self->part_count == ME_BLOCK) {
                clock_pace(&self->given, now_ns);
                resampler_put(&self->in, self->part, self->given.paced_ns);
                self->part_count = 0;
            }
        }
    }
    pthread_mutex_unlock(&self->lock);
}

static void hear(me_engine *engine, port *self)
{
    me_stream *stream = self->inside;
    pthread_mutex_lock(&stream->lock);
    stream->live = engine->clock.threaded;
    stream->tick_ns = engine->clock.paced_ns;
    bool begun = stream->in.ticks > 0;
    int32_t missing = resampler_get(&stream->in, self->heard, engine->clock.paced_ns);
    pthread_mutex_unlock(&stream->lock);
    if (missing < 0)
        missing = begun ? ME_BLOCK : 0;
    if (missing) {
        self->concealed += missing;
        port_missing(engine, self, missing);
    }
}

/* ---- to the card ---- */

static void say(me_engine *engine, port *self)
{
    me_stream *stream = self->inside;
    pthread_mutex_lock(&stream->lock);
    resampler_put(&stream->out, self->said, engine->clock.paced_ns);
    pthread_mutex_unlock(&stream->lock);
}

static void next_block(me_stream *self, int64_t now_ns)
{
    clock_pace(&self->taken, now_ns);
    int32_t missing = resampler_get(&self->out, self->rest, self->taken.paced_ns);
    self->late += missing < 0 ? 0 : missing;
    self->rest_count = ME_BLOCK;
}

void me_stream_take(me_stream *self, unsigned char *alaw, int32_t count, int64_t now_ns)
{
    pthread_mutex_lock(&self->lock);
    if (self->attached) {
        now_ns = now_of(self, now_ns);
        anchor(&self->taken, now_ns, (count - self->rest_count + ME_BLOCK - 1) / ME_BLOCK);
        for (int32_t n = 0; n < count; n++) {
            if (self->rest_count == 0)
                next_block(self, now_ns);
            alaw[n] = codec_to_alaw(self->rest[ME_BLOCK - self->rest_count--]);
        }
    } else {
        memset(alaw, SILENCE_ALAW, (size_t)count);
    }
    pthread_mutex_unlock(&self->lock);
}

/* ---- life ---- */

static void begin_taking(me_stream *self)
{
    self->taken.window = self->rest_count = 0;
    resampler_reset(&self->out, TAKE_DELAY_MS);
}

static void rest(me_stream *self)
{
    self->given.window = self->part_count = self->piece_ms = 0;
    resampler_reset(&self->in, GIVE_MARGIN_MS);
}

void me_stream_begin(me_stream *self, int32_t way)
{
    pthread_mutex_lock(&self->lock);
    if (way == ME_STREAM_GIVES)
        self->given.window = self->part_count = 0;
    else if (way == ME_STREAM_TAKES)
        begin_taking(self);
    else
        rest(self);
    pthread_mutex_unlock(&self->lock);
}

me_stream *me_stream_new(void)
{
    me_stream *self = calloc(1, sizeof *self);
    if (self)
        pthread_mutex_init(&self->lock, NULL);
    return self;
}

void me_stream_free(me_stream *self)
{
    if (!self)
        return;
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static void close_line(port *self)
{
    me_stream *stream = self->inside;
    pthread_mutex_lock(&stream->lock);
    stream->attached = false;
    pthread_mutex_unlock(&stream->lock);
}

static void state(const port *self, me_port_state *state)
{
    me_stream *stream = self->inside;
    pthread_mutex_lock(&stream->lock);
    const resampler *in = &stream->in;
    state->ring_rate = in->rate;
    state->ring_delay_ms = in->ticks ? (in->estimate - in->position) * 1000.0 / ME_RATE_HZ : 0;
    state->unsent = stream->late;
    pthread_mutex_unlock(&stream->lock);
}

static const port_kind STREAM = {.number = PORT_STREAM, .hear = hear, .say = say, .close = close_line, .state = state};

int32_t me_port_stream(me_engine *engine, me_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool busy = stream->attached;
    if (!busy) {
        stream->attached = true;
        stream->live = engine->clock.threaded;
        stream->tick_ns = engine->clock.last_ns > 0 ? engine->clock.last_ns : 0;
        stream->late = 0;
        begin_taking(stream);
        rest(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    int32_t id = busy ? ME_E_BUSY : port_new(engine, &STREAM, stream, 1);
    if (id < 0 && !busy) {
        pthread_mutex_lock(&stream->lock);
        stream->attached = false;
        pthread_mutex_unlock(&stream->lock);
    }
    return id;
}
