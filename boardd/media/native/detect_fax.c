/*
 * Fax tone bank (T.30, V.8): CNG, 1100 Hz for half a second every 3.5 s, told when a burst has ended; CED or ANSam, 2100 Hz for
 * seconds, perhaps with phase reversals or modulation, told after a second.
 */

#include <stdlib.h>

#include "detect_tones.h"

enum { HOLE_HOPS = 3 /* a phase reversal spoils two or three hops */ };

typedef struct {
    int code;
    float f_hz, tolerance_hz;
    float min_ms, max_ms;  /* max 0: told when min is reached */
} fax_tone;

static const fax_tone TONES[] = {
    {DET_CNG, 1100.0f, 40.0f, 400.0f, 620.0f}, /* 1100 +- 38 Hz, 0.5 s +- 15 % */
    {DET_CED, 2100.0f, 20.0f, 1000.0f, 0.0f},  /* 2100 +- 15 Hz, 2.6 to 4.0 s; ANSam the same */
};
enum { COUNT = sizeof TONES / sizeof *TONES };

#define MIN_PURITY 0.85f

typedef struct {
    long first, last;      /* hops */
    int there;             /* hops in which it was */
    float sum_f, sum_peak2, sum_purity;
    bool told;
} fax_run;

typedef struct {
    tone_lane tones;
    fax_options options;
    float min_peak2;
    fax_run run[COUNT];
} fax_lane;

struct fax_bank {
    int lanes;
    long lost;
    fax_lane *lane;
};

void fax_options_default(fax_options *options) { *options = (fax_options){.min_level_dbm0 = -43.0f}; }

static void tell(fax_run *r, int number, const fax_tone *tone, det_sink *sink)
{
    float n = (float)(r->there > 0 ? r->there : 1);
    /* Windows reach half a hop beyond the tone on both sides; whole ones are counted, the edges together make one. */
    det_emit(sink, number, DET_FAX_TONE, tone->code, r->first * TONE_HOP, (double)(r->sum_f / n),
             (double)det_dbm0(r->sum_peak2 / n), (double)((float)(r->last - r->first + 1) * TONE_HOP_MS),
             (double)(r->sum_purity / n));
    r->told = true;
}

static void step(fax_lane *self, int number, long hop, const tone_hop *now, det_sink *sink)
{
    for (int i = 0; i < COUNT; i++) {
        const fax_tone *tone = &TONES[i];
        fax_run *r = &self->run[i];
        bool there = now->peak2[i] >= self->min_peak2 && now->peak2[i] >= MIN_PURITY * now->all_peak2 &&
                     fabsf(now->f_hz[i] - tone->f_hz) <= tone->tolerance_hz;
        if (there) {
            if (r->there == 0)
                r->first = hop;
            r->last = hop;
            r->there++;
            r->sum_f += now->f_hz[i];
            r->sum_peak2 += now->peak2[i];
            r->sum_purity += fminf(1.0f, now->peak2[i] / now->all_peak2);
        }
        float ms = (float)(r->last - r->first + 1) * TONE_HOP_MS;
        bool over = r->there > 0 && hop - r->last >= HOLE_HOPS;
        if (r->there > 0 && !r->told && ms >= tone->min_ms && (tone->max_ms <= 0 ? there : over && ms <= tone->max_ms) &&
            (float)r->there * TONE_HOP_MS >= 0.7f * ms)
            tell(r, number, tone, sink);
        if (over)
            *r = (fax_run){0};
    }
}

int fax_bank_feed(fax_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                  int n_samples, det_event *out, int max)
{
    (void)sent;
    if (!det_feed_ok(bank->lanes, lanes, n_lanes, n_samples))
        return -1;
    det_sink sink = {out, max, 0, &bank->lost};
    tone_hop hops[LANES][TONE_MAX_HOPS];
    for (int i = 0, n; i < n_lanes; i += n) {
        tone_lane *group[LANES];
        for (n = 0; n < LANES && i + n < n_lanes; n++) {
            group[n] = &bank->lane[lanes[i + n]].tones;
            if (group[n]->fill != group[0]->fill)
                break;
        }
        int count = tones_feed(group, n, in + i, n_samples, hops);
        for (int l = 0; l < n; l++)
            for (int h = 0; h < count; h++)
                step(&bank->lane[lanes[i + l]], lanes[i + l], group[l]->hops - count + h, &hops[l][h], &sink);
    }
    return sink.count;
}

fax_bank *fax_bank_new(int lanes)
{
    fax_bank *bank = lanes > 0 ? calloc(1, sizeof *bank) : NULL;
    if (!bank || !(bank->lane = calloc((size_t)lanes, sizeof *bank->lane))) {
        free(bank);
        return NULL;
    }
    bank->lanes = lanes;
    for (int lane = 0; lane < lanes; lane++) {
        float f_hz[COUNT];
        for (int i = 0; i < COUNT; i++)
            f_hz[i] = TONES[i].f_hz;
        tones_watch(&bank->lane[lane].tones, f_hz, COUNT);
        fax_bank_set(bank, lane, NULL);
    }
    return bank;
}

void fax_bank_free(fax_bank *bank)
{
    if (bank)
        free(bank->lane);
    free(bank);
}

int fax_bank_reset(fax_bank *bank, int lane)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    tones_reset(&bank->lane[lane].tones);
    memset(bank->lane[lane].run, 0, sizeof bank->lane[lane].run);
    return 0;
}

int fax_bank_set(fax_bank *bank, int lane, const fax_options *options)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    fax_lane *self = &bank->lane[lane];
    if (options)
        self->options = *options;
    else
        fax_options_default(&self->options);
    self->min_peak2 = det_peak2(self->options.min_level_dbm0);
    return 0;
}

long fax_bank_lost(const fax_bank *bank) { return bank->lost; }
