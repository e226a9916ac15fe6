/*
 * DTMF bank: the judging half.
 *
 * After each hop it looks back from the newest window over the run of hops in which the two strongest tones were there, and
 * sums the run up: how long (the sum of amplitudes over the full amplitude), how loud, how far off in frequency (phase
 * from hop to hop), how much of the sound the two tones explain. A run that passes every limit is a digit, whose end is then
 * watched by the same sums. Breaks shorter than a pause neither end a digit nor count as tone.
 */

#include "detect_dtmf.h"

#include <stdlib.h>

enum {
    LOOK_BACK = 20,  /* hops, 100 ms */
    EDGE_HOPS = 3,   /* a window's reach beyond its hop, on each side of a run */
    LOW_BEFORE = 12, /* hops, 60 ms */
    LOW_LATE = 2     /* hops after which low sound no longer begins with the tones: 20 ms after them, windows considered */
};

static const char DIGITS[] = "123A456B789C*0#D";

#define HALF_SUM (DTMF_WINDOW / 4.0f)   /* window sum over two: magnitude of a correlation with a sine of peak 1 */
#define THERE 0.5f                      /* of the full amplitude */
#define STEADY 0.8f                     /* windows wholly inside the tone */
#define WHOLE 0.95f                     /* the same, when a break is near */
#define MIN_COHERENCE 0.985f            /* a tone turns evenly */
#define MAX_PURITY 1.06f                /* more: the amplitude is not constant, as of a plucked string */
#define MAX_APART 0.037f                /* between the two offsets: keys are never octaves, fifths or fourths */
#define ECHO_HOPS 12                    /* 60 ms */
#define ECHO_FALL 0.01f                 /* a hop; people pause, so falling is a matter of a second, rising of half a minute */
#define ECHO_RISE 0.0005f
#define ECHO_MIN_ENERGY 4e5f            /* of a hop: -47 dBm0 */
#define MAX_ECHO 0.7f                   /* of the tones; under more echo nothing is a digit */
#define ECHO_COHERENCE 0.15f            /* less is asked when our own echo turns with the tone */
#define MAX_BEFORE 0.20f                /* a key is not pressed in the middle of an equally loud sound */
#define LASTING_PURITY 0.96f            /* ...but one that lasts counts though its beginning was spoilt */
#define LASTING_COHERENCE 0.998f
#define MAX_BESIDE 0.011f               /* in one other band, over the tones */
#define MAX_BESIDE_DIAL_TONE 0.025f
#define DIAL_TONE_PURITY 0.90f
#define MAX_LOW 0.10f                   /* sound below 500 Hz, over the tones; more is dial tone, or not a digit */
#define LOW_SPREAD 1.3f
#define LOW_CLICK 0.05f

void dtmf_options_default(dtmf_options *options)
{
    *options = (dtmf_options){
        .min_level_dbm0 = -28.0f,
        .high_above_low_db = 6.0f,
        .low_above_high_db = 10.0f,
        .max_offset = 0.022f,
        .min_on_ms = 32.0f,
        .min_pause_ms = 20.0f,
        .min_purity = 0.87f,
        .echo_loss_db = 12.0f,
    };
}

void dtmf_judge_options(dtmf_lane *lane, const dtmf_options *options)
{
    if (options)
        lane->options = *options;
    else
        dtmf_options_default(&lane->options);
    lane->min_peak2 = det_peak2(lane->options.min_level_dbm0);
    lane->max_echo_gain = lane->echo_gain = powf(10.0f, -lane->options.echo_loss_db / 10.0f);
}

/* Peak squared of the sine that a band shows. */
static inline float band_peak2(const dtmf_spectrum *s, long hop, int band)
{
    int slot = (int)(hop & (DTMF_HISTORY - 1));
    float re = s->re[slot][band], im = s->im[slot][band];
    return (re * re + im * im) / (HALF_SUM * HALF_SUM);
}

/* The sample in the middle of a hop's window. Edges of tones lie half a hop beside the first and last that show them. */
static inline long middle_of(long hop) { return (hop + 1) * DTMF_HOP - DTMF_WINDOW / 2; }

static inline int strongest(const dtmf_spectrum *s, long hop, int from)
{
    int best = from;
    float most = band_peak2(s, hop, from);
    for (int band = from + 1; band < from + DTMF_BANDS / 2; band++) {
        float power = band_peak2(s, hop, band);
        if (power > most)
            best = band, most = power;
    }
    return best;
}

