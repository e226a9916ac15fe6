/*
 * Recordings, the writer's side: from the rings into the files.
 *
 * Written at most half a second after it was heard, so that a killed process loses less than a second; synced once a
 * second, so that a power cut loses little more. Syncing has a thread of its own: a disk that takes seconds for it does
 * not hold up writing. Without threads the caller of me_write() writes, by engine time, and nothing is synced.
 */

#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

enum { WRITE_EVERY_MS = 500, LOOK_EVERY_MS = 250, SYNC_EVERY_MS = 1000, SILENCE_BYTES = 4096, MAX_LINE = 96 };

static const int64_t NS_PER_MS = 1000000;

/* ---- one recording ---- */

static int64_t file_offset(const recording *self)
{
    return (self->format == ME_WAV_ALAW ? WAV_HEADER_BYTES : 0) + atomic_load(&self->written) * self->width;
}

/* All of it at the end of the file, or what fits; the number of whole frames is counted. 0 or an errno. */
static int append(recording *self, const uint8_t *bytes, uint64_t size)
{
    while (size > 0) {
        ssize_t n = pwrite(self->fd, bytes, size, file_offset(self));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < self->width)
            return n < 0 ? errno : ENOSPC;
        n -= n % self->width;
        atomic_fetch_add(&self->written, n / self->width);
        bytes += n;
        size -= (uint64_t)n;
    }
    return 0;
}

static int append_silence(recording *self, int64_t frames)
{
    uint8_t silence[SILENCE_BYTES];
    memset(silence, SILENCE_ALAW, sizeof silence);
    int failed = 0;
    while (frames > 0 && !failed) {
        int64_t count = frames < SILENCE_BYTES / self->width ? frames : SILENCE_BYTES / self->width;
        failed = append(self, silence, (uint64_t)(count * self->width));
        frames -= count;
    }
    return failed;
}

