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

/* Independent generators side by side, so that one instruction steps them all. Aligned as malloc aligns. */
typedef uint32_t noise_lanes __attribute__((vector_size(NOISE_LANES * sizeof(uint32_t)), aligned(16)));

typedef struct {
    noise_lanes state;
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

/* Adds a block. The sum of four random bytes is near enough to a Gaussian for line noise, and costs one xorshift. */
static inline void noise_add(noise_generator *noise, int32_t *restrict mix)
{
    noise_lanes x = noise->state;
    for (int n = 0; n < HW_STEP; n += NOISE_LANES) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        noise_lanes sum = (x & 255) + (x >> 8 & 255) + (x >> 16 & 255) + (x >> 24);
        for (int lane = 0; lane < NOISE_LANES; lane++)
            mix[n + lane] += (((int32_t)sum[lane] - 510) * noise->scale) >> 12;
    }
    noise->state = x;
}

#endif