/* What a window of 20 ms shows of a tone this far beside its band, as amplitude. */
static float window_response(float off_hz)
{
    float x = fabsf(off_hz) * DTMF_WINDOW / RATE_HZ;
    if (x < 1e-3f)
        return 1.0f;
    float y = (float)M_PI * x;
    return sinf(y) / y / (1.0f - x * x);
}

static float loudest_piece(const float *pieces, long hop)
{
    float most = 0;
    for (long then = hop < ECHO_HOPS ? 0 : hop - ECHO_HOPS; then <= hop; then++)
        most = fmaxf(most, pieces[then & (DTMF_HISTORY - 1)]);
    return most;
}

/*
 * The echo of what we send, at most: the loudest piece of the last 60 ms of it (wherever between its delay is) by the gain of
 * the echo's path. The gain begins at the options' loss and sinks to what the line shows while nobody speaks.
 */
static float echo_bound(const dtmf_lane *lane, const float *pieces, long hop)
{
    return loudest_piece(pieces, hop) * lane->echo_gain;
}

static void learn_echo(dtmf_lane *lane, long hop)
{
    float sent = loudest_piece(lane->sent.energy, hop);
    if (sent < ECHO_MIN_ENERGY)
        return;
    float gain = loudest_piece(lane->in.energy, hop) / sent;
    if (gain < lane->echo_gain)
        lane->echo_gain += ECHO_FALL * (gain - lane->echo_gain);
    else
        lane->echo_gain = fminf(lane->echo_gain * (1.0f + ECHO_RISE), lane->max_echo_gain);
}

typedef struct {
    long first, last;      /* hops */
    float hops;            /* duration */
    float peak2[2];        /* as the bands show it */
    float energy;          /* of all its sound, filtered, as windows see it */
    float low_energy;      /* of what lies below the tones, likewise */
    float seen_hops;       /* hops that these energies come from */
    float echo, low_echo;  /* what the echo of `sent` may have added to the two energies at most */
    bool broken;           /* by a break */
} run;

/* Energy of a hop as its window sees it, from the 40-sample pieces below the window. */
static inline float seen(const float *pieces, long hop)
{
    static const float share[4] = {0.0908f, 0.4092f, 0.4092f, 0.0908f};
    float sum = 0;
    for (int i = 0; i < 4; i++)
        if (hop >= i)
            sum += share[i] * pieces[(hop - i) & (DTMF_HISTORY - 1)];
    return sum;
}

/* Looks back from the newest hop over the tones of two bands. */
static run look_back(const dtmf_lane *lane, long newest, int low, int high)
{
    float ratio[LOOK_BACK], a[LOOK_BACK], b[LOOK_BACK], full[2] = {0, 0}, missing = 0;
    long oldest = newest - LOOK_BACK + 1;
    if (oldest < lane->floor_hop)
        oldest = lane->floor_hop;
    if (oldest < 0)
        oldest = 0;
    int n = 0, count = (int)(newest - oldest + 1);
    float longest_gap = lane->options.min_pause_ms / DTMF_HOP_MS;
    for (int i = 0; i < count; i++) {
        a[i] = band_peak2(&lane->in, newest - i, low);
        b[i] = band_peak2(&lane->in, newest - i, high);
    }
    /* The full amplitude is that of the run alone: what came before a pause may have been louder. */
    for (n = 0; n < count; n++) {
        if (a[n] > full[0] && b[n] > THERE * THERE * full[1])
            full[0] = a[n];
        if (b[n] > full[1] && a[n] > THERE * THERE * full[0])
            full[1] = b[n];
        float r = fminf(a[n] / full[0], b[n] / full[1]);
        missing = r < STEADY * STEADY ? missing + 1.0f - sqrtf(r) : 0;
        if (missing >= longest_gap)
            break;
    }
    run found = {.last = newest, .first = newest, .peak2 = {full[0], full[1]}};
    int from = 0;
    bool was_whole = false;
    float lowest = 1;
    for (int i = 0; i < n; i++) {
        ratio[i] = sqrtf(fminf(1.0f, fminf(a[i] / full[0], b[i] / full[1])));
        if (ratio[i] >= THERE)
            from = i;
        was_whole |= ratio[i] >= STEADY;
        lowest = was_whole ? fminf(lowest, ratio[i]) : lowest;
        found.broken |= lowest < THERE && ratio[i] >= THERE;
    }
    for (int i = 0; i < n && i <= from + EDGE_HOPS; i++) {
        found.hops += ratio[i];
        found.energy += seen(lane->in.energy, newest - i);
        found.low_energy += seen(lane->in.low, newest - i);
        found.seen_hops++;
        if (lane->sent_idle < 2 * DTMF_HISTORY) {
            found.echo += echo_bound(lane, lane->sent.energy, newest - i);
            found.low_echo += echo_bound(lane, lane->sent.low, newest - i);
        }
    }
    found.first = newest - from;
    return found;
}

