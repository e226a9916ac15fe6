/* Ring ports: a leg in another process. Its death is the end of file of a socket that carries nothing. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"
#include "resample.h"
#include "ring.h"

enum { DEFAULT_DELAY_MS = 32, LEAST_DELAY_MS = 25, MOST_DELAY_MS = 100, MOST_WAITING = 16 };

typedef struct {
    me_ring_fds fds;
    ring_memory *memory;
    ring_way *out, *in;
    uint64_t seen; /* blocks of the peer that were taken or given up */
    bool drives;
    int64_t waiting; /* blocks that the peer has told of and no tick has been made for */
    double delay_ms;
    resampler clock;
} ring_line;

static void lose_peer(me_engine *engine, port *self)
{
    self->peer_gone = true;
    me_event event = {.at_sample = engine->now, .port = self->id, .kind = ME_EV_PEER_GONE};
    event_post(engine, &event);
}

/* The socket never carries a byte: what can be read is its end. */
static bool peer_lives(const ring_line *line)
{
    char byte;
    ssize_t n = recv(line->fds.peer, &byte, 1, MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Takes what has come; false: what the peer counts cannot be. */
static bool take_blocks(port *self, ring_line *line)
{
    uint64_t written = atomic_load_explicit(&line->in->written, memory_order_acquire);
    if (written < line->seen)
        return false;
    if (written - line->seen >= RING_BLOCKS) {
        /* We were away: what was overwritten is lost. */
        uint64_t lost = written - line->seen - RING_BLOCKS / 2;
        resampler_skip(&line->clock, lost < RING_BLOCKS ? (int64_t)lost : RING_BLOCKS);
        self->dropped += (int64_t)lost * ME_BLOCK;
        line->seen += lost;
    }
    self->stalled &= line->seen == written;
    for (; line->seen < written; line->seen++) {
        ring_block block;
        if (ring_read(line->in, line->seen, &block))
            resampler_put(&line->clock, block.pcm, block.stamp_ns);
        else
            resampler_skip(&line->clock, 1);
    }
    return true;
}

static void hear(me_engine *engine, port *self)
{
    ring_line *line = self->inside;
    if (line->waiting > 0)
        line->waiting--;
    if (!peer_lives(line) || !take_blocks(self, line)) {
        memset(self->heard, 0, sizeof self->heard);
        lose_peer(engine, self);
        return;
    }
    if (!atomic_load_explicit(&line->in->running, memory_order_acquire)) {
        /* The peer holds its port: silence that nobody misses. */
        if (line->clock.have)
            resampler_reset(&line->clock, line->delay_ms);
        memset(self->heard, 0, sizeof self->heard);
        return;
    }
    bool begun = line->clock.ticks > 0;
    int32_t missing = resampler_get(&line->clock, self->heard, engine->clock.paced_ns);
    if (missing < 0)
        missing = begun ? ME_BLOCK : 0;
    if (missing) {
        self->concealed += missing;
        port_missing(engine, self, missing);
    }
}

static void say(me_engine *engine, port *self)
{
    ring_line *line = self->inside;
    ring_write(line->out, self->said, engine->clock.paced_ns);
    if (atomic_load_explicit(&line->out->wanted, memory_order_relaxed))
        eventfd_write(line->fds.mine, 1);
}

static void run(me_engine *engine, port *self)
{
    (void)engine;
    ring_line *line = self->inside;
    resampler_reset(&line->clock, line->delay_ms);
    line->seen = atomic_load_explicit(&line->in->written, memory_order_acquire);
    line->waiting = 0;
    atomic_store_explicit(&line->in->wanted, self->running && line->drives, memory_order_relaxed);
    atomic_store_explicit(&line->out->running, self->running, memory_order_release);
}

static void close_descriptors(const me_ring_fds *fds)
{
    int all[] = {fds->memory, fds->mine, fds->theirs, fds->peer};
    for (int i = 0; i < 4; i++)
        if (all[i] >= 0)
            close(all[i]);
}

static void close_line(port *self)
{
    ring_line *line = self->inside;
    if (line->memory) {
        atomic_store_explicit(&line->out->running, 0, memory_order_release);
        ring_unmap(line->memory);
    }
    close_descriptors(&line->fds);
    free(line);
}

static void state(const port *self, me_port_state *state)
{
    const ring_line *line = self->inside;
    state->ring_rate = line->clock.rate;
    state->ring_delay_ms = line->clock.ticks ? (line->clock.estimate - line->clock.position) * 1000.0 / ME_RATE_HZ : 0;
}

static void fill(me_engine *engine, port *self)
{
    (void)engine;
    ring_line *line = self->inside;
    eventfd_t count = 0;
    if (line->waiting > 0 || eventfd_read(line->fds.theirs, &count) < 0)
        return;
    self->stalled = false;
    line->waiting = count < MOST_WAITING ? (int64_t)count : MOST_WAITING;
}

static bool ready(const port *self) { return ((const ring_line *)self->inside)->waiting > 0; }
static int descriptor(const port *self) { return ((const ring_line *)self->inside)->fds.theirs; }

static const port_kind RING = {
    .number = PORT_RING, .hear = hear, .say = say, .run = run, .close = close_line, .state = state};
static const port_kind DRIVING_RING = {.number = PORT_RING,
                                       .hear = hear,
                                       .say = say,
                                       .run = run,
                                       .close = close_line,
                                       .state = state,
                                       .fill = fill,
                                       .ready = ready,
                                       .descriptor = descriptor};

int32_t me_port_ring(me_engine *engine, const me_ring_fds *fds, int32_t delay_ms, int32_t drives)
{
    ring_line *line = calloc(1, sizeof *line);
    if (!line) {
        close_descriptors(fds);
        return ME_E_MEMORY;
    }
    line->fds = *fds;
    line->drives = drives != 0;
    line->delay_ms = delay_ms ? delay_ms : DEFAULT_DELAY_MS;
    int32_t result = 0;
    if ((fds->side != 0 && fds->side != 1) || line->delay_ms < LEAST_DELAY_MS || line->delay_ms > MOST_DELAY_MS)
        result = ME_E_ARGUMENT;
    else if (!(line->memory = ring_map(fds->memory)))
        result = ME_E_FILE;
    if (result == 0) {
        line->out = &line->memory->way[fds->side];
        line->in = &line->memory->way[1 - fds->side];
        result = port_new(engine, drives ? &DRIVING_RING : &RING, line, 1);
    }
    if (result < 0) {
        port failed = {.inside = line};
        line->memory ? close_line(&failed) : (close_descriptors(fds), free(line));
    }
    return result;
}
