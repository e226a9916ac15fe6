/*
 * Finds chirps in a recording, offline.
 *
 * The sweep is correlated with every second sample position; around each peak of the normalised correlation the exact
 * start is taken from the in-phase correlation, and the symbols are read there. A chirp counts only if every symbol is
 * clearly one tone and the CRC fits: two talkers at once may hide a chirp but must not make one up.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chirp.h"
#include "hot.h"
#include "level.h"

enum {
    STRIDE = 2,
    PEAK_RADIUS = 12, /* a candidate is the best within so many samples: the main lobe of the sweep is 6 wide */
    REFINE = 3,
    TEMPLATE_PEAK = 2047
};

#define CANDIDATE 0.15f      /* of the window's energy is in the sweep */
#define MIN_PEAK2 2000.0f    /* -54 dBm0 */
#define SYMBOL_MARGIN 2.0f   /* 3 dB to the second tone */
#define SYMBOL_PURITY 0.35f  /* of a symbol's energy is in its tone */

static int16_t sweep_cos[CHIRP_SWEEP], sweep_sin[CHIRP_SWEEP];
static float tone_cos[CHIRP_TONES][CHIRP_SYMBOL], tone_sin[CHIRP_TONES][CHIRP_SYMBOL];

__attribute__((constructor)) static void fill_tables(void)
{
    for (int n = 0; n < CHIRP_SWEEP; n++) {
        sweep_sin[n] = (int16_t)lrint(TEMPLATE_PEAK * sin(2.0 * M_PI * chirp_sweep_phase(n)));
        sweep_cos[n] = (int16_t)lrint(TEMPLATE_PEAK * cos(2.0 * M_PI * chirp_sweep_phase(n)));
    }
    for (int tone = 0; tone < CHIRP_TONES; tone++)
        for (int n = 0; n < CHIRP_SYMBOL; n++) {
            double angle = 2.0 * M_PI * (CHIRP_TONE_HZ + tone * CHIRP_SPACING_HZ) * n / HW_RATE_HZ;
            tone_cos[tone][n] = (float)cos(angle);
            tone_sin[tone][n] = (float)sin(angle);
        }
}

/* 13-bit samples and 12-bit templates keep the sum within 32 bits. */
HOT static int32_t correlate(const int16_t *restrict template, const int16_t *restrict scaled)
{
    int32_t sum = 0;
    for (int n = 0; n < CHIRP_SWEEP; n++)
        sum += (int32_t)template[n] * scaled[n];
    return sum;
}

/* Share of the window's energy that is the sweep, 0 .. 1. */
static float match(const int16_t *scaled, int64_t energy)
{
    float in_phase = (float)correlate(sweep_sin, scaled), quadrature = (float)correlate(sweep_cos, scaled);
    float template_energy = (float)TEMPLATE_PEAK * TEMPLATE_PEAK * CHIRP_SWEEP / 2;
    return (in_phase * in_phase + quadrature * quadrature) / (template_energy * (float)energy);
}

static int64_t energy_at(const int64_t *energy_before, int64_t start)
{
    return energy_before[start + CHIRP_SWEEP] - energy_before[start];
}

/* Reads the symbols; the worst symbol's purity is the quality, 0 if they are no chirp. */
static float read_symbols(const int16_t *pcm, uint64_t *word)
{
    float worst = 1.0f;
    *word = 0;
    for (int symbol = 0; symbol < CHIRP_SYMBOLS; symbol++) {
        const int16_t *block = &pcm[CHIRP_SWEEP + symbol * CHIRP_SYMBOL];
        float power[CHIRP_TONES], energy = 1.0f;
        for (int n = 0; n < CHIRP_SYMBOL; n++)
            energy += (float)block[n] * (float)block[n];
        int best = 0;
        for (int tone = 0; tone < CHIRP_TONES; tone++) {
            float c = 0, s = 0;
            for (int n = 0; n < CHIRP_SYMBOL; n++) {
                c += tone_cos[tone][n] * (float)block[n];
                s += tone_sin[tone][n] * (float)block[n];
            }
            power[tone] = (c * c + s * s) * 2.0f / CHIRP_SYMBOL;
            if (power[tone] > power[best])
                best = tone;
        }
        for (int tone = 0; tone < CHIRP_TONES; tone++)
            if (tone != best && power[tone] * SYMBOL_MARGIN > power[best])
                return 0;
        float purity = power[best] / energy;
        if (purity < SYMBOL_PURITY)
            return 0;
        worst = purity < worst ? purity : worst;
        *word = *word << 2 | (uint64_t)best;
    }
    return worst;
}

