/*
 * Receiver: twelve correlators over the last 133 samples, evaluated every 5 ms. 8000 / 133 is half the spacing of the
 * frequencies, so each correlator has a zero at all the others, those of our own echo included.
 *
 * A signal has begun when the same two tones were found `recognise` times in a row: both strong enough, alike, above all
 * others of the group, and most of the power that is not our own echo. It is gone when one of its tones has lost 10 dB,
 * which takes 11 ms of silence in the window, and it has ended when it stays gone for HELD more evaluations, or when
 * another signal has begun. So a block of 20 ms that a far end did not send in time, or samples that were lost, are no
 * end: Q.455 has the receiver bridge 7 ms and wants of what is behind it that 20 ms do no harm. No two signals come that
 * close, as each waits for the end of the one that answers the other. Begin and end together stay within 70 ms.
 */

#include "mfcr2_tones.h"

#include <math.h>
#include <string.h>

#define LOST 0.1        /* of the power that a tone had: -10 dB */
#define OWN_SHARE 0.65  /* of the power in the window: a signal must fill 11 of its 17 ms */
#define HELD 4          /* evaluations: 20 ms of silence, and 5 ms of the tone in the window again */
#define ZERO_DBM0 22826 /* peak of 0 dBm0 in 16-bit linear */

const double mfcr2_forward_hz[MFCR2_TONES] = {1380, 1500, 1620, 1740, 1860, 1980};
const double mfcr2_backward_hz[MFCR2_TONES] = {1140, 1020, 900, 780, 660, 540};

void mfcr2_pair(int number, int *first, int *second)
{
    *second = 1;
    *first = number - 1;
    while (*first >= *second) {
        *first -= *second;
        ++*second;
    }
}

int mfcr2_number(int first, int second) { return second * (second - 1) / 2 + first + 1; }

double mfcr2_power(double level_mb)
{
    double peak = ZERO_DBM0 * pow(10, level_mb / 2000);
    return peak * peak;
}

double mfcr2_level_mb(double power) { return power > 0 ? 2000 * log10(sqrt(power) / ZERO_DBM0) : -10000; }

/* Waves of one window: forward group, backward group. Filled when the library is loaded. */
static float cosines[2][MFCR2_TONES][MFCR2_WINDOW], sines[2][MFCR2_TONES][MFCR2_WINDOW];

__attribute__((constructor)) static void fill(void)
{
    for (int group = 0; group < 2; group++)
        for (int tone = 0; tone < MFCR2_TONES; tone++)
            for (int n = 0; n < MFCR2_WINDOW; n++) {
                double angle = 2 * M_PI * (group ? mfcr2_backward_hz : mfcr2_forward_hz)[tone] * n / MFCR2_RATE_HZ;
                cosines[group][tone][n] = (float)cos(angle);
                sines[group][tone][n] = (float)sin(angle);
            }
}

static void correlate(struct mfcr2_receiver *rx, double *total)
{
    float line[MFCR2_WINDOW];
    double sum = 0;
    for (int n = 0; n < MFCR2_WINDOW; n++) {
        line[n] = rx->window[(rx->at + n) % MFCR2_WINDOW];
        sum += (double)line[n] * line[n];
    }
    *total = 2 * sum / MFCR2_WINDOW;
    for (int group = 0; group < 2; group++)
        for (int tone = 0; tone < MFCR2_TONES; tone++) {
            int which = rx->forward ? group : !group;
            const float *cosine = cosines[which][tone], *sine = sines[which][tone];
            float real = 0, imaginary = 0;
            for (int n = 0; n < MFCR2_WINDOW; n++) {
                real += line[n] * cosine[n];
                imaginary += line[n] * sine[n];
            }
            double scale = 2.0 / MFCR2_WINDOW;
            rx->power[group][tone] = scale * scale * ((double)real * real + (double)imaginary * imaginary);
        }
}

