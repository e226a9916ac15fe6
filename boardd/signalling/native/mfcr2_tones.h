#ifndef MFCR2_TONES_H
#define MFCR2_TONES_H

/* The frequencies of both groups, a receiver and a sender for one group each. */

#include <stdint.h>

enum { MFCR2_RATE_HZ = 8000, MFCR2_TONES = 6, MFCR2_SIGNALS = 15, MFCR2_HOP = 40, MFCR2_WINDOW = 133 };

/* A group's frequencies in the order of the signal table: forward rising, backward falling (facts 4.2). */
extern const double mfcr2_forward_hz[MFCR2_TONES];
extern const double mfcr2_backward_hz[MFCR2_TONES];

/* The indices of the two tones of signal `number` (1 to 15), first < second. */
void mfcr2_pair(int number, int *first, int *second);
int mfcr2_number(int first, int second);

struct mfcr2_receiver {
    int16_t window[MFCR2_WINDOW]; /* a ring */
    int at;
    int filled;                   /* samples since the last evaluation */
    int forward;                  /* the group listened to */
    double least;                 /* squared amplitudes */
    double twist, margin;
    int recognise;                /* evaluations in a row */
    int candidate, seen;
    int heard;                    /* signal that counts as present, 0: none */
    int gone;                     /* evaluations in a row without it */
    double first_power, second_power; /* of `heard`, strongest so far */
    double power[2][MFCR2_TONES]; /* of the last evaluation: [0] the group listened to, [1] the other: our own echo */
};

struct mfcr2_sender {
    double step[MFCR2_TONES];     /* radians a sample */
    double peak;                  /* of each tone */
    double phase[2], by[2];
    int number;
};

/* Takes samples in; after each MFCR2_HOP the signal that is present is decided anew. */
void mfcr2_receiver_take(struct mfcr2_receiver *rx, const int16_t *samples, int size);
/* Levels of the two tones of the heard signal, mB. */
void mfcr2_receiver_levels(const struct mfcr2_receiver *rx, int32_t *first_mb, int32_t *second_mb);

void mfcr2_sender_init(struct mfcr2_sender *tx, const double *hz, double level_mb);
void mfcr2_sender_begin(struct mfcr2_sender *tx, int number);
void mfcr2_sender_give(struct mfcr2_sender *tx, int16_t *samples, int size);

/* The squared peak of a sine of so many mB; the inverse. */
double mfcr2_power(double level_mb);
double mfcr2_level_mb(double power);

#endif
