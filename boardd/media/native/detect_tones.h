#ifndef MEDIA_DETECT_TONES_H
#define MEDIA_DETECT_TONES_H

/*
 * Single tones at a few frequencies of each lane's own choice, measured every 10 ms (a hop) in Hann windows of 20 ms: how
 * loud, how far beside, how much of the sound it explains. Common half of call progress and fax tones.
 */

#include "detect_lanes.h"

enum {
    TONE_HOP = 80,
    TONE_WINDOW = 160,
    TONE_BANDS = DET_WATCHED,
    TONE_MAX_HOPS = (MAX_FEED + TONE_HOP - 1) / TONE_HOP
};

#define TONE_HOP_MS (1000.0f * TONE_HOP / RATE_HZ)

/* One hop of one lane. The window's middle is the begin of the hop's newest 80 samples. */
typedef struct {
    float peak2[TONE_BANDS];   /* of the tone, peak squared, corrected for where it lies in the band */
    float f_hz[TONE_BANDS];    /* from the phase since the hop before */
    float all_peak2;           /* of a sine as loud as all the sound */
} tone_hop;

typedef struct {
    int bands;                 /* highest watched one, plus one */
    float f_hz[TONE_BANDS];
    float turn[TONE_BANDS];    /* 2 cos of the phase between samples */
    float first_cos[TONE_BANDS], first_sin[TONE_BANDS]; /* half a sample from the middle */
    float past[TONE_WINDOW - TONE_HOP];
    float re[TONE_BANDS], im[TONE_BANDS]; /* of the hop before */
    float energy;              /* of the hop before */
    short pending[TONE_HOP];
    int fill;
    long hops;
} tone_lane;

void tones_watch(tone_lane *lane, const float *f_hz, int count);
/* Forgets the sound, not the frequencies. */
void tones_reset(tone_lane *lane);

/* Up to eight lanes with equal fill; answers the number of hops, out[l][h]. */
int tones_feed(tone_lane *const *lanes, int n, const short *const *in, int n_samples, tone_hop (*out)[TONE_MAX_HOPS]);

#endif
