/*
 * DTMF bank: the spectrum half. For each hop and lane: a high-pass against dial tone, then the eight tones by correlation
 * with a Hann window, folded about its middle, where cosines are even and sines odd: one multiplication serves two
 * samples.
 */

#include "detect_dtmf.h"

#include <stdlib.h>

const float DTMF_HZ[DTMF_BANDS] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};

/*
 * Elliptic high-pass, 0.3 dB ripple above 668 Hz, 30 dB and more below 490 Hz: dial tone at 425 .. 475 Hz loses 32 dB, 350 Hz
 * 31 dB, 697 Hz less 2 % nothing.
 */
static const float HIGHPASS[2][5] = {
    {0.560473907f, -1.104459195f, 0.560473907f, -1.109609332f, 0.404629840f},
    {1.000000000f, -1.869666575f, 1.000000000f, -1.657570682f, 0.887920498f},
};

/* Elliptic low-pass, 0.3 dB below 505 Hz, 28 dB and more above 686 Hz: what lies below the tones. */
static const float LOWPASS[2][5] = {
    {0.035097872f, -0.030591089f, 0.035097872f, -1.569597801f, 0.649471154f},
    {1.000000000f, -1.681735920f, 1.000000000f, -1.740942720f, 0.904297538f},
};

struct dtmf_bank {
    int lanes;
    long lost;
    dtmf_lane *lane;
};

static float table_cos[DTMF_WINDOW / 2][DTMF_BANDS], table_sin[DTMF_WINDOW / 2][DTMF_BANDS];

__attribute__((constructor)) static void fill_tables(void)
{
    for (int n = 0; n < DTMF_WINDOW / 2; n++) {
        double window = 0.5 + 0.5 * cos(2 * M_PI * (n + 0.5) / DTMF_WINDOW);
        for (int band = 0; band < DTMF_BANDS; band++) {
            double phase = 2 * M_PI * (double)DTMF_HZ[band] / RATE_HZ * (n + 0.5);
            table_cos[n][band] = (float)(window * cos(phase));
            table_sin[n][band] = (float)(-window * sin(phase));
        }
    }
}

enum { OLD = DTMF_WINDOW - DTMF_HOP, MAX_HOPS = (MAX_FEED + DTMF_HOP - 1) / DTMF_HOP };

/* One direction of up to eight lanes during a feed: first the old filtered samples, then the new ones. */
typedef struct {
    lanes8 samples[OLD + MAX_HOPS * DTMF_HOP];
    lanes8 state[DTMF_FILTER_STATES];
} group;

/* One step of a second-order section, transposed direct form, in place; state[0 .. 1]. */
static inline void section(const float *c, lanes8 *x, lanes8 *state)
{
    lanes8 y = c[0] * *x + state[0];
    state[0] = c[1] * *x - c[3] * y + state[1];
    state[1] = c[2] * *x - c[4] * y;
    *x = y;
}

/* The new hop is replaced by itself without its low part; energies of both parts. */
static inline void filter_hop(group *g, lanes8 *x, lanes8 *energy, lanes8 *low)
{
    lanes8 state[DTMF_FILTER_STATES], high_sum = {0}, low_sum = {0};
    memcpy(state, g->state, sizeof state);
    for (int n = 0; n < DTMF_HOP; n++) {
        lanes8 below = x[n];
        section(HIGHPASS[0], &x[n], state);
        section(HIGHPASS[1], &x[n], state + 2);
        section(LOWPASS[0], &below, state + 4);
        section(LOWPASS[1], &below, state + 6);
        high_sum += x[n] * x[n];
        low_sum += below * below;
    }
    memcpy(g->state, state, sizeof state);
    *energy = high_sum, *low = low_sum;
}

static inline void correlate(const lanes8 *middle, lanes8 *re, lanes8 *im)
{
    for (int half = 0; half < DTMF_BANDS; half += 4) {
        lanes8 r0 = {0}, r1 = {0}, r2 = {0}, r3 = {0}, i0 = {0}, i1 = {0}, i2 = {0}, i3 = {0};
        for (int n = 0; n < DTMF_WINDOW / 2; n++) {
            lanes8 even = middle[n] + middle[-1 - n], odd = middle[n] - middle[-1 - n];
            const float *c = table_cos[n] + half, *s = table_sin[n] + half;
            r0 += even * c[0], i0 += odd * s[0];
            r1 += even * c[1], i1 += odd * s[1];
            r2 += even * c[2], i2 += odd * s[2];
            r3 += even * c[3], i3 += odd * s[3];
        }
        re[half] = r0, re[half + 1] = r1, re[half + 2] = r2, re[half + 3] = r3;
        im[half] = i0, im[half + 1] = i1, im[half + 2] = i2, im[half + 3] = i3;
    }
}

/* Filters and correlates all new hops of a group and files what comes out from hop first[l] on. */
WIDE static void measure(group *g, dtmf_spectrum *const *spectra, const long *first, int n, int hops)
{
    for (int h = 0; h < hops; h++) {
        lanes8 re[DTMF_BANDS], im[DTMF_BANDS], energy, low;
        filter_hop(g, g->samples + OLD + h * DTMF_HOP, &energy, &low);
        correlate(g->samples + h * DTMF_HOP + DTMF_WINDOW / 2, re, im);
        for (int l = 0; l < n; l++) {
            dtmf_spectrum *s = spectra[l];
            int slot = (int)((first[l] + h) & (DTMF_HISTORY - 1));
            for (int band = 0; band < DTMF_BANDS; band++) {
                s->re[slot][band] = re[band][l];
                s->im[slot][band] = im[band][l];
            }
            s->energy[slot] = energy[l];
            s->low[slot] = low[l];
        }
    }
}