/* The signal in the window, or 0. */
static int find(struct mfcr2_receiver *rx, double total)
{
    const double *power = rx->power[0];
    int best = 0, second = -1;
    double third = 0, echo = 0;
    for (int tone = 1; tone < MFCR2_TONES; tone++)
        if (power[tone] > power[best])
            best = tone;
    for (int tone = 0; tone < MFCR2_TONES; tone++)
        if (tone != best && (second < 0 || power[tone] > power[second]))
            second = tone;
    for (int tone = 0; tone < MFCR2_TONES; tone++) {
        echo += rx->power[1][tone];
        if (tone != best && tone != second && power[tone] > third)
            third = power[tone];
    }
    if (power[second] < rx->least || power[best] > power[second] * rx->twist || third * rx->margin > power[second] ||
        power[best] + power[second] < OWN_SHARE * (total - echo))
        return 0;
    return best < second ? mfcr2_number(best, second) : mfcr2_number(second, best);
}

static double greater(double a, double b) { return a > b ? a : b; }

/* Whether the heard signal is in the window still, to which its levels belong. */
static int still_there(struct mfcr2_receiver *rx, int found)
{
    int first, second;
    mfcr2_pair(rx->heard, &first, &second);
    double a = rx->power[0][first], b = rx->power[0][second];
    if (a <= LOST * rx->first_power || b <= LOST * rx->second_power || (found && found != rx->heard))
        return 0;
    rx->first_power = greater(rx->first_power, a);
    rx->second_power = greater(rx->second_power, b);
    return 1;
}

static void decide(struct mfcr2_receiver *rx)
{
    double total;
    correlate(rx, &total);
    int first, second, found = find(rx, total);
    if (rx->heard && still_there(rx, found)) {
        rx->candidate = rx->gone = 0;
        return;
    }
    if (rx->heard && ++rx->gone > HELD)
        rx->heard = 0;
    rx->seen = found && found == rx->candidate ? rx->seen + 1 : 1;
    rx->candidate = found;
    if (!found || rx->seen < rx->recognise)
        return;
    mfcr2_pair(found, &first, &second);
    rx->heard = found;
    rx->gone = 0;
    rx->first_power = rx->power[0][first];
    rx->second_power = rx->power[0][second];
}

void mfcr2_receiver_take(struct mfcr2_receiver *rx, const int16_t *samples, int size)
{
    for (int i = 0; i < size; i++) {
        rx->window[rx->at] = samples[i];
        rx->at = (rx->at + 1) % MFCR2_WINDOW;
        if (++rx->filled == MFCR2_HOP) {
            rx->filled = 0;
            decide(rx);
        }
    }
}

void mfcr2_receiver_levels(const struct mfcr2_receiver *rx, int32_t *first_mb, int32_t *second_mb)
{
    *first_mb = (int32_t)lround(mfcr2_level_mb(rx->first_power));
    *second_mb = (int32_t)lround(mfcr2_level_mb(rx->second_power));
}

void mfcr2_sender_init(struct mfcr2_sender *tx, const double *hz, double level_mb)
{
    memset(tx, 0, sizeof *tx);
    tx->peak = sqrt(mfcr2_power(level_mb));
    for (int tone = 0; tone < MFCR2_TONES; tone++)
        tx->step[tone] = 2 * M_PI * hz[tone] / MFCR2_RATE_HZ;
}

void mfcr2_sender_begin(struct mfcr2_sender *tx, int number)
{
    tx->number = number;
    if (!number)
        return;
    int first, second;
    mfcr2_pair(number, &first, &second);
    tx->by[0] = tx->step[first];
    tx->by[1] = tx->step[second];
    tx->phase[0] = tx->phase[1] = 0;
}

void mfcr2_sender_give(struct mfcr2_sender *tx, int16_t *samples, int size)
{
    if (!tx->number) {
        memset(samples, 0, (size_t)size * sizeof *samples);
        return;
    }
    for (int i = 0; i < size; i++) {
        samples[i] = (int16_t)lrint(tx->peak * (sin(tx->phase[0]) + sin(tx->phase[1])));
        for (int tone = 0; tone < 2; tone++)
            tx->phase[tone] = fmod(tx->phase[tone] + tx->by[tone], 2 * M_PI);
    }
}
