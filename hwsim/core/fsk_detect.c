/*
 * Receives caller-ID messages sent as frequency-shift keying.
 *
 * Two sliding correlators, each one bit long, compare mark with space; the sign of their difference is the bit. A row
 * of marks says that a message comes: speech and tones do not hold still at one frequency for so long. Then each start
 * bit sets the clock for its byte anew, so that the sender's rate may be wrong by several per cent. Noise decides
 * nothing by itself: the checksum does.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect.h"

enum {
    MAX_WINDOW = 64,
    MESSAGE_BYTES = 2 + 255 + 1, /* type, length, data, checksum */
    PRODUCT_SHIFT = 6,
    MARK_BITS = 40,    /* half of the shortest mark signal, that of call waiting */
    MISS_COST = 4,     /* a sample that is no mark takes back so many that were */
    SILENT_BITS = 8,   /* without carrier: the message is broken */
    WAIT_BITS = 30,    /* marks between two bytes of a message */
    LOST_MB = -4700
};

#define ON_LEVEL_MB (-4200)
#define PURITY 0.6f /* share of all energy that must be the mark's */

enum state { HUNT, WAIT_START, IN_BYTE };

typedef struct {
    oscillator wave;
    int32_t re[MAX_WINDOW], im[MAX_WINDOW];
    int32_t re_sum, im_sum;
} correlator;

struct fsk_detector {
    fsk_detector *next;
    int32_t id;
    int32_t leg;
    int window; /* samples, one bit */
    int at;     /* in the rings */
    correlator mark, space;
    int32_t square[MAX_WINDOW];
    int64_t square_sum;
    double bit; /* samples */
    float on_power, lost_power;

    enum state state;
    int marks;  /* samples in favour of a mark signal */
    int silent; /* samples without carrier */
    int waited; /* samples since the last byte */
    float last; /* mark minus space, one sample ago */
    double clock, next_sample; /* samples since the start bit's edge; when the next bit is read */
    int bit_index;
    uint8_t byte;

    uint8_t message[MESSAGE_BYTES];
    int got;
    uint8_t done[MESSAGE_BYTES];
    int32_t done_size;
};

static float correlate(correlator *self, int at, int32_t sample)
{
    int32_t re = (sine_table[(self->wave.phase + 0x40000000u) >> (32 - SINE_BITS)] * sample) >> PRODUCT_SHIFT;
    int32_t im = (sine_table[self->wave.phase >> (32 - SINE_BITS)] * sample) >> PRODUCT_SHIFT;
    self->wave.phase += self->wave.step;
    self->re_sum += re - self->re[at];
    self->im_sum += im - self->im[at];
    self->re[at] = re;
    self->im[at] = im;
    return (float)self->re_sum * (float)self->re_sum + (float)self->im_sum * (float)self->im_sum;
}

static void hunt(fsk_detector *self)
{
    self->state = HUNT;
    self->marks = self->silent = self->got = 0;
}

static void report(hw_engine *engine, fsk_detector *self, int32_t verdict)
{
    memcpy(self->done, self->message, (size_t)self->got);
    self->done_size = self->got;
    event_push(engine, engine->now + STEP, HW_FSK_MESSAGE, engine->legs[self->leg].id, self->id, verdict, self->got);
    hunt(self);
}

/* A message that has begun cannot be completed. */
static void broken(hw_engine *engine, fsk_detector *self)
{
    if (self->got)
        report(engine, self, HW_FSK_BROKEN);
    else
        hunt(self);
}

static bool type_known(uint8_t type) { return type == 0x04 || type == 0x06 || type == 0x80 || type == 0x82; }

static void take_byte(hw_engine *engine, fsk_detector *self)
{
    if (self->got == 0 && !type_known(self->byte)) {
        hunt(self);
        return;
    }
    self->message[self->got++] = self->byte;
    self->state = WAIT_START;
    self->waited = 0;
    if (self->got < 3 || self->got < self->message[1] + 3)
        return;
    uint8_t sum = 0;
    for (int i = 0; i < self->got; i++)
        sum = (uint8_t)(sum + self->message[i]);
    report(engine, self, sum ? HW_FSK_BAD_CHECKSUM : HW_FSK_GOOD);
}

static void take_bit(hw_engine *engine, fsk_detector *self, bool bit)
{
    self->next_sample += self->bit;
    int index = self->bit_index++;
    if (index == 0) {
        if (bit) {
            self->state = WAIT_START; /* a click, no start bit */
            self->waited = 0;
        }
    } else if (index <= 8) {
        self->byte = (uint8_t)(self->byte >> 1 | (bit ? 0x80 : 0));
    } else if (bit) {
        take_byte(engine, self);
    } else {
        broken(engine, self);
    }
}

