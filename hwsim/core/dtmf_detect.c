/*
 * DTMF receiver, standing for the DSP of a card. Limits: ITU-T Q.24.
 *
 * Accepts a digit when for at least 7 steps both tones were there, the last windows being pure, within twist, and
 * within 2.5 % of both frequencies (accept 1.5 %, reject 3.5 %). Frequency comes from the phase that advances between
 * windows, not from which bin is the strongest: 16 ms windows cannot tell 697 from 721 Hz otherwise. A tone of 40 ms
 * always covers enough windows, one of 23 ms never does. A digit ends after 24 ms without it, so that breaks of 10 ms
 * are bridged and pauses of 30 ms are not.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "dtmf.h"
#include "hot.h"

enum {
    BANDS = 8,
    ON_STEPS = 7,
    ON_PAIRS = 3,
    OFF_STEPS = 6,
    LOST_STEPS = 12,       /* the tones are there but nothing else fits any more: not a digit, or no longer */
    MIN_STEP_ENERGY = 4096 /* below -45 dBm0 a step counts as silence */
};

#define MIN_POWER 656100.0f     /* -29 dBm0 */
#define HIGH_ABOVE_LOW 3.98f    /* 6 dB; Q.24 asks for 4 */
#define LOW_ABOVE_HIGH 10.0f    /* 10 dB; Q.24 asks for 8 */
#define GROUP_MARGIN 4.0f       /* 6 dB above the others of the group */
#define PURITY 0.72f            /* of the window's energy is in the two tones */
#define FREQUENCY_LIMIT 0.025f
#define DIAL_TONE_HZ 450.0

/* All bands of a thing, low group first. Aligned as malloc aligns. */
typedef float bands __attribute__((vector_size(BANDS * sizeof(float)), aligned(16)));

/* A window or a part of one, correlated. Dial tone goes along: it must not count as noise under the first digit. */
typedef struct {
    bands re, im;
    float dial_re, dial_im;
} spectrum;

/* Tables count from the middle of a step: the cosines of a step are then symmetric and the sines antisymmetric, and
   one multiplication serves two samples. Where a step's phase counts from cancels out everywhere. */
static bands cosines[STEP / 2], sines[STEP / 2];
static int16_t dial_cosine[STEP], dial_sine[STEP];
static spectrum turn[WINDOW_STEPS]; /* phasors of 0, 1, 2, 3 steps */
static float phase_limit[BANDS];    /* radians per step */

struct dtmf_detector {
    spectrum partial[WINDOW_STEPS];
    spectrum window, before; /* the newest and the one before */
    float dial_power;
    bands power[HISTORY_STEPS];
    int quiet_steps;

    int candidate; /* low * 4 + high, -1: none */
    int pairs;     /* windows pairs summed below */
    float sum_re[2], sum_im[2];

    int digit; /* reported and not yet ended, -1: none */
    float peak[2];
    int off_steps, lost_steps;
    int64_t first_step, last_step;
};

__attribute__((constructor)) static void fill_tables(void)
{
    const double radians_per_step = 2.0 * M_PI * STEP / HW_RATE_HZ; /* and Hz */
    for (int band = 0; band < BANDS; band++) {
        double step_phase = radians_per_step * (band < 4 ? DTMF_LOW_HZ[band] : DTMF_HIGH_HZ[band - 4]);
        phase_limit[band] = (float)step_phase * FREQUENCY_LIMIT;
        for (int n = 0; n < STEP / 2; n++) {
            cosines[n][band] = (float)(BAND_PEAK * cos(step_phase / STEP * (n + 0.5)));
            sines[n][band] = (float)(-BAND_PEAK * sin(step_phase / STEP * (n + 0.5)));
        }
        for (int i = 0; i < WINDOW_STEPS; i++) {
            turn[i].re[band] = (float)cos(step_phase * i);
            turn[i].im[band] = (float)sin(step_phase * i);
        }
    }
    band_table(DIAL_TONE_HZ, dial_cosine, dial_sine);
    for (int i = 0; i < WINDOW_STEPS; i++) {
        turn[i].dial_re = (float)cos(radians_per_step * DIAL_TONE_HZ * i);
        turn[i].dial_im = (float)sin(radians_per_step * DIAL_TONE_HZ * i);
    }
}

