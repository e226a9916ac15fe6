/*
 * Voice bank: is there sound beyond the line's noise and our own echo, since when, how loud; and what a lane has carried so
 * far, for the question whether a line is silent, one-way or dead.
 *
 * Works on levels of 10 ms. Noise follows the quietest moments: down at once, up slowly, slower still while something
 * sounds. What speech, music, or a tone is, this bank does not know.
 */

#include <stdlib.h>

#include "detect_lanes.h"

enum { FRAME = 80, ECHO_FRAMES = 12, SENT_AUDIBLE_DBM0 = -45, CLIPPED = 32124 /* full scale of mu-law, below A-law's */ };

#define FRAME_MS (1000.0 * FRAME / RATE_HZ)
#define NOISE_FALL 0.3f
#define NOISE_RISE 1.006f         /* a frame: 2.6 dB a second */
#define NOISE_RISE_ACTIVE 1.0006f
#define NOISE_FLOOR_DBM0 (-70.0f)
#define NOISE_CEILING_DBM0 (-38.0f)
#define ONSET_GAP_MS 60.0         /* syllables have holes; they do not make a click of a beginning */

static const int VOICE_STILL_MS[] = {300, 1000, 2000, 3000, 4000, 5000, 10000};
static const int SILENCE_STILL_MS[] = {500, 800, 1000, 1500, 2000, 3000, 5000, 10000};

typedef struct {
    voice_options options;
    float min_peak2, above, echo_gain, max_echo_gain; /* as factors of power */
    short pending[2][FRAME];
    int fill;
    long frames;
    float noise2;            /* peak squared of a sine as loud */
    float heard2[ECHO_FRAMES], sent2[ECHO_FRAMES];

    int on;                  /* told */
    long first, last;        /* frames of the sound that may become, is or was voice */
    long active;             /* frames in it that were louder */
    double sum2, sum_db, square_db;
    long silent_since;
    int stills;

    voice_measure all;
    double all_sum2;
} voice_lane;

struct voice_bank {
    int lanes;
    long lost;
    voice_lane *lane;
};

void voice_options_default(voice_options *options)
{
    *options = (voice_options){
        .min_level_dbm0 = -42.0f,
        .above_noise_db = 9.0f,
        .min_on_ms = 60.0f,
        .min_off_ms = 200.0f,
        .echo_loss_db = 9.0f,
    };
}

/* Twice the mean square without its mean; dead: one value throughout. */
static float frame_peak2(const short *x, int *peak, int *clipped, bool *dead)
{
    long sum = 0, least = x[0], most = x[0], full = 0;
    long long square = 0;
    for (int i = 0; i < FRAME; i++) {
        sum += x[i];
        square += (int)x[i] * x[i];
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
        full += x[i] >= CLIPPED || x[i] <= -CLIPPED;
    }
    *peak = (int)(most > -least ? most : -least);
    *clipped = (int)full;
    *dead = least == most;
    float mean = (float)sum / FRAME;
    return fmaxf(0, 2.0f * ((float)square / FRAME - mean * mean));
}

static void restart(voice_lane *self)
{
    self->active = 0;
    self->sum2 = self->sum_db = self->square_db = 0;
}

static void report(const voice_lane *self, int number, int kind, long at, det_sink *sink)
{
    double n = (double)(self->active > 0 ? self->active : 1), mean_db = self->sum_db / n;
    double spread = sqrt(fmax(0, self->square_db / n - mean_db * mean_db));
    det_emit(sink, number, kind, 0, at, (double)det_dbm0((float)(self->sum2 / n)),
             (double)(self->last - self->first + 1) * FRAME_MS, (double)det_dbm0(self->noise2), spread);
}

/* The n-th distance; beyond the table the last one repeats. */
static double still_ms(const int *table, int entries, int n)
{
    return n < entries ? table[n] : (double)table[entries - 1] * (n - entries + 2);
}

