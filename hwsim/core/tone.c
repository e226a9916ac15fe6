/* One or two steady tones, with or without a cadence; and noise. */

#include <string.h>

#include "codec.h"
#include "hot.h"
#include "source.h"

enum { MAX_CADENCE = 32, SAMPLES_PER_MS = HW_RATE_HZ / 1000, MAX_LEVEL_MB = 314, MAX_PHASE_MS = 3600 * 1000 };

typedef struct {
    source base;
    oscillator first, second;
    int32_t cadence[MAX_CADENCE]; /* samples: on, off, ... */
    int32_t cadence_length;       /* 0: continuous */
    int32_t phase;                /* index in the cadence */
    int32_t left;                 /* samples of the phase */
    int32_t repeat;
} tone;

/* Steps to a phase that lasts; false when the last round is over. */
static bool next_phase(tone *self)
{
    while (self->left == 0) {
        if (++self->phase == self->cadence_length) {
            if (self->repeat > 0 && --self->repeat == 0)
                return false;
            self->phase = 0;
        }
        self->left = self->cadence[self->phase];
        self->first.phase = self->second.phase = 0;
    }
    return true;
}

HOT static int render(hw_engine *engine, source *base, int16_t *block)
{
    (void)engine;
    tone *self = (tone *)base;
    int done = 0;
    while (done < STEP) {
        int count = STEP - done;
        bool on = true;
        if (self->cadence_length) {
            if (!next_phase(self))
                return done;
            on = self->phase % 2 == 0;
            count = self->left < count ? self->left : count;
            self->left -= count;
        }
        if (!on)
            memset(&block[done], 0, (size_t)count * sizeof *block);
        else if (self->second.peak)
            for (int n = 0; n < count; n++)
                block[done + n] = saturate(oscillator_next(&self->first) + oscillator_next(&self->second));
        else
            for (int n = 0; n < count; n++)
                block[done + n] = saturate(oscillator_next(&self->first));
        done += count;
    }
    return done;
}

static const source_kind TONE = {render, NULL, HW_PLAY_END};

static bool tone_ok(double f_hz, int32_t level_mb)
{
    return f_hz >= 0 && f_hz < HW_RATE_HZ / 2 && level_mb <= MAX_LEVEL_MB;
}

static bool cadence_ok(const int32_t *cadence_ms, int32_t length)
{
    int64_t total = 0;
    if (length < 0 || length > MAX_CADENCE)
        return false;
    for (int32_t i = 0; i < length; i++) {
        if (cadence_ms[i] < 0 || cadence_ms[i] > MAX_PHASE_MS)
            return false;
        total += cadence_ms[i];
    }
    return length == 0 || total > 0;
}

int32_t hw_tone(hw_engine *engine, int32_t leg_id, double f1_hz, int32_t level1_mb, double f2_hz, int32_t level2_mb,
                const int32_t *cadence_ms, int32_t cadence_length, int32_t repeat, int32_t bus_only)
{
    if (!tone_ok(f1_hz, level1_mb) || !tone_ok(f2_hz, level2_mb) || !cadence_ok(cadence_ms, cadence_length) ||
        repeat == 0 || repeat < -1)
        return HW_E_ARGUMENT;
    int32_t error = 0;
    tone *self = source_new(engine, leg_id, &TONE, sizeof *self, bus_only, &error);
    if (!self)
        return error;
    oscillator_set(&self->first, f1_hz, level1_mb);
    oscillator_set(&self->second, f2_hz, f2_hz > 0 ? level2_mb : HW_NONE_MB);
    for (int32_t i = 0; i < cadence_length; i++)
        self->cadence[i] = cadence_ms[i] * SAMPLES_PER_MS;
    self->cadence_length = cadence_length;
    self->left = cadence_length ? self->cadence[0] : 0;
    self->repeat = repeat;
    return self->base.id;
}

typedef struct {
    source base;
    noise_generator noise;
} noise_source;

HOT static int render_noise(hw_engine *engine, source *base, int16_t *block)
{
    (void)engine;
    noise_source *self = (noise_source *)base;
    int32_t mix[STEP] = {0};
    noise_add(&self->noise, mix);
    for (int n = 0; n < STEP; n++)
        block[n] = saturate(mix[n]);
    return STEP;
}

static const source_kind NOISE = {render_noise, NULL, HW_PLAY_END};

int32_t hw_noise(hw_engine *engine, int32_t leg_id, int32_t level_mb, int32_t bus_only)
{
    if (level_mb > MAX_LEVEL_MB)
        return HW_E_ARGUMENT;
    int32_t error = 0;
    noise_source *self = source_new(engine, leg_id, &NOISE, sizeof *self, bus_only, &error);
    if (!self)
        return error;
    noise_seed(&self->noise, engine->seed ^ (uint32_t)self->base.id);
    noise_set(&self->noise, level_mb);
    return self->base.id;
}