/* Correlates one step with all bands. */
static inline void correlate(const int16_t *restrict scaled, spectrum *out)
{
    float sums[STEP / 2], differences[STEP / 2];
    for (int n = 0; n < STEP / 2; n++) {
        sums[n] = (float)(scaled[STEP / 2 + n] + scaled[STEP / 2 - 1 - n]);
        differences[n] = (float)(scaled[STEP / 2 + n] - scaled[STEP / 2 - 1 - n]);
    }
    bands re = {0}, im = {0};
    for (int n = 0; n < STEP / 2; n++) {
        re += sums[n] * cosines[n];
        im += differences[n] * sines[n];
    }
    out->re = re;
    out->im = im;
    band_partial(dial_cosine, dial_sine, scaled, &out->dial_re, &out->dial_im);
}

/* Slides the window on by one step and files its powers. */
HOT static void slide(dtmf_detector *self, const leg *owner, int64_t step, bool quiet)
{
    spectrum *newest = &self->partial[step & (WINDOW_STEPS - 1)];
    if (quiet)
        memset(newest, 0, sizeof *newest);
    else
        correlate(owner->scaled, newest);
    spectrum window = *newest;
    for (int i = 1; i < WINDOW_STEPS; i++) {
        const spectrum *old = &self->partial[(step - i) & (WINDOW_STEPS - 1)];
        window.re += old->re * turn[i].re - old->im * turn[i].im;
        window.im += old->re * turn[i].im + old->im * turn[i].re;
        window.dial_re += old->dial_re * turn[i].dial_re - old->dial_im * turn[i].dial_im;
        window.dial_im += old->dial_re * turn[i].dial_im + old->dial_im * turn[i].dial_re;
    }
    float scale = band_scale(WINDOW_STEPS * STEP);
    self->power[step & (HISTORY_STEPS - 1)] = (window.re * window.re + window.im * window.im) * (scale * scale);
    self->dial_power = (window.dial_re * window.dial_re + window.dial_im * window.dial_im) * (scale * scale);
    self->before = self->window;
    self->window = window;
}

/* The strongest of four; -1 if another comes within the margin. */
static int strongest(const float *power)
{
    int best = 0;
    for (int i = 1; i < 4; i++)
        if (power[i] > power[best])
            best = i;
    for (int i = 0; i < 4; i++)
        if (i != best && power[i] * GROUP_MARGIN > power[best])
            return -1;
    return best;
}

/* Phasor by which a band turned since the window before, over what its own frequency turns. */
static void turned(const dtmf_detector *self, int band, float *re, float *im)
{
    const spectrum *now = &self->window, *before = &self->before;
    float a = now->re[band] * before->re[band] + now->im[band] * before->im[band];
    float b = now->im[band] * before->re[band] - now->re[band] * before->im[band];
    *re = a * turn[1].re[band] + b * turn[1].im[band];
    *im = b * turn[1].re[band] - a * turn[1].im[band];
}

/* True if this window is a clean one of the candidate. */
static bool judge(dtmf_detector *self, const leg *owner, int64_t step, const float *power)
{
    int low = strongest(power), high = strongest(power + 4);
    bool tones = low >= 0 && high >= 0 && power[low] >= MIN_POWER && power[4 + high] >= MIN_POWER;
    int candidate = tones ? low * 4 + high : -1;
    if (candidate != self->candidate) {
        self->candidate = candidate;
        self->pairs = 0;
        self->sum_re[0] = self->sum_im[0] = self->sum_re[1] = self->sum_im[1] = 0;
    }
    if (!tones)
        return false;

    int pair[2] = {low, 4 + high};
    const float *before = (const float *)&self->power[(step - 1) & (HISTORY_STEPS - 1)];
    if (before[pair[0]] > FULL_POWER * power[pair[0]] && power[pair[0]] > FULL_POWER * before[pair[0]] &&
        before[pair[1]] > FULL_POWER * power[pair[1]] && power[pair[1]] > FULL_POWER * before[pair[1]]) {
        for (int i = 0; i < 2; i++) {
            float turn_a, turn_b;
            turned(self, pair[i], &turn_a, &turn_b);
            self->sum_re[i] += turn_a;
            self->sum_im[i] += turn_b;
        }
        self->pairs++;
    }
    if (self->pairs == 0)
        return false;
    float true_power[2];
    for (int i = 0; i < 2; i++) {
        float phase = atan2f(self->sum_im[i], self->sum_re[i]);
        if (fabsf(phase) > phase_limit[pair[i]])
            return false;
        true_power[i] = power[pair[i]] / band_loss(phase, WINDOW_STEPS);
    }
    if (true_power[1] > HIGH_ABOVE_LOW * true_power[0] || true_power[0] > LOW_ABOVE_HIGH * true_power[1])
        return false;
    float others = window_power(owner, step, WINDOW_STEPS) - self->dial_power;
    return true_power[0] + true_power[1] >= PURITY * others;
}