#define STILL_MS(table, n) still_ms(table, (int)(sizeof(table) / sizeof *(table)), n)

static void follow_echo(voice_lane *self, float heard2, float sent2)
{
    if (sent2 < det_peak2(SENT_AUDIBLE_DBM0))
        return;
    float gain = heard2 / sent2;
    if (gain < self->echo_gain)
        self->echo_gain += 0.02f * (gain - self->echo_gain);
    else
        self->echo_gain = fminf(self->echo_gain * 1.001f, self->max_echo_gain);
}

static void frame(voice_lane *self, int number, const short *heard, const short *sent, det_sink *sink)
{
    int peak, clipped, sent_peak, sent_clipped;
    bool dead, sent_dead;
    float heard2 = frame_peak2(heard, &peak, &clipped, &dead);
    float sent2 = frame_peak2(sent, &sent_peak, &sent_clipped, &sent_dead);
    long now = self->frames++;
    self->heard2[now % ECHO_FRAMES] = heard2;
    self->sent2[now % ECHO_FRAMES] = sent2;
    float loudest = 0, loudest_heard = 0; /* wherever in 120 ms the echo's delay is */
    for (int i = 0; i < ECHO_FRAMES; i++) {
        loudest = fmaxf(loudest, self->sent2[i]);
        loudest_heard = fmaxf(loudest_heard, self->heard2[i]);
    }
    if (!self->on)
        follow_echo(self, loudest_heard, loudest);
    float limit = fmaxf(self->min_peak2, self->noise2 * self->above) + 2.0f * loudest * self->echo_gain;
    bool active = heard2 > limit;
    if (heard2 < self->noise2)
        self->noise2 += NOISE_FALL * (heard2 - self->noise2);
    else
        self->noise2 *= active || self->on ? NOISE_RISE_ACTIVE : NOISE_RISE;
    self->noise2 = fmaxf(det_peak2(NOISE_FLOOR_DBM0), fminf(self->noise2, det_peak2(NOISE_CEILING_DBM0)));

    voice_measure *all = &self->all;
    all->total_ms += FRAME_MS;
    all->active_ms += active ? FRAME_MS : 0;
    all->sent_ms += sent2 >= det_peak2(SENT_AUDIBLE_DBM0) ? FRAME_MS : 0;
    all->dead_ms += dead ? FRAME_MS : 0;
    all->clipped += clipped;
    all->peak_dbm0 = fmax(all->peak_dbm0, (double)det_dbm0((float)peak * (float)peak));
    self->all_sum2 += active ? (double)heard2 : 0;

    if (active) {
        if (!self->on && (self->active == 0 || (double)(now - self->last - 1) * FRAME_MS > ONSET_GAP_MS)) {
            restart(self);
            self->first = now;
        }
        self->last = now;
        self->active++;
        double db = (double)det_dbm0(heard2);
        self->sum2 += (double)heard2, self->sum_db += db, self->square_db += db * db;
        if (!self->on && (double)self->active * FRAME_MS >= (double)self->options.min_on_ms) {
            self->on = 1;
            self->stills = 0;
            float level2 = (float)(self->sum2 / (double)self->active);
            det_emit(sink, number, DET_VOICE_ON, 0, self->first * FRAME, (double)det_dbm0(level2),
                     (double)det_dbm0(self->noise2), (double)(self->first - self->silent_since) * FRAME_MS, 0);
        }
    } else if (self->on && (double)(now - self->last) * FRAME_MS >= (double)self->options.min_off_ms) {
        report(self, number, DET_VOICE_OFF, (self->last + 1) * FRAME - 1, sink);
        self->on = 0;
        self->stills = 0;
        self->silent_since = self->last + 1;
        restart(self);
    }
    double so_far = (double)(now + 1 - (self->on ? self->first : self->silent_since)) * FRAME_MS;
    if (self->on ? so_far >= STILL_MS(VOICE_STILL_MS, self->stills) : so_far >= STILL_MS(SILENCE_STILL_MS, self->stills)) {
        self->stills++;
        if (self->on)
            report(self, number, DET_VOICE_STILL, self->first * FRAME, sink);
        else
            det_emit(sink, number, DET_SILENCE_STILL, 0, self->silent_since * FRAME, so_far, (double)det_dbm0(self->noise2),
                     0, 0);
    }
}

