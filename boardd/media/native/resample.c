/* Following another clock, and reading between its samples. */

#include "resample.h"

#include <math.h>
#include <string.h>

#include "engine_hot.h"

enum {
    PHASES = 512,
    HALF = RESAMPLE_TAPS / 2,
    FADE = 32,                      /* samples, where sound breaks off */
    PARTED = 4 * ME_BLOCK,          /* an error that no jitter explains */
    MOST_ERROR = ME_BLOCK / 2,      /* what one late tick can do to the estimate */
    STARVED = 5 * ME_BLOCK          /* more than any lateness costs that passes */
};

static const double SAMPLES_PER_NS = ME_RATE_HZ / 1e9;
static const double TICK_S = (double)ME_BLOCK / ME_RATE_HZ;
static const double FASTEST = 0.5, SLOWEST = 0.02; /* rad/s */
static const double MOST_OFFSET = 1e-3;            /* of the rates */
static const double KAISER_BETA = 8.0;

static float taps[PHASES][RESAMPLE_TAPS];

/* Modified Bessel function of order zero. */
static double bessel(double x)
{
    double sum = 1.0, term = 1.0;
    for (int k = 1; k < 50; k++) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

/* Tap t weighs sample floor(position) - HALF + 1 + t. Each phase passes a constant unaltered. */
__attribute__((constructor)) static void fill_taps(void)
{
    for (int phase = 0; phase < PHASES; phase++) {
        double sum = 0, row[RESAMPLE_TAPS];
        for (int t = 0; t < RESAMPLE_TAPS; t++) {
            double x = t - (HALF - 1) - (double)phase / PHASES, edge = x / HALF;
            double window = fabs(edge) >= 1 ? 0 : bessel(KAISER_BETA * sqrt(1 - edge * edge)) / bessel(KAISER_BETA);
            row[t] = (fabs(x) < 1e-9 ? 1 : sin(M_PI * x) / (M_PI * x)) * window;
            sum += row[t];
        }
        for (int t = 0; t < RESAMPLE_TAPS; t++)
            taps[phase][t] = (float)(row[t] / sum);
    }
}

void resampler_reset(resampler *self, double delay_ms)
{
    memset(self, 0, sizeof *self);
    self->rate = 1.0;
    self->delay = delay_ms * ME_RATE_HZ / 1000.0;
}

void resampler_put(resampler *self, const int16_t *block, int64_t stamp_ns)
{
    for (int n = 0; n < ME_BLOCK; n++)
        self->history[(self->have + n) % HISTORY] = block[n];
    self->have += ME_BLOCK;
    self->stamp_ns = stamp_ns;
}

void resampler_skip(resampler *self, int64_t blocks)
{
    int64_t count = blocks * ME_BLOCK < HISTORY ? blocks * ME_BLOCK : HISTORY;
    self->have += blocks * ME_BLOCK;
    for (int64_t n = 1; n <= count; n++)
        self->history[(self->have - n) % HISTORY] = 0;
}

/* One tick further; false: the clocks have parted. */
static bool follow(resampler *self, int64_t now_ns)
{
    double seen = (double)self->have + (double)(now_ns - self->stamp_ns) * SAMPLES_PER_NS;
    if (self->ticks++ == 0) {
        self->estimate = seen;
        self->position = seen - self->delay - ME_BLOCK;
        return true;
    }
    self->estimate += ME_BLOCK * self->rate;
    double error = seen - self->estimate;
    if (fabs(error) > PARTED)
        return false;
    error = fmax(-MOST_ERROR, fmin(MOST_ERROR, error));
    /* Critically damped; its speed falls with the time that it has watched. */
    double speed = fmax(SLOWEST, fmin(FASTEST, 2.0 / ((double)self->ticks * TICK_S)));
    double turn = speed * TICK_S;
    self->estimate += 2 * turn * error;
    self->rate += turn * turn * error / ME_BLOCK;
    self->rate = fmax(1 - MOST_OFFSET, fmin(1 + MOST_OFFSET, self->rate));
    return true;
}

HOT static float weigh(const float *weights, const float *sound)
{
    float sum[8] = {0};
    for (int t = 0; t < RESAMPLE_TAPS; t += 8)
        for (int k = 0; k < 8; k++)
            sum[k] += weights[t + k] * sound[t + k];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

/* Blocks come, and none wholly in time: we made ticks of which the other knows nothing (a card that stood still and caught
 * up). The loop would need seconds of silence to find back. */
static bool starves(resampler *self, int32_t missing)
{
    if (missing == 0 || self->starved == 0)
        self->starved_at = self->have;
    self->starved = missing == 0 ? 0 : self->starved + missing;
    return self->starved >= STARVED && self->have > self->starved_at;
}

static float sample_at(const resampler *self, int64_t n)
{
    if (n < 0 || n >= self->have || n < self->have - HISTORY)
        return 0;
    return self->history[n % HISTORY];
}

int32_t resampler_get(resampler *self, int16_t *block, int64_t now_ns)
{
    memset(block, 0, ME_BLOCK * sizeof *block);
    if (self->have == 0)
        return -1;
    if (!follow(self, now_ns)) {
        resampler_reset(self, self->delay * 1000.0 / ME_RATE_HZ);
        return -1;
    }
    double to = self->estimate - self->delay, step = (to - self->position) / ME_BLOCK, at = self->position;
    /* All samples that this block can touch, in a row. */
    float sound[ME_BLOCK + RESAMPLE_TAPS + 64];
    int64_t first = (int64_t)floor(at) - HALF + 1, count = (int64_t)floor(to) + HALF + 1 - first + 1;
    if (step <= 0 || count > (int64_t)(sizeof sound / sizeof *sound)) {
        resampler_reset(self, self->delay * 1000.0 / ME_RATE_HZ);
        return -1;
    }
    int64_t there = self->have - first; /* of them have come */
    for (int64_t n = 0; n < count; n++)
        sound[n] = sample_at(self, first + n);
    if (there < count)
        for (int64_t n = 0; n < FADE && there - 1 - n >= 0; n++)
            sound[there - 1 - n] *= (float)n / FADE;
    int32_t missing = 0;
    for (int n = 0; n < ME_BLOCK; n++) {
        at += step;
        double whole = floor(at);
        int phase = (int)((at - whole) * PHASES + 0.5);
        if (phase == PHASES) {
            phase = 0;
            whole += 1;
        }
        int64_t begin = (int64_t)whole - HALF + 1 - first;
        if (begin + HALF > there)
            missing++;
        float value = begin + RESAMPLE_TAPS <= count ? weigh(taps[phase], &sound[begin]) : 0;
        value = fmaxf(-32768.0F, fminf(32767.0F, value));
        block[n] = (int16_t)lrintf(value);
    }
    self->position = to;
    if (starves(self, missing)) {
        resampler_reset(self, self->delay * 1000.0 / ME_RATE_HZ);
        return -1;
    }
    return missing;
}