/* Windows in a row, up to this one, in which both tones had at least half their present amplitude. */
static int steps_so_far(const dtmf_detector *self, int64_t step, int low, int high)
{
    const float *now = (const float *)&self->power[step & (HISTORY_STEPS - 1)];
    int count = 0;
    while (count < HISTORY_STEPS) {
        const float *then = (const float *)&self->power[(step - count) & (HISTORY_STEPS - 1)];
        if (then[low] < EDGE_POWER * now[low] || then[high] < EDGE_POWER * now[high])
            break;
        count++;
    }
    return count;
}

static void end_digit(hw_engine *engine, leg *owner, dtmf_detector *self)
{
    int64_t duration_ms = (self->last_step - self->first_step + 1) * STEP * 1000 / HW_RATE_HZ;
    event_push(engine, engine->now + STEP, HW_DTMF_OFF, owner->id, 0, DTMF_DIGITS[self->digit], duration_ms);
    self->digit = -1;
}

static void follow_digit(hw_engine *engine, leg *owner, dtmf_detector *self, int64_t step, bool clean,
                         const float *power)
{
    float now[2] = {power[self->digit / 4], power[4 + self->digit % 4]};
    bool present = now[0] >= EDGE_POWER * self->peak[0] && now[1] >= EDGE_POWER * self->peak[1];
    if (present) {
        self->last_step = step;
        self->off_steps = 0;
        for (int i = 0; i < 2; i++)
            if (clean && now[i] > self->peak[i])
                self->peak[i] = now[i];
    } else {
        self->off_steps++;
    }
    self->lost_steps = clean && self->candidate == self->digit ? 0 : self->lost_steps + 1;
    if (self->off_steps >= OFF_STEPS || self->lost_steps >= LOST_STEPS)
        end_digit(engine, owner, self);
}

void dtmf_detector_step(hw_engine *engine, leg *owner, dtmf_detector *self)
{
    int64_t step = engine->now / STEP;
    bool quiet = owner->in_energy[step & (ENERGY_RING - 1)] < MIN_STEP_ENERGY;
    self->quiet_steps = quiet ? self->quiet_steps + 1 : 0;
    if (self->quiet_steps > HISTORY_STEPS + WINDOW_STEPS && self->digit < 0)
        return; /* every window in the history is empty already */

    slide(self, owner, step, quiet);
    const float *power = (const float *)&self->power[step & (HISTORY_STEPS - 1)];
    bool clean = judge(self, owner, step, power);

    if (self->digit >= 0)
        follow_digit(engine, owner, self, step, clean, power);
    if (!clean || self->pairs < ON_PAIRS || self->candidate == self->digit)
        return;
    int low = self->candidate / 4, high = 4 + self->candidate % 4;
    int steps = steps_so_far(self, step, low, high);
    if (steps < ON_STEPS)
        return;
    if (self->digit >= 0)
        end_digit(engine, owner, self);
    self->digit = self->candidate;
    self->peak[0] = power[low];
    self->peak[1] = power[high];
    self->off_steps = self->lost_steps = 0;
    self->first_step = step - steps + 1;
    self->last_step = step;
    event_push(engine, engine->now + STEP, HW_DTMF_ON, owner->id, 0, DTMF_DIGITS[self->digit],
               level_of_peak2(power[low] + power[high]));
}

bool dtmf_detector_idle(const dtmf_detector *self) { return self->digit < 0; }

int32_t hw_dtmf_detect(hw_engine *engine, int32_t leg_id, int32_t on)
{
    leg *owner = leg_find(engine, leg_id);
    if (!owner)
        return HW_E_HANDLE;
    if (on && !owner->dtmf) {
        owner->dtmf = calloc(1, sizeof *owner->dtmf);
        if (!owner->dtmf)
            return HW_E_MEMORY;
        owner->dtmf->candidate = owner->dtmf->digit = -1;
        engine->stats.detectors++;
    } else if (!on && owner->dtmf) {
        free(owner->dtmf);
        owner->dtmf = NULL;
        engine->stats.detectors--;
    }
    return 0;
}
