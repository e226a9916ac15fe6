/* Plays files and memory: a gapless list of entries, read ahead in blocks of 100 ms. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec.h"
#include "source.h"

enum { BLOCK_SAMPLES = HW_RATE_HZ / 10, MAX_SAMPLE_BYTES = 2, MIN_GAIN_MB = -10000, MAX_GAIN_MB = 2000 };

typedef struct {
    int fd;          /* own duplicate; -1: memory */
    uint8_t *memory; /* own copy */
    int format;
    int64_t offset;
    int64_t size; /* bytes; files: at most so many, -1: to the end */
} entry;

typedef struct {
    source base;
    entry *entries;
    int32_t count, capacity;
    int32_t current;
    int64_t read_bytes;    /* of the current entry */
    int64_t entry_samples; /* played of the current entry */
    int64_t round_samples; /* played since the list began: a loop over nothing must end */
    bool loop;
    int32_t gain;
    const uint8_t *block; /* what is left to play of what was read */
    int block_samples;
    uint8_t buffer[BLOCK_SAMPLES * MAX_SAMPLE_BYTES];
} player;

static void entry_close(hw_engine *engine, entry *item)
{
    if (item->fd >= 0)
        descriptor_close(engine, item->fd);
    free(item->memory);
    item->fd = -1;
    item->memory = NULL;
}

static void destroy(hw_engine *engine, source *base)
{
    player *self = (player *)base;
    for (int32_t i = 0; i < self->count; i++)
        entry_close(engine, &self->entries[i]);
    free(self->entries);
}

