#ifndef MEDIA_PORT_H
#define MEDIA_PORT_H

/* A leg: what it hears, what it says, and everything that hangs on it. */

#include <stdbool.h>
#include <stdint.h>

#include "media_public.h"
#include "player.h"
#include "tone.h"

enum {
    PORT_INDEX_BITS = 10,
    PORT_INDEX_MASK = (1 << PORT_INDEX_BITS) - 1,
    GAIN_BITS = 12,
    GAIN_UNITY = 1 << GAIN_BITS,
    MIN_GAIN_MB = -6000,
    MAX_GAIN_MB = 2400,
    SENT_BLOCKS = ME_MAX_DELAY_BLOCKS + 1
};

typedef struct port port;

enum port_kind_number { PORT_DEVICE = 1, PORT_NULL = 2, PORT_SOURCE = 3, PORT_RING = 4, PORT_STREAM = 5 };

/* What differs between kinds. */
typedef struct {
    enum port_kind_number number;
    void (*hear)(me_engine *engine, port *self); /* fills heard; what is missing is zero and counted in `missing` */
    void (*say)(me_engine *engine, port *self);  /* takes said */
    void (*run)(me_engine *engine, port *self);  /* has begun or stopped; NULL: nothing to do */
    void (*close)(port *self);
    void (*state)(const port *self, me_port_state *state); /* what only this kind knows; NULL: nothing */

    /* Kinds that may drive the ticks: look for a block, whether there is one, and what to wait on. */
    void (*fill)(me_engine *engine, port *self);
    bool (*ready)(const port *self);
    int (*descriptor)(const port *self);
    bool (*may_drive)(const port *self); /* NULL: always */
} port_kind;

typedef struct {
    port *source;
    int32_t gain; /* GAIN_UNITY is 0 dB */
} link_in;

/* engine_agc.c */
typedef struct {
    bool on;
    float target_dbm0, max_gain_db;
    float gain_db;
    float noise_dbm0;
    float gain; /* at the end of the last block */
} agc;

struct port {
    int16_t heard[ME_BLOCK] __attribute__((aligned(64)));
    int16_t levelled[ME_BLOCK]; /* heard, after gain control */
    int16_t said[ME_BLOCK];
    int16_t sent[SENT_BLOCKS][ME_BLOCK]; /* said, of the last blocks; a ring */
    uint8_t heard_alaw[ME_BLOCK], said_alaw[ME_BLOCK];
    const int16_t *spoken; /* what sinks get: heard or levelled */
    bool silent;           /* heard is exactly zero */
    bool heard_coded, said_coded; /* the A-law forms are those of this block */
    bool said_silent;
    int32_t missing; /* samples of this block that did not come */

    int32_t id, index;
    const port_kind *kind;
    void *inside; /* of the kind */
    bool running, failed, peer_gone;
    bool stalled; /* it drove the ticks and had nothing: does not, until it has something again */
    int32_t delay; /* blocks between said and its echo */
    int32_t sent_next;
    int32_t heard_gain, said_gain;

    link_in links[ME_MAX_LINKS]; /* what it says */
    int32_t link_count, sink_count;
    player play;
    tone tone;
    digit_sender digits;
    comfort_noise comfort;
    agc agc;
    void *echo;

    uint32_t banks, told; /* bits by number of the bank */
    int64_t bank_base[ME_MAX_BANKS]; /* engine time at which the lane began */

    int64_t blocks_heard, blocks_said, holes, dropped, unsent, concealed;
    int64_t holes_told, hole_told_at;
};

/* port.c: a port by its number, NULL if it is gone. */
port *port_find(me_engine *engine, int32_t id);
/* Makes a port of a kind with `inside`; 0 or an error (then inside is still the caller's). */
int32_t port_new(me_engine *engine, const port_kind *kind, void *inside, int32_t delay);
void port_destroy(me_engine *engine, port *self);
/* The device is of no use any more: told once. */
void port_fail(me_engine *engine, port *self, int code);
/* So many samples of this block did not come. */
void port_missing(me_engine *engine, port *self, int32_t samples);
/* The block that was said when the sound that is heard now left; NULL: nothing but silence can be meant. */
const int16_t *port_sent(const port *self);
const uint8_t *port_heard_alaw(port *self);
const uint8_t *port_said_alaw(port *self);
/* 2^12 times the factor. */
int32_t gain_of_mb(int32_t mb);

/* link.c */
void links_mix(port *self, int32_t *mix, bool *any);
void links_drop(me_engine *engine, port *self);
void scale(int16_t *block, int32_t gain);

/* engine_agc.c */
void agc_block(port *self);

/* engine_echo.c */
void echo_block(port *self);
void echo_drop(port *self);

#endif
