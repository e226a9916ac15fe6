#ifndef HWCORE_SOURCE_H
#define HWCORE_SOURCE_H

#include <stddef.h>

#include "engine.h"

/* A source plays into what a leg says. Kinds differ in two functions; life, pause, position and end are common. */

typedef struct {
    /* Fills a block and returns how many samples are the source's; fewer than STEP ends it. The rest is ignored. */
    int (*render)(hw_engine *engine, source *self, int16_t *block);
    void (*destroy)(hw_engine *engine, source *self); /* may be NULL */
    int32_t end_event;
} source_kind;

struct source {
    const source_kind *kind;
    source *next;
    int32_t id;
    int32_t leg; /* index */
    bool bus_only;
    bool paused;
    int32_t reason;  /* HW_ENDED, or what render found wrong */
    int64_t samples; /* played so far */
    int64_t counted; /* what the end event reports if not the samples; -1: the samples */
};

/* Allocates `size` bytes, zeroed, with a source as the first member, and hooks it to a leg; NULL with *error set. */
void *source_new(hw_engine *engine, int32_t leg_id, const source_kind *kind, size_t size, bool bus_only,
                 int32_t *error);
/* Takes back a source that never spoke: no event. */
void source_discard(hw_engine *engine, source *self);
/* Reports the end and frees. */
void source_end(hw_engine *engine, source *self, int64_t at, int32_t reason);
/* One block of one source, padded with silence; false if there is none, *says: the line gets it too. May free it. */
bool source_play(hw_engine *engine, source *self, int16_t *block, bool *says);
/* Mixes a block of every source; tells which mixes are not empty. */
void sources_mix(hw_engine *engine, leg *owner, int32_t *plays, bool *any_plays, int32_t *says, bool *any_says);

/* player.c: the place in the play list; false if the source is no player. */
bool player_position(const source *self, hw_position *position);


#endif
