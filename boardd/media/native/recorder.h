#ifndef MEDIA_RECORDER_H
#define MEDIA_RECORDER_H

/*
 * Recordings. The tick puts A-law frames into a ring; the writer takes them out, on a thread or on the caller's. One
 * producer, one consumer: `produced` and the inserts are the tick's, `consumed` and the file are the writer's. What is
 * marked (lock) belongs to the engine's lock.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "port.h"

enum { MAX_INSERTS = 32, WAV_HEADER_BYTES = 58 };

/* Frames of silence that stand for lost ones, before byte `at` of all that was produced. */
typedef struct {
    uint64_t at;
    int64_t frames;
} insert;

typedef struct {
    int32_t id;
    port *side[2]; /* (lock) right NULL: mono, or it is gone */
    int32_t tap[2];
    int32_t width; /* bytes a frame: 1 or 2 */
    int32_t format;
    int64_t max_samples; /* 0: none */

    /* the tick's (lock) */
    bool live;
    int32_t reason; /* why it is not */
    int64_t samples, lost, overrun;
    int64_t overrun_open; /* frames lost since the ring was full */
    me_gap gaps[ME_MAX_GAPS];
    int32_t gap_count, unlisted;
    bool gap_open;
    int64_t told_at; /* engine time of its last event */
    int32_t port_id; /* of the left side, for events */

    /* between both */
    uint8_t *ring;
    uint64_t capacity; /* bytes, whole blocks */
    _Atomic uint64_t produced, consumed;
    insert inserts[MAX_INSERTS];
    _Atomic uint32_t inserts_in, inserts_out;
    atomic_bool closing;      /* nothing more will be produced */
    atomic_int failed;        /* errno of the writer */
    atomic_llong written;     /* frames in the file */
    atomic_llong synced;      /* of them on the disk */

    /* the writer's */
    int fd;
    char *gaps_path;
    int32_t gaps_saved;
    int64_t last_write_ns, last_header_ns; /* 0: never yet */
    bool finished;
    bool syncing; /* (lock) the thread that syncs has it in hand */
} recording;

/* recorder.c */
void recorders_take(me_engine *engine);
/* A port ends: so do recordings of which it is the left side; others go on without it. */
void recorders_release(me_engine *engine, const port *self);
/* (lock) Gaps are appended to their file when there is one; the writer calls it. */
int recording_new_gaps(recording *self, me_gap *gaps, int max);
void recording_end(me_engine *engine, recording *self, int32_t reason);
void recording_free(recording *self);

#endif
