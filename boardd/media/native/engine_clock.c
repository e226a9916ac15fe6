/*
 * Who drives the ticks: a device port, by having a block ready, or a timer where there is none. One function does it for
 * the thread of me_start() and for callers who have a loop of their own. Without a running port time stands.
 */

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine.h"

enum {
    MOST_AT_ONCE = 16,         /* blocks in one service */
    LOST_AFTER_BLOCKS = 3,     /* a device that drives and is silent for so long drives no more */
    FORGET_AFTER_BLOCKS = 250, /* a timer that is further behind does not try to catch up */
    WINDOW = 128,              /* ticks */
    LEAK_NS = 2000,            /* a tick may come so much later than the pace says: 100 ppm */
    SLIPPED_NS = 1000000       /* when no tick of a window was more punctual, the pace has changed */
};

static const int64_t SECOND_NS = 1000000000;

int clock_open(me_engine *engine)
{
    tick_clock *clock = &engine->clock;
    clock->last_ns = -1;
    pthread_cond_init(&clock->left, NULL);
    clock->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return clock->wake_fd < 0 ? -1 : 0;
}

void clock_close(me_engine *engine)
{
    if (engine->clock.wake_fd >= 0)
        close(engine->clock.wake_fd);
    pthread_cond_destroy(&engine->clock.left);
}

/*
 * Ticks come late, never early, by what the scheduler makes of it. Their lower edge is the clock that drives them; other
 * engines follow that, not the jitter.
 */
void clock_pace(tick_clock *clock, int64_t now_ns)
{
    int64_t paced_ns = clock->paced_ns + ME_BLOCK_NS + LEAK_NS;
    if (clock->window == 0 || now_ns < paced_ns) {
        paced_ns = now_ns;
    }
    int64_t late_ns = now_ns - paced_ns;
    clock->least_ns = clock->window == 0 || late_ns < clock->least_ns ? late_ns : clock->least_ns;
    if (++clock->window > WINDOW) {
        if (clock->least_ns > SLIPPED_NS)
            paced_ns += clock->least_ns;
        clock->window = 1;
        clock->least_ns = INT64_MAX;
    }
    clock->paced_ns = paced_ns;
}

void clock_tick(tick_clock *clock, int64_t now_ns)
{
    if (clock->window > 0 && now_ns - clock->paced_ns > CLOCK_STOOD_NS) {
        clock->window = 0;
        clock->stood++;
    }
    clock->last_ns = now_ns;
    clock_pace(clock, now_ns);
}

static bool may_drive(const port *self)
{
    return self->running && !self->failed && !self->peer_gone && !self->stalled && self->kind->fill &&
           (!self->kind->may_drive || self->kind->may_drive(self));
}

/* The port that drives, NULL: a timer. A device goes before a ring. */
static port *choose(me_engine *engine)
{
    tick_clock *clock = &engine->clock;
    port *best = port_find(engine, clock->port);
    if (best && !may_drive(best))
        best = NULL;
    for (int32_t i = 0; i < engine->running_count && (!best || best->kind->number != PORT_DEVICE); i++) {
        port *candidate = engine->ports[engine->running[i]];
        if (may_drive(candidate) && (!best || candidate->kind->number == PORT_DEVICE))
            best = candidate;
    }
    int32_t id = best ? best->id : 0;
    if (id != clock->port || !clock->told) {
        clock->port = id;
        clock->told = true;
        clock->due_ns = clock->last_ns < 0 ? 0 : clock->last_ns + ME_BLOCK_NS;
        me_event event = {.at_sample = engine->now, .port = id, .kind = ME_EV_CLOCK};
        event_post(engine, &event);
    }
    return best;
}

static void note_late(tick_clock *clock, int64_t late_ns)
{
    clock->late++;
    int64_t late_us = late_ns / 1000;
    clock->worst_us = late_us > clock->worst_us ? late_us : clock->worst_us;
    clock->worst_told_us = late_us > clock->worst_told_us ? late_us : clock->worst_told_us;
}

