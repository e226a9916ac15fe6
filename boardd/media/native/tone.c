/* Tones with a cadence, DTMF digits, comfort noise. */

#include "tone.h"

#include <math.h>
#include <string.h>

#include "engine.h"

enum {
    SAMPLES_PER_MS = ME_RATE_HZ / 1000,
    MAX_LEVEL_MB = 314,
    MAX_STEP_MS = 24 * 3600 * 1000,
    MAX_ROUNDS = 1 << 20,
    SINE_BITS = 10,
    SINE_SIZE = 1 << SINE_BITS,
    PART_BITS = 15 /* between two entries of the table */
};

static const double PEAK_0DBM0 = 32768.0 * 0.69661; /* 10 ^ (-3.14 / 20) */

static int16_t sine[SINE_SIZE + 1];

__attribute__((constructor)) static void fill_sine(void)
{
    for (int i = 0; i <= SINE_SIZE; i++)
        sine[i] = (int16_t)lround(32767.0 * sin(2.0 * M_PI * i / SINE_SIZE));
}

static uint32_t step_of(double hz) { return (uint32_t)llround(hz / ME_RATE_HZ * 4294967296.0); }

/* Of the sine's amplitude; ME_NONE_MB and below -100 dBm0: none. */
static int32_t peak_of(int32_t level_mb)
{
    return level_mb < -10000 ? 0 : (int32_t)lround(PEAK_0DBM0 * pow(10.0, level_mb / 2000.0));
}

static int32_t next(oscillator *self)
{
    uint32_t index = self->phase >> (32 - SINE_BITS);
    int32_t part = (int32_t)(self->phase >> (32 - SINE_BITS - PART_BITS) & ((1 << PART_BITS) - 1));
    int32_t value = sine[index] + ((sine[index + 1] - sine[index]) * part >> PART_BITS);
    self->phase += self->step;
    return value * self->peak >> 15;
}

/* ---- tones ---- */

static void begin_step(tone *self, int32_t at)
{
    const tone_step *step = &self->steps[at];
    self->at = at;
    self->left = step->samples;
    for (int i = 0; i < 2; i++) {
        /* A tone that goes on does so without a click. */
        if (self->voices[i].step != step->step[i] || self->voices[i].peak == 0)
            self->voices[i].phase = 0;
        self->voices[i].step = step->step[i];
        self->voices[i].peak = step->peak[i];
    }
}

/* False: it has ended. */
static bool next_step(tone *self)
{
    int32_t at = self->at + 1;
    if (at == self->count) {
        self->round++;
        if (self->loop_from < 0 || (self->rounds > 0 && self->round >= self->rounds))
            return false;
        at = self->loop_from;
    }
    begin_step(self, at);
    return true;
}

bool tone_mix(me_engine *engine, port *self, int32_t *mix)
{
    tone *made = &self->tone;
    bool any = false;
    for (int done = 0; done < ME_BLOCK;) {
        bool endless = made->steps[made->at].samples == 0;
        int count = endless || made->left > ME_BLOCK - done ? ME_BLOCK - done : (int)made->left;
        for (int voice = 0; voice < 2; voice++) {
            if (!made->voices[voice].peak)
                continue;
            for (int n = 0; n < count; n++)
                mix[done + n] += next(&made->voices[voice]);
            any |= count > 0;
        }
        done += count;
        made->left -= endless ? 0 : count;
        if (!endless && made->left == 0 && !next_step(made)) {
            tone_end(engine, self, engine->now + done, ME_ENDED);
            break;
        }
    }
    return any;
}

void tone_end(me_engine *engine, port *self, int64_t at, int32_t reason)
{
    me_event event = {
        .at_sample = at, .port = self->id, .kind = ME_EV_TONE_END, .id = self->tone.id, .code = reason};
    event_post(engine, &event);
    self->tone.id = 0;
}

static int32_t read_steps(tone *made, const me_tone_step *steps)
{
    int64_t looped = 0;
    for (int32_t i = 0; i < made->count; i++) {
        const me_tone_step *from = &steps[i];
        if (from->ms < 0 || from->ms > MAX_STEP_MS)
            return ME_E_ARGUMENT;
        made->steps[i].samples = (int64_t)from->ms * SAMPLES_PER_MS;
        if (from->ms == 0 || (made->loop_from >= 0 && i >= made->loop_from))
            looped += from->ms == 0 ? 1 : from->ms;
        for (int voice = 0; voice < 2; voice++) {
            if (!(from->hz[voice] >= 0 && from->hz[voice] < ME_RATE_HZ / 2) || from->level_mb[voice] > MAX_LEVEL_MB)
                return ME_E_ARGUMENT;
            made->steps[i].step[voice] = step_of(from->hz[voice]);
            made->steps[i].peak[voice] = from->hz[voice] > 0 ? peak_of(from->level_mb[voice]) : 0;
        }
    }
    return made->loop_from >= 0 && looped == 0 ? ME_E_ARGUMENT : 0;
}

int32_t me_tone(me_engine *engine, int32_t id, const me_tone_step *steps, int32_t count, int32_t loop_from,
                int32_t rounds)
{
    if (count < 1 || count > ME_MAX_STEPS || loop_from < -1 || loop_from >= count || rounds < 0 || rounds > MAX_ROUNDS)
        return ME_E_ARGUMENT;
    tone made = {.count = count, .loop_from = loop_from, .rounds = rounds};
    int32_t result = read_steps(&made, steps);
    if (result < 0)
        return result;
    begin_step(&made, 0);
    engine_lock(engine);
    port *self = port_find(engine, id);
    result = self ? 0 : ME_E_HANDLE;
    if (self) {
        if (self->tone.id)
            tone_end(engine, self, engine->now, ME_STOPPED);
        result = made.id = engine_next_id(engine);
        self->tone = made;
    }
    engine_unlock(engine);
    return result;
}

