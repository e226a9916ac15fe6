/* Recordings, the tick's side: frames into the ring, gaps into the list. */

#include "recorder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "engine_hot.h"
#include "writer.h"

/* ---- gaps ---- */

static void close_gap(me_engine *engine, recording *self)
{
    if (!self->gap_open)
        return;
    self->gap_open = false;
    const me_gap *gap = &self->gaps[self->gap_count - 1];
    me_event event = {
        .at_sample = engine->now,
        .port = self->port_id,
        .kind = ME_EV_RECORD_GAP,
        .id = self->id,
        .code = gap->reason,
        .count = gap->samples,
        .value = {(double)gap->at, gap->side},
    };
    event_post(engine, &event);
}

/* The next `samples` of the recording are missing. */
static void note_gap(me_engine *engine, recording *self, int64_t samples, int32_t reason, int32_t side)
{
    self->lost += samples;
    me_gap *last = self->gap_open ? &self->gaps[self->gap_count - 1] : NULL;
    if (last && last->reason == reason && last->side == side && last->at + last->samples == self->samples) {
        last->samples += samples;
        return;
    }
    close_gap(engine, self);
    if (self->gap_count == ME_MAX_GAPS) {
        self->unlisted++;
        return;
    }
    self->gaps[self->gap_count++] = (me_gap){self->samples, samples, reason, side};
    self->gap_open = true;
}

int recording_new_gaps(recording *self, me_gap *gaps, int max)
{
    int count = 0;
    int32_t closed = self->gap_count - (self->gap_open ? 1 : 0);
    while (self->gaps_saved < closed && count < max)
        gaps[count++] = self->gaps[self->gaps_saved++];
    return count;
}

/* ---- frames ---- */

static const uint8_t *sound_of(port *self, int32_t tap)
{
    return tap == ME_HEARS ? port_heard_alaw(self) : port_said_alaw(self);
}

HOT static void interleave(uint8_t *to, const uint8_t *left, const uint8_t *right, int count)
{
    for (int n = 0; n < count; n++) {
        to[2 * n] = left[n];
        to[2 * n + 1] = right[n];
    }
}

static const uint8_t *nothing(void)
{
    static const uint8_t silence[ME_BLOCK] = {[0 ... ME_BLOCK - 1] = SILENCE_ALAW};
    return silence;
}

/* Room is there, and blocks never wrap: the capacity is whole blocks, and only the last one is short. */
static void put(recording *self, int count)
{
    const uint8_t *sound[2] = {nothing(), nothing()};
    for (int side = 0; side < self->width; side++)
        if (self->side[side])
            sound[side] = sound_of(self->side[side], self->tap[side]);
    uint64_t produced = atomic_load_explicit(&self->produced, memory_order_relaxed);
    uint8_t *to = &self->ring[produced % self->capacity];
    if (self->width == 1)
        memcpy(to, sound[0], (size_t)count);
    else
        interleave(to, sound[0], sound[1], count);
    atomic_store_explicit(&self->produced, produced + (uint64_t)(count * self->width), memory_order_release);
}

/* The ring has room again, or the recording ends: silence of the right length will stand for what was lost. */
static void close_overrun(recording *self)
{
    if (!self->overrun_open)
        return;
    uint32_t in = atomic_load_explicit(&self->inserts_in, memory_order_relaxed);
    if (in - atomic_load_explicit(&self->inserts_out, memory_order_acquire) == MAX_INSERTS)
        return; /* the disk hangs; the next one takes this one along */
    self->inserts[in % MAX_INSERTS] =
        (insert){atomic_load_explicit(&self->produced, memory_order_relaxed), self->overrun_open};
    atomic_store_explicit(&self->inserts_in, in + 1, memory_order_release);
    self->overrun_open = 0;
}

/* Which side of this block did not come, and why: -1 none. */
static int32_t missing_side(const recording *self, int32_t *reason)
{
    int32_t found = -1;
    for (int32_t side = 0; side < self->width; side++) {
        const port *of = self->side[side];
        bool held = !of || !of->running;
        if (!held && !(self->tap[side] == ME_HEARS && of->missing > 0))
            continue;
        *reason = held ? ME_GAP_HELD : ME_GAP_HOLE;
        found = found < 0 ? side : 2;
    }
    return found;
}

static void take(me_engine *engine, recording *self)
{
    int64_t left = self->max_samples ? self->max_samples - self->samples : ME_BLOCK;
    int count = left < ME_BLOCK ? (int)left : ME_BLOCK;
    uint64_t held = atomic_load_explicit(&self->produced, memory_order_relaxed) -
                    atomic_load_explicit(&self->consumed, memory_order_acquire);
    int32_t reason = 0;
    if (held + (uint64_t)(ME_BLOCK * self->width) > self->capacity) {
        note_gap(engine, self, count, ME_GAP_OVERRUN, 2);
        self->overrun += count;
        self->overrun_open += count;
    } else {
        close_overrun(self);
        int32_t side = missing_side(self, &reason);
        if (side >= 0)
            note_gap(engine, self, count, reason, side);
        else
            close_gap(engine, self);
        put(self, count);
    }
    self->samples += count;
    if (self->max_samples && self->samples >= self->max_samples)
        recording_end(engine, self, ME_LIMIT);
}

