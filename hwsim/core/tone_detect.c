/*
 * Detector of one steady frequency, for call progress and modem tones. Any number per leg.
 *
 * A window counts when it is above -38 dBm0, at least 60 % of its energy is in the tone and the frequency, taken from
 * the phase that advances between windows, is within half the bandwidth. A tone is reported after 8 windows (32 ms)
 * and ends after 20 ms without it: shorter than the 40 ms gaps of special dial tone.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "hot.h"

enum {
    ON_STEPS = 8,
    ON_CLEAN = 4,
    OFF_STEPS = 5,
    LOST_STEPS = 12,
    NARROW_HZ = 40, /* narrower bands use windows of 32 ms */
    MIN_STEP_ENERGY = 512,
    MAX_BANDWIDTH_HZ = 150
};

#define MIN_POWER 82600.0f /* -38 dBm0 */
#define PURITY 0.6f
#define FORGET 0.75f /* of the summed phase advance, each window */

struct tone_detector {
    tone_detector *next;
    int32_t id;
    int32_t leg;
    int32_t f_hz;
    int window; /* steps */
    int16_t cosine[STEP], sine[STEP];
    float turn_re[WINDOW_MAX_STEPS], turn_im[WINDOW_MAX_STEPS];
    float phase_limit;

    float partial_re[WINDOW_MAX_STEPS], partial_im[WINDOW_MAX_STEPS];
    float re, im; /* the window before */
    float power[HISTORY_STEPS];
    float sum_re, sum_im;
    int clean_steps;
    int quiet_steps;

    bool on;
    float peak;
    int off_steps, lost_steps;
    int64_t first_step, last_step; /* last_step -1: never heard */
};

HOT static void correlate(const tone_detector *self, const leg *owner, float *re, float *im)
{
    band_partial(self->cosine, self->sine, owner->scaled, re, im);
}

static bool judge(tone_detector *self, const leg *owner, int64_t step, float re, float im, float power)
{
    float before = self->power[(step - 1) & (HISTORY_STEPS - 1)];
    if (power < MIN_POWER) {
        self->sum_re = self->sum_im = 0;
        return false;
    }
    if (before > FULL_POWER * power && power > FULL_POWER * before) {
        float a = re * self->re + im * self->im, b = im * self->re - re * self->im;
        self->sum_re = self->sum_re * FORGET + a * self->turn_re[1] + b * self->turn_im[1];
        self->sum_im = self->sum_im * FORGET + b * self->turn_re[1] - a * self->turn_im[1];
    }
    if (self->sum_re == 0 && self->sum_im == 0)
        return false;
    float phase = atan2f(self->sum_im, self->sum_re);
    if (fabsf(phase) > self->phase_limit)
        return false;
    return power / band_loss(phase, self->window) >= PURITY * window_power(owner, step, self->window);
}

static void begin(hw_engine *engine, leg *owner, tone_detector *self, int64_t step, int steps, float power)
{
    int64_t gap_ms = -1;
    self->first_step = step - steps + 1;
    if (self->last_step >= 0) {
        gap_ms = (self->first_step - self->last_step - 1) * STEP * 1000 / HW_RATE_HZ;
        gap_ms = gap_ms < 0 ? 0 : gap_ms;
    }
    self->on = true;
    self->peak = power;
    self->off_steps = self->lost_steps = 0;
    self->last_step = step;
    event_push(engine, engine->now + STEP, HW_TONE_ON, owner->id, self->id, self->f_hz, gap_ms);
}

static void follow(hw_engine *engine, leg *owner, tone_detector *self, int64_t step, bool clean, float power)
{
    if (power >= EDGE_POWER * self->peak) {
        self->last_step = step;
        self->off_steps = 0;
        if (clean && power > self->peak)
            self->peak = power;
    } else {
        self->off_steps++;
    }
    self->lost_steps = clean ? 0 : self->lost_steps + 1;
    if (self->off_steps < OFF_STEPS && self->lost_steps < LOST_STEPS)
        return;
    self->on = false;
    event_push(engine, engine->now + STEP, HW_TONE_OFF, owner->id, self->id, self->f_hz,
               (self->last_step - self->first_step + 1) * STEP * 1000 / HW_RATE_HZ);
}

