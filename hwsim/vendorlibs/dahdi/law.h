/* G.711, for channels in linear mode. */
#ifndef DIO_LAW_H
#define DIO_LAW_H

short law_decode(unsigned char octet, int mulaw);
unsigned char law_encode(short sample, int mulaw);

#endif
