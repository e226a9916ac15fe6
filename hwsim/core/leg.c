/* A leg: one end point of a duplex path. */

#include "leg.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "detect.h"
#include "engine.h"
#include "hot.h"
#include "recorder.h"
#include "source.h"

enum { LEVEL_STEPS = 25 }; /* 100 ms */

leg *leg_find(const hw_engine *engine, int32_t id)
{
    int32_t index = id & ((1 << LEG_INDEX_BITS) - 1);
    if (id <= 0 || index >= engine->max_legs || engine->legs[index].id != id)
        return NULL;
    return &engine->legs[index];
}

void leg_wake(hw_engine *engine, leg *self)
{
    if (self->awake)
        return;
    self->awake = true;
    engine->awake[engine->awake_count++] = self->index;
}

void leg_sleep(leg *self)
{
    self->awake = false;
    for (int parity = 0; parity < 2; parity++)
        self->hears_silent[parity] = self->plays_silent[parity] = true;
}

bool leg_may_sleep(const leg *self)
{
    return !self->sources && !self->recorders && !self->link_count && self->out_quiet >= QUIET_STEPS &&
           self->in_quiet >= QUIET_STEPS && !self->line.error_ppm && detectors_idle(self);
}

/* Scales samples down to 13 bits; returns their energy, at most 32 * 2^24. */
static inline uint32_t scale(const int16_t *restrict pcm, int16_t *restrict scaled)
{
    int32_t sum = 0;
    for (int n = 0; n < STEP; n++)
        scaled[n] = (int16_t)(pcm[n] >> 3);
    for (int n = 0; n < STEP; n++)
        sum += (int32_t)scaled[n] * scaled[n];
    return (uint32_t)sum;
}

HOT void leg_say(hw_engine *engine, leg *self)
{
    int parity = engine->parity;
    int16_t *out = &self->out[engine->now & (OUT_RING - 1)];
    uint32_t *energy = &self->out_energy[engine->now / STEP & (ENERGY_RING - 1)];
    bool any_plays = false, any_says = false;

    if (self->sources && !self->sources->next && !self->link_count) {
        any_plays = source_play(engine, self->sources, self->plays[parity], &any_says);
        if (any_says)
            memcpy(out, self->plays[parity], STEP * sizeof *out);
    } else if (self->sources || self->link_count) {
        int32_t plays[STEP] = {0}, says[STEP] = {0};
        if (self->sources)
            sources_mix(engine, self, plays, &any_plays, says, &any_says);
        any_says |= self->link_count && links_mix(engine, self, says);
        if (any_plays)
            for (int n = 0; n < STEP; n++)
                self->plays[parity][n] = saturate(plays[n]);
        if (any_says)
            for (int n = 0; n < STEP; n++)
                out[n] = saturate(says[n]);
    }
    self->plays_silent[parity] = !any_plays;
    if (any_says) {
        int16_t scaled[STEP];
        *energy = scale(out, scaled);
        self->out_quiet = 0;
        if (self->peer >= 0)
            leg_wake(engine, &engine->legs[self->peer]);
    } else {
        memset(out, 0, STEP * sizeof *out);
        *energy = 0;
        if (self->out_quiet < QUIET_STEPS)
            self->out_quiet++;
    }
}

HOT void leg_hear(hw_engine *engine, leg *self)
{
    int16_t *hears = self->hears[engine->parity];
    uint32_t *energy = &self->in_energy[engine->now / STEP & (ENERGY_RING - 1)];
    bool sound = line_hear(engine, self, hears);

    self->hears_silent[engine->parity] = !sound;
    if (sound) {
        *energy = scale(hears, self->scaled);
        self->in_quiet = 0;
    } else {
        *energy = 0;
        if (self->in_quiet < QUIET_STEPS)
            self->in_quiet++;
    }
    if (self->in_quiet < QUIET_STEPS || !detectors_idle(self))
        detectors_step(engine, self);
    if (self->recorders)
        recorders_step(engine, self, hears, &self->out[engine->now & (OUT_RING - 1)]);
}

double leg_peak2(const uint32_t *ring, int64_t now, int steps)
{
    int64_t newest = now / STEP - 1;
    double sum = 0;
    for (int i = 0; i < steps; i++)
        sum += ring[(newest - i) & (ENERGY_RING - 1)];
    /* A sine of peak p has a mean square of p * p / 2; energies are of samples divided by 8. */
    return sum * 64.0 * 2.0 / (steps * STEP);
}

int32_t hw_leg_new(hw_engine *engine)
{
    int32_t index = engine->free_leg_first;
    if (index < 0)
        return HW_E_FULL;
    leg *self = &engine->legs[index];
    engine->free_leg_first = self->next_free;
    if (engine->free_leg_first < 0)
        engine->free_leg_last = -1;

    /* Generations up to what a positive int32 holds; 0 is never one, so no id is ever 0. */
    int32_t generation = self->generation % ((1 << (31 - LEG_INDEX_BITS)) - 1) + 1;
    bool awake = self->awake; /* still listed if it was freed since the last step */
    memset(self, 0, sizeof *self);
    self->awake = awake;
    self->index = index;
    self->generation = generation;
    self->id = generation << LEG_INDEX_BITS | index;
    self->next_free = -1;
    self->peer = -1;
    self->out_quiet = self->in_quiet = QUIET_STEPS;
    for (int parity = 0; parity < 2; parity++) {
        self->hears_silent[parity] = self->plays_silent[parity] = true;
        for (int n = 0; n < STEP; n++)
            self->hears[parity][n] = SILENCE;
    }
    noise_seed(&self->noise, engine->seed + (uint32_t)self->id);
    self->error_state = engine->seed * 2654435761u + (uint32_t)self->id;
    line_reset(engine, self);
    engine->stats.legs++;
    return self->id;
}

void leg_destroy(hw_engine *engine, leg *self)
{
    while (self->sources)
        source_end(engine, self->sources, engine->now, HW_STOPPED);
    while (self->recorders)
        recorder_end(engine, self->recorders, engine->now, HW_STOPPED);
    detectors_remove_all(engine, self);
    hw_unwire(engine, self->id);
    links_remove_all(engine, self);
    free(self->links);
    self->links = NULL;
    self->link_capacity = 0;
    self->id = 0;
    self->out_quiet = self->in_quiet = QUIET_STEPS;
    engine->stats.legs--;
}

int32_t hw_leg_free(hw_engine *engine, int32_t leg_id)
{
    leg *self = leg_find(engine, leg_id);
    if (!self)
        return HW_E_HANDLE;
    leg_destroy(engine, self);
    self->next_free = -1;
    if (engine->free_leg_last >= 0)
        engine->legs[engine->free_leg_last].next_free = self->index;
    else
        engine->free_leg_first = self->index;
    engine->free_leg_last = self->index;
    return 0;
}

int32_t hw_level(const hw_engine *engine, int32_t leg_id, int32_t *rx_mb, int32_t *tx_mb)
{
    const leg *self = leg_find(engine, leg_id);
    if (!self)
        return HW_E_HANDLE;
    *rx_mb = HW_NONE_MB;
    *tx_mb = HW_NONE_MB;
    if (self->awake) {
        *rx_mb = level_of_peak2(leg_peak2(self->in_energy, engine->now, LEVEL_STEPS));
        *tx_mb = level_of_peak2(leg_peak2(self->out_energy, engine->now, LEVEL_STEPS));
    }
    return 0;
}
