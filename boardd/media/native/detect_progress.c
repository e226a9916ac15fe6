/*
 * Call progress bank: cuts a lane's time into segments of tone, quiet and other sound. What cadence they make, Python decides.
 *
 * A hop is tone when one watched tone explains the sound; quiet when it is far below the last tone (a line has noise, and 15
 * dB below the tone is usual) or below the least level; else sound. A segment begins when its kind has lasted for some hops.
 * Its edges are put where the amplitudes of the hops around them add up to: half a hop and better, not whole hops.
 */

#include <stdlib.h>

#include "detect_tones.h"

enum { QUIET_HOPS = 2, TONE_HOPS = 3, SOUND_HOPS = 4, TONE_MEMORY_HOPS = 600, EDGE_MEMORY = 4 };

static const int CONFIRM_HOPS[] = {[DET_QUIET] = QUIET_HOPS, [DET_TONE] = TONE_HOPS, [DET_SOUND] = SOUND_HOPS};

/* When a segment that goes on is told of; the last distance repeats. */
static const int STILL_MS[] = {100, 300, 600, 1000, 1300, 2000, 3000, 5000, 10000};
enum { STILLS = sizeof STILL_MS / sizeof *STILL_MS };

#define STEADY 0.8f /* of a segment's amplitude: such a hop is whole */

typedef struct {
    tone_lane tones;
    progress_options options;
    float min_peak2, quiet_part;

    int kind;               /* of the segment that goes on */
    int band;               /* of a tone */
    float begin_hops;       /* hops and parts of them since reset */
    float whole_hops;       /* of a tone: what its amplitudes add up to */
    float peak2;            /* of a tone: the greatest of the last hops */
    float sum_peak2, sum_f, sum_purity;
    int sums;
    int stills;

    int next, next_band, next_count; /* what may follow, for how many hops already */
    float edge[EDGE_MEMORY];         /* tone amplitudes squared of the last hops, in its band */
    float tone_peak2;                /* of the last tone, for as long as it is remembered */
    long hop, tone_hop;
} progress_lane;

struct progress_bank {
    int lanes;
    long lost;
    progress_lane *lane;
};

void progress_options_default(progress_options *options)
{
    *options = (progress_options){
        .f_hz = {450.0f, 950.0f, 0, 0},
        .tolerance_hz = {32.0f, 45.0f, 0, 0},
        .min_level_dbm0 = -36.0f,
        .min_purity = 0.70f,
        .quiet_below_tone_db = 9.0f,
    };
}

static void report(progress_lane *self, int number, int kind, float duration_hops, det_sink *sink)
{
    if (duration_hops <= 0)
        return;
    int n = self->sums > 0 ? self->sums : 1;
    det_emit(sink, number, kind, self->kind, lrintf(self->begin_hops * TONE_HOP), (double)(duration_hops * TONE_HOP_MS),
             (double)det_dbm0(self->sum_peak2 / n), (double)(self->sum_f / n), (double)(self->sum_purity / n));
}

static void begin(progress_lane *self, int kind, int band, float begin_hops)
{
    self->kind = kind;
    self->band = band;
    self->begin_hops = begin_hops;
    self->whole_hops = 0;
    self->peak2 = 0;
    self->sum_peak2 = self->sum_f = self->sum_purity = 0;
    self->sums = self->stills = 0;
}

/* Bands may overlap: a tone stays in the band where it began. */
static bool fits(const progress_lane *self, const tone_hop *hop, int band)
{
    return hop->peak2[band] >= self->min_peak2 && hop->peak2[band] >= self->options.min_purity * hop->all_peak2 &&
           fabsf(hop->f_hz[band] - self->options.f_hz[band]) <= self->options.tolerance_hz[band];
}

static int classify(const progress_lane *self, const tone_hop *hop, int *band)
{
    bool remembered = self->hop - self->tone_hop < TONE_MEMORY_HOPS;
    if (hop->all_peak2 < self->min_peak2)
        return DET_QUIET;
    *band = -1;
    for (int i = 0; i < self->tones.bands; i++)
        if (fits(self, hop, i) && (*band < 0 || hop->peak2[i] > hop->peak2[*band]))
            *band = i;
    /* A tone far below the last one is not quiet: what is remembered may have been a moment of loud speech. */
    if (*band < 0 && remembered && hop->all_peak2 < self->quiet_part * self->tone_peak2)
        return DET_QUIET;
    if (self->kind == DET_TONE && self->band >= 0 && fits(self, hop, self->band))
        *band = self->band;
    else if (self->next_count > 0 && self->next == DET_TONE && fits(self, hop, self->next_band))
        *band = self->next_band;
    return *band >= 0 ? DET_TONE : DET_SOUND;
}

/* Adds a hop to a tone that goes on. */
static void add_tone(progress_lane *self, const tone_hop *hop, bool clean)
{
    float peak2 = hop->peak2[self->band];
    if (clean)
        self->peak2 = fmaxf(peak2, 0.9f * self->peak2);
    float part = self->peak2 > 0 ? sqrtf(peak2 / self->peak2) : 1.0f;
    self->whole_hops += part >= STEADY ? 1.0f : part;
    if (clean && part >= STEADY) {
        self->sum_peak2 += peak2;
        self->sum_f += hop->f_hz[self->band];
        self->sum_purity += fminf(1.0f, peak2 / hop->all_peak2);
        self->sums++;
    }
}

