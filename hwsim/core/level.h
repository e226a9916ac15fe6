#ifndef HWCORE_LEVEL_H
#define HWCORE_LEVEL_H

#include "public.h"

/* Levels, gains, oscillators and noise. */

enum { GAIN_UNITY = 4096, SINE_BITS = 11, NOISE_LANES = 8 };

extern int16_t sine_table[1 << SINE_BITS]; /* one period, peak 32767 */

typedef struct {
    uint32_t phase;
    uint32_t step;
    int32_t peak;
} oscillator;

typedef struct {
    uint32_t state[NOISE_LANES];
    int32_t scale;
} noise_generator;

/* Peak sample value of a sine of so many dBm0 * 100. */
double level_peak(int32_t level_mb);
/* The level of a sine with this squared peak; HW_NONE_MB for nothing. */
int32_t level_of_peak2(double peak2);
/* Fixed-point factor, GAIN_UNITY for 0 mB. */
int32_t gain_factor(int32_t gain_mb);

static inline int32_t apply_gain(int32_t sample, int32_t factor) { return (sample * factor) >> 12; }

void oscillator_set(oscillator *osc, double f_hz, int32_t level_mb);

static inline int32_t oscillator_next(oscillator *osc)
{
    int32_t value = (sine_table[osc->phase >> (32 - SINE_BITS)] * osc->peak) >> 15;
    osc->phase += osc->step;
    return value;
}

void noise_set(noise_generator *noise, int32_t level_mb);
void noise_seed(noise_generator *noise, uint32_t seed);

/* Adds a block. The sum of four random bytes is near enough to a Gaussian for line noise, and costs one xorshift; the
   lanes are independent generators, so that the compiler can run them side by side. */
static inline void noise_add(noise_generator *noise, int32_t *restrict mix)
{
    for (int n = 0; n < HW_STEP; n += NOISE_LANES)
        for (int lane = 0; lane < NOISE_LANES; lane++) {
            uint32_t x = noise->state[lane];
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            noise->state[lane] = x;
            int32_t sum = (int32_t)((x & 255) + (x >> 8 & 255) + (x >> 16 & 255) + (x >> 24)) - 510;
            mix[n + lane] += (sum * noise->scale) >> 12;
        }
}

#endif
