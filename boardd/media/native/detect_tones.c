/*
 * Single tones: correlation with a Hann window, folded about its middle; sines and cosines by recurrence, as each lane has its
 * own frequencies.
 */

#include "detect_tones.h"

#define HALF_SUM (TONE_WINDOW / 4.0f) /* window sum over two: magnitude of a correlation with a sine of peak 1 */

static float window[TONE_WINDOW / 2];

__attribute__((constructor)) static void fill_tables(void)
{
    for (int n = 0; n < TONE_WINDOW / 2; n++)
        window[n] = (float)(0.5 + 0.5 * cos(2 * M_PI * (n + 0.5) / TONE_WINDOW));
}

void tones_watch(tone_lane *lane, const float *f_hz, int count)
{
    lane->bands = 0;
    for (int band = 0; band < TONE_BANDS; band++) {
        float f = band < count ? f_hz[band] : 0;
        double radians = 2 * M_PI * (double)f / RATE_HZ;
        lane->f_hz[band] = f;
        lane->turn[band] = (float)(2 * cos(radians));
        lane->first_cos[band] = (float)cos(radians / 2);
        lane->first_sin[band] = (float)sin(radians / 2);
        if (f > 0)
            lane->bands = band + 1;
    }
}

void tones_reset(tone_lane *lane)
{
    memset(lane->past, 0, sizeof lane->past);
    memset(lane->re, 0, sizeof lane->re);
    memset(lane->im, 0, sizeof lane->im);
    lane->energy = 0;
    lane->fill = 0;
    lane->hops = 0;
}

typedef struct {
    lanes8 samples[TONE_WINDOW - TONE_HOP + TONE_MAX_HOPS * TONE_HOP];
    lanes8 turn[TONE_BANDS], first_cos[TONE_BANDS], first_sin[TONE_BANDS];
    lanes8 re[TONE_MAX_HOPS][TONE_BANDS], im[TONE_MAX_HOPS][TONE_BANDS], energy[TONE_MAX_HOPS];
} group;

WIDE static void measure(group *g, int hops, int bands)
{
    for (int h = 0; h < hops; h++) {
        const lanes8 *middle = g->samples + h * TONE_HOP + TONE_WINDOW / 2;
        lanes8 even[TONE_WINDOW / 2], odd[TONE_WINDOW / 2], energy = {0};
        for (int n = 0; n < TONE_WINDOW / 2; n++) {
            even[n] = (middle[n] + middle[-1 - n]) * window[n];
            odd[n] = (middle[n] - middle[-1 - n]) * window[n];
            energy += middle[n] * middle[n];
        }
        g->energy[h] = energy;
        for (int band = 0; band < bands; band++) {
            lanes8 c = g->first_cos[band], c_before = c, s = g->first_sin[band], s_before = -s;
            lanes8 re = {0}, im = {0}, turn = g->turn[band];
            for (int n = 0; n < TONE_WINDOW / 2; n++) {
                re += even[n] * c;
                im -= odd[n] * s;
                lanes8 c_next = turn * c - c_before, s_next = turn * s - s_before;
                c_before = c, c = c_next;
                s_before = s, s = s_next;
            }
            g->re[h][band] = re;
            g->im[h][band] = im;
        }
    }
}

/* What a window shows of a tone this far beside the band, as power. */
static float response2(float off_hz)
{
    float x = fabsf(off_hz) * TONE_WINDOW / RATE_HZ;
    if (x < 1e-3f)
        return 1.0f;
    float y = (float)M_PI * fminf(x, 0.95f);
    float w = sinf(y) / y / (1.0f - y * y / (float)(M_PI * M_PI));
    return w * w;
}

static void file_hop(tone_lane *lane, const group *g, int l, int h, tone_hop *out)
{
    float energy = g->energy[h][l];
    out->all_peak2 = (energy + lane->energy) / TONE_HOP; /* twice the mean square of a window's two halves */
    lane->energy = energy;
    for (int band = 0; band < TONE_BANDS; band++) {
        out->peak2[band] = 0;
        out->f_hz[band] = 0;
        if (band >= lane->bands || lane->f_hz[band] <= 0)
            continue;
        float re = g->re[h][band][l], im = g->im[h][band][l];
        float turned_re = re * lane->re[band] + im * lane->im[band], turned_im = im * lane->re[band] - re * lane->im[band];
        float phase = atan2f(turned_im, turned_re) - 2.0f * (float)M_PI * lane->f_hz[band] * TONE_HOP / RATE_HZ;
        phase -= 2.0f * (float)M_PI * rintf(phase / (2.0f * (float)M_PI));
        float off_hz = phase * RATE_HZ / (2.0f * (float)M_PI * TONE_HOP);
        out->f_hz[band] = lane->f_hz[band] + off_hz;
        out->peak2[band] = (re * re + im * im) / (HALF_SUM * HALF_SUM * response2(off_hz));
        lane->re[band] = re;
        lane->im[band] = im;
    }
    lane->hops++;
}

int tones_feed(tone_lane *const *lanes, int n, const short *const *in, int n_samples, tone_hop (*out)[TONE_MAX_HOPS])
{
    group g;
    memset(&g, 0, sizeof g);
    int fill = lanes[0]->fill, hops = (fill + n_samples) / TONE_HOP, old = TONE_WINDOW - TONE_HOP, bands = 0;
    for (int l = 0; l < n; l++) {
        tone_lane *lane = lanes[l];
        bands = lane->bands > bands ? lane->bands : bands;
        for (int i = 0; i < old; i++)
            g.samples[i][l] = lane->past[i];
        for (int i = 0; i < hops * TONE_HOP; i++)
            g.samples[old + i][l] = i < fill ? lane->pending[i] : in[l][i - fill];
        for (int band = 0; band < TONE_BANDS; band++) {
            g.turn[band][l] = lane->turn[band];
            g.first_cos[band][l] = lane->first_cos[band];
            g.first_sin[band][l] = lane->first_sin[band];
        }
        for (int i = 0; i < old; i++)
            lane->past[i] = g.samples[hops * TONE_HOP + i][l];
        int left = fill + n_samples - hops * TONE_HOP;
        memcpy(lane->pending, in[l] + n_samples - left, (size_t)left * sizeof(short)); /* a feed is at least a hop */
        lane->fill = left;
    }
    measure(&g, hops, bands);
    for (int l = 0; l < n; l++)
        for (int h = 0; h < hops; h++)
            file_hop(lanes[l], &g, l, h, &out[l][h]);
    return hops;
}