static void receive(hw_engine *engine, fsk_detector *self, float now)
{
    if (self->state == WAIT_START && self->last >= 0 && now < 0) {
        self->state = IN_BYTE;
        self->clock = now / (now - self->last); /* since the difference went through zero */
        self->next_sample = self->bit / 2;
        self->bit_index = 0;
        return;
    }
    if (self->state == WAIT_START) {
        if (++self->waited > WAIT_BITS * self->bit && self->got)
            broken(engine, self);
        return;
    }
    self->clock += 1.0;
    if (self->clock >= self->next_sample) {
        float back = (float)(self->clock - self->next_sample);
        take_bit(engine, self, now + (self->last - now) * back >= 0);
    }
}

static void sample_step(hw_engine *engine, fsk_detector *self, int32_t sample)
{
    float mark = correlate(&self->mark, self->at, sample);
    float space = correlate(&self->space, self->at, sample);
    int32_t square = (sample >> 3) * (sample >> 3);
    self->square_sum += square - self->square[self->at];
    self->square[self->at] = square;
    self->at = self->at + 1 == self->window ? 0 : self->at + 1;

    if (self->state == HUNT) {
        /* All energy as the squared peak of one sine, in the correlators' units. */
        float scale = 32767.0f / (1 << PRODUCT_SHIFT) * (float)self->window / 2.0f;
        float all = (float)self->square_sum * 64.0f * 2.0f / (float)self->window * scale * scale;
        bool is_mark = mark >= self->on_power && mark > 2.0f * space && mark >= PURITY * all;
        self->marks += is_mark ? 1 : -MISS_COST;
        if (self->marks < 0)
            self->marks = 0;
        if (self->marks >= MARK_BITS * self->bit) {
            self->state = WAIT_START;
            self->silent = self->waited = self->got = 0;
            self->last = 1.0f;
        }
        return;
    }
    self->silent = mark < self->lost_power && space < self->lost_power ? self->silent + 1 : 0;
    if (self->silent > SILENT_BITS * self->bit) {
        broken(engine, self);
        return;
    }
    float now = sqrtf(mark) - sqrtf(space);
    receive(engine, self, now);
    self->last = now;
}

void fsk_detectors_step(hw_engine *engine, leg *owner)
{
    const int16_t *hears = owner->hears[engine->parity];
    for (fsk_detector *self = owner->fsks; self; self = self->next)
        for (int n = 0; n < STEP; n++)
            sample_step(engine, self, hears[n]);
}

bool fsk_detectors_idle(const leg *owner)
{
    for (const fsk_detector *self = owner->fsks; self; self = self->next)
        if (self->state != HUNT || self->marks)
            return false;
    return true;
}

static float power_of(const fsk_detector *self, int32_t level_mb)
{
    double peak = level_peak(level_mb) * 32767.0 / (1 << PRODUCT_SHIFT) * self->window / 2.0;
    return (float)(peak * peak);
}

int32_t hw_fsk_detect(hw_engine *engine, int32_t leg_id, double mark_hz, double space_hz, double baud)
{
    leg *owner = leg_find(engine, leg_id);
    if (!owner)
        return HW_E_HANDLE;
    if (mark_hz <= 0 || mark_hz >= HW_RATE_HZ / 2 || space_hz <= 0 || space_hz >= HW_RATE_HZ / 2 || baud < 300 ||
        baud > HW_RATE_HZ / 4)
        return HW_E_ARGUMENT;
    fsk_detector *self = calloc(1, sizeof *self);
    if (!self)
        return HW_E_MEMORY;
    self->id = id_take(engine, self, OBJECT_FSK_DETECTOR);
    if (self->id < 0) {
        free(self);
        return HW_E_FULL;
    }
    self->leg = owner->index;
    self->bit = HW_RATE_HZ / baud;
    self->window = (int)lrint(self->bit);
    oscillator_set(&self->mark.wave, mark_hz, 0);
    oscillator_set(&self->space.wave, space_hz, 0);
    self->on_power = power_of(self, ON_LEVEL_MB);
    self->lost_power = power_of(self, LOST_MB);
    fsk_detector **end = &owner->fsks;
    while (*end)
        end = &(*end)->next;
    *end = self;
    engine->stats.detectors++;
    return self->id;
}

int32_t hw_fsk_read(const hw_engine *engine, int32_t id, void *bytes, int32_t size)
{
    const fsk_detector *self = id_find(engine, id, OBJECT_FSK_DETECTOR);
    if (!self)
        return HW_E_HANDLE;
    int32_t count = self->done_size < size ? self->done_size : size;
    if (count > 0)
        memcpy(bytes, self->done, (size_t)count);
    return count;
}

int32_t fsk_detector_stop(hw_engine *engine, int32_t id)
{
    fsk_detector *self = id_find(engine, id, OBJECT_FSK_DETECTOR);
    if (!self)
        return HW_E_HANDLE;
    fsk_detector **at = &engine->legs[self->leg].fsks;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    id_release(engine, id);
    engine->stats.detectors--;
    free(self);
    return 0;
}

void fsk_detectors_remove(hw_engine *engine, leg *owner)
{
    while (owner->fsks)
        fsk_detector_stop(engine, owner->fsks->id);
}