int32_t me_tone_stop(me_engine *engine, int32_t id)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    int32_t result = self && self->tone.id ? 0 : ME_E_HANDLE;
    if (result == 0)
        tone_end(engine, self, engine->now, ME_STOPPED);
    engine_unlock(engine);
    return result;
}

/* ---- digits (ITU-T Q.23) ---- */

static const char KEYS[] = "123A456B789C*0#D"; /* rows are low frequencies, columns high ones */
static const double LOW_HZ[4] = {697, 770, 852, 941}, HIGH_HZ[4] = {1209, 1336, 1477, 1633};

static void begin_digit(digit_sender *self)
{
    char digit = self->digits[self->at];
    const char *key = digit == ',' ? NULL : strchr(KEYS, digit);
    self->sounding = key != NULL;
    self->left = key ? self->on : self->pause;
    if (!key)
        return;
    int place = (int)(key - KEYS);
    self->voices[0] = (oscillator){0, step_of(LOW_HZ[place / 4]), self->low};
    self->voices[1] = (oscillator){0, step_of(HIGH_HZ[place % 4]), self->high};
}

/* False: that was the last. */
static bool next_phase(digit_sender *self)
{
    if (self->sounding) {
        self->sounding = false;
        self->sent++;
        self->left = self->off;
        return true;
    }
    if (!self->digits[++self->at])
        return false;
    begin_digit(self);
    return true;
}

bool digits_fill(me_engine *engine, port *self, int16_t *block)
{
    digit_sender *sender = &self->digits;
    int32_t mix[ME_BLOCK] = {0};
    for (int done = 0;;) {
        if (sender->left == 0) {
            if (next_phase(sender))
                continue;
            digits_end(engine, self, engine->now + done, ME_ENDED);
            break;
        }
        if (done == ME_BLOCK)
            break;
        int count = sender->left < ME_BLOCK - done ? sender->left : ME_BLOCK - done;
        for (int n = 0; sender->sounding && n < count; n++)
            mix[done + n] = next(&sender->voices[0]) + next(&sender->voices[1]);
        sender->left -= count;
        done += count;
    }
    for (int n = 0; n < ME_BLOCK; n++)
        block[n] = (int16_t)(mix[n] > 32767 ? 32767 : mix[n] < -32768 ? -32768 : mix[n]);
    return true;
}

void digits_end(me_engine *engine, port *self, int64_t at, int32_t reason)
{
    me_event event = {.at_sample = at,
                      .port = self->id,
                      .kind = ME_EV_DIGITS_SENT,
                      .id = self->digits.id,
                      .code = reason,
                      .count = self->digits.sent};
    event_post(engine, &event);
    self->digits.id = 0;
}

int32_t me_digits(me_engine *engine, int32_t id, const char *digits, int32_t on_ms, int32_t off_ms, int32_t pause_ms,
                  int32_t low_mb, int32_t high_mb)
{
    size_t length = strlen(digits);
    if (length < 1 || length > ME_MAX_DIGITS || strspn(digits, "0123456789*#ABCD,") != length || on_ms < 20 ||
        on_ms > 10000 || off_ms < 0 || off_ms > 10000 || pause_ms < 0 || pause_ms > 60000 || low_mb > MAX_LEVEL_MB ||
        high_mb > MAX_LEVEL_MB)
        return ME_E_ARGUMENT;
    digit_sender made = {
        .on = on_ms * SAMPLES_PER_MS,
        .off = off_ms * SAMPLES_PER_MS,
        .pause = pause_ms * SAMPLES_PER_MS,
        .low = peak_of(low_mb),
        .high = peak_of(high_mb),
    };
    memcpy(made.digits, digits, length + 1);
    begin_digit(&made);
    engine_lock(engine);
    port *self = port_find(engine, id);
    int32_t result = !self ? ME_E_HANDLE : self->digits.id ? ME_E_BUSY : 0;
    if (result == 0) {
        result = made.id = engine_next_id(engine);
        self->digits = made;
    }
    engine_unlock(engine);
    return result;
}

int32_t me_digits_stop(me_engine *engine, int32_t id)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    int32_t result = self && self->digits.id ? 0 : ME_E_HANDLE;
    if (result == 0)
        digits_end(engine, self, engine->now, ME_STOPPED);
    engine_unlock(engine);
    return result;
}

/* ---- comfort noise ---- */

/* The difference of two uniform numbers of 16 bits has this standard deviation. */
static const double PAIR_DEVIATION = 26754.6; /* 65536 / sqrt(6) */

static uint32_t xorshift(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

void comfort_fill(comfort_noise *self, int16_t *block)
{
    for (int n = 0; n < ME_BLOCK; n++) {
        uint32_t random = xorshift(&self->state);
        int32_t value = (int32_t)(random & 0xFFFF) - (int32_t)(random >> 16);
        block[n] = (int16_t)((value * self->scale) >> 16);
    }
}

int32_t me_comfort(me_engine *engine, int32_t id, int32_t level_mb)
{
    if (level_mb > -2000)
        return ME_E_ARGUMENT;
    /* 0 dBm0 is the power of a sine with this peak. */
    double deviation = level_mb < -10000 ? 0 : PEAK_0DBM0 / sqrt(2.0) * pow(10.0, level_mb / 2000.0);
    engine_lock(engine);
    port *self = port_find(engine, id);
    if (self) {
        self->comfort.scale = (int32_t)lround(deviation / PAIR_DEVIATION * 65536.0);
        self->comfort.state = 2463534242U + (uint32_t)self->id;
    }
    engine_unlock(engine);
    return self ? 0 : ME_E_HANDLE;
}