static void little(uint8_t *to, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

/* The same header as boardd/media/wav.py writes: RIFF, 18 bytes of fmt, fact, data. */
static int write_header(recording *self, int64_t frames)
{
    uint8_t header[WAV_HEADER_BYTES];
    int64_t limit = (0xFFFFFFFFLL - WAV_HEADER_BYTES) / self->width;
    uint32_t data = (uint32_t)((frames < limit ? frames : limit) * self->width), width = (uint32_t)self->width;
    memcpy(header, "RIFF....WAVEfmt ", 16);
    little(header + 4, WAV_HEADER_BYTES - 8 + data + (data & 1), 4);
    little(header + 16, 18, 4);
    little(header + 20, 6, 2); /* A-law */
    little(header + 22, width, 2);
    little(header + 24, ME_RATE_HZ, 4);
    little(header + 28, ME_RATE_HZ * width, 4);
    little(header + 32, width, 2);
    little(header + 34, 8, 2);
    little(header + 36, 0, 2);
    memcpy(header + 38, "fact", 4);
    little(header + 42, 4, 4);
    little(header + 46, data / width, 4);
    memcpy(header + 50, "data", 4);
    little(header + 54, data, 4);
    return pwrite(self->fd, header, sizeof header, 0) == (ssize_t)sizeof header ? 0 : errno ? errno : EIO;
}

/* What the ring holds, with silence where frames were lost. */
static int drain(recording *self)
{
    uint64_t produced = atomic_load_explicit(&self->produced, memory_order_acquire);
    uint64_t consumed = atomic_load_explicit(&self->consumed, memory_order_relaxed);
    int failed = 0;
    for (;;) {
        uint32_t out = atomic_load_explicit(&self->inserts_out, memory_order_relaxed);
        bool waits = out != atomic_load_explicit(&self->inserts_in, memory_order_acquire);
        const insert *lost = &self->inserts[out % MAX_INSERTS];
        if (waits && lost->at == consumed) {
            failed = append_silence(self, lost->frames);
            atomic_store_explicit(&self->inserts_out, out + 1, memory_order_release);
            if (failed)
                break;
            continue;
        }
        if (consumed == produced)
            break;
        uint64_t end = waits && lost->at < produced ? lost->at : produced, at = consumed % self->capacity;
        uint64_t count = end - consumed < self->capacity - at ? end - consumed : self->capacity - at;
        failed = append(self, self->ring + at, count);
        if (failed)
            break;
        consumed += count;
        atomic_store_explicit(&self->consumed, consumed, memory_order_release);
    }
    return failed;
}

static void save_gaps(me_engine *engine, recording *self)
{
    me_gap gaps[16];
    int count;
    do {
        engine_lock(engine);
        count = recording_new_gaps(self, gaps, 16);
        engine_unlock(engine);
        int fd = count ? open(self->gaps_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640) : -1;
        for (int i = 0; i < count && fd >= 0; i++) {
            static const char *const reasons[] = {"", "hole", "overrun", "held"};
            static const char *const sides[] = {"left", "right", "both"};
            char line[MAX_LINE];
            int size = snprintf(line, sizeof line, "%lld %lld %s %s\n", (long long)gaps[i].at,
                                (long long)gaps[i].samples, reasons[gaps[i].reason], sides[gaps[i].side]);
            if (write(fd, line, (size_t)size) != size)
                break; /* the list is in the events, too */
        }
        if (fd >= 0)
            close(fd);
    } while (count == 16);
}

/* Answers the bytes that were written. */
static int64_t write_one(me_engine *engine, recording *self, int64_t now_ns)
{
    bool closing = atomic_load_explicit(&self->closing, memory_order_acquire);
    int64_t before = atomic_load(&self->written);
    bool begun = self->last_write_ns != 0;
    self->last_write_ns = now_ns;
    int failed = atomic_load(&self->failed);
    errno = 0;
    if (!failed && !begun && self->format == ME_WAV_ALAW)
        failed = write_header(self, 0);
    if (!failed)
        failed = drain(self);
    if (self->format == ME_WAV_ALAW && (closing || atomic_load(&self->written) != before)) {
        int64_t frames = atomic_load(&self->written);
        errno = 0;
        int bad = write_header(self, frames);
        if (!bad && closing && frames * self->width & 1 && pwrite(self->fd, "", 1, file_offset(self)) != 1)
            bad = errno ? errno : EIO;
        failed = failed ? failed : bad;
    }
    if (failed)
        atomic_store(&self->failed, failed);
    if (self->gaps_path)
        save_gaps(engine, self);
    self->finished = closing;
    return (atomic_load(&self->written) - before) * self->width;
}

static void sync_one(recording *self)
{
    int64_t frames = atomic_load(&self->written);
    if (frames == atomic_load(&self->synced))
        return;
    if (fdatasync(self->fd) == 0)
        atomic_store(&self->synced, frames);
    else if (!atomic_load(&self->failed))
        atomic_store(&self->failed, errno);
}

/* Tells that it has ended and forgets it; not while it is being synced. */
static bool finish(me_engine *engine, recording *self)
{
    engine_lock(engine);
    writer *writer = engine->writer;
    bool mine = !self->syncing;
    if (mine) {
        int failed = atomic_load(&self->failed);
        me_event event = {
            .at_sample = self->told_at,
            .port = self->port_id,
            .kind = ME_EV_RECORD_END,
            .id = self->id,
            .code = failed ? ME_WRITE_FAILED : self->reason,
            .count = atomic_load(&self->written),
            .value = {(double)self->lost, failed},
        };
        int32_t i = 0;
        while (writer->all[i] != self)
            i++;
        writer->count--;
        memmove(&writer->all[i], &writer->all[i + 1], (size_t)(writer->count - i) * sizeof *writer->all);
        writer->overruns += self->overrun;
        close(self->fd);
        self->fd = -1;
        event_post(engine, &event);
    }
    engine_unlock(engine);
    if (mine)
        recording_free(self);
    return mine;
}

/* ---- all of them ---- */

static int32_t snapshot(me_engine *engine, recording **to)
{
    engine_lock(engine);
    int32_t count = engine->writer->count;
    memcpy(to, engine->writer->all, (size_t)count * sizeof *to);
    engine_unlock(engine);
    return count;
}

/* A pass over all that are due. */
static int64_t write_pass(me_engine *engine, int64_t now_ns, bool all, bool sync)
{
    writer *writer = engine->writer;
    int64_t bytes = 0;
    int32_t count = snapshot(engine, writer->work);
    for (int32_t i = 0; i < count; i++) {
        recording *self = writer->work[i];
        bool closing = atomic_load_explicit(&self->closing, memory_order_acquire);
        if (!all && !closing && self->last_write_ns && now_ns - self->last_write_ns < WRITE_EVERY_MS * NS_PER_MS)
            continue;
        if (!self->finished)
            bytes += write_one(engine, self, now_ns);
        if (!self->finished)
            continue;
        if (sync)
            sync_one(self);
        finish(engine, self);
    }
    return bytes;
}

int64_t me_write(me_engine *engine, int32_t all)
{
    if (engine->writer->threaded)
        return 0;
    /* Engine time instead of a clock: the same ticks write the same at the same moments. + 1: zero means never. */
    return write_pass(engine, engine->now * (1000000000LL / ME_RATE_HZ) + 1, all, false);
}

static void *write_loop(void *argument)
{
    me_engine *engine = argument;
    writer *writer = engine->writer;
    for (;;) {
        write_pass(engine, monotonic_ns(), false, true);
        pthread_mutex_lock(&writer->lock);
        writer->passes++;
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_EVERY_MS * NS_PER_MS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        int timed_out = 0;
        while (!writer->stopping && !writer->wanted && !timed_out)
            timed_out = pthread_cond_timedwait(&writer->wake, &writer->lock, &until);
        writer->wanted = false;
        bool stop = writer->stopping;
        pthread_mutex_unlock(&writer->lock);
        if (stop)
            return NULL;
    }
}

/* Marks what is to be synced, so that nobody frees it meanwhile. */
static int32_t take_for_sync(me_engine *engine)
{
    writer *writer = engine->writer;
    int32_t count = 0;
    engine_lock(engine);
    for (int32_t i = 0; i < writer->count; i++)
        if (writer->all[i]->live) {
            writer->all[i]->syncing = true;
            writer->sync_work[count++] = writer->all[i];
        }
    engine_unlock(engine);
    return count;
}

static void *sync_loop(void *argument)
{
    me_engine *engine = argument;
    writer *writer = engine->writer;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    for (;;) {
        until.tv_sec += SYNC_EVERY_MS / 1000;
        pthread_mutex_lock(&writer->lock);
        int timed_out = 0;
        while (!writer->stopping && !timed_out)
            timed_out = pthread_cond_timedwait(&writer->wake_sync, &writer->lock, &until);
        bool stop = writer->stopping;
        pthread_mutex_unlock(&writer->lock);
        if (stop)
            return NULL;
        int32_t count = take_for_sync(engine);
        for (int32_t i = 0; i < count; i++) {
            sync_one(writer->sync_work[i]);
            engine_lock(engine);
            writer->sync_work[i]->syncing = false;
            engine_unlock(engine);
        }
        /* A disk that took longer is not asked again at once. */
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > until.tv_sec)
            until = now;
    }
}

