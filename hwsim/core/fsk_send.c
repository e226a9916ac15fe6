/* Sends bytes as frequency-shift keying with start and stop bits: what an exchange sends for caller ID. */

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "source.h"

enum {
    MAX_BYTES = 1024,
    MAX_PREAMBLE_BITS = 10000,
    MAX_LEVEL_MB = 314,
    BYTE_BITS = 10, /* start bit 0, eight data bits from the lowest on, stop bit 1 */
    TAIL_BITS = 10  /* marks after the last byte: at least two stop bits are asked for */
};

typedef struct {
    source base;
    oscillator wave;
    uint32_t mark_step, space_step;
    uint32_t bit_clock, bit_step; /* 2^32 is one bit */
    int32_t seizure_bits, mark_bits;
    int32_t bits, next; /* in all; the one after the one on the line */
    bool bit;           /* on the line now */
    int32_t size;
    uint8_t bytes[];
} sender;

static bool bit_at(const sender *self, int32_t index)
{
    if (index < self->seizure_bits)
        return index % 2;
    index -= self->seizure_bits + self->mark_bits;
    if (index < 0 || index >= self->size * BYTE_BITS)
        return true;
    int32_t place = index % BYTE_BITS;
    if (place == 0)
        return false;
    return place == BYTE_BITS - 1 || (self->bytes[index / BYTE_BITS] >> (place - 1) & 1);
}

static uint32_t step_of(const sender *self, bool bit) { return bit ? self->mark_step : self->space_step; }

static int render(hw_engine *engine, source *base, int16_t *block)
{
    (void)engine;
    sender *self = (sender *)base;
    for (int n = 0; n < STEP; n++) {
        if (self->next > self->bits)
            return n;
        block[n] = saturate((sine_table[self->wave.phase >> (32 - SINE_BITS)] * self->wave.peak) >> 15);
        uint32_t before = self->bit_clock;
        self->bit_clock += self->bit_step;
        if (self->bit_clock >= before) {
            self->wave.phase += step_of(self, self->bit);
            continue;
        }
        /* The bit changes between two samples: each frequency has its share of the time, so that edges are exact. */
        uint32_t late = (uint32_t)(((uint64_t)self->bit_clock << 16) / self->bit_step);
        uint32_t old_step = step_of(self, self->bit);
        self->bit = bit_at(self, self->next++);
        uint32_t new_step = step_of(self, self->bit);
        self->wave.phase += (uint32_t)(((uint64_t)old_step * (65536 - late) + (uint64_t)new_step * late) >> 16);
    }
    return STEP;
}

static const source_kind SENDER = {render, NULL, HW_PLAY_END};

static bool modem_ok(double mark_hz, double space_hz, double baud)
{
    return mark_hz > 0 && mark_hz < HW_RATE_HZ / 2 && space_hz > 0 && space_hz < HW_RATE_HZ / 2 && baud >= 50 &&
           baud <= HW_RATE_HZ / 4;
}

static bool bits_ok(int32_t bits) { return bits >= 0 && bits <= MAX_PREAMBLE_BITS; }

int32_t hw_fsk(hw_engine *engine, int32_t leg_id, const void *bytes, int32_t size, double mark_hz, double space_hz,
               double baud, int32_t seizure_bits, int32_t mark_bits, int32_t level_mb, int32_t bus_only)
{
    if (size < 0 || size > MAX_BYTES || !modem_ok(mark_hz, space_hz, baud) || !bits_ok(seizure_bits) ||
        !bits_ok(mark_bits) || level_mb > MAX_LEVEL_MB)
        return HW_E_ARGUMENT;
    int32_t error = 0;
    sender *self = source_new(engine, leg_id, &SENDER, sizeof *self + (size_t)size, bus_only, &error);
    if (!self)
        return error;
    oscillator_set(&self->wave, space_hz, level_mb);
    self->space_step = self->wave.step;
    oscillator_set(&self->wave, mark_hz, level_mb);
    self->mark_step = self->wave.step;
    self->bit_step = (uint32_t)(baud / HW_RATE_HZ * 4294967296.0);
    self->seizure_bits = seizure_bits;
    self->mark_bits = mark_bits;
    self->size = size;
    self->bits = seizure_bits + mark_bits + size * BYTE_BITS + TAIL_BITS;
    if (size)
        memcpy(self->bytes, bytes, (size_t)size);
    self->bit = bit_at(self, 0);
    self->next = 1;
    return self->base.id;
}
