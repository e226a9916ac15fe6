#ifndef HWCORE_ENGINE_H
#define HWCORE_ENGINE_H

#include "leg.h"
#include "public.h"

/* The engine: legs, ids, events, time. */

enum object_kind {
    OBJECT_NONE = 0,
    OBJECT_SOURCE,
    OBJECT_RECORDER,
    OBJECT_TONE_DETECTOR,
    OBJECT_ENERGY_DETECTOR,
    OBJECT_FSK_DETECTOR
};

typedef struct {
    void *object;
    int32_t id;        /* of the present or last holder */
    int32_t next_free; /* -1: none */
    uint8_t kind;
} id_slot;

struct hw_engine {
    int64_t now;
    uint32_t seed;
    int parity; /* which of the two block buffers is being filled */

    leg *legs;
    int32_t max_legs;
    int32_t free_leg_first, free_leg_last; /* first in, first out: a slot rests as long as possible */
    int32_t *awake;
    int32_t awake_count;

    id_slot *slots;
    int32_t slot_count, slot_capacity;
    int32_t free_slot_first, free_slot_last;

    hw_event *events; /* ring, capacity a power of two */
    uint32_t event_capacity, event_head, event_count;

    hw_stats stats; /* what is counted as it comes and goes; the rest is filled in on demand */
};

/* id.c: one number space for everything that can be stopped. */
int32_t id_take(hw_engine *engine, void *object, enum object_kind kind);
void id_release(hw_engine *engine, int32_t id);
void *id_find(const hw_engine *engine, int32_t id, enum object_kind kind);
enum object_kind id_kind(const hw_engine *engine, int32_t id);

/* events.c */
int events_init(hw_engine *engine);
void event_push(hw_engine *engine, int64_t at, int32_t kind, int32_t leg_id, int32_t id, int32_t a, int64_t b);
/* Puts the newest events in order of time, those of one sample as they came. */
void events_sort_newest(hw_engine *engine, uint32_t count);

/* Duplicates with close-on-exec and counts; -1 with errno. */
int descriptor_dup(hw_engine *engine, int fd);
void descriptor_close(hw_engine *engine, int fd);

#endif