/* The run begins (or its break ends) about two pieces before its first hop: the least energy of the pieces before that. */
static float energy_before(const dtmf_lane *lane, const run *r)
{
    float least = -1;
    for (long hop = r->first - 5; hop <= r->first - 3; hop++) {
        float piece = hop >= 0 ? lane->in.energy[hop & (DTMF_HISTORY - 1)] : 0;
        least = least < 0 || piece < least ? piece : least;
    }
    return least;
}

/* How much low sound may be, if it keeps its level: the click of the tones' edge adds its power, or its amplitude. */
static float most_low(float least, float click)
{
    float amplitude = sqrtf(least) + sqrtf(click);
    return fmaxf(LOW_SPREAD * least + click, amplitude * amplitude);
}

/*
 * Dial tone under a digit is no part of it. It was there before, at one level, and goes on or is cut off; or it begins when
 * the digit has been there for a while, and goes on. Low sound that begins with the tones, beside the click of their edge,
 * or swells under them, is a voice's or an instrument's.
 */
static bool low_is_apart(const dtmf_lane *lane, const run *r, float tones)
{
    float low[LOW_BEFORE + LOOK_BACK + 1], click = LOW_CLICK * tones;
    long from = r->first - LOW_BEFORE;
    if (from < 3)
        from = 3;
    int count = (int)(r->last - from + 1), begins = (int)(r->first - from);
    for (int i = 0; i < count; i++)
        low[i] = seen(lane->in.low, from + i);

    float least = INFINITY;
    bool falls = true; /* or keeps its level, which it had before the tones */
    for (int i = 0; i < count && falls; i++) {
        least = fminf(least, low[i]);
        falls = low[i] <= most_low(least, click) && (i > begins - 3 || low[0] <= most_low(low[i], click));
    }
    if (falls)
        return true;
    float most = 0;
    bool late = true;
    for (int i = 0; i < count && late; i++) {
        late = i <= begins + LOW_LATE ? low[i] <= click : low[i] >= most / LOW_SPREAD;
        most = fmaxf(most, low[i]);
    }
    if (late)
        return true;
    least = INFINITY, most = 0;
    for (int i = count > LOOK_BACK + 5 ? count - LOOK_BACK - 5 : 0; i < count; i++) {
        least = fminf(least, low[i]);
        most = fmaxf(most, low[i]);
    }
    return most <= most_low(least, click);
}

/* As off_frequency, from the windows that show this much of the full amplitude. */
static float off_frequency_of(const dtmf_spectrum *s, const run *r, int band, float whole, float *coherence)
{
    float turn = 2.0f * (float)M_PI * DTMF_HZ[band] * DTMF_HOP / RATE_HZ;
    float least2 = whole * whole * r->peak2[band >= DTMF_BANDS / 2];
    float re[3] = {0}, im[3] = {0}, size = 0;
    for (long hop = r->first; hop <= r->last; hop++) {
        int now = (int)(hop & (DTMF_HISTORY - 1));
        if (band_peak2(s, hop, band) < least2)
            continue;
        for (int back = 1; back <= 2 && hop - back >= r->first; back++) {
            int then = (int)((hop - back) & (DTMF_HISTORY - 1));
            if (band_peak2(s, hop - back, band) < least2)
                break;
            re[back] += s->re[now][band] * s->re[then][band] + s->im[now][band] * s->im[then][band];
            im[back] += s->im[now][band] * s->re[then][band] - s->re[now][band] * s->im[then][band];
            if (back == 1)
                size += sqrtf((s->re[now][band] * s->re[now][band] + s->im[now][band] * s->im[now][band]) *
                              (s->re[then][band] * s->re[then][band] + s->im[then][band] * s->im[then][band]));
        }
    }
    if (size <= 0) {
        *coherence = 0;
        return 0;
    }
    *coherence = sqrtf(re[1] * re[1] + im[1] * im[1]) / size;
    float phase = atan2f(im[1], re[1]) - turn;
    phase -= 2.0f * (float)M_PI * rintf(phase / (2.0f * (float)M_PI));
    if (re[2] != 0 || im[2] != 0) { /* twice the distance, twice as exact, but ambiguous alone */
        float twice = atan2f(im[2], re[2]) - 2.0f * turn - 2.0f * phase;
        twice -= 2.0f * (float)M_PI * rintf(twice / (2.0f * (float)M_PI));
        phase += twice / 2.0f;
    }
    return phase * RATE_HZ / (2.0f * (float)M_PI * DTMF_HOP);
}