/* ---- life ---- */

writer *writer_new(void)
{
    writer *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    pthread_condattr_t kind;
    pthread_condattr_init(&kind);
    pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->wake, &kind);
    pthread_cond_init(&self->wake_sync, &kind);
    pthread_condattr_destroy(&kind);
    return self;
}

void writer_free(me_engine *engine)
{
    writer *self = engine->writer;
    engine_lock(engine);
    for (int32_t i = 0; i < self->count; i++)
        recording_end(engine, self->all[i], ME_RELEASED);
    engine_unlock(engine);
    write_pass(engine, monotonic_ns(), true, true);
    pthread_cond_destroy(&self->wake);
    pthread_cond_destroy(&self->wake_sync);
    pthread_mutex_destroy(&self->lock);
    free(self);
    engine->writer = NULL;
}

int32_t writer_start(me_engine *engine)
{
    writer *self = engine->writer;
    self->stopping = false;
    if (pthread_create(&self->write_thread, NULL, write_loop, engine) != 0)
        return ME_E_MEMORY;
    self->threaded = true;
    if (pthread_create(&self->sync_thread, NULL, sync_loop, engine) == 0)
        return 0;
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->write_thread, NULL);
    self->threaded = false;
    return ME_E_MEMORY;
}

void writer_stop(me_engine *engine)
{
    writer *self = engine->writer;
    if (!self->threaded)
        return;
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    pthread_cond_signal(&self->wake);
    pthread_cond_signal(&self->wake_sync);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->write_thread, NULL);
    pthread_join(self->sync_thread, NULL);
    self->threaded = false;
}

int32_t writer_add(me_engine *engine, recording *fresh)
{
    writer *self = engine->writer;
    if (self->count == MAX_RECORDINGS)
        return ME_E_FULL;
    self->all[self->count++] = fresh;
    return 0;
}

void writer_wake(me_engine *engine)
{
    writer *self = engine->writer;
    if (!self->threaded)
        return;
    pthread_mutex_lock(&self->lock);
    self->wanted = true;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->lock);
}

void writer_stats(me_engine *engine, me_stats *stats)
{
    const writer *self = engine->writer;
    stats->recordings = self->count;
    stats->write_overruns = self->overruns;
    for (int32_t i = 0; i < self->count; i++)
        stats->write_overruns += self->all[i]->overrun;
}
