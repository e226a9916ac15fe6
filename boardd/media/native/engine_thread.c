/* The thread that ticks: it waits for the clock port's device or for a timer, and is woken when ports change. */

#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "engine.h"
#include "writer.h"

enum { IDLE_MS = 500 };

static const int64_t SECOND_NS = 1000000000;

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
    int fd = clock_wait_for(engine, &due_ns);
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
        clock_service(engine, monotonic_ns());
    engine_unlock(engine);
}

static void *run(void *argument)
{
    me_engine *engine = argument;
    pthread_setname_np(pthread_self(), "sound");
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
