/* G.711 A-law and mu-law, and the sample formats of sound files. */

#include "codec.h"

#include <string.h>

#include "public.h"

int16_t alaw_to_pcm[256];
int16_t mulaw_to_pcm[256];
uint8_t pcm_to_alaw[8192];
int16_t alaw_quantised[8192];
static uint8_t pcm_to_mulaw[16384]; /* index: (sample >> 2) + 8192 */

/* Position of the highest set bit, 0 for 0 and 1. */
static int top_bit(unsigned value)
{
    int bit = 0;
    while (value >>= 1)
        bit++;
    return bit;
}

/* G.711 table 1: 13-bit value -> character signal with even bits inverted. */
static uint8_t alaw_code(int value)
{
    int sign = value >= 0 ? 0x80 : 0;
    int magnitude = value >= 0 ? value : -value - 1; /* 0 .. 4095 */
    int segment = magnitude < 32 ? 0 : top_bit((unsigned)magnitude) - 4;
    int step = segment == 0 ? (magnitude >> 1) : (magnitude >> segment) & 0x0F;
    return (uint8_t)((sign | segment << 4 | step) ^ 0x55);
}

static int16_t alaw_value(uint8_t code)
{
    int bits = code ^ 0x55;
    int segment = (bits >> 4) & 7;
    int magnitude = ((bits & 0x0F) << 4) + 8;
    if (segment > 0)
        magnitude = (magnitude + 0x100) << (segment - 1);
    return (int16_t)(bits & 0x80 ? magnitude : -magnitude);
}

/* G.711 table 2, on 14-bit values. */
static uint8_t mulaw_code(int value)
{
    int sign = value < 0 ? 0 : 0x80;
    int magnitude = (value < 0 ? -value : value) + 33;
    if (magnitude > 8191)
        magnitude = 8191;
    int segment = top_bit((unsigned)magnitude) - 5;
    int step = (magnitude >> (segment + 1)) & 0x0F;
    return (uint8_t)(sign | (~(segment << 4 | step) & 0x7F));
}

static int16_t mulaw_value(uint8_t code)
{
    int bits = ~code & 0xFF;
    int segment = (bits >> 4) & 7;
    int magnitude = ((((bits & 0x0F) << 1) + 33) << segment) - 33;
    return (int16_t)((bits & 0x80 ? -magnitude : magnitude) * 4);
}

__attribute__((constructor)) static void fill_tables(void)
{
    for (int code = 0; code < 256; code++) {
        alaw_to_pcm[code] = alaw_value((uint8_t)code);
        mulaw_to_pcm[code] = mulaw_value((uint8_t)code);
    }
    for (int value = -4096; value < 4096; value++) {
        pcm_to_alaw[value + 4096] = alaw_code(value);
        alaw_quantised[value + 4096] = alaw_value(alaw_code(value));
    }
    for (int value = -8192; value < 8192; value++)
        pcm_to_mulaw[value + 8192] = mulaw_code(value);
}

int format_bytes(int format)
{
    switch (format) {
    case HW_PCM16:
        return 2;
    case HW_PCM8:
    case HW_ALAW:
    case HW_MULAW:
        return 1;
    default:
        return 0;
    }
}

void format_decode(int format, const uint8_t *bytes, int16_t *pcm, int count)
{
    switch (format) {
    case HW_PCM16:
        memcpy(pcm, bytes, (size_t)count * 2);
        break;
    case HW_PCM8:
        for (int i = 0; i < count; i++)
            pcm[i] = (int16_t)((bytes[i] - 128) * 256);
        break;
    case HW_ALAW:
        for (int i = 0; i < count; i++)
            pcm[i] = alaw_to_pcm[bytes[i]];
        break;
    default:
        for (int i = 0; i < count; i++)
            pcm[i] = mulaw_to_pcm[bytes[i]];
    }
}

void format_encode(int format, const int16_t *pcm, uint8_t *bytes, int count)
{
    switch (format) {
    case HW_PCM16:
        memcpy(bytes, pcm, (size_t)count * 2);
        break;
    case HW_PCM8:
        for (int i = 0; i < count; i++)
            bytes[i] = (uint8_t)((pcm[i] >> 8) + 128);
        break;
    case HW_ALAW:
        for (int i = 0; i < count; i++)
            bytes[i] = alaw_encode(pcm[i]);
        break;
    default:
        for (int i = 0; i < count; i++)
            bytes[i] = pcm_to_mulaw[(pcm[i] >> 2) + 8192];
    }
}

void hw_alaw_encode(const int16_t *pcm, uint8_t *alaw, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        alaw[i] = alaw_encode(pcm[i]);
}

void hw_alaw_decode(const uint8_t *alaw, int16_t *pcm, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        pcm[i] = alaw_to_pcm[alaw[i]];
}