/* Brings lanes together, measures, takes them apart again. samples[l]: hops * DTMF_HOP of them. */
static void measure_lanes(dtmf_spectrum *const *spectra, const short (*samples)[MAX_HOPS * DTMF_HOP], const long *first,
                          int n, int hops)
{
    group g;
    memset(&g, 0, sizeof g);
    for (int l = 0; l < n; l++) {
        for (int i = 0; i < OLD; i++)
            g.samples[i][l] = spectra[l]->past[i];
        for (int i = 0; i < DTMF_FILTER_STATES; i++)
            g.state[i][l] = spectra[l]->filters[i];
        for (int i = 0; i < hops * DTMF_HOP; i++)
            g.samples[OLD + i][l] = samples[l][i];
    }
    measure(&g, spectra, first, n, hops);
    for (int l = 0; l < n; l++) {
        for (int i = 0; i < OLD; i++)
            spectra[l]->past[i] = g.samples[hops * DTMF_HOP + i][l];
        for (int i = 0; i < DTMF_FILTER_STATES; i++)
            spectra[l]->filters[i] = g.state[i][l];
    }
}

/* What waits and what is new, in one piece; the rest beyond whole hops waits again. Answers whether it is silence. */
static bool gather(short *to, short *pending, int fill, const short *in, int n_samples, int hops)
{
    short all[DTMF_HOP + MAX_FEED];
    memcpy(all, pending, (size_t)fill * sizeof *all);
    if (in)
        memcpy(all + fill, in, (size_t)n_samples * sizeof *all);
    else
        memset(all + fill, 0, (size_t)n_samples * sizeof *all);
    memcpy(to, all, (size_t)(hops * DTMF_HOP) * sizeof *all);
    memcpy(pending, all + hops * DTMF_HOP, (size_t)(fill + n_samples - hops * DTMF_HOP) * sizeof *all);
    if (!in)
        for (int i = 0; i < fill; i++)
            if (all[i])
                return false;
    return !in;
}

/* Up to eight lanes with the same number of samples waiting. */
static void feed_group(dtmf_bank *bank, const int *numbers, int n, const short *const *in, const short *const *sent,
                       int n_samples, det_sink *sink)
{
    short heard[LANES][MAX_HOPS * DTMF_HOP], played[LANES][MAX_HOPS * DTMF_HOP];
    dtmf_spectrum *hears[LANES], *plays[LANES];
    long first[LANES], first_played[LANES];
    int fill = bank->lane[numbers[0]].fill, hops = (fill + n_samples) / DTMF_HOP, playing = 0;
    for (int l = 0; l < n; l++) {
        dtmf_lane *lane = &bank->lane[numbers[l]];
        gather(heard[l], lane->pending[0], fill, in[l], n_samples, hops);
        bool silent = gather(played[playing], lane->pending[1], fill, sent ? sent[l] : NULL, n_samples, hops);
        lane->sent_idle = silent ? lane->sent_idle + hops : 0;
        hears[l] = &lane->in;
        first[l] = lane->hops;
        if (lane->sent_idle <= 2 * DTMF_HISTORY) { /* else all of its history is nothing */
            plays[playing] = &lane->sent;
            first_played[playing++] = lane->hops;
        }
        lane->fill = fill + n_samples - hops * DTMF_HOP;
    }
    measure_lanes(hears, heard, first, n, hops);
    if (playing)
        measure_lanes(plays, played, first_played, playing, hops);
    for (int l = 0; l < n; l++) {
        dtmf_lane *lane = &bank->lane[numbers[l]];
        for (int h = 0; h < hops; h++) {
            lane->hops++;
            dtmf_judge(lane, numbers[l], sink);
        }
    }
}

int dtmf_bank_feed(dtmf_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                   int n_samples, det_event *out, int max)
{
    if (!det_feed_ok(bank->lanes, lanes, n_lanes, n_samples))
        return -1;
    det_sink sink = {out, max, 0, &bank->lost};
    for (int i = 0, n; i < n_lanes; i += n) {
        for (n = 1; n < LANES && i + n < n_lanes; n++)
            if (bank->lane[lanes[i + n]].fill != bank->lane[lanes[i]].fill)
                break;
        feed_group(bank, lanes + i, n, in + i, sent ? sent + i : NULL, n_samples, &sink);
    }
    return sink.count;
}

dtmf_bank *dtmf_bank_new(int lanes)
{
    if (lanes <= 0)
        return NULL;
    dtmf_bank *bank = calloc(1, sizeof *bank);
    if (!bank || !(bank->lane = calloc((size_t)lanes, sizeof *bank->lane))) {
        free(bank);
        return NULL;
    }
    bank->lanes = lanes;
    for (int i = 0; i < lanes; i++) {
        dtmf_bank_set(bank, i, NULL);
        dtmf_bank_reset(bank, i);
    }
    return bank;
}

void dtmf_bank_free(dtmf_bank *bank)
{
    if (bank)
        free(bank->lane);
    free(bank);
}

int dtmf_bank_reset(dtmf_bank *bank, int lane)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    dtmf_options options = bank->lane[lane].options;
    memset(&bank->lane[lane], 0, sizeof bank->lane[lane]);
    dtmf_judge_options(&bank->lane[lane], &options);
    bank->lane[lane].active.digit = -1;
    bank->lane[lane].sent_idle = 4 * DTMF_HISTORY;
    return 0;
}

int dtmf_bank_set(dtmf_bank *bank, int lane, const dtmf_options *options)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    dtmf_judge_options(&bank->lane[lane], options);
    return 0;
}

long dtmf_bank_lost(const dtmf_bank *bank) { return bank->lost; }