void recorders_take(me_engine *engine)
{
    writer *writer = engine->writer;
    for (int32_t i = 0; i < writer->count; i++) {
        recording *self = writer->all[i];
        if (!self->live)
            continue;
        if (atomic_load_explicit(&self->failed, memory_order_relaxed))
            recording_end(engine, self, ME_WRITE_FAILED);
        else
            take(engine, self);
    }
}

void recording_end(me_engine *engine, recording *self, int32_t reason)
{
    if (!self->live)
        return;
    self->live = false;
    self->reason = reason;
    self->side[0] = self->side[1] = NULL;
    close_overrun(self);
    close_gap(engine, self);
    self->told_at = engine->now;
    atomic_store_explicit(&self->closing, true, memory_order_release);
    writer_wake(engine);
}

void recorders_release(me_engine *engine, const port *ended)
{
    writer *writer = engine->writer;
    for (int32_t i = 0; i < writer->count; i++) {
        recording *self = writer->all[i];
        if (self->live && self->side[0] == ended)
            recording_end(engine, self, ME_RELEASED);
        else if (self->live && self->side[1] == ended)
            self->side[1] = NULL;
    }
}

void recording_free(recording *self)
{
    if (self->fd >= 0)
        close(self->fd);
    free(self->ring);
    free(self->gaps_path);
    free(self);
}

static bool options_ok(const me_record_options *options)
{
    if (options->fd < 0 || (options->format != ME_RAW_ALAW && options->format != ME_WAV_ALAW))
        return false;
    for (int side = 0; side < 2; side++)
        if (options->tap[side] != ME_HEARS && options->tap[side] != ME_SAYS)
            return false;
    return options->ring_ms >= 1000 && options->ring_ms <= 60000 && options->max_samples >= 0;
}

static recording *make(const me_record_options *options)
{
    recording *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->fd = -1;
    self->format = options->format;
    self->width = options->port[1] ? 2 : 1;
    self->max_samples = options->max_samples;
    int64_t blocks = options->ring_ms / (1000 * ME_BLOCK / ME_RATE_HZ);
    self->capacity = (uint64_t)(blocks * ME_BLOCK * self->width);
    self->ring = malloc(self->capacity);
    if (options->gaps_path)
        self->gaps_path = strdup(options->gaps_path);
    if (self->ring && (self->gaps_path || !options->gaps_path)) {
        /* Pages are there before a tick needs them. */
        memset(self->ring, SILENCE_ALAW, self->capacity);
        return self;
    }
    recording_free(self);
    return NULL;
}

int32_t me_record(me_engine *engine, const me_record_options *options)
{
    recording *self = options_ok(options) ? make(options) : NULL;
    if (!self) {
        close(options->fd);
        return options_ok(options) ? ME_E_MEMORY : ME_E_ARGUMENT;
    }
    self->fd = options->fd;
    self->live = true;
    engine_lock(engine);
    int32_t result = 0;
    for (int side = 0; side < self->width; side++) {
        self->side[side] = port_find(engine, options->port[side]);
        self->tap[side] = options->tap[side];
        if (!self->side[side])
            result = ME_E_HANDLE;
    }
    if (result == 0) {
        self->port_id = self->side[0]->id;
        self->id = engine_next_id(engine);
        result = writer_add(engine, self);
    }
    if (result == 0)
        result = self->id;
    engine_unlock(engine);
    if (result < 0)
        recording_free(self);
    return result;
}

static recording *find(me_engine *engine, int32_t id)
{
    writer *writer = engine->writer;
    for (int32_t i = 0; i < writer->count; i++)
        if (writer->all[i]->id == id)
            return writer->all[i];
    return NULL;
}

int32_t me_record_stop(me_engine *engine, int32_t id)
{
    engine_lock(engine);
    recording *self = find(engine, id);
    int32_t result = self && self->live ? 0 : ME_E_HANDLE;
    if (result == 0)
        recording_end(engine, self, ME_STOPPED);
    engine_unlock(engine);
    return result;
}

int32_t me_get_record(me_engine *engine, int32_t id, me_record_state *state)
{
    engine_lock(engine);
    recording *self = find(engine, id);
    if (self)
        *state = (me_record_state){
            .samples = self->samples,
            .lost = self->lost,
            .written = atomic_load(&self->written),
            .synced = atomic_load(&self->synced),
            .gaps = self->gap_count,
            .unlisted = self->unlisted,
        };
    engine_unlock(engine);
    return self ? 0 : ME_E_HANDLE;
}

int32_t me_record_gaps(me_engine *engine, int32_t id, me_gap *gaps, int32_t max)
{
    engine_lock(engine);
    recording *self = find(engine, id);
    int32_t count = ME_E_HANDLE;
    if (self) {
        count = self->gap_count < max ? self->gap_count : max;
        memcpy(gaps, self->gaps, (size_t)count * sizeof *gaps);
    }
    engine_unlock(engine);
    return count;
}
