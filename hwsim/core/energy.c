/* Energy detector: voice or any other sound above a level, over windows of 16 ms. */

#include <stdlib.h>

#include "detect.h"

enum { STEP_MS = HW_STEP * 1000 / HW_RATE_HZ, MAX_TIME_MS = 60000 };

#define OFF_POWER 0.5f /* 3 dB below the level for "on", so that it does not flutter */

struct energy_detector {
    energy_detector *next;
    int32_t id;
    int32_t leg;
    float on_power;
    int min_on, min_off; /* steps */
    bool on;
    int run; /* steps in a row that speak for a change */
    int64_t since;
};

static void detector_step(hw_engine *engine, leg *owner, energy_detector *self)
{
    int64_t step = engine->now / STEP;
    float power = window_power(owner, step, WINDOW_STEPS);
    bool change = self->on ? power < self->on_power * OFF_POWER : power >= self->on_power;
    self->run = change ? self->run + 1 : 0;
    if (self->run < (self->on ? self->min_off : self->min_on))
        return;
    int64_t edge = step - self->run + 1;
    self->run = 0;
    self->on = !self->on;
    if (self->on)
        event_push(engine, engine->now + STEP, HW_VOICE_ON, owner->id, self->id, 0, level_of_peak2(power));
    else
        event_push(engine, engine->now + STEP, HW_VOICE_OFF, owner->id, self->id, 0, (edge - self->since) * STEP_MS);
    self->since = edge;
}

void energy_detectors_step(hw_engine *engine, leg *owner)
{
    for (energy_detector *self = owner->energies; self; self = self->next)
        detector_step(engine, owner, self);
}

bool energy_detectors_idle(const leg *owner)
{
    for (const energy_detector *self = owner->energies; self; self = self->next)
        if (self->on || self->run)
            return false;
    return true;
}

static int steps_of(int32_t ms)
{
    int steps = (ms + STEP_MS - 1) / STEP_MS;
    return steps > 0 ? steps : 1;
}

int32_t hw_energy_detect(hw_engine *engine, int32_t leg_id, int32_t on_level_mb, int32_t min_on_ms, int32_t min_off_ms)
{
    leg *owner = leg_find(engine, leg_id);
    if (!owner)
        return HW_E_HANDLE;
    if (on_level_mb < -6000 || on_level_mb > 300 || min_on_ms < 0 || min_on_ms > MAX_TIME_MS || min_off_ms < 0 ||
        min_off_ms > MAX_TIME_MS)
        return HW_E_ARGUMENT;
    energy_detector *self = calloc(1, sizeof *self);
    if (!self)
        return HW_E_MEMORY;
    self->id = id_take(engine, self, OBJECT_ENERGY_DETECTOR);
    if (self->id < 0) {
        free(self);
        return HW_E_FULL;
    }
    double peak = level_peak(on_level_mb);
    self->leg = owner->index;
    self->on_power = (float)(peak * peak);
    self->min_on = steps_of(min_on_ms);
    self->min_off = steps_of(min_off_ms);
    energy_detector **end = &owner->energies;
    while (*end)
        end = &(*end)->next;
    *end = self;
    engine->stats.detectors++;
    return self->id;
}

int32_t energy_detector_stop(hw_engine *engine, int32_t id)
{
    energy_detector *self = id_find(engine, id, OBJECT_ENERGY_DETECTOR);
    if (!self)
        return HW_E_HANDLE;
    energy_detector **at = &engine->legs[self->leg].energies;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    id_release(engine, id);
    engine->stats.detectors--;
    free(self);
    return 0;
}

void energy_detectors_remove(hw_engine *engine, leg *owner)
{
    while (owner->energies)
        energy_detector_stop(engine, owner->energies->id);
}
