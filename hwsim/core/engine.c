/* The engine: life, time, the step loop. */

#include "engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

hw_engine *hw_new(int32_t max_legs, uint32_t seed)
{
    if (max_legs < 1 || max_legs > 1 << LEG_INDEX_BITS)
        return NULL;
    hw_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    engine->seed = seed;
    engine->max_legs = max_legs;
    engine->free_slot_first = engine->free_slot_last = -1;
    engine->awake = malloc((size_t)max_legs * sizeof *engine->awake);
    size_t size = (size_t)max_legs * sizeof(leg);
    engine->legs = aligned_alloc(_Alignof(leg), size);
    if (!engine->awake || !engine->legs || events_init(engine) < 0) {
        free(engine->awake);
        free(engine->legs);
        free(engine);
        return NULL;
    }
    for (int32_t i = 0; i < max_legs; i++) {
        leg *self = &engine->legs[i];
        self->id = 0;
        self->index = i;
        self->generation = 0;
        self->awake = false;
        self->next_free = i + 1 < max_legs ? i + 1 : -1;
    }
    engine->free_leg_last = max_legs - 1;
    return engine;
}

void hw_free(hw_engine *engine)
{
    if (!engine)
        return;
    for (int32_t i = 0; i < engine->max_legs; i++)
        if (engine->legs[i].id)
            leg_destroy(engine, &engine->legs[i]);
    free(engine->events);
    free(engine->slots);
    free(engine->awake);
    free(engine->legs);
    free(engine);
}

int64_t hw_now(const hw_engine *engine) { return engine->now; }

/* All legs speak before any leg hears, and links carry the step before: the order of legs cannot matter. A leg that
   starts to speak wakes its peer, so the list may grow during the first loop. */
static void step(hw_engine *engine)
{
    for (int32_t i = 0; i < engine->awake_count; i++)
        leg_say(engine, &engine->legs[engine->awake[i]]);
    for (int32_t i = 0; i < engine->awake_count; i++)
        leg_hear(engine, &engine->legs[engine->awake[i]]);

    int32_t kept = 0;
    for (int32_t i = 0; i < engine->awake_count; i++) {
        leg *self = &engine->legs[engine->awake[i]];
        if (self->id && !leg_may_sleep(self))
            engine->awake[kept++] = engine->awake[i];
        else
            leg_sleep(self);
    }
    engine->awake_count = kept;
    engine->parity ^= 1;
    engine->now += STEP;
}

int32_t hw_run(hw_engine *engine, int64_t until_samples)
{
    while (engine->event_count == 0 && engine->now < until_samples) {
        if (engine->awake_count == 0) {
            /* Nobody speaks, hears or waits: time may jump. Whole steps only, the rings are laid out in them. */
            engine->now += (until_samples - engine->now + STEP - 1) / STEP * STEP;
            break;
        }
        step(engine);
        events_sort_newest(engine, engine->event_count);
    }
    return (int32_t)engine->event_count;
}

void hw_get_stats(const hw_engine *engine, hw_stats *stats)
{
    *stats = engine->stats;
    stats->legs_awake = engine->awake_count;
    stats->events = (int32_t)engine->event_count;
}

int descriptor_dup(hw_engine *engine, int fd)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own >= 0)
        engine->stats.descriptors++;
    return own;
}

void descriptor_close(hw_engine *engine, int fd)
{
    close(fd);
    engine->stats.descriptors--;
}