/* Reads the next block of the current entry: samples, 0 at its end, -errno. */
static int refill(player *self)
{
    const entry *item = &self->entries[self->current];
    int width = format_bytes(item->format);
    int64_t wanted = (int64_t)BLOCK_SAMPLES * width;
    if (item->size >= 0 && wanted > item->size - self->read_bytes)
        wanted = item->size - self->read_bytes;
    if (wanted < width)
        return 0;
    if (item->fd < 0) {
        self->block = item->memory + self->read_bytes;
        self->read_bytes += wanted / width * width;
        return (int)(wanted / width);
    }
    int64_t got = 0;
    while (got < wanted) {
        ssize_t n = pread(item->fd, self->buffer + got, (size_t)(wanted - got),
                          item->offset + self->read_bytes + got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        got += n;
    }
    self->block = self->buffer;
    self->read_bytes += got / width * width;
    return (int)(got / width);
}

/* Goes on to the next entry, or round to the first; false at the end of everything. */
static bool advance(hw_engine *engine, player *self, int64_t at, int64_t played)
{
    if (!self->loop)
        entry_close(engine, &self->entries[self->current]);
    if (self->current + 1 == self->count) {
        if (!self->loop || self->round_samples == 0)
            return false;
        self->current = -1;
        self->round_samples = 0;
    }
    self->current++;
    self->read_bytes = 0;
    self->entry_samples = 0;
    if (self->count > 1)
        event_push(engine, at, HW_PLAY_NEXT, engine->legs[self->base.leg].id, self->base.id, self->current, played);
    return true;
}

static int render(hw_engine *engine, source *base, int16_t *block)
{
    player *self = (player *)base;
    int done = 0;
    while (done < STEP) {
        if (self->block_samples == 0) {
            int samples = refill(self);
            if (samples < 0) {
                base->reason = samples;
                break;
            }
            if (samples == 0) {
                if (!advance(engine, self, engine->now + done, base->samples + done))
                    break;
                continue;
            }
            self->block_samples = samples;
        }
        int format = self->entries[self->current].format;
        int count = STEP - done < self->block_samples ? STEP - done : self->block_samples;
        format_decode(format, self->block, &block[done], count);
        self->block += count * format_bytes(format);
        self->block_samples -= count;
        self->entry_samples += count;
        self->round_samples += count;
        done += count;
    }
    if (self->gain != GAIN_UNITY)
        for (int n = 0; n < done; n++)
            block[n] = saturate(apply_gain(block[n], self->gain));
    return done;
}

static const source_kind PLAYER = {render, destroy, HW_PLAY_END};

bool player_position(const source *base, hw_position *position)
{
    if (base->kind != &PLAYER)
        return false;
    const player *self = (const player *)base;
    position->entry = self->current;
    position->entry_samples = self->entry_samples;
    return true;
}

/* Takes over descriptor and memory of the entry, also on failure. */
static int32_t append(hw_engine *engine, player *self, entry item)
{
    if (self->count == self->capacity) {
        int32_t capacity = self->capacity ? self->capacity * 2 : 2;
        entry *entries = realloc(self->entries, (size_t)capacity * sizeof *entries);
        if (!entries) {
            entry_close(engine, &item);
            return HW_E_MEMORY;
        }
        self->entries = entries;
        self->capacity = capacity;
    }
    self->entries[self->count++] = item;
    return 0;
}

static int32_t start(hw_engine *engine, int32_t leg_id, entry item, int32_t loop, int32_t gain_mb, int32_t bus_only)
{
    int32_t error = 0;
    player *self = source_new(engine, leg_id, &PLAYER, sizeof *self, bus_only, &error);
    if (!self) {
        entry_close(engine, &item);
        return error;
    }
    self->loop = loop;
    self->gain = gain_factor(gain_mb);
    error = append(engine, self, item);
    if (error < 0) {
        source_discard(engine, &self->base);
        return error;
    }
    return self->base.id;
}

static int32_t file_entry(hw_engine *engine, entry *item, int32_t fd, int32_t format, int64_t offset, int64_t size)
{
    if (!format_bytes(format) || offset < 0)
        return HW_E_ARGUMENT;
    *item = (entry){.fd = descriptor_dup(engine, fd), .format = format, .offset = offset, .size = size};
    return item->fd < 0 ? HW_E_FILE : 0;
}

static int32_t memory_entry(entry *item, const void *bytes, int64_t size, int32_t format)
{
    if (!format_bytes(format) || size < 0 || (size > 0 && !bytes))
        return HW_E_ARGUMENT;
    *item = (entry){.fd = -1, .memory = malloc(size ? (size_t)size : 1), .format = format, .size = size};
    if (!item->memory)
        return HW_E_MEMORY;
    if (size)
        memcpy(item->memory, bytes, (size_t)size);
    return 0;
}

static bool gain_ok(int32_t gain_mb) { return gain_mb >= MIN_GAIN_MB && gain_mb <= MAX_GAIN_MB; }

int32_t hw_play_fd(hw_engine *engine, int32_t leg_id, int32_t fd, int32_t format, int64_t offset_bytes,
                   int64_t max_bytes, int32_t loop, int32_t gain_mb, int32_t bus_only)
{
    entry item;
    if (!gain_ok(gain_mb))
        return HW_E_ARGUMENT;
    if (!leg_find(engine, leg_id))
        return HW_E_HANDLE;
    int32_t error = file_entry(engine, &item, fd, format, offset_bytes, max_bytes);
    return error < 0 ? error : start(engine, leg_id, item, loop, gain_mb, bus_only);
}

int32_t hw_play_mem(hw_engine *engine, int32_t leg_id, const void *bytes, int64_t size, int32_t format, int32_t loop,
                    int32_t gain_mb, int32_t bus_only)
{
    entry item;
    if (!gain_ok(gain_mb))
        return HW_E_ARGUMENT;
    int32_t error = memory_entry(&item, bytes, size, format);
    return error < 0 ? error : start(engine, leg_id, item, loop, gain_mb, bus_only);
}

static player *player_find(hw_engine *engine, int32_t id)
{
    source *base = id_find(engine, id, OBJECT_SOURCE);
    return base && base->kind == &PLAYER ? (player *)base : NULL;
}

int32_t hw_queue_fd(hw_engine *engine, int32_t id, int32_t fd, int32_t format, int64_t offset_bytes,
                    int64_t max_bytes)
{
    entry item;
    player *self = player_find(engine, id);
    if (!self)
        return HW_E_HANDLE;
    int32_t error = file_entry(engine, &item, fd, format, offset_bytes, max_bytes);
    return error < 0 ? error : append(engine, self, item);
}

int32_t hw_queue_mem(hw_engine *engine, int32_t id, const void *bytes, int64_t size, int32_t format)
{
    entry item;
    player *self = player_find(engine, id);
    if (!self)
        return HW_E_HANDLE;
    int32_t error = memory_entry(&item, bytes, size, format);
    return error < 0 ? error : append(engine, self, item);
}