/*
 * Frequency of a band's tone over a run, as what it is beside the band, Hz; coherence 0 .. 1. Windows that reach into a break
 * see the tone's phase elsewhere than in their middle, which a run of a few windows would be blamed for.
 */
static float off_frequency(const dtmf_spectrum *s, const run *r, int band, float *coherence)
{
    float off = off_frequency_of(s, r, band, STEADY, coherence);
    if (r->broken && *coherence < MIN_COHERENCE) {
        float coherence_inside, off_inside = off_frequency_of(s, r, band, WHOLE, &coherence_inside);
        if (coherence_inside > *coherence) {
            *coherence = coherence_inside;
            return off_inside;
        }
    }
    return off;
}

/* Of what we sent since a hop, less the time that its echo may take: the most in one band, peak squared. */
static float sent_in_band(const dtmf_lane *lane, long from, long to, int band)
{
    float most = 0;
    for (long hop = from < ECHO_HOPS ? 0 : from - ECHO_HOPS; hop <= to; hop++)
        most = fmaxf(most, band_peak2(&lane->sent, hop, band));
    return most;
}

/* True if the echo of what we send explains a tone. */
static bool is_echo(const dtmf_lane *lane, const run *r, int band)
{
    float most = sent_in_band(lane, r->first, r->last, band);
    return r->peak2[band >= DTMF_BANDS / 2] < most * lane->max_echo_gain;
}

/* Whether both tones show so much of their full amplitude. */
static bool shown(const dtmf_lane *lane, const run *r, long hop, int low, int high, float whole)
{
    return band_peak2(&lane->in, hop, low) >= whole * whole * r->peak2[0] &&
           band_peak2(&lane->in, hop, high) >= whole * whole * r->peak2[1];
}

/*
 * The strongest other band while both tones are whole, as a part of their power: noise is everywhere, a voice has its harmonics
 * somewhere. The mean of the windows, or their least: dial tone that is cut off is in all bands for a moment. Neighbours in
 * the low group see the tone itself. What we send may have put it there.
 */
static float beside(const dtmf_lane *lane, const run *r, int low, int high, bool of_least)
{
    float sum[DTMF_BANDS] = {0}, least[DTMF_BANDS], most = 0;
    int windows = 0;
    for (float whole = WHOLE; windows == 0 && whole > THERE; whole -= WHOLE - STEADY)
        for (long hop = r->first; hop <= r->last; hop++) {
            if (!shown(lane, r, hop, low, high, whole))
                continue;
            for (int band = 0; band < DTMF_BANDS; band++) {
                float power = band_peak2(&lane->in, hop, band);
                sum[band] += power;
                least[band] = windows ? fminf(least[band], power) : power;
            }
            windows++;
        }
    for (int band = 0; band < DTMF_BANDS && windows; band++) {
        if (band == high || (band < DTMF_BANDS / 2 && abs(band - low) <= 1))
            continue;
        float power = of_least ? least[band] : sum[band] / (float)windows;
        if (lane->sent_idle < 2 * DTMF_HISTORY)
            power -= sent_in_band(lane, r->first, r->last, band) * lane->max_echo_gain;
        most = fmaxf(most, power);
    }
    return most / (r->peak2[0] + r->peak2[1]);
}

static void end_digit(dtmf_lane *lane, int number, det_sink *sink)
{
    dtmf_active *active = &lane->active;
    long at = middle_of(active->last_hop) + DTMF_HOP / 2;
    det_emit(sink, number, DET_DTMF_OFF, DIGITS[active->digit], at, (double)(active->on_hops * DTMF_HOP_MS),
             (double)active->purity, 0, 0);
    active->digit = -1;
    lane->floor_hop = lane->hops - 1;
}

