/*
 * Who drives the ticks: a device port, by having a block ready, or a timer where there is none. One function does it for
 * the thread of me_start() and for callers who have a loop of their own. Without a running port time stands.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "engine.h"
#include "writer.h"

enum {
    MOST_AT_ONCE = 16,         /* blocks in one service */
    LOST_AFTER_BLOCKS = 3,     /* a device that drives and is silent for so long drives no more */
    FORGET_AFTER_BLOCKS = 250, /* a timer that is further behind does not try to catch up */
    IDLE_MS = 500,
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
void clock_tick(tick_clock *clock, int64_t now_ns)
{
    clock->last_ns = now_ns;
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

static int32_t service(me_engine *engine, int64_t now_ns)
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
    int32_t done = engine->clock.threaded ? ME_E_BUSY : service(engine, now_ns);
    engine_unlock(engine);
    return done;
}

/* With the lock. */
static int wait_for(me_engine *engine, int64_t *due_ns)
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
    int32_t fd = wait_for(engine, due_ns);
    engine_unlock(engine);
    return fd;
}

void clock_ports_changed(me_engine *engine, const port *gone)
{
    tick_clock *clock = &engine->clock;
    if (!clock->threaded || pthread_equal(pthread_self(), clock->thread))
        return;
    eventfd_write(clock->wake_fd, 1);
    /* The caller may close its descriptor as soon as we return: nobody may be waiting on it. */
    uint64_t seen = clock->waits;
    while (gone && clock->waiting && clock->waits == seen)
        pthread_cond_wait(&clock->left, &engine->lock);
}

/* ---- the thread ---- */

static void arm(int timer_fd, int64_t due_ns)
{
    struct itimerspec when = {.it_value = {due_ns / SECOND_NS, due_ns % SECOND_NS}};
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Until a block is due, ports change, or it is time to look. */
static void wait_once(me_engine *engine, int timer_fd)
{
    tick_clock *clock = &engine->clock;
    int64_t due_ns;
    engine_lock_tick(engine);
    int fd = wait_for(engine, &due_ns);
    clock->waiting = true;
    engine_unlock(engine);

    int64_t now_ns = monotonic_ns();
    int timeout_ms = IDLE_MS;
    if (fd < 0 && due_ns >= 0)
        arm(timer_fd, due_ns > 0 ? due_ns : now_ns);
    else if (fd >= 0)
        timeout_ms = due_ns < 0 ? IDLE_MS : due_ns <= now_ns ? 0 : (int)((due_ns - now_ns) / 1000000) + 1;
    struct pollfd wait[2] = {{clock->wake_fd, POLLIN, 0}, {fd < 0 ? timer_fd : fd, POLLIN, 0}};
    int ready = poll(wait, 2, timeout_ms);
    eventfd_t value;
    uint64_t expired;
    if (wait[0].revents)
        eventfd_read(clock->wake_fd, &value);
    if (fd < 0 && wait[1].revents && read(timer_fd, &expired, sizeof expired) < 0 && errno != EAGAIN)
        return;

    engine_lock_tick(engine);
    clock->waiting = false;
    clock->waits++;
    pthread_cond_broadcast(&clock->left);
    /* An error without data would wake us for ever. */
    port *driver = port_find(engine, clock->port);
    if (ready > 0 && fd >= 0 && driver && wait[1].revents && !(wait[1].revents & POLLIN))
        driver->stalled = true;
    if (!clock->stopping)
        service(engine, monotonic_ns());
    engine_unlock(engine);
}

static void *run(void *argument)
{
    me_engine *engine = argument;
    int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    bool stop = timer_fd < 0;
    while (!stop) {
        wait_once(engine, timer_fd);
        pthread_mutex_lock(&engine->lock);
        stop = engine->clock.stopping;
        pthread_mutex_unlock(&engine->lock);
    }
    if (timer_fd >= 0)
        close(timer_fd);
    return NULL;
}

static int create(me_engine *engine, int32_t priority, int32_t cpu)
{
    pthread_attr_t how;
    pthread_attr_init(&how);
    if (cpu >= 0) {
        cpu_set_t only;
        CPU_ZERO(&only);
        CPU_SET(cpu, &only);
        pthread_attr_setaffinity_np(&how, sizeof only, &only);
    }
    if (priority > 0) {
        struct sched_param parameters = {.sched_priority = priority};
        pthread_attr_setinheritsched(&how, PTHREAD_EXPLICIT_SCHED);
        pthread_attr_setschedpolicy(&how, SCHED_FIFO);
        pthread_attr_setschedparam(&how, &parameters);
    }
    int failed = pthread_create(&engine->clock.thread, &how, run, engine);
    pthread_attr_destroy(&how);
    return failed;
}

int32_t me_start(me_engine *engine, int32_t priority, int32_t cpu)
{
    tick_clock *clock = &engine->clock;
    if (priority < 0 || priority > 99 || cpu >= CPU_SETSIZE)
        return ME_E_ARGUMENT;
    if (clock->threaded)
        return ME_E_BUSY;
    int32_t result = writer_start(engine);
    if (result < 0)
        return result;
    engine_lock(engine); /* the thread begins when everything is set */
    clock->stopping = false;
    int failed = create(engine, priority, cpu);
    clock->realtime = !failed && priority > 0;
    if (failed == EPERM && priority > 0)
        failed = create(engine, 0, cpu); /* without the right to it: as others */
    clock->threaded = !failed;
    engine_unlock(engine);
    if (!failed)
        return 0;
    writer_stop(engine);
    return failed == EINVAL ? ME_E_ARGUMENT : ME_E_MEMORY;
}

void me_stop(me_engine *engine)
{
    tick_clock *clock = &engine->clock;
    if (clock->threaded) {
        engine_lock(engine);
        clock->stopping = true;
        eventfd_write(clock->wake_fd, 1);
        engine_unlock(engine);
        pthread_join(clock->thread, NULL);
        clock->threaded = clock->waiting = false;
    }
    if (engine->writer)
        writer_stop(engine);
}
