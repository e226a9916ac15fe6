#ifndef HWCORE_DETECT_H
#define HWCORE_DETECT_H

#include "engine.h"

/*
 * Detectors look at one window per step, 16 ms (tones with a narrow band: 32 ms) ending with that step. A tone's edge
 * is where the window is half covered: amplitude half, power a quarter of what it becomes. Durations counted between
 * such windows are therefore right to one step, however long the window.
 *
 * Powers are squared peaks of the sine that would give them, in units of 16-bit samples.
 */

enum { WINDOW_STEPS = 4, WINDOW_MAX_STEPS = 8, HISTORY_STEPS = 16, BAND_PEAK = 8192 };

#define EDGE_POWER 0.25f /* of full coverage */
#define FULL_POWER 0.7f  /* of the other one: both windows are covered alike */

/* detect.c */
bool detectors_idle(const leg *self);
void detectors_step(hw_engine *engine, leg *self);
void detectors_remove_all(hw_engine *engine, leg *self);

/* Fills the table of one frequency: the conjugate phasor of each sample of a step, peak BAND_PEAK. */
void band_table(double f_hz, int16_t *cosine, int16_t *sine);
/* Correlates a step; sums stay below 2^31. Inline, to be compiled as wide as its caller. */
static inline void band_partial(const int16_t *restrict cosine, const int16_t *restrict sine,
                                const int16_t *restrict scaled, float *re, float *im)
{
    int32_t c = 0, s = 0;
    for (int n = 0; n < STEP; n++)
        c += (int32_t)cosine[n] * scaled[n];
    for (int n = 0; n < STEP; n++)
        s += (int32_t)sine[n] * scaled[n];
    *re = (float)c;
    *im = (float)s;
}

/* What a correlation over so many samples must be multiplied by to give a peak. */
float band_scale(int samples);
/* Power that a window loses by being off frequency: phase advance per step in radians. */
float band_loss(float phase, int window_steps);
/* Squared peak of a sine with all the energy of the window that ends with this step. */
float window_power(const leg *self, int64_t step, int window_steps);

/* dtmf_detect.c, tone_detect.c, energy.c, fsk_detect.c */
void dtmf_detector_step(hw_engine *engine, leg *self, dtmf_detector *detector);
bool dtmf_detector_idle(const dtmf_detector *detector);
void tone_detectors_step(hw_engine *engine, leg *self);
bool tone_detectors_idle(const leg *self);
int32_t tone_detector_stop(hw_engine *engine, int32_t id);
void energy_detectors_step(hw_engine *engine, leg *self);
bool energy_detectors_idle(const leg *self);
int32_t energy_detector_stop(hw_engine *engine, int32_t id);
void tone_detectors_remove(hw_engine *engine, leg *self);
void energy_detectors_remove(hw_engine *engine, leg *self);
void fsk_detectors_step(hw_engine *engine, leg *self);
bool fsk_detectors_idle(const leg *self);
int32_t fsk_detector_stop(hw_engine *engine, int32_t id);
void fsk_detectors_remove(hw_engine *engine, leg *self);

#endif
