#ifndef MEDIA_PLAYER_H
#define MEDIA_PLAYER_H

/* Play lists of clips. */

#include <stdbool.h>
#include <stdint.h>

#include "media_public.h"

struct port;

typedef struct {
    me_clip **clips; /* NULL: no list; kept until somebody who may free memory passes */
    int32_t count, index;
    int64_t position; /* in the clip */
    int64_t played;
    int32_t gain;
    int32_t id; /* 0: ended */
    bool loop, digit_stops, voice_stops;
} player;

/* Adds to the mix; ends and changes of entries are told. */
bool player_mix(me_engine *engine, struct port *self, int32_t *mix);
/* The play as all that is said, in both forms, without mixing; false: it has a gain, and nothing has happened. */
bool player_alone(me_engine *engine, struct port *self);
void player_end(me_engine *engine, struct port *self, int64_t at, int32_t reason);
/* Gives the clips back; not in a tick. */
void player_reap(player *self);

#endif
