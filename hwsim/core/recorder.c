/* Records what a leg hears, says, or both, into a file in blocks of 100 ms, or into a ring in memory. */

#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec.h"

enum { BLOCK_SAMPLES = HW_RATE_HZ / 10, MAX_FRAME_BYTES = 4, MAX_RING_SAMPLES = HW_RATE_HZ * 600 };

struct recorder {
    recorder *next;
    int32_t id;
    int32_t leg;
    int32_t format;
    int32_t what;
    int frame_bytes; /* of one sample, stereo: of two */
    bool paused;
    bool full;           /* a ring that reached its limit and waits to be read */
    int64_t max_samples; /* -1: none */
    int64_t samples;     /* recorded so far */
    int64_t to_drop;
    int64_t lost;

    int fd;         /* own duplicate; -1: ring */
    int64_t offset; /* of the next write; -1: the descriptor's own position */
    int filled;     /* samples in the block */

    int64_t ring_samples;
    int64_t ring_start, ring_filled; /* samples */
    int64_t notify, since_notify;
    uint8_t *buffer; /* the block or the ring */
};

/* Writes what is gathered; 0 or the errno. */
static int flush(recorder *self)
{
    size_t size = (size_t)self->filled * (size_t)self->frame_bytes, done = 0;
    self->filled = 0;
    while (done < size) {
        ssize_t n = self->offset < 0 ? write(self->fd, self->buffer + done, size - done)
                                     : pwrite(self->fd, self->buffer + done, size - done, self->offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        done += (size_t)n;
        if (self->offset >= 0)
            self->offset += n;
    }
    return 0;
}

void recorder_end(hw_engine *engine, recorder *self, int64_t at, int32_t reason)
{
    if (self->fd >= 0) {
        int unwritten = self->filled;
        int failed = reason < 0 ? 0 : flush(self);
        if (failed) {
            reason = -failed;
            self->samples -= unwritten;
        }
        descriptor_close(engine, self->fd);
    }
    recorder **place = &engine->legs[self->leg].recorders;
    while (*place != self)
        place = &(*place)->next;
    *place = self->next;
    if (!self->full)
        event_push(engine, at, HW_REC_END, engine->legs[self->leg].id, self->id, reason, self->samples);
    id_release(engine, self->id);
    engine->stats.recorders--;
    free(self->buffer);
    free(self);
}

/* The samples to keep of this step, ready for the format: count of frames, first at *pcm. */
static int wanted(recorder *self, const int16_t *hears, const int16_t *says, int16_t *pcm)
{
    int count = STEP, skip = 0;
    if (self->to_drop > 0) {
        skip = self->to_drop < STEP ? (int)self->to_drop : STEP;
        self->to_drop -= skip;
        self->lost += skip;
        count -= skip;
    }
    if (self->max_samples >= 0 && count > self->max_samples - self->samples)
        count = (int)(self->max_samples - self->samples);
    hears += skip;
    says += skip;
    switch (self->what) {
    case HW_REC_IN:
        memcpy(pcm, hears, (size_t)count * sizeof *pcm);
        break;
    case HW_REC_OUT:
        memcpy(pcm, says, (size_t)count * sizeof *pcm);
        break;
    case HW_REC_BOTH:
        for (int n = 0; n < count; n++)
            pcm[n] = saturate(hears[n] + says[n]);
        break;
    default:
        for (int n = 0; n < count; n++) {
            pcm[2 * n] = hears[n];
            pcm[2 * n + 1] = says[n];
        }
    }
    return count;
}

static void encode(const recorder *self, const int16_t *pcm, int64_t position, int count)
{
    int channels = self->what == HW_REC_STEREO ? 2 : 1;
    format_encode(self->format, pcm, self->buffer + position * self->frame_bytes, count * channels);
}

/* Returns an errno when the file cannot take it. */
static int to_file(recorder *self, const int16_t *pcm, int count)
{
    int channels = self->what == HW_REC_STEREO ? 2 : 1;
    while (count > 0) {
        int part = BLOCK_SAMPLES - self->filled < count ? BLOCK_SAMPLES - self->filled : count;
        encode(self, pcm, self->filled, part);
        self->filled += part;
        self->samples += part;
        pcm += part * channels;
        count -= part;
        if (self->filled == BLOCK_SAMPLES) {
            int failed = flush(self);
            if (failed) {
                self->samples -= BLOCK_SAMPLES;
                return failed;
            }
        }
    }
    return 0;
}

static void to_ring(hw_engine *engine, recorder *self, const int16_t *pcm, int count, int64_t at)
{
    int channels = self->what == HW_REC_STEREO ? 2 : 1;
    self->samples += count;
    self->since_notify += count;
    while (count > 0) {
        int64_t end = (self->ring_start + self->ring_filled) % self->ring_samples;
        int part = self->ring_samples - end < count ? (int)(self->ring_samples - end) : count;
        encode(self, pcm, end, part);
        self->ring_filled += part;
        if (self->ring_filled > self->ring_samples) {
            int64_t over = self->ring_filled - self->ring_samples;
            self->ring_start = (self->ring_start + over) % self->ring_samples;
            self->ring_filled = self->ring_samples;
            self->lost += over;
        }
        pcm += part * channels;
        count -= part;
    }
    if (self->notify > 0 && self->since_notify >= self->notify) {
        self->since_notify %= self->notify;
        event_push(engine, at, HW_REC_DATA, engine->legs[self->leg].id, self->id, (int32_t)self->ring_filled,
                   self->samples);
    }
}

static void record(hw_engine *engine, recorder *self, const int16_t *hears, const int16_t *says)
{
    int16_t pcm[2 * STEP];
    int64_t at = engine->now + STEP;
    int count = wanted(self, hears, says, pcm);
    if (self->fd >= 0) {
        int failed = to_file(self, pcm, count);
        if (failed) {
            recorder_end(engine, self, at, -failed);
            return;
        }
    } else {
        to_ring(engine, self, pcm, count, at);
    }
    if (self->max_samples < 0 || self->samples < self->max_samples)
        return;
    /* Without a fault in between the limit falls exactly so many samples into the step. */
    at = engine->now + (count > 0 ? count : STEP);
    if (self->fd >= 0) {
        recorder_end(engine, self, at, HW_LIMIT);
    } else {
        event_push(engine, at, HW_REC_END, engine->legs[self->leg].id, self->id, HW_LIMIT, self->samples);
        self->full = true;
    }
}

void recorders_step(hw_engine *engine, leg *owner, const int16_t *hears, const int16_t *says)
{
    recorder *next;
    for (recorder *self = owner->recorders; self; self = next) {
        next = self->next;
        if (!self->paused && !self->full)
            record(engine, self, hears, says);
    }
}

void recorder_pause(recorder *self, bool paused) { self->paused = paused; }

void recorder_position(const recorder *self, hw_position *position)
{
    position->samples = self->samples;
    position->entry_samples = self->samples;
    position->lost_samples = self->lost;
    position->paused = self->paused;
}

static int32_t start(hw_engine *engine, int32_t leg_id, recorder plan, int64_t buffer_samples)
{
    leg *owner = leg_find(engine, leg_id);
    if (!owner)
        return HW_E_HANDLE;
    recorder *self = malloc(sizeof *self);
    uint8_t *buffer = malloc((size_t)buffer_samples * (size_t)plan.frame_bytes);
    if (!self || !buffer) {
        free(self);
        free(buffer);
        return HW_E_MEMORY;
    }
    *self = plan;
    self->buffer = buffer;
    self->leg = owner->index;
    self->id = id_take(engine, self, OBJECT_RECORDER);
    if (self->id < 0) {
        free(buffer);
        free(self);
        return HW_E_FULL;
    }
    recorder **end = &owner->recorders;
    while (*end)
        end = &(*end)->next;
    *end = self;
    engine->stats.recorders++;
    leg_wake(engine, owner);
    return self->id;
}

static int frame_bytes(int32_t format, int32_t what)
{
    if (what < HW_REC_IN || what > HW_REC_STEREO)
        return 0;
    return format_bytes(format) * (what == HW_REC_STEREO ? 2 : 1);
}

int32_t hw_record_fd(hw_engine *engine, int32_t leg_id, int32_t fd, int32_t format, int32_t what, int64_t max_samples,
                     int64_t offset_bytes)
{
    recorder plan = {.format = format,
                     .what = what,
                     .frame_bytes = frame_bytes(format, what),
                     .max_samples = max_samples,
                     .offset = offset_bytes};
    if (!plan.frame_bytes || max_samples == 0 || max_samples < -1 || offset_bytes < -1)
        return HW_E_ARGUMENT;
    if (!leg_find(engine, leg_id))
        return HW_E_HANDLE;
    plan.fd = descriptor_dup(engine, fd);
    if (plan.fd < 0)
        return HW_E_FILE;
    int32_t id = start(engine, leg_id, plan, BLOCK_SAMPLES);
    if (id < 0)
        descriptor_close(engine, plan.fd);
    return id;
}

int32_t hw_record_mem(hw_engine *engine, int32_t leg_id, int64_t ring_samples, int32_t format, int32_t what,
                      int64_t max_samples, int64_t notify_samples)
{
    recorder plan = {.fd = -1,
                     .format = format,
                     .what = what,
                     .frame_bytes = frame_bytes(format, what),
                     .max_samples = max_samples,
                     .ring_samples = ring_samples,
                     .notify = notify_samples};
    if (!plan.frame_bytes || ring_samples < STEP || ring_samples > MAX_RING_SAMPLES || max_samples == 0 ||
        max_samples < -1 || notify_samples < 0)
        return HW_E_ARGUMENT;
    return start(engine, leg_id, plan, ring_samples);
}

int32_t hw_rec_read(hw_engine *engine, int32_t id, void *bytes, int32_t size)
{
    recorder *self = id_find(engine, id, OBJECT_RECORDER);
    if (!self || self->fd >= 0)
        return HW_E_HANDLE;
    int64_t count = size / self->frame_bytes;
    if (count > self->ring_filled)
        count = self->ring_filled;
    if (count < 0)
        return HW_E_ARGUMENT;
    uint8_t *out = bytes;
    for (int64_t done = 0; done < count;) {
        int64_t part = self->ring_samples - self->ring_start;
        if (part > count - done)
            part = count - done;
        memcpy(out + done * self->frame_bytes, self->buffer + self->ring_start * self->frame_bytes,
               (size_t)(part * self->frame_bytes));
        self->ring_start = (self->ring_start + part) % self->ring_samples;
        self->ring_filled -= part;
        done += part;
    }
    return (int32_t)(count * self->frame_bytes);
}

int32_t hw_rec_drop(hw_engine *engine, int32_t id, int64_t samples)
{
    recorder *self = id_find(engine, id, OBJECT_RECORDER);
    if (!self)
        return HW_E_HANDLE;
    if (samples < 0)
        return HW_E_ARGUMENT;
    self->to_drop += samples;
    return 0;
}