static void add_other(progress_lane *self, const tone_hop *hop)
{
    self->sum_peak2 += hop->all_peak2;
    self->sums++;
}

/* The tone has been there for TONE_HOPS: where did it begin? The hops just before it add what they have of it. */
static float tone_begin(const progress_lane *self, long hop)
{
    float full = 0, whole = 0;
    for (int i = 0; i < TONE_HOPS; i++)
        full = fmaxf(full, self->edge[i]);
    for (int i = 0; i < EDGE_MEMORY; i++) {
        float part = sqrtf(self->edge[i] / full);
        whole += i < TONE_HOPS && part >= STEADY ? 1.0f : fminf(part, 1.0f);
    }
    return (float)hop + 0.5f - whole;
}

static void change(progress_lane *self, int number, long hop, const tone_hop *now, det_sink *sink)
{
    float at = fmaxf((float)hop + 0.5f - (float)self->next_count, self->begin_hops);
    if (self->kind == DET_TONE) {
        report(self, number, DET_SEGMENT, self->whole_hops, sink);
        at = fminf(self->begin_hops + self->whole_hops, (float)hop);
    }
    if (self->next == DET_TONE)
        at = fmaxf(tone_begin(self, hop), self->kind == DET_TONE ? at : self->begin_hops);
    if (self->kind != DET_TONE)
        report(self, number, DET_SEGMENT, at - self->begin_hops, sink);
    begin(self, self->next, self->next_band, at);
    if (self->kind == DET_TONE) {
        for (int i = TONE_HOPS - 1; i >= 0; i--)
            self->peak2 = fmaxf(self->peak2, self->edge[i]);
        self->whole_hops = (float)hop + 0.5f - at - 1.0f;
        add_tone(self, now, true);
    } else {
        add_other(self, now);
    }
}

static void step(progress_lane *self, int number, long hop, const tone_hop *now, det_sink *sink)
{
    int band = -1, kind = classify(self, now, &band);
    int shown = kind == DET_TONE ? band : self->band >= 0 ? self->band : 0;
    self->hop = hop;
    memmove(self->edge + 1, self->edge, (EDGE_MEMORY - 1) * sizeof *self->edge);
    self->edge[0] = now->peak2[shown];
    if (kind == DET_TONE) {
        self->tone_hop = hop;
        self->tone_peak2 = fmaxf(now->peak2[band], 0.95f * self->tone_peak2);
    }
    if (kind == self->kind && (kind != DET_TONE || band == self->band)) {
        self->next_count = 0;
        if (kind == DET_TONE)
            add_tone(self, now, true);
        else
            add_other(self, now);
    } else {
        if (kind != self->next || (kind == DET_TONE && band != self->next_band))
            self->next_count = 0;
        self->next = kind;
        self->next_band = band;
        self->next_count++;
        if (self->kind == DET_TONE)
            add_tone(self, now, false);
        if (self->next_count >= CONFIRM_HOPS[kind]) {
            change(self, number, hop, now, sink);
            self->next_count = 0;
        }
    }
    float so_far = self->kind == DET_TONE ? self->whole_hops : (float)hop + 0.5f - self->begin_hops;
    int last = STILLS - 1, count = self->stills;
    float due_ms = count < last ? STILL_MS[count] : (float)STILL_MS[last] * (float)(count - last + 1);
    if (so_far * TONE_HOP_MS >= due_ms) {
        self->stills++;
        report(self, number, DET_SEGMENT_STILL, so_far, sink);
    }
}

int progress_bank_feed(progress_bank *bank, const int *lanes, int n_lanes, const short *const *in,
                       const short *const *sent, int n_samples, det_event *out, int max)
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

progress_bank *progress_bank_new(int lanes)
{
    progress_bank *bank = lanes > 0 ? calloc(1, sizeof *bank) : NULL;
    if (!bank || !(bank->lane = calloc((size_t)lanes, sizeof *bank->lane))) {
        free(bank);
        return NULL;
    }
    bank->lanes = lanes;
    for (int lane = 0; lane < lanes; lane++)
        progress_bank_set(bank, lane, NULL);
    return bank;
}

void progress_bank_free(progress_bank *bank)
{
    if (bank)
        free(bank->lane);
    free(bank);
}

int progress_bank_reset(progress_bank *bank, int lane)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    progress_lane *self = &bank->lane[lane];
    tones_reset(&self->tones);
    begin(self, DET_QUIET, -1, 0);
    self->next_count = 0;
    memset(self->edge, 0, sizeof self->edge);
    self->tone_peak2 = 0;
    self->hop = 0;
    self->tone_hop = -TONE_MEMORY_HOPS;
    return 0;
}

int progress_bank_set(progress_bank *bank, int lane, const progress_options *options)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    progress_lane *self = &bank->lane[lane];
    if (options)
        self->options = *options;
    else
        progress_options_default(&self->options);
    self->min_peak2 = det_peak2(self->options.min_level_dbm0);
    self->quiet_part = powf(10.0f, -self->options.quiet_below_tone_db / 10.0f);
    tones_watch(&self->tones, self->options.f_hz, DET_WATCHED);
    return progress_bank_reset(bank, lane);
}

long progress_bank_lost(const progress_bank *bank) { return bank->lost; }