static void tell_late(me_engine *engine, int64_t now_ns)
{
    tick_clock *clock = &engine->clock;
    if (clock->late == clock->late_told || (clock->late_told && now_ns - clock->told_ns < SECOND_NS))
        return;
    me_event event = {
        .at_sample = engine->now,
        .port = clock->port,
        .kind = ME_EV_LATE,
        .code = clock->worst_told_us > INT32_MAX ? INT32_MAX : (int32_t)clock->worst_told_us,
        .count = clock->late - clock->late_told,
    };
    event_post(engine, &event);
    clock->late_told = clock->late;
    clock->worst_told_us = 0;
    clock->told_ns = now_ns;
}

/* Blocks that the device has; all but the newest of them are late. */
static int32_t by_device(me_engine *engine, port *driver, int64_t now_ns)
{
    tick_clock *clock = &engine->clock;
    int64_t before_ns = clock->last_ns;
    int32_t done = 0;
    while (done < MOST_AT_ONCE && !driver->failed && !driver->peer_gone) {
        driver->kind->fill(engine, driver);
        if (!driver->kind->ready(driver))
            break;
        clock_tick(clock, now_ns);
        engine_tick(engine);
        done++;
    }
    if (before_ns >= 0)
        for (int32_t behind = done - 1; behind > 0; behind--)
            note_late(clock, (int64_t)behind * ME_BLOCK_NS);
    if (clock->last_ns < 0)
        clock->last_ns = now_ns;
    if (done == 0 && now_ns - clock->last_ns > LOST_AFTER_BLOCKS * (int64_t)ME_BLOCK_NS)
        driver->stalled = true;
    return done;
}

static int32_t by_timer(me_engine *engine, int64_t now_ns)
{
    tick_clock *clock = &engine->clock;
    if (clock->due_ns != 0 && now_ns - clock->due_ns > FORGET_AFTER_BLOCKS * (int64_t)ME_BLOCK_NS) {
        note_late(clock, now_ns - clock->due_ns);
        clock->due_ns = 0;
    }
    if (clock->due_ns == 0)
        clock->due_ns = now_ns;
    int32_t done = 0;
    while (done < MOST_AT_ONCE && now_ns >= clock->due_ns) {
        if (now_ns - clock->due_ns > ME_BLOCK_NS)
            note_late(clock, now_ns - clock->due_ns);
        clock->due_ns += ME_BLOCK_NS;
        clock_tick(clock, now_ns);
        engine_tick(engine);
        done++;
    }
    return done;
}

int32_t clock_service(me_engine *engine, int64_t now_ns)
{
    if (engine->running_count == 0) {
        engine->clock.last_ns = -1;
        engine->clock.due_ns = 0;
        engine->clock.window = 0;
        return 0;
    }
    port *driver = choose(engine);
    int32_t done = driver ? by_device(engine, driver, now_ns) : by_timer(engine, now_ns);
    if (driver && !may_drive(driver))
        choose(engine);
    tell_late(engine, now_ns);
    return done;
}

int32_t me_service(me_engine *engine, int64_t now_ns)
{
    engine_lock_tick(engine);
    int32_t done = engine->clock.threaded ? ME_E_BUSY : clock_service(engine, now_ns);
    engine_unlock(engine);
    return done;
}

int clock_wait_for(me_engine *engine, int64_t *due_ns)
{
    tick_clock *clock = &engine->clock;
    *due_ns = -1;
    if (engine->running_count == 0)
        return -1;
    const port *driver = choose(engine);
    if (!driver) {
        *due_ns = clock->due_ns;
        return -1;
    }
    if (clock->last_ns >= 0)
        *due_ns = clock->last_ns + (LOST_AFTER_BLOCKS * (int64_t)ME_BLOCK_NS + 1000);
    return driver->kind->descriptor(driver);
}

int32_t me_clock_fd(me_engine *engine, int64_t *due_ns)
{
    engine_lock(engine);
    int32_t fd = clock_wait_for(engine, due_ns);
    engine_unlock(engine);
    return fd;
}
