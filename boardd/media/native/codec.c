/* G.711 tables. A-law: recommendation table 1, even bits inverted; mu-law: table 2, all bits inverted. */

#include "codec.h"

#include "detect_public.h"

int16_t codec_alaw_linear[256];
int16_t codec_mulaw_linear[256];
uint8_t codec_linear_alaw[1 << 13];
uint8_t codec_linear_mulaw[1 << 14];

enum { MULAW_BIAS = 132 }; /* of 16-bit values: 33 steps of the 14-bit law */

/* Middle of the interval that a code stands for. Segments 0 and 1 have steps of 16, each further one twice that. */
static int alaw_middle(int code)
{
    int bits = code ^ 0x55, segment = bits >> 4 & 7, step = bits & 15;
    int value = segment == 0 ? step * 16 + 8 : (step * 16 + 264) * (1 << (segment - 1));
    return bits & 0x80 ? value : -value;
}

static int mulaw_middle(int code)
{
    int bits = ~code, segment = bits >> 4 & 7, step = bits & 15;
    int value = (step * 8 + MULAW_BIAS) * (1 << segment) - MULAW_BIAS;
    return bits & 0x80 ? -value : value;
}

/*
 * The encoder's tables follow from the decision values, which lie half a step beside the middles: one walk over all
 * magnitudes, going on to the next code where its interval begins.
 */
static void fill_alaw(void)
{
    int code = 0; /* segment and step; sign and inversion come last */
    for (int magnitude = 0; magnitude < 1 << 12; magnitude++) {
        while (code < 127) {
            int next = code + 1, segment = next >> 4;
            int begin = segment == 0 ? (next & 15) * 2 : ((next & 15) + 16) << segment;
            if (magnitude < begin)
                break;
            code = next;
        }
        codec_linear_alaw[(1 << 12) + magnitude] = (uint8_t)((code | 0x80) ^ 0x55);
        codec_linear_alaw[(1 << 12) - 1 - magnitude] = (uint8_t)(code ^ 0x55);
    }
}

static void fill_mulaw(void)
{
    int code = 0;
    for (int magnitude = 0; magnitude <= 1 << 13; magnitude++) {
        while (code < 127) {
            int next = code + 1, segment = next >> 4;
            /* In 14-bit steps; the first interval is half as wide as the others of its segment. */
            int begin = (((next & 15) * 2 + 33) << segment) - 33 - (1 << segment);
            if (magnitude < begin)
                break;
            code = next;
        }
        if (magnitude < 1 << 13)
            codec_linear_mulaw[(1 << 13) + magnitude] = (uint8_t)~code;
        if (magnitude > 0)
            codec_linear_mulaw[(1 << 13) - magnitude] = (uint8_t)(~code & 0x7F);
    }
}

__attribute__((constructor)) static void fill_tables(void)
{
    for (int code = 0; code < 256; code++) {
        codec_alaw_linear[code] = (int16_t)alaw_middle(code);
        codec_mulaw_linear[code] = (int16_t)mulaw_middle(code);
    }
    fill_alaw();
    fill_mulaw();
}

void codec_decode(int law, const unsigned char *bytes, short *pcm, long count)
{
    const int16_t *table = law == CODEC_MULAW ? codec_mulaw_linear : codec_alaw_linear;
    for (long i = 0; i < count; i++)
        pcm[i] = table[bytes[i]];
}

void codec_encode(int law, const short *pcm, unsigned char *bytes, long count)
{
    if (law == CODEC_MULAW)
        for (long i = 0; i < count; i++)
            bytes[i] = codec_to_mulaw(pcm[i]);
    else
        for (long i = 0; i < count; i++)
            bytes[i] = codec_to_alaw(pcm[i]);
}
