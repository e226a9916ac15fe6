/* The engine: life, lock, and the tick that does one block for all ports. */

#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine_hot.h"
#include "recorder.h"
#include "writer.h"

int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int init_lock(pthread_mutex_t *lock)
{
    /* The thread that ticks may have a real-time priority: whoever holds the lock then gets it too. */
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT);
    int failed = pthread_mutex_init(lock, &kind);
    pthread_mutexattr_destroy(&kind);
    return failed;
}

me_engine *me_new(int32_t max_ports, int32_t events)
{
    if (max_ports < 1 || max_ports > ME_MAX_PORTS || events < 16 || events > 1 << 20 || events & (events - 1))
        return NULL;
    me_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    size_t ports = (size_t)max_ports;
    engine->max_ports = max_ports;
    engine->events.fd = engine->clock.wake_fd = -1;
    engine->ports = calloc(ports, sizeof *engine->ports);
    engine->generations = calloc(ports, sizeof *engine->generations);
    engine->running = calloc(ports, sizeof *engine->running);
    engine->lanes = calloc(ports, sizeof *engine->lanes);
    engine->lane_heard = calloc(ports, sizeof *engine->lane_heard);
    engine->lane_sent = calloc(ports, sizeof *engine->lane_sent);
    bool made = engine->ports && engine->generations && engine->running && engine->lanes && engine->lane_heard &&
                engine->lane_sent && init_lock(&engine->lock) == 0;
    if (events_open(&engine->events, events) < 0 || clock_open(engine) < 0 || !made || !(engine->writer = writer_new())) {
        me_free(engine);
        return NULL;
    }
    return engine;
}

void me_free(me_engine *engine)
{
    if (!engine)
        return;
    me_stop(engine);
    if (engine->writer) {
        engine_lock(engine);
        for (int32_t i = 0; i < engine->max_ports; i++)
            if (engine->ports[i])
                port_destroy(engine, engine->ports[i]);
        engine_unlock(engine);
        writer_free(engine);
    }
    clock_close(engine);
    events_close(&engine->events);
    pthread_mutex_destroy(&engine->lock);
    free(engine->ports);
    free(engine->generations);
    free(engine->running);
    free(engine->lanes);
    free(engine->lane_heard);
    free(engine->lane_sent);
    free(engine);
}

static void reap(me_engine *engine)
{
    engine->reap = false;
    for (int32_t i = 0; i < engine->max_ports; i++)
        if (engine->ports[i] && engine->ports[i]->play.clips && !engine->ports[i]->play.id)
            player_reap(&engine->ports[i]->play);
}

void engine_lock(me_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    if (engine->reap)
        reap(engine);
}

void engine_lock_tick(me_engine *engine) { pthread_mutex_lock(&engine->lock); }

void engine_unlock(me_engine *engine)
{
    events_signal(engine);
    pthread_mutex_unlock(&engine->lock);
}

int32_t engine_next_id(me_engine *engine)
{
    engine->next_id = engine->next_id == INT32_MAX ? 1 : engine->next_id + 1;
    return engine->next_id;
}

HOT static bool is_silent(const int16_t *block)
{
    int32_t any = 0;
    for (int n = 0; n < ME_BLOCK; n++)
        any |= block[n];
    return any == 0;
}

static void hear(me_engine *engine, port *self)
{
    self->missing = 0;
    self->heard_coded = self->said_coded = false;
    if (self->failed || self->peer_gone) {
        memset(self->heard, 0, sizeof self->heard);
        port_missing(engine, self, ME_BLOCK);
    } else {
        self->kind->hear(engine, self);
    }
    if (self->heard_gain != GAIN_UNITY) {
        scale(self->heard, self->heard_gain);
        self->heard_coded = false;
    }
    if (self->echo) {
        echo_block(self);
        self->heard_coded = false;
    }
    self->blocks_heard++;
}

HOT static void saturate(const int32_t *mix, int16_t *block)
{
    for (int n = 0; n < ME_BLOCK; n++) {
        int32_t value = mix[n] > 32767 ? 32767 : mix[n];
        block[n] = (int16_t)(value < -32768 ? -32768 : value);
    }
}

/* What the port itself plays; its sinks' turn comes later. */
static void make_own(me_engine *engine, port *self, int32_t *mix, bool *any)
{
    if (self->play.id)
        *any |= player_mix(engine, self, mix);
    if (self->tone.id)
        *any |= tone_mix(engine, self, mix);
}

