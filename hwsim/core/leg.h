#ifndef HWCORE_LEG_H
#define HWCORE_LEG_H

#include <stdbool.h>
#include <stdint.h>

#include "level.h"
#include "public.h"

enum {
    STEP = HW_STEP,
    OUT_RING = 4096,   /* samples of what a leg said, for delays and echo; a power of two, above HW_MAX_DELAY + STEP */
    ENERGY_RING = 32,  /* steps */
    QUIET_STEPS = 160, /* after so many silent steps every ring, window and delay line holds silence only */
    SILENCE = 8,       /* what idle A-law (0xD5) decodes to */
    LEG_INDEX_BITS = 12
};

typedef struct source source;
typedef struct recorder recorder;
typedef struct dtmf_detector dtmf_detector;
typedef struct tone_detector tone_detector;
typedef struct energy_detector energy_detector;
typedef struct fsk_detector fsk_detector;

typedef struct {
    int32_t source; /* index of the leg */
    int32_t gain_mb;
    int32_t gain;
    int32_t tap;
    bool late; /* by one sample, after a slip */
} link_in;

typedef struct leg {
    int32_t id; /* 0: free */
    int32_t index;
    int32_t generation;
    int32_t next_free;
    bool awake;

    int32_t peer; /* index, -1: not wired */
    hw_line line;
    int32_t rx_gain; /* of line.rx_loss_mb and the peer's tx_loss_mb together */
    int32_t echo_gain;
    noise_generator noise;
    int32_t slip;       /* samples */
    uint32_t error_state;
    int64_t next_error; /* bits until the next wrong one */

    source *sources; /* in the order they came */
    recorder *recorders;
    dtmf_detector *dtmf;
    tone_detector *tones;
    energy_detector *energies;
    fsk_detector *fsks;
    link_in *links;
    int32_t link_count, link_capacity;

    /* Block buffers; index is the engine's parity. */
    _Alignas(16) int16_t hears[2][STEP];
    _Alignas(16) int16_t plays[2][STEP];
    _Alignas(16) int16_t scaled[STEP]; /* what it hears >> 3, for the detectors: exact, A-law values are multiples of 8 */
    bool hears_silent[2];
    bool plays_silent[2];

    int32_t out_quiet; /* silent steps in a row, up to QUIET_STEPS */
    int32_t in_quiet;
    uint32_t in_energy[ENERGY_RING]; /* sums of (sample >> 3)^2 per step */
    uint32_t out_energy[ENERGY_RING];
    _Alignas(16) int16_t out[OUT_RING];
} leg;

/* leg.c */
leg *leg_find(const hw_engine *engine, int32_t id);
void leg_wake(hw_engine *engine, leg *self);
/* First half of a step: what the leg says. */
void leg_say(hw_engine *engine, leg *self);
/* Second half: what it hears, with detectors and recorders. */
void leg_hear(hw_engine *engine, leg *self);
bool leg_may_sleep(const leg *self);
void leg_sleep(leg *self);
void leg_destroy(hw_engine *engine, leg *self);
/* Energy of the last steps, in squared peak of a sine. */
double leg_peak2(const uint32_t *ring, int64_t now, int steps);

/* line.c */
void line_reset(hw_engine *engine, leg *self);
void line_update_gains(hw_engine *engine, leg *self);
/* Fills what the leg hears; false if that is silence. */
bool line_hear(const hw_engine *engine, leg *self, int16_t *hears);

/* link.c */
/* Adds what the links bring; false if nothing. */
bool links_mix(const hw_engine *engine, const leg *self, int32_t *mix);
int32_t links_remove_all(hw_engine *engine, leg *self);

#endif