static void follow(dtmf_lane *lane, long hop, int number, det_sink *sink)
{
    dtmf_active *active = &lane->active;
    int low = active->digit / 4, high = 4 + active->digit % 4;
    float there = 1.0f;
    for (int i = 0; i < 2; i++) {
        int band = i ? high : low;
        float amplitude = sqrtf(band_peak2(&lane->in, hop, band));
        if (lane->sent_idle < DTMF_HISTORY) /* an echo may stand against the tone and hide a part of it */
            amplitude += sqrtf(sent_in_band(lane, hop, hop, band) * lane->echo_gain);
        there = fminf(there, amplitude / sqrtf(active->peak[i]));
    }
    active->on_hops += there;
    if (there >= THERE)
        active->last_hop = hop;
    active->missing_hops = there < STEADY ? active->missing_hops + 1.0f - there : 0;
    if (active->missing_hops * DTMF_HOP_MS >= lane->options.min_pause_ms)
        end_digit(lane, number, sink);
}

void dtmf_judge(dtmf_lane *lane, int number, det_sink *sink)
{
    long hop = lane->hops - 1;
    if (lane->sent_idle < DTMF_HISTORY && lane->active.digit < 0)
        learn_echo(lane, hop);
    if (lane->active.digit >= 0)
        follow(lane, hop, number, sink);
    int low = strongest(&lane->in, hop, 0), high = strongest(&lane->in, hop, DTMF_BANDS / 2);
    if (low * 4 + high - 4 == lane->active.digit)
        return;
    if (band_peak2(&lane->in, hop, low) < 0.2f * lane->min_peak2 ||
        band_peak2(&lane->in, hop, high) < 0.2f * lane->min_peak2)
        return;

    run r = look_back(lane, hop, low, high);
    if (r.hops * DTMF_HOP_MS < lane->options.min_on_ms)
        return;
    float off[2], coherence[2], peak2[2];
    for (int i = 0; i < 2; i++) {
        int band = i ? high : low;
        off[i] = off_frequency(&lane->in, &r, band, &coherence[i]);
        if (fabsf(off[i]) > lane->options.max_offset * DTMF_HZ[band] || coherence[i] < MIN_COHERENCE - ECHO_COHERENCE)
            return;
        float response = window_response(off[i]);
        peak2[i] = r.peak2[i] / (response * response);
        if (peak2[i] < lane->min_peak2)
            return;
    }
    float twist_db = 10.0f * log10f(peak2[1] / peak2[0]);
    if (twist_db > lane->options.high_above_low_db || -twist_db > lane->options.low_above_high_db)
        return;
    if (fabsf(off[0] / DTMF_HZ[low] - off[1] / DTMF_HZ[high]) > MAX_APART)
        return;
    float tones = 0.5f * (peak2[0] + peak2[1]) * DTMF_HOP, echo = fminf(r.echo, MAX_ECHO * tones * r.hops);
    float share = echo / (tones * r.hops);
    if (fminf(coherence[0], coherence[1]) < MIN_COHERENCE - ECHO_COHERENCE * share)
        return;
    if (share > 0 && is_echo(lane, &r, low) && is_echo(lane, &r, high))
        return;
    float purity = tones * r.hops / fmaxf(r.energy, 1.0f);
    if (tones * r.hops < lane->options.min_purity * (r.energy - echo) || purity > MAX_PURITY + echo)
        return;
    bool lasts = r.hops >= LOOK_BACK - 1 && purity >= LASTING_PURITY && fminf(coherence[0], coherence[1]) >= LASTING_COHERENCE;
    if (!lasts && energy_before(lane, &r) > MAX_BEFORE * tones + echo / r.seen_hops)
        return;
    bool dial_tone = r.low_energy > MAX_LOW * tones * r.seen_hops + r.low_echo;
    if (dial_tone && (!low_is_apart(lane, &r, tones) || purity < DIAL_TONE_PURITY))
        return;
    if (beside(lane, &r, low, high, dial_tone) > (dial_tone ? MAX_BESIDE_DIAL_TONE : MAX_BESIDE))
        return;
    if (lane->active.digit >= 0)
        end_digit(lane, number, sink);
    lane->active = (dtmf_active){
        .digit = low * 4 + high - 4,
        .peak = {r.peak2[0], r.peak2[1]},
        .first_hop = r.first,
        .last_hop = hop,
        .on_hops = r.hops,
        .purity = fminf(purity, 1.0f),
    };
    long at = middle_of(r.first) - DTMF_HOP / 2;
    det_emit(sink, number, DET_DTMF_ON, DIGITS[lane->active.digit], at < 0 ? 0 : at, (double)det_dbm0(peak2[0]),
             (double)det_dbm0(peak2[1]), (double)(100.0f * off[0] / DTMF_HZ[low]),
             (double)(100.0f * off[1] / DTMF_HZ[high]));
}
