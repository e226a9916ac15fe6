#ifndef HWCORE_CODEC_H
#define HWCORE_CODEC_H

#include <stdint.h>

/* G.711 laws and the plain formats of files, on 16-bit linear samples. Tables are filled when the library loads. */

extern int16_t alaw_to_pcm[256];
extern int16_t mulaw_to_pcm[256];
extern uint8_t pcm_to_alaw[8192];    /* index: (sample >> 3) + 4096 */
extern int16_t alaw_quantised[8192]; /* decode(encode()), same index */

static inline uint8_t alaw_encode(int16_t sample) { return pcm_to_alaw[(sample >> 3) + 4096]; }
static inline int16_t alaw_quantise(int16_t sample) { return alaw_quantised[(sample >> 3) + 4096]; }

static inline int16_t saturate(int32_t value)
{
    return (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : value);
}

/* Bytes a sample takes; 0 for a format that does not exist. */
int format_bytes(int format);
void format_decode(int format, const uint8_t *bytes, int16_t *pcm, int count);
void format_encode(int format, const int16_t *pcm, uint8_t *bytes, int count);

#endif
