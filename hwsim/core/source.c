/* What all sources have in common. */

#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "hot.h"

void *source_new(hw_engine *engine, int32_t leg_id, const source_kind *kind, size_t size, bool bus_only,
                 int32_t *error)
{
    leg *owner = leg_find(engine, leg_id);
    if (!owner) {
        *error = HW_E_HANDLE;
        return NULL;
    }
    source *self = calloc(1, size);
    if (!self) {
        *error = HW_E_MEMORY;
        return NULL;
    }
    int32_t id = id_take(engine, self, OBJECT_SOURCE);
    if (id < 0) {
        free(self);
        *error = id;
        return NULL;
    }
    self->kind = kind;
    self->id = id;
    self->leg = owner->index;
    self->bus_only = bus_only;
    self->counted = -1;
    source **end = &owner->sources;
    while (*end)
        end = &(*end)->next;
    *end = self;
    engine->stats.sources++;
    leg_wake(engine, owner);
    return self;
}

void source_discard(hw_engine *engine, source *self)
{
    source **at = &engine->legs[self->leg].sources;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    if (self->kind->destroy)
        self->kind->destroy(engine, self);
    id_release(engine, self->id);
    engine->stats.sources--;
    free(self);
}

void source_end(hw_engine *engine, source *self, int64_t at, int32_t reason)
{
    int64_t counted = self->counted >= 0 ? self->counted : self->samples;
    event_push(engine, at, self->kind->end_event, engine->legs[self->leg].id, self->id, reason, counted);
    source_discard(engine, self);
}

bool source_play(hw_engine *engine, source *self, int16_t *block, bool *says)
{
    if (self->paused)
        return false;
    int count = self->kind->render(engine, self, block);
    if (count < STEP)
        memset(&block[count], 0, (size_t)(STEP - count) * sizeof *block);
    *says = count > 0 && !self->bus_only;
    self->samples += count;
    if (count < STEP)
        source_end(engine, self, engine->now + count, self->reason);
    return count > 0;
}

HOT void sources_mix(hw_engine *engine, leg *owner, int32_t *restrict plays, bool *any_plays, int32_t *restrict says,
                     bool *any_says)
{
    source *next;
    for (source *self = owner->sources; self; self = next) {
        int16_t block[STEP];
        bool line = false;
        next = self->next;
        if (!source_play(engine, self, block, &line))
            continue;
        *any_plays = true;
        for (int n = 0; n < STEP; n++)
            plays[n] += block[n];
        if (!line)
            continue;
        *any_says = true;
        for (int n = 0; n < STEP; n++)
            says[n] += block[n];
    }
}
