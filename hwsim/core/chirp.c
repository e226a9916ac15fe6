/* Makes and sends chirps. */

#include "chirp.h"

#include <math.h>
#include <string.h>

#include "source.h"

enum { WORD_BITS = 40 };

/* Keeps runs of equal bits, and so a steady tone, out of the common numbers. */
static const uint64_t WHITENING = 0x5A3C96E11BULL;

static uint32_t crc16(uint32_t value, int bits)
{
    uint32_t crc = 0xFFFF;
    for (int i = bits - 1; i >= 0; i--) {
        uint32_t bit = (value >> i & 1) ^ (crc >> 15 & 1);
        crc = (crc << 1 & 0xFFFF) ^ (bit ? 0x1021 : 0); /* CCITT */
    }
    return crc;
}

uint64_t chirp_word(int32_t party, int32_t number)
{
    uint32_t payload = (uint32_t)party << 16 | (uint32_t)number;
    return ((uint64_t)payload << 16 | crc16(payload, 24)) ^ WHITENING;
}

int chirp_read_word(uint64_t word, int32_t *party, int32_t *number)
{
    uint64_t plain = word ^ WHITENING;
    uint32_t payload = (uint32_t)(plain >> 16) & 0xFFFFFF;
    if (crc16(payload, 24) != (plain & 0xFFFF))
        return 0;
    *party = (int32_t)(payload >> 16);
    *number = (int32_t)(payload & 0xFFFF);
    return 1;
}

double chirp_sweep_phase(int sample)
{
    double t = (double)sample / HW_RATE_HZ, length = (double)CHIRP_SWEEP / HW_RATE_HZ;
    return CHIRP_FROM_HZ * t + (CHIRP_TO_HZ - CHIRP_FROM_HZ) * t * t / (2.0 * length);
}

static double unit_sweep[CHIRP_SWEEP], unit_tone[CHIRP_TONES][CHIRP_SYMBOL];

__attribute__((constructor)) static void fill_units(void)
{
    for (int n = 0; n < CHIRP_SWEEP; n++)
        unit_sweep[n] = sin(2.0 * M_PI * chirp_sweep_phase(n));
    for (int tone = 0; tone < CHIRP_TONES; tone++) {
        int f_hz = CHIRP_TONE_HZ + tone * CHIRP_SPACING_HZ; /* whole periods per symbol: no clicks */
        for (int n = 0; n < CHIRP_SYMBOL; n++)
            unit_tone[tone][n] = sin(2.0 * M_PI * f_hz * n / HW_RATE_HZ);
    }
}

void chirp_make(int32_t party, int32_t number, int32_t peak, int16_t *pcm)
{
    uint64_t word = chirp_word(party, number);
    double scale = peak;
    for (int n = 0; n < CHIRP_SWEEP; n++)
        pcm[n] = (int16_t)lrint(scale * unit_sweep[n]);
    for (int symbol = 0; symbol < CHIRP_SYMBOLS; symbol++) {
        int tone = (int)(word >> (WORD_BITS - 2 - 2 * symbol)) & 3;
        int16_t *block = &pcm[CHIRP_SWEEP + symbol * CHIRP_SYMBOL];
        for (int n = 0; n < CHIRP_SYMBOL; n++)
            block[n] = (int16_t)lrint(scale * unit_tone[tone][n]);
    }
}

void hw_chirp_make(int32_t party, int32_t number, int32_t level_mb, int16_t *pcm)
{
    chirp_make(party & 0xFF, number & 0xFFFF, (int32_t)level_peak(level_mb > 314 ? 314 : level_mb), pcm);
}

typedef struct {
    source base;
    int32_t party, number, peak;
    int64_t period, position; /* samples */
    int16_t wave[HW_CHIRP_SAMPLES];
} chirper;

static int render(hw_engine *engine, source *base, int16_t *block)
{
    (void)engine;
    chirper *self = (chirper *)base;
    int done = 0;
    while (done < STEP) {
        if (self->position < HW_CHIRP_SAMPLES) {
            int64_t left = HW_CHIRP_SAMPLES - self->position;
            int count = left < STEP - done ? (int)left : STEP - done;
            memcpy(&block[done], &self->wave[self->position], (size_t)count * sizeof *block);
            self->position += count;
            done += count;
        } else if (self->period == 0) {
            break;
        } else if (self->position < self->period) {
            int64_t left = self->period - self->position;
            int count = left < STEP - done ? (int)left : STEP - done;
            memset(&block[done], 0, (size_t)count * sizeof *block);
            self->position += count;
            done += count;
        } else {
            self->number = (self->number + 1) & 0xFFFF;
            self->position = 0;
            chirp_make(self->party, self->number, self->peak, self->wave);
        }
    }
    return done;
}

static const source_kind CHIRPER = {render, NULL, HW_PLAY_END};

int32_t hw_chirp(hw_engine *engine, int32_t leg_id, int32_t party, int32_t number, int32_t level_mb,
                 int64_t period_samples, int32_t bus_only)
{
    if (party < 0 || party > 0xFF || number < 0 || number > 0xFFFF || level_mb > 314 ||
        (period_samples != 0 && period_samples < HW_CHIRP_SAMPLES))
        return HW_E_ARGUMENT;
    int32_t error = 0;
    chirper *self = source_new(engine, leg_id, &CHIRPER, sizeof *self, bus_only, &error);
    if (!self)
        return error;
    self->party = party;
    self->number = number;
    self->peak = (int32_t)level_peak(level_mb);
    self->period = period_samples;
    chirp_make(party, number, self->peak, self->wave);
    return self->base.id;
}