static void detector_step(hw_engine *engine, leg *owner, tone_detector *self)
{
    int64_t step = engine->now / STEP;
    int mask = self->window - 1;
    bool quiet = owner->in_energy[step & (ENERGY_RING - 1)] < MIN_STEP_ENERGY;
    self->quiet_steps = quiet ? self->quiet_steps + 1 : 0;
    if (self->quiet_steps > HISTORY_STEPS + WINDOW_MAX_STEPS && !self->on)
        return; /* every window in the history is empty already */

    float re = 0, im = 0;
    if (!quiet)
        correlate(self, owner, &re, &im);
    self->partial_re[step & mask] = re;
    self->partial_im[step & mask] = im;
    for (int i = 1; i < self->window; i++) {
        float old_re = self->partial_re[(step - i) & mask], old_im = self->partial_im[(step - i) & mask];
        re += old_re * self->turn_re[i] - old_im * self->turn_im[i];
        im += old_re * self->turn_im[i] + old_im * self->turn_re[i];
    }
    float scale = band_scale(self->window * STEP);
    float power = (re * re + im * im) * scale * scale;
    self->power[step & (HISTORY_STEPS - 1)] = power;
    bool clean = judge(self, owner, step, re, im, power);
    self->clean_steps = clean ? self->clean_steps + 1 : 0;
    self->re = re;
    self->im = im;

    if (self->on) {
        follow(engine, owner, self, step, clean, power);
        return;
    }
    if (self->clean_steps < ON_CLEAN)
        return;
    int steps = 0;
    while (steps < HISTORY_STEPS && self->power[(step - steps) & (HISTORY_STEPS - 1)] >= EDGE_POWER * power)
        steps++;
    if (steps >= ON_STEPS)
        begin(engine, owner, self, step, steps, power);
}

void tone_detectors_step(hw_engine *engine, leg *owner)
{
    for (tone_detector *self = owner->tones; self; self = self->next)
        detector_step(engine, owner, self);
}

bool tone_detectors_idle(const leg *owner)
{
    for (const tone_detector *self = owner->tones; self; self = self->next)
        if (self->on)
            return false;
    return true;
}

int32_t hw_tone_detect(hw_engine *engine, int32_t leg_id, double f_hz, double bandwidth_hz)
{
    leg *owner = leg_find(engine, leg_id);
    if (!owner)
        return HW_E_HANDLE;
    if (!(f_hz >= 200 && f_hz <= 3600) || !(bandwidth_hz >= 5 && bandwidth_hz <= MAX_BANDWIDTH_HZ))
        return HW_E_ARGUMENT;
    tone_detector *self = calloc(1, sizeof *self);
    if (!self)
        return HW_E_MEMORY;
    self->id = id_take(engine, self, OBJECT_TONE_DETECTOR);
    if (self->id < 0) {
        free(self);
        return HW_E_FULL;
    }
    double step_phase = 2.0 * M_PI * f_hz * STEP / HW_RATE_HZ;
    self->leg = owner->index;
    self->f_hz = (int32_t)lrint(f_hz);
    self->window = bandwidth_hz < NARROW_HZ ? WINDOW_MAX_STEPS : WINDOW_STEPS;
    self->last_step = -1;
    self->phase_limit = (float)(M_PI * bandwidth_hz * STEP / HW_RATE_HZ);
    band_table(f_hz, self->cosine, self->sine);
    for (int i = 0; i < WINDOW_MAX_STEPS; i++) {
        self->turn_re[i] = (float)cos(step_phase * i);
        self->turn_im[i] = (float)sin(step_phase * i);
    }
    tone_detector **end = &owner->tones;
    while (*end)
        end = &(*end)->next;
    *end = self;
    engine->stats.detectors++;
    return self->id;
}

int32_t tone_detector_stop(hw_engine *engine, int32_t id)
{
    tone_detector *self = id_find(engine, id, OBJECT_TONE_DETECTOR);
    if (!self)
        return HW_E_HANDLE;
    tone_detector **at = &engine->legs[self->leg].tones;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    id_release(engine, id);
    engine->stats.detectors--;
    free(self);
    return 0;
}

void tone_detectors_remove(hw_engine *engine, leg *owner)
{
    while (owner->tones)
        tone_detector_stop(engine, owner->tones->id);
}
