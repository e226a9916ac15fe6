/* Clips and play lists. Entries follow each other within a block, to the sample. */

#include "player.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "engine.h"

struct me_clip {
    atomic_int holders;
    int32_t law;
    int64_t samples;
    uint8_t bytes[];
};

static atomic_int clips_alive;

me_clip *me_clip_new(const void *bytes, int64_t size, int32_t law)
{
    int64_t width = law == ME_LINEAR ? 2 : 1;
    if (size < 0 || size % width || (law != CODEC_ALAW && law != CODEC_MULAW && law != ME_LINEAR))
        return NULL;
    me_clip *clip = malloc(sizeof *clip + (size_t)size);
    if (!clip)
        return NULL;
    atomic_init(&clip->holders, 1);
    clip->law = law;
    clip->samples = size / width;
    if (size)
        memcpy(clip->bytes, bytes, (size_t)size);
    atomic_fetch_add(&clips_alive, 1);
    return clip;
}

void me_clip_free(me_clip *clip)
{
    if (!clip || atomic_fetch_sub(&clip->holders, 1) != 1)
        return;
    free(clip);
    atomic_fetch_sub(&clips_alive, 1);
}

int64_t me_clip_samples(const me_clip *clip) { return clip->samples; }
int32_t me_clips(void) { return atomic_load(&clips_alive); }

static void tell(me_engine *engine, const port *self, int64_t at, int32_t kind, int32_t code, int64_t count)
{
    me_event event = {
        .at_sample = at, .port = self->id, .kind = kind, .id = self->play.id, .code = code, .count = count};
    event_post(engine, &event);
}

/* What is done with `count` samples of a clip from `from` on, at place `at` of the block. */
typedef void (*taker)(void *to, int at, const me_clip *clip, int64_t from, int count);

/* Answers the samples of this block that there were. */
static inline __attribute__((always_inline)) int walk(me_engine *engine, port *self, taker take, void *to)
{
    player *play = &self->play;
    int done = 0;
    bool again = false; /* of lists shorter than a block one round is told */
    for (;;) {
        const me_clip *clip = play->clips[play->index];
        int64_t left = clip->samples - play->position;
        if (left > 0 && done == ME_BLOCK)
            break;
        if (left > 0) {
            int count = left < ME_BLOCK - done ? (int)left : ME_BLOCK - done;
            take(to, done, clip, play->position, count);
            play->position += count;
            play->played += count;
            done += count;
            continue;
        }
        play->position = 0;
        if (++play->index == play->count) {
            if (!play->loop || play->played == 0) {
                player_end(engine, self, engine->now + done, play->loop ? ME_EMPTY : ME_ENDED);
                break;
            }
            play->index = 0;
        }
        if (!again)
            tell(engine, self, engine->now + done, ME_EV_PLAY_NEXT, play->index, play->played);
        again |= play->index == 0;
    }
    return done;
}

static inline void decode(int16_t *to, const me_clip *clip, int64_t from, int count)
{
    const int16_t *table = clip->law == CODEC_MULAW ? codec_mulaw_linear : codec_alaw_linear;
    if (clip->law == ME_LINEAR)
        memcpy(to, clip->bytes + from * 2, (size_t)count * 2);
    else
        for (int n = 0; n < count; n++)
            to[n] = table[clip->bytes[from + n]];
}

typedef struct {
    int32_t *mix;
    int32_t gain;
} mixer;

static inline void add(void *to, int at, const me_clip *clip, int64_t from, int count)
{
    const mixer *into = to;
    int16_t linear[ME_BLOCK];
    decode(linear, clip, from, count);
    if (into->gain == GAIN_UNITY)
        for (int n = 0; n < count; n++)
            into->mix[at + n] += linear[n];
    else
        for (int n = 0; n < count; n++)
            into->mix[at + n] += (linear[n] * into->gain + GAIN_UNITY / 2) >> GAIN_BITS;
}

bool player_mix(me_engine *engine, port *self, int32_t *mix)
{
    mixer into = {mix, self->play.gain};
    return walk(engine, self, add, &into) > 0;
}

static inline void copy(void *to, int at, const me_clip *clip, int64_t from, int count)
{
    port *self = to;
    decode(&self->said[at], clip, from, count);
    if (clip->law == CODEC_ALAW)
        memcpy(&self->said_alaw[at], clip->bytes + from, (size_t)count);
    else
        for (int n = at; n < at + count; n++)
            self->said_alaw[n] = codec_to_alaw(self->said[n]);
}

bool player_alone(me_engine *engine, port *self)
{
    if (self->play.gain != GAIN_UNITY)
        return false;
    int done = walk(engine, self, copy, self);
    memset(&self->said[done], 0, (size_t)(ME_BLOCK - done) * sizeof *self->said);
    memset(&self->said_alaw[done], SILENCE_ALAW, (size_t)(ME_BLOCK - done));
    self->said_coded = true;
    return true;
}

void player_end(me_engine *engine, port *self, int64_t at, int32_t reason)
{
    tell(engine, self, at, ME_EV_PLAY_END, reason, self->play.played);
    self->play.id = 0;
    engine->play_count--;
    engine->reap = true;
}

void player_reap(player *self)
{
    for (int32_t i = 0; self->clips && i < self->count; i++)
        me_clip_free(self->clips[i]);
    free(self->clips);
    self->clips = NULL;
}

int32_t me_play(me_engine *engine, int32_t id, me_clip *const *clips, int32_t count, int32_t loop, int32_t digit_stops,
                int32_t voice_stops, int32_t gain_mb)
{
    if (count < 1 || count > ME_MAX_ENTRIES || gain_mb < MIN_GAIN_MB || gain_mb > MAX_GAIN_MB)
        return ME_E_ARGUMENT;
    me_clip **held = malloc((size_t)count * sizeof *held);
    if (!held)
        return ME_E_MEMORY;
    for (int32_t i = 0; i < count; i++) {
        held[i] = clips[i];
        atomic_fetch_add(&held[i]->holders, 1);
    }
    player fresh = {
        .clips = held,
        .count = count,
        .gain = gain_of_mb(gain_mb),
        .loop = loop,
        .digit_stops = digit_stops,
        .voice_stops = voice_stops,
    };
    engine_lock(engine);
    port *self = port_find(engine, id);
    int32_t result = !self ? ME_E_HANDLE : self->play.id ? ME_E_BUSY : 0;
    if (result == 0) {
        result = fresh.id = engine_next_id(engine);
        self->play = fresh;
        engine->play_count++;
    }
    engine_unlock(engine);
    if (result < 0)
        player_reap(&fresh);
    return result;
}

int32_t me_play_stop(me_engine *engine, int32_t id)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    int32_t result = self && self->play.id ? 0 : ME_E_HANDLE;
    if (result == 0)
        player_end(engine, self, engine->now, ME_STOPPED);
    engine_unlock(engine);
    return result;
}
