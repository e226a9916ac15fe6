#ifndef MEDIA_ENGINE_H
#define MEDIA_ENGINE_H

/* Inside of the engine: what the files of the tick share. Everything here is guarded by the engine's lock, if nothing
   else is said. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "media_public.h"
#include "port.h"

enum {
    FINDINGS = 512,
    SILENCE_ALAW = 0xD5,
    CLOCK_STOOD_NS = 100000000 /* nobody is so late: the process stood still, and its pace begins anew */
};

/* engine_events.c: has a lock of its own, the innermost of all. */
typedef struct {
    pthread_mutex_t lock;
    int fd;
    bool signalled;
    me_event *ring;
    uint32_t capacity, head, count; /* capacity is a power of two */
    int64_t lost, lost_total;
} event_queue;

/* engine_banks.c */
typedef struct {
    void *bank;
    me_bank_feed feed;
    me_bank_reset reset;
    int32_t digit_kind, voice_kind;
    int32_t users; /* ports that are fed to it */
} bank_slot;

/* engine_clock.c */
typedef struct {
    int32_t port;       /* that drives the ticks; 0: a timer */
    bool told;
    int64_t due_ns;     /* of the next block, when a timer drives */
    int64_t last_ns;    /* when a block was done last; -1: none yet */
    int64_t paced_ns;   /* when it would have been done by a machine that is never late */
    int64_t least_ns;   /* lateness of the most punctual tick of this window */
    int32_t window;     /* ticks in it; 0: nothing known yet */
    int64_t stood;      /* how often we stood still */
    int64_t late, late_told, worst_us, worst_told_us;
    int64_t told_ns;    /* of the last ME_EV_LATE */

    pthread_t thread;
    pthread_cond_t left; /* the thread has left its wait */
    _Atomic uint64_t waits; /* how often it has; read without the lock: whoever hangs may hold it */
    bool waiting, threaded, stopping, realtime;
    int wake_fd;
} tick_clock;

struct writer;

struct me_engine {
    pthread_mutex_t lock;
    int64_t now, blocks;
    int64_t longest_tick_us, tick_ns;
    int32_t max_ports, next_id;
    atomic_bool reap; /* something ended in a tick and holds memory */

    port **ports;          /* by index */
    int32_t *generations;
    int32_t *running;      /* indexes of running ports, rising */
    int32_t running_count, port_count, link_count, play_count;

    bank_slot banks[ME_MAX_BANKS];
    int32_t bank_count;
    int *lanes; /* as long as there are ports, like the next two */
    const short **lane_heard, **lane_sent;
    det_event findings[FINDINGS];

    event_queue events;
    tick_clock clock;
    struct writer *writer;
};

/* engine.c: for calls, which may free memory, and for ticks, which may not. */
void engine_lock(me_engine *engine);
void engine_lock_tick(me_engine *engine);
void engine_unlock(me_engine *engine);
/* A number that nobody has, > 0. */
int32_t engine_next_id(me_engine *engine);
/* Does one block. */
void engine_tick(me_engine *engine);

/* engine_events.c */
int events_open(event_queue *queue, int32_t capacity);
void events_close(event_queue *queue);
void event_post(me_engine *engine, const me_event *event);
/* Wakes the reader if events wait. After the tick, before the lock is given back. */
void events_signal(me_engine *engine);

/* engine_banks.c */
void banks_feed(me_engine *engine);
void banks_forget(me_engine *engine, port *self);
void banks_restart(me_engine *engine, port *self);

/* engine_clock.c */
int clock_open(me_engine *engine);
void clock_close(me_engine *engine);
/* A tick begins at now_ns. */
void clock_tick(tick_clock *clock, int64_t now_ns);
/* The same for a pace of which it is known that it did not stand still. */
void clock_pace(tick_clock *clock, int64_t now_ns);
/* Ticks for what the clock has; answers how many. The descriptor to wait on (-1: none) and until when (-1: for ever). */
int32_t clock_service(me_engine *engine, int64_t now_ns);
int clock_wait_for(me_engine *engine, int64_t *due_ns);

/* engine_thread.c */
/* A port began, stopped, or is about to go: returns when nobody waits on its descriptor any more. */
void clock_ports_changed(me_engine *engine, const port *gone);

int64_t monotonic_ns(void);

#endif
