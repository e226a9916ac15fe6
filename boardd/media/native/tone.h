#ifndef MEDIA_TONE_H
#define MEDIA_TONE_H

/* What the engine makes itself: tones with a cadence, DTMF digits, comfort noise. */

#include <stdbool.h>
#include <stdint.h>

#include "media_public.h"

struct port;

typedef struct {
    uint32_t phase, step; /* a turn is 2^32 */
    int32_t peak;         /* 0: off */
} oscillator;

typedef struct {
    uint32_t step[2];
    int32_t peak[2];
    int64_t samples; /* 0: without end */
} tone_step;

typedef struct {
    tone_step steps[ME_MAX_STEPS];
    oscillator voices[2];
    int64_t left; /* samples of the step */
    int32_t count, at, loop_from, rounds, round;
    int32_t id; /* 0: none */
} tone;

typedef struct {
    char digits[ME_MAX_DIGITS + 1];
    oscillator voices[2];
    int32_t at, sent;
    int32_t on, off, pause; /* samples */
    int32_t low, high;      /* peaks */
    int32_t left;           /* samples of this phase */
    bool sounding;          /* in the tone, else in what follows it */
    int32_t id;
} digit_sender;

typedef struct {
    uint32_t state;
    int32_t scale; /* 0: off */
} comfort_noise;

bool tone_mix(me_engine *engine, struct port *self, int32_t *mix);
void tone_end(me_engine *engine, struct port *self, int64_t at, int32_t reason);
/* Overwrites the block. Whether digits were being sent. */
bool digits_fill(me_engine *engine, struct port *self, int16_t *block);
void digits_end(me_engine *engine, struct port *self, int64_t at, int32_t reason);
void comfort_fill(comfort_noise *self, int16_t *block);

#endif
