#ifndef MEDIA_DETECT_DTMF_H
#define MEDIA_DETECT_DTMF_H

/*
 * DTMF bank, internal: what the spectrum half (detect_dtmf.c) measures and the judging half (detect_dtmf_judge.c) decides.
 *
 * Measures come every 5 ms (a hop) from windows of 20 ms. A window is a Hann window, so at hops of a quarter its length the
 * sum over hops of a tone's amplitude is the tone's duration, wherever it begins, and gaps show as what is missing.
 */

#include "detect_lanes.h"

enum {
    DTMF_HOP = 40,
    DTMF_WINDOW = 160,
    DTMF_BANDS = 8,     /* four low, four high */
    DTMF_HISTORY = 64,  /* hops kept, a power of two */
    DTMF_FILTER_STATES = 8
};

#define DTMF_HOP_MS (1000.0f * DTMF_HOP / RATE_HZ)

/* One direction of a lane. Arrays by hop modulo DTMF_HISTORY. */
typedef struct {
    float filters[DTMF_FILTER_STATES];
    float past[DTMF_WINDOW - DTMF_HOP]; /* filtered samples */
    float re[DTMF_HISTORY][DTMF_BANDS], im[DTMF_HISTORY][DTMF_BANDS];
    float energy[DTMF_HISTORY];         /* of the hop's newest 40 samples, filtered */
    float low[DTMF_HISTORY];            /* of what lies below the tones, likewise */
} dtmf_spectrum;

typedef struct {
    int digit;          /* index low * 4 + high; -1: none */
    float peak[2];      /* amplitudes squared, of the window */
    long first_hop;
    long last_hop;      /* newest in which it was there */
    float on_hops;
    float missing_hops; /* since it was last whole */
    float purity;
} dtmf_active;

typedef struct {
    dtmf_spectrum in, sent;
    short pending[2][DTMF_HOP]; /* in, sent: samples that wait for a full hop */
    int fill;
    int sent_idle;              /* hops since anything was sent */
    long hops;
    long floor_hop;             /* nothing before this hop belongs to a new digit */
    dtmf_active active;
    dtmf_options options;
    float min_peak2;            /* of options */
    float echo_gain, max_echo_gain; /* of power: as learned, and of options */
} dtmf_lane;

extern const float DTMF_HZ[DTMF_BANDS];

void dtmf_judge_options(dtmf_lane *lane, const dtmf_options *options);
/* Decides after the newest hop, number lane->hops - 1. */
void dtmf_judge(dtmf_lane *lane, int number, det_sink *sink);

#endif