int voice_bank_feed(voice_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                    int n_samples, det_event *out, int max)
{
    if (!det_feed_ok(bank->lanes, lanes, n_lanes, n_samples))
        return -1;
    det_sink sink = {out, max, 0, &bank->lost};
    for (int i = 0; i < n_lanes; i++) {
        voice_lane *self = &bank->lane[lanes[i]];
        short heard[FRAME + MAX_FEED], played[FRAME + MAX_FEED];
        int total = self->fill + n_samples, at = 0;
        memcpy(heard, self->pending[0], (size_t)self->fill * sizeof(short));
        memcpy(played, self->pending[1], (size_t)self->fill * sizeof(short));
        memcpy(heard + self->fill, in[i], (size_t)n_samples * sizeof(short));
        if (sent && sent[i])
            memcpy(played + self->fill, sent[i], (size_t)n_samples * sizeof(short));
        else
            memset(played + self->fill, 0, (size_t)n_samples * sizeof(short));
        for (; at + FRAME <= total; at += FRAME)
            frame(self, lanes[i], heard + at, played + at, &sink);
        self->fill = total - at;
        memcpy(self->pending[0], heard + at, (size_t)self->fill * sizeof(short));
        memcpy(self->pending[1], played + at, (size_t)self->fill * sizeof(short));
    }
    return sink.count;
}

int voice_bank_measure(const voice_bank *bank, int lane, voice_measure *measure)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    const voice_lane *self = &bank->lane[lane];
    *measure = self->all;
    double active = self->all.active_ms / FRAME_MS;
    measure->mean_dbm0 = active > 0 ? (double)det_dbm0((float)(self->all_sum2 / active)) : (double)NO_LEVEL_DBM0;
    measure->noise_dbm0 = (double)det_dbm0(self->noise2);
    return 0;
}

voice_bank *voice_bank_new(int lanes)
{
    voice_bank *bank = lanes > 0 ? calloc(1, sizeof *bank) : NULL;
    if (!bank || !(bank->lane = calloc((size_t)lanes, sizeof *bank->lane))) {
        free(bank);
        return NULL;
    }
    bank->lanes = lanes;
    for (int lane = 0; lane < lanes; lane++) {
        voice_bank_set(bank, lane, NULL);
        voice_bank_reset(bank, lane);
    }
    return bank;
}

void voice_bank_free(voice_bank *bank)
{
    if (bank)
        free(bank->lane);
    free(bank);
}

int voice_bank_reset(voice_bank *bank, int lane)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    voice_options options = bank->lane[lane].options;
    memset(&bank->lane[lane], 0, sizeof bank->lane[lane]);
    bank->lane[lane].noise2 = det_peak2(-55.0f);
    bank->lane[lane].all.peak_dbm0 = (double)NO_LEVEL_DBM0;
    return voice_bank_set(bank, lane, &options);
}

int voice_bank_set(voice_bank *bank, int lane, const voice_options *options)
{
    if (lane < 0 || lane >= bank->lanes)
        return -1;
    voice_lane *self = &bank->lane[lane];
    if (options)
        self->options = *options;
    else
        voice_options_default(&self->options);
    self->min_peak2 = det_peak2(self->options.min_level_dbm0);
    self->above = powf(10.0f, self->options.above_noise_db / 10.0f);
    self->max_echo_gain = self->echo_gain = powf(10.0f, -self->options.echo_loss_db / 10.0f);
    return 0;
}

long voice_bank_lost(const voice_bank *bank) { return bank->lost; }
