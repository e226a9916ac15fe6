/*
 * What a recording is made of: the strongest tone of each 10 ms, for tone learning. Not for ticks: a correlation with each of
 * 65 frequencies in a Hann window of 20 ms; the true frequency follows from the two strongest neighbours.
 */

#include "detect_lanes.h"

enum { STEP = 80, WINDOW = 160, BINS = 67, BIN_HZ = 50, FIRST_HZ = 150 };

typedef struct {
    float cosine[BINS][WINDOW], sine[BINS][WINDOW];
} tables;

static tables table;

__attribute__((constructor)) static void fill_tables(void)
{
    for (int bin = 0; bin < BINS; bin++)
        for (int n = 0; n < WINDOW; n++) {
            double window = 0.5 - 0.5 * cos(2 * M_PI * (n + 0.5) / WINDOW);
            double phase = 2 * M_PI * (FIRST_HZ + BIN_HZ * bin) / RATE_HZ * n;
            table.cosine[bin][n] = (float)(window * cos(phase));
            table.sine[bin][n] = (float)(window * sin(phase));
        }
}

WIDE static void spectrum(const float *restrict x, float *restrict magnitude)
{
    for (int bin = 0; bin < BINS; bin++) {
        const float *c = table.cosine[bin], *s = table.sine[bin];
        float re[LANES] = {0}, im[LANES] = {0}, a = 0, b = 0;
        for (int n = 0; n < WINDOW; n += LANES)
            for (int k = 0; k < LANES; k++) {
                re[k] += x[n + k] * c[n + k];
                im[k] += x[n + k] * s[n + k];
            }
        for (int k = 0; k < LANES; k++)
            a += re[k], b += im[k];
        magnitude[bin] = sqrtf(a * a + b * b);
    }
}

static det_frame frame(const short *pcm)
{
    float x[WINDOW], magnitude[BINS], mean = 0, power = 0;
    for (int n = 0; n < WINDOW; n++)
        mean += pcm[n];
    mean /= WINDOW;
    for (int n = 0; n < WINDOW; n++) {
        x[n] = pcm[n] - mean;
        power += x[n] * x[n] * (0.5f - 0.5f * cosf(2 * (float)M_PI * (n + 0.5f) / WINDOW));
    }
    power /= WINDOW / 4.0f; /* peak squared of a sine as loud */
    spectrum(x, magnitude);
    int best = 1;
    for (int bin = 2; bin < BINS - 1; bin++)
        if (magnitude[bin] > magnitude[best])
            best = bin;
    int side = magnitude[best + 1] > magnitude[best - 1] ? 1 : -1;
    float ratio = magnitude[best] > 0 ? magnitude[best + side] / magnitude[best] : 0;
    float off = (2 * ratio - 1) / (1 + ratio); /* of a Hann window, in bins */
    float y = (float)M_PI * fmaxf(fabsf(off), 1e-3f);
    float peak = magnitude[best] / (WINDOW / 4.0f) / (sinf(y) / y / (1 - off * off));
    return (det_frame){
        .level_dbm0 = det_dbm0(power),
        .f_hz = (float)(FIRST_HZ + BIN_HZ * best) + side * off * BIN_HZ,
        .purity = power > 0 ? fminf(1.0f, peak * peak / power) : 0,
    };
}

long det_scan(const short *pcm, long count, det_frame *frames, long max)
{
    long done = 0;
    for (long at = 0; at + WINDOW <= count && done < max; at += STEP)
        frames[done++] = frame(pcm + at);
    return done;
}
