/* Ports: life, numbers, state; what all kinds have in common. */

#include "port.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "engine.h"
#include "recorder.h"

port *port_find(me_engine *engine, int32_t id)
{
    int32_t index = id & PORT_INDEX_MASK;
    if (id <= 0 || index >= engine->max_ports)
        return NULL;
    port *self = engine->ports[index];
    return self && self->id == id ? self : NULL;
}

int32_t gain_of_mb(int32_t mb) { return (int32_t)lround(pow(10.0, mb / 2000.0) * GAIN_UNITY); }

/* A slot rests as long as possible before it is used again: lanes of banks may still be talked about. */
static int32_t free_index(const me_engine *engine)
{
    int32_t best = -1;
    for (int32_t i = 0; i < engine->max_ports; i++)
        if (!engine->ports[i] && (best < 0 || engine->generations[i] < engine->generations[best]))
            best = i;
    return best;
}

int32_t port_new(me_engine *engine, const port_kind *kind, void *inside, int32_t delay)
{
    port *self = aligned_alloc(_Alignof(port), (sizeof *self + _Alignof(port) - 1) / _Alignof(port) * _Alignof(port));
    if (!self)
        return ME_E_MEMORY;
    memset(self, 0, sizeof *self);
    engine_lock(engine);
    int32_t index = free_index(engine);
    if (index < 0) {
        engine_unlock(engine);
        free(self);
        return ME_E_FULL;
    }
    int32_t generation = engine->generations[index] = (engine->generations[index] + 1) & (INT32_MAX >> PORT_INDEX_BITS);
    if (generation == 0)
        generation = engine->generations[index] = 1;
    self->index = index;
    self->id = generation << PORT_INDEX_BITS | index;
    self->kind = kind;
    self->inside = inside;
    self->delay = delay;
    self->heard_gain = self->said_gain = GAIN_UNITY;
    self->spoken = self->heard;
    self->silent = self->said_silent = true;
    engine->ports[index] = self;
    engine->port_count++;
    int32_t id = self->id;
    engine_unlock(engine);
    return id;
}

static void set_running(me_engine *engine, port *self, bool running)
{
    if (running == self->running)
        return;
    self->running = running;
    engine->running_count = 0;
    for (int32_t i = 0; i < engine->max_ports; i++)
        if (engine->ports[i] && engine->ports[i]->running)
            engine->running[engine->running_count++] = i;
    if (!running) {
        /* Whoever is linked to it or records it gets silence. */
        memset(self->heard, 0, sizeof self->heard);
        memset(self->said, 0, sizeof self->said);
        self->spoken = self->heard;
        self->silent = self->said_silent = true;
        self->heard_coded = self->said_coded = false;
    }
    memset(self->sent, 0, sizeof self->sent);
    if (self->kind->run)
        self->kind->run(engine, self);
}

/* Everything that belongs to a call. */
static void release(me_engine *engine, port *self)
{
    if (self->play.id)
        player_end(engine, self, engine->now, ME_RELEASED);
    if (self->tone.id)
        tone_end(engine, self, engine->now, ME_RELEASED);
    if (self->digits.id)
        digits_end(engine, self, engine->now, ME_RELEASED);
    recorders_release(engine, self);
    links_drop(engine, self);
    banks_forget(engine, self);
    echo_drop(self);
    self->agc.on = false;
    self->comfort.scale = 0;
    self->heard_gain = self->said_gain = GAIN_UNITY;
}

void port_destroy(me_engine *engine, port *self)
{
    release(engine, self);
    set_running(engine, self, false);
    engine->ports[self->index] = NULL;
    engine->port_count--;
    clock_ports_changed(engine, self);
    player_reap(&self->play);
    self->kind->close(self);
    free(self);
}

void port_fail(me_engine *engine, port *self, int code)
{
    if (self->failed)
        return;
    self->failed = true;
    me_event event = {.at_sample = engine->now, .port = self->id, .kind = ME_EV_PORT_FAILED, .code = code};
    event_post(engine, &event);
}

