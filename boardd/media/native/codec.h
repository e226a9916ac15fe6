#ifndef MEDIA_CODEC_H
#define MEDIA_CODEC_H

/*
 * G.711 A-law and mu-law on 16-bit linear samples. The tables are filled when the library loads and never change, so
 * every thread may use them.
 */

#include <stdint.h>

extern int16_t codec_alaw_linear[256];
extern int16_t codec_mulaw_linear[256];
extern uint8_t codec_linear_alaw[1 << 13];  /* index: (sample + 32768) >> 3 */
extern uint8_t codec_linear_mulaw[1 << 14]; /* index: (sample + 32768) >> 2 */

static inline int16_t codec_from_alaw(uint8_t code) { return codec_alaw_linear[code]; }
static inline int16_t codec_from_mulaw(uint8_t code) { return codec_mulaw_linear[code]; }
static inline uint8_t codec_to_alaw(int16_t sample) { return codec_linear_alaw[(sample + 32768) >> 3]; }
static inline uint8_t codec_to_mulaw(int16_t sample) { return codec_linear_mulaw[(sample + 32768) >> 2]; }

#endif
