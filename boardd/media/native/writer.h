#ifndef MEDIA_WRITER_H
#define MEDIA_WRITER_H

/* Who writes what recordings have in their rings: a thread that writes and one that syncs, or the caller of me_write(). */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "recorder.h"

enum { MAX_RECORDINGS = 2 * ME_MAX_PORTS };

typedef struct writer {
    recording *all[MAX_RECORDINGS]; /* (engine's lock) */
    int32_t count;
    recording *work[MAX_RECORDINGS], *sync_work[MAX_RECORDINGS]; /* the threads' own lists */
    int64_t overruns; /* samples, of recordings that are gone (engine's lock) */

    pthread_t write_thread, sync_thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake, wake_sync;
    bool threaded, stopping, wanted;
    uint64_t passes; /* of the writer, for the one who syncs */
} writer;

/* writer_file.c: what the ring holds into the file; answers the bytes. Onto the disk. Only the writer calls them. */
int64_t write_one(me_engine *engine, recording *self, int64_t now_ns);
void sync_one(recording *self);

/* writer.c */
writer *writer_new(void);
/* Writes what is left and closes all recordings; threads have ended. */
void writer_free(me_engine *engine);
int32_t writer_start(me_engine *engine);
void writer_stop(me_engine *engine);
/* (engine's lock) */
int32_t writer_add(me_engine *engine, recording *fresh);
void writer_wake(me_engine *engine);
void writer_stats(me_engine *engine, me_stats *stats);

#endif