static int read_at(const int16_t *pcm, const int16_t *scaled, int64_t first, int64_t last, hw_found *found)
{
    int64_t start = first;
    int32_t best = INT32_MIN;
    for (int64_t at = first; at <= last; at++) {
        int32_t in_phase = correlate(sweep_sin, &scaled[at]);
        if (in_phase > best) {
            best = in_phase;
            start = at;
        }
    }
    uint64_t word;
    float purity = read_symbols(&pcm[start], &word);
    if (purity <= 0 || !chirp_read_word(word, &found->party, &found->number))
        return 0;
    double peak = (double)best * 8 * 2 / ((double)TEMPLATE_PEAK * CHIRP_SWEEP);
    found->start_sample = start;
    found->quality = (int32_t)(purity >= 1.0f ? 100 : purity * 100.0f);
    found->level_mb = level_of_peak2(peak * peak);
    return 1;
}

/* Work space of a search. */
typedef struct {
    int16_t *scaled;
    int64_t *energy_before; /* of all samples before this one */
    float *share;           /* match at each STRIDE-th position */
} workspace;

static void workspace_free(workspace *space)
{
    free(space->scaled);
    free(space->energy_before);
    free(space->share);
}

static int workspace_make(workspace *space, const int16_t *pcm, int64_t count)
{
    space->scaled = malloc((size_t)count * sizeof *space->scaled);
    space->energy_before = malloc((size_t)(count + 1) * sizeof *space->energy_before);
    space->share = calloc((size_t)(count / STRIDE + 1), sizeof *space->share);
    if (!space->scaled || !space->energy_before || !space->share)
        return 0;
    space->energy_before[0] = 0;
    for (int64_t i = 0; i < count; i++) {
        space->scaled[i] = (int16_t)(pcm[i] >> 3);
        space->energy_before[i + 1] = space->energy_before[i] + (int64_t)space->scaled[i] * space->scaled[i];
    }
    return 1;
}

static int is_peak(const float *share, int64_t index, int64_t positions)
{
    for (int64_t i = index - PEAK_RADIUS / STRIDE; i <= index + PEAK_RADIUS / STRIDE; i++)
        if (i >= 0 && i < positions && i != index && (share[i] > share[index] || (share[i] == share[index] && i < index)))
            return 0;
    return 1;
}

int32_t hw_chirp_find(const int16_t *pcm, int64_t count, hw_found *found, int32_t max_found)
{
    int64_t room = count - HW_CHIRP_SAMPLES; /* last possible start */
    int32_t result = 0;
    if (room < 0)
        return 0;
    workspace space = {0};
    if (!workspace_make(&space, pcm, count)) {
        workspace_free(&space);
        return HW_E_MEMORY;
    }
    const int64_t least = (int64_t)(MIN_PEAK2 / 64 / 2 * CHIRP_SWEEP);
    int64_t positions = room / STRIDE + 1;
    for (int64_t i = 0; i < positions; i++) {
        int64_t energy = energy_at(space.energy_before, i * STRIDE);
        if (energy >= least)
            space.share[i] = match(&space.scaled[i * STRIDE], energy);
    }
    for (int64_t i = 0; i < positions && result < max_found; i++) {
        if (space.share[i] < CANDIDATE || !is_peak(space.share, i, positions))
            continue;
        int64_t first = i * STRIDE - REFINE, last = i * STRIDE + REFINE;
        first = first < 0 ? 0 : first;
        last = last > room ? room : last;
        if (read_at(pcm, space.scaled, first, last, &found[result]))
            result++;
    }
    workspace_free(&space);
    return result;
}
