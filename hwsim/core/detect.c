/* What the detectors share: correlation of one step with one frequency, windows, and the round through a leg. */

#include "detect.h"

#include <math.h>
#include <stdlib.h>

void band_table(double f_hz, int16_t *cosine, int16_t *sine)
{
    for (int n = 0; n < STEP; n++) {
        double angle = 2.0 * M_PI * f_hz * n / HW_RATE_HZ;
        cosine[n] = (int16_t)lrint(BAND_PEAK * cos(angle));
        sine[n] = (int16_t)lrint(-BAND_PEAK * sin(angle));
    }
}

/* A sine of peak p, divided by 8, gives p / 8 * BAND_PEAK * samples / 2. */
float band_scale(int samples) { return 8.0f * 2.0f / BAND_PEAK / (float)samples; }

float band_loss(float phase, int window_steps)
{
    float half = phase * (float)window_steps * 0.5f;
    if (fabsf(half) < 0.01f)
        return 1.0f;
    float amplitude = sinf(half) / half;
    return amplitude * amplitude;
}

float window_power(const leg *self, int64_t step, int window_steps)
{
    uint64_t sum = 0;
    for (int i = 0; i < window_steps; i++)
        sum += self->in_energy[(step - i) & (ENERGY_RING - 1)];
    return (float)sum * (64.0f * 2.0f / STEP) / (float)window_steps;
}

bool detectors_idle(const leg *self)
{
    return (!self->dtmf || dtmf_detector_idle(self->dtmf)) && tone_detectors_idle(self) && energy_detectors_idle(self) &&
           fsk_detectors_idle(self);
}

void detectors_step(hw_engine *engine, leg *self)
{
    if (self->dtmf)
        dtmf_detector_step(engine, self, self->dtmf);
    if (self->tones)
        tone_detectors_step(engine, self);
    if (self->energies)
        energy_detectors_step(engine, self);
    if (self->fsks)
        fsk_detectors_step(engine, self);
}

void detectors_remove_all(hw_engine *engine, leg *self)
{
    hw_dtmf_detect(engine, self->id, 0);
    tone_detectors_remove(engine, self);
    energy_detectors_remove(engine, self);
    fsk_detectors_remove(engine, self);
}
