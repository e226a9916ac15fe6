#ifndef MEDIA_RESAMPLE_H
#define MEDIA_RESAMPLE_H

/*
 * Sound from another clock: blocks come stamped with the time of the tick that made them, and are read out at our own
 * pace, so that the delay from the other's tick to ours stays what it was set to, whatever the two clocks do.
 *
 * The other clock is followed by a loop of second order that begins fast and becomes slow, so that neither the first seconds
 * nor the jitter of both ticks bend the pitch. Positions are counts of the other's samples.
 */

#include <stdbool.h>
#include <stdint.h>

#include "media_public.h"

enum {
    RESAMPLE_TAPS = 32, /* half of them reach ahead of the position */
    HISTORY = 32 * ME_BLOCK
};

typedef struct {
    int16_t history[HISTORY]; /* sample n at n % HISTORY */
    int64_t have;             /* samples that have come; those after it are silence */
    int64_t from;             /* the first one that was ever there */
    int64_t stamp_ns;         /* of the last block */
    double estimate;          /* the other's samples by now, seen from its clock */
    double rate;              /* its clock divided by ours */
    double position;          /* of the last sample that was read out */
    double delay;             /* samples */
    int64_t ticks;            /* since it began; 0: nothing has come yet */
    int32_t starved;          /* samples that were missing in ticks in a row, none of which had all of theirs */
    int64_t starved_at;       /* `have` at the first of them */
} resampler;

void resampler_reset(resampler *self, double delay_ms);
/* A block of the other. */
void resampler_put(resampler *self, const int16_t *block, int64_t stamp_ns);
/* Blocks of the other are lost: silence in their place. */
void resampler_skip(resampler *self, int64_t blocks);
/* A block of ours, now. Answers how many of its samples had not come in time (they are silence), -1: nothing has come at all
   or the clocks have parted, or what comes is too late for every tick, and it begins anew (then the block is silence). */
int32_t resampler_get(resampler *self, int16_t *block, int64_t now_ns);

#endif