void port_missing(me_engine *engine, port *self, int32_t samples)
{
    self->missing = samples;
    self->holes += samples;
    if (self->failed || self->peer_gone)
        return; /* told already */
    if (self->holes_told != 0 && engine->now - self->hole_told_at < ME_RATE_HZ)
        return;
    me_event event = {
        .at_sample = engine->now, .port = self->id, .kind = ME_EV_HOLE, .count = self->holes - self->holes_told};
    self->holes_told = self->holes;
    self->hole_told_at = engine->now;
    event_post(engine, &event);
}

const int16_t *port_sent(const port *self)
{
    return self->sent[(self->sent_next + SENT_BLOCKS - self->delay) % SENT_BLOCKS];
}

const uint8_t *port_heard_alaw(port *self)
{
    if (!self->heard_coded)
        for (int n = 0; n < ME_BLOCK; n++)
            self->heard_alaw[n] = codec_to_alaw(self->heard[n]);
    self->heard_coded = true;
    return self->heard_alaw;
}

const uint8_t *port_said_alaw(port *self)
{
    if (!self->said_coded && self->said_silent)
        memset(self->said_alaw, SILENCE_ALAW, sizeof self->said_alaw);
    else if (!self->said_coded)
        for (int n = 0; n < ME_BLOCK; n++)
            self->said_alaw[n] = codec_to_alaw(self->said[n]);
    self->said_coded = true;
    return self->said_alaw;
}

int32_t me_port_free(me_engine *engine, int32_t id)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    if (self)
        port_destroy(engine, self);
    engine_unlock(engine);
    return self ? 0 : ME_E_HANDLE;
}

int32_t me_port_run(me_engine *engine, int32_t id, int32_t running)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    if (self) {
        if (self->failed && running) {
            self->failed = false;
            set_running(engine, self, false);
        }
        bool was = self->running;
        set_running(engine, self, running != 0);
        if (self->running && !was)
            banks_restart(engine, self);
        clock_ports_changed(engine, self->running ? NULL : self);
    }
    engine_unlock(engine);
    return self ? 0 : ME_E_HANDLE;
}

int32_t me_port_gain(me_engine *engine, int32_t id, int32_t heard_mb, int32_t said_mb)
{
    if (heard_mb < MIN_GAIN_MB || heard_mb > MAX_GAIN_MB || said_mb < MIN_GAIN_MB || said_mb > MAX_GAIN_MB)
        return ME_E_ARGUMENT;
    engine_lock(engine);
    port *self = port_find(engine, id);
    if (self) {
        self->heard_gain = gain_of_mb(heard_mb);
        self->said_gain = gain_of_mb(said_mb);
    }
    engine_unlock(engine);
    return self ? 0 : ME_E_HANDLE;
}

int32_t me_release(me_engine *engine, int32_t id)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    if (self) {
        release(engine, self);
        player_reap(&self->play);
    }
    engine_unlock(engine);
    return self ? 0 : ME_E_HANDLE;
}

int32_t me_get_port(me_engine *engine, int32_t id, me_port_state *state)
{
    engine_lock(engine);
    const port *self = port_find(engine, id);
    if (self) {
        *state = (me_port_state){
            .heard = self->blocks_heard,
            .said = self->blocks_said,
            .holes = self->holes,
            .dropped = self->dropped,
            .unsent = self->unsent,
            .concealed = self->concealed,
            .ring_rate = 1.0,
            .play = self->play.id,
            .tone = self->tone.id,
            .digits = self->digits.id,
            .running = self->running,
            .failed = self->failed,
            .peer_gone = self->peer_gone,
            .kind = (int32_t)self->kind->number,
        };
        if (self->kind->state)
            self->kind->state(self, state);
    }
    engine_unlock(engine);
    return self ? 0 : ME_E_HANDLE;
}
