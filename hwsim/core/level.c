/* Levels, gains, oscillators and noise. */

#include "level.h"

#include <math.h>

#include "public.h"

/* Peak of a 0 dBm0 sine when 32767 is +3.14 dBm0, the A-law overload point (G.711). */
static const double PEAK_0_DBM0 = 22826.0;
/* Standard deviation of the sum of four bytes: sqrt(4 * (256^2 - 1) / 12). */
static const double BYTES_SIGMA = 147.8;

int16_t sine_table[1 << SINE_BITS];

__attribute__((constructor)) static void fill_sine(void)
{
    for (int i = 0; i < 1 << SINE_BITS; i++)
        sine_table[i] = (int16_t)lrint(32767.0 * sin(2.0 * M_PI * i / (1 << SINE_BITS)));
}

double level_peak(int32_t level_mb)
{
    return level_mb <= HW_NONE_MB ? 0.0 : PEAK_0_DBM0 * pow(10.0, level_mb / 2000.0);
}

int32_t level_of_peak2(double peak2)
{
    if (peak2 <= 0.0)
        return HW_NONE_MB;
    return (int32_t)lrint(1000.0 * log10(peak2 / (PEAK_0_DBM0 * PEAK_0_DBM0)));
}

int32_t gain_factor(int32_t gain_mb)
{
    return gain_mb <= HW_NONE_MB ? 0 : (int32_t)lrint(GAIN_UNITY * pow(10.0, gain_mb / 2000.0));
}

void oscillator_set(oscillator *osc, double f_hz, int32_t level_mb)
{
    osc->phase = 0;
    osc->step = (uint32_t)llrint(f_hz / HW_RATE_HZ * 4294967296.0);
    osc->peak = (int32_t)lrint(level_peak(level_mb));
}

void noise_set(noise_generator *noise, int32_t level_mb)
{
    noise->scale = (int32_t)lrint(level_peak(level_mb) / M_SQRT2 / BYTES_SIGMA * 4096.0);
}

void noise_seed(noise_generator *noise, uint32_t seed)
{
    /* A xorshift must not start at 0, and neighbouring seeds must not give neighbouring sequences. */
    for (uint32_t lane = 0; lane < NOISE_LANES; lane++) {
        uint32_t x = (seed * NOISE_LANES + lane) * 2654435761u + 0x9E3779B9u;
        x ^= x >> 16;
        x *= 0x85EBCA6Bu;
        x ^= x >> 13;
        x *= 0xC2B2AE35u;
        x ^= x >> 16;
        noise->state[lane] = x ? x : 1;
    }
}