/* Whether there is anything at all. */
static bool mix_all(me_engine *engine, port *self)
{
    int32_t mix[ME_BLOCK] __attribute__((aligned(64))) = {0};
    bool any = false;
    if (self->kind->number != PORT_SOURCE)
        make_own(engine, self, mix, &any);
    links_mix(self, mix, &any);
    if (any)
        saturate(mix, self->said);
    else
        memset(self->said, 0, sizeof self->said);
    if (self->said_gain != GAIN_UNITY && any)
        scale(self->said, self->said_gain);
    if (self->digits.id && digits_fill(engine, self, self->said))
        any = true;
    return any;
}

static void say(me_engine *engine, port *self)
{
    /* Mostly a prompt is all there is: then nothing is to be added, and its code is on the disk already. */
    bool alone = self->play.id && !self->link_count && !self->tone.id && !self->digits.id &&
                 self->said_gain == GAIN_UNITY && self->kind->number != PORT_SOURCE;
    bool any = (alone && player_alone(engine, self)) || mix_all(engine, self);
    self->said_silent = !any || is_silent(self->said);
    if (self->said_silent && self->comfort.scale) {
        comfort_fill(&self->comfort, self->said);
        self->said_silent = self->said_coded = false;
    }
    memcpy(self->sent[self->sent_next], self->said, sizeof self->said);
    self->sent_next = (self->sent_next + 1) % SENT_BLOCKS;
    if (!self->failed && !self->peer_gone)
        self->kind->say(engine, self);
    self->blocks_said++;
}

/* A source hears what it plays. */
static void sound_source(me_engine *engine, port *self)
{
    int32_t mix[ME_BLOCK] __attribute__((aligned(64))) = {0};
    bool any = false;
    make_own(engine, self, mix, &any);
    if (any)
        saturate(mix, self->heard);
}

void engine_tick(me_engine *engine)
{
    int64_t began_ns = monotonic_ns();
    for (int32_t i = 0; i < engine->running_count; i++)
        hear(engine, engine->ports[engine->running[i]]);
    banks_feed(engine);
    for (int32_t i = 0; i < engine->running_count; i++) {
        port *self = engine->ports[engine->running[i]];
        if (self->kind->number == PORT_SOURCE)
            sound_source(engine, self);
        self->silent = self->sink_count == 0 || is_silent(self->heard);
        self->spoken = self->heard;
        if (self->agc.on)
            agc_block(self);
    }
    for (int32_t i = 0; i < engine->running_count; i++)
        say(engine, engine->ports[engine->running[i]]);
    recorders_take(engine);
    engine->now += ME_BLOCK;
    engine->blocks++;
    int64_t spent_ns = monotonic_ns() - began_ns;
    engine->tick_ns += spent_ns;
    if (spent_ns / 1000 > engine->longest_tick_us)
        engine->longest_tick_us = spent_ns / 1000;
}

void me_tick(me_engine *engine, int64_t now_ns)
{
    engine_lock_tick(engine);
    clock_tick(&engine->clock, now_ns);
    engine_tick(engine);
    engine_unlock(engine);
}

int64_t me_beats(const me_engine *engine)
{
    return (int64_t)atomic_load_explicit(&engine->clock.waits, memory_order_relaxed);
}

void me_get_stats(me_engine *engine, me_stats *stats)
{
    engine_lock(engine);
    tick_clock *clock = &engine->clock;
    *stats = (me_stats){
        .now = engine->now,
        .blocks = engine->blocks,
        .late_blocks = clock->late,
        .worst_late_us = clock->worst_us,
        .longest_tick_us = engine->longest_tick_us,
        .tick_ns = engine->tick_ns,
        .ports = engine->port_count,
        .links = engine->link_count,
        .plays = engine->play_count,
        .clips = me_clips(),
        .clock_port = clock->port,
        .realtime = clock->realtime,
        .beats = me_beats(engine),
    };
    writer_stats(engine, stats);
    engine_unlock(engine);
    pthread_mutex_lock(&engine->events.lock);
    stats->events = (int32_t)engine->events.count;
    stats->events_lost = engine->events.lost_total;
    pthread_mutex_unlock(&engine->events.lock);
}
