/* G.711 by its segments: 3 bits of segment, 4 bits within it. Linear samples are 16 bits, full scale is +3.14 dBm0.
 * As the kernel does it an A-law octet becomes the lower edge of its step, so that silence is 0. */
#include "law.h"

short law_decode(unsigned char octet, int mulaw)
{
    unsigned code = octet ^ (mulaw ? 0xFFu : 0x55u);
    int segment = code >> 4 & 7, step = code & 15, value;

    if (mulaw) {
        value = (((step << 3) + 132) << segment) - 132;
        return (short)(code & 0x80 ? -value : value);
    }
    value = segment ? ((step << 4) + 256) << (segment - 1) : step << 4;
    return (short)(code & 0x80 ? value : -value);
}

unsigned char law_encode(short sample, int mulaw)
{
    int negative = sample < 0, value = negative ? (mulaw ? -sample : -sample - 1) : sample, segment = 0;

    if (mulaw) {
        value += 132;
        if (value > 0x7FFF)
            value = 0x7FFF;
        while (value >> (segment + 8))
            segment++;
        return (unsigned char)(((negative ? 0x80 : 0) | segment << 4 | (value >> (segment + 3) & 15)) ^ 0xFF);
    }
    while (value >> (segment + 8))
        segment++;
    return (unsigned char)(((negative ? 0 : 0x80) | segment << 4 | (value >> (segment ? segment + 3 : 4) & 15)) ^ 0x55);
}
