/*
 * Recordings, the writer's side: from the rings into the files.
 *
 * Written at most half a second after it was heard, so that a killed process loses less than a second; synced once a
 * second, so that a power cut loses little more. Syncing has a thread of its own: a disk that takes seconds for it does
 * not hold up writing. Without threads the caller of me_write() writes, by engine time, and nothing is synced.
 */

#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

enum { WRITE_EVERY_MS = 500, LOOK_EVERY_MS = 250, SYNC_EVERY_MS = 1000 };

static const int64_t NS_PER_MS = 1000000;

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
