/* Sends a string of DTMF digits. */

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "dtmf.h"
#include "source.h"

enum {
    SAMPLES_PER_MS = HW_RATE_HZ / 1000,
    PAUSE_MS = 500,
    MAX_DIGITS = 256,
    MAX_TIME_MS = 60000,
    MAX_LEVEL_MB = 314,
    PAUSE = -1
};

typedef struct {
    source base;
    oscillator low[4], high[4];
    int on, off;                  /* samples */
    int gap_from, gap_to;         /* samples left of the tone between which it is silent */
    int8_t digits[MAX_DIGITS];    /* index in DTMF_DIGITS, or PAUSE */
    int32_t count, next;          /* digits in all; the one that starts next */
    int32_t tone_left, pause_left;
} sender;

static void begin_digit(hw_engine *engine, sender *self, int64_t at)
{
    int digit = self->digits[self->next];
    if (digit == PAUSE) {
        self->pause_left = PAUSE_MS * SAMPLES_PER_MS;
    } else {
        self->low[digit / 4].phase = self->high[digit % 4].phase = 0;
        self->tone_left = self->on;
        self->pause_left = self->off;
        event_push(engine, at, HW_DTMF_DIGIT_SENT, engine->legs[self->base.leg].id, self->base.id,
                   DTMF_DIGITS[digit], self->next);
        self->base.counted++;
    }
    self->next++;
}

static int render(hw_engine *engine, source *base, int16_t *block)
{
    sender *self = (sender *)base;
    int done = 0;
    while (done < STEP) {
        int count = STEP - done;
        if (self->tone_left) {
            int digit = self->digits[self->next - 1];
            oscillator *low = &self->low[digit / 4], *high = &self->high[digit % 4];
            bool gap = self->tone_left <= self->gap_from && self->tone_left > self->gap_to;
            int part = self->tone_left > self->gap_from ? self->tone_left - self->gap_from
                       : gap                            ? self->tone_left - self->gap_to
                                                        : self->tone_left;
            count = part < count ? part : count;
            for (int n = 0; n < count; n++) {
                int32_t sample = oscillator_next(low) + oscillator_next(high);
                block[done + n] = gap ? 0 : saturate(sample);
            }
            self->tone_left -= count;
        } else if (self->pause_left) {
            count = self->pause_left < count ? self->pause_left : count;
            memset(&block[done], 0, (size_t)count * sizeof *block);
            self->pause_left -= count;
        } else if (self->next < self->count) {
            begin_digit(engine, self, engine->now + done);
            continue;
        } else {
            return done;
        }
        done += count;
    }
    return done;
}

static const source_kind SENDER = {render, NULL, HW_DTMF_SENT};

static bool time_ok(int32_t ms) { return ms >= 0 && ms <= MAX_TIME_MS; }

int32_t hw_dtmf(hw_engine *engine, int32_t leg_id, const char *digits, int32_t on_ms, int32_t off_ms, int32_t low_mb,
                int32_t high_mb, int32_t break_ms, int32_t bus_only)
{
    int8_t indexes[MAX_DIGITS];
    size_t count = strlen(digits);
    if (count == 0 || count > MAX_DIGITS || on_ms == 0 || !time_ok(on_ms) || !time_ok(off_ms) || break_ms < 0 || break_ms > on_ms ||
        low_mb > MAX_LEVEL_MB || high_mb > MAX_LEVEL_MB)
        return HW_E_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        const char *place = strchr(DTMF_DIGITS, digits[i]);
        if (!place && digits[i] != ',')
            return HW_E_ARGUMENT;
        indexes[i] = (int8_t)(place ? place - DTMF_DIGITS : PAUSE);
    }
    int32_t error = 0;
    sender *self = source_new(engine, leg_id, &SENDER, sizeof *self, bus_only, &error);
    if (!self)
        return error;
    for (int i = 0; i < 4; i++) {
        oscillator_set(&self->low[i], DTMF_LOW_HZ[i], low_mb);
        oscillator_set(&self->high[i], DTMF_HIGH_HZ[i], high_mb);
    }
    memcpy(self->digits, indexes, count);
    self->count = (int32_t)count;
    self->on = on_ms * SAMPLES_PER_MS;
    self->off = off_ms * SAMPLES_PER_MS;
    self->gap_from = (self->on + break_ms * SAMPLES_PER_MS) / 2;
    self->gap_to = self->gap_from - break_ms * SAMPLES_PER_MS;
    self->base.counted = 0;
    return self->base.id;
}
