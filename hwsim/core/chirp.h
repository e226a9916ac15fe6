#ifndef HWCORE_CHIRP_H
#define HWCORE_CHIRP_H

#include <stdint.h>

#include "public.h"

/*
 * The proof signal: 120 ms that say "party P, number N, here". Whoever finds it in a recording knows who was heard,
 * which of his chirps it is and, to the sample, when.
 *
 *   0 .. 319    linear sweep 1700 -> 3000 Hz: a sharp mark in time, found by correlation
 *   320 .. 959  20 symbols of 32 samples, each one of four tones, most significant bits first:
 *               party (8 bits), number (16), CRC-16 of both, all of it whitened
 *
 * The tones are 250 Hz apart, orthogonal over a symbol. Nothing comes near 450 Hz or the lower DTMF group.
 */

enum {
    CHIRP_SWEEP = 320,
    CHIRP_SYMBOL = 32,
    CHIRP_SYMBOLS = 20,
    CHIRP_TONES = 4,
    CHIRP_FROM_HZ = 1700,
    CHIRP_TO_HZ = 3000,
    CHIRP_TONE_HZ = 2000,
    CHIRP_SPACING_HZ = 250
};

/* One chirp of HW_CHIRP_SAMPLES. */
void chirp_make(int32_t party, int32_t number, int32_t peak, int16_t *pcm);
/* The 40 bits on the line. */
uint64_t chirp_word(int32_t party, int32_t number);
/* False if the word is no chirp's. */
int chirp_read_word(uint64_t word, int32_t *party, int32_t *number);
/* Phase of the sweep at a sample, in periods. */
double chirp_sweep_phase(int sample);

#endif
