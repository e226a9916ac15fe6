#ifndef HWCORE_DTMF_H
#define HWCORE_DTMF_H

/* ITU-T Q.23: row of four low frequencies by column of four high ones. */

static const double DTMF_LOW_HZ[4] = {697, 770, 852, 941};
static const double DTMF_HIGH_HZ[4] = {1209, 1336, 1477, 1633};
static const char DTMF_DIGITS[] = "123A456B789C*0#D";

#endif
