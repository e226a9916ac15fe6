/* The bounded queue of events and the descriptor that says that some wait. */

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine.h"

int events_open(event_queue *queue, int32_t capacity)
{
    queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    queue->ring = calloc((size_t)capacity, sizeof *queue->ring);
    queue->capacity = (uint32_t)capacity;
    pthread_mutex_init(&queue->lock, NULL);
    return queue->fd < 0 || !queue->ring ? -1 : 0;
}

void events_close(event_queue *queue)
{
    if (queue->fd >= 0)
        close(queue->fd);
    free(queue->ring);
    pthread_mutex_destroy(&queue->lock);
}

/* With the queue's lock. */
static bool put(event_queue *queue, const me_event *event)
{
    if (queue->count == queue->capacity)
        return false;
    queue->ring[(queue->head + queue->count++) & (queue->capacity - 1)] = *event;
    return true;
}

/* What was lost is told as soon as there is room, behind what was kept. With the queue's lock. */
static void tell_lost(event_queue *queue, int64_t at)
{
    if (queue->lost == 0)
        return;
    me_event event = {.at_sample = at, .kind = ME_EV_OVERFLOW, .count = queue->lost};
    if (put(queue, &event))
        queue->lost = 0;
}

void event_post(me_engine *engine, const me_event *event)
{
    event_queue *queue = &engine->events;
    pthread_mutex_lock(&queue->lock);
    tell_lost(queue, event->at_sample);
    if (!put(queue, event)) {
        queue->lost++;
        queue->lost_total++;
    }
    pthread_mutex_unlock(&queue->lock);
}

void events_signal(me_engine *engine)
{
    event_queue *queue = &engine->events;
    pthread_mutex_lock(&queue->lock);
    bool wake = queue->count > 0 && !queue->signalled;
    if (wake)
        queue->signalled = true;
    pthread_mutex_unlock(&queue->lock);
    if (wake)
        eventfd_write(queue->fd, 1);
}

int32_t me_event_fd(const me_engine *engine) { return engine->events.fd; }

int32_t me_next_events(me_engine *engine, me_event *events, int32_t max)
{
    event_queue *queue = &engine->events;
    int32_t taken = 0;
    pthread_mutex_lock(&queue->lock);
    while (taken < max && queue->count > 0) {
        events[taken++] = queue->ring[queue->head];
        queue->head = (queue->head + 1) & (queue->capacity - 1);
        queue->count--;
    }
    if (taken > 0)
        tell_lost(queue, events[taken - 1].at_sample);
    if (queue->count == 0 && queue->signalled) {
        eventfd_t value;
        eventfd_read(queue->fd, &value);
        queue->signalled = false;
    }
    pthread_mutex_unlock(&queue->lock);
    /* Whoever reads may free memory: lists that ended in a tick go now. */
    if (atomic_load_explicit(&engine->reap, memory_order_relaxed)) {
        engine_lock(engine);
        engine_unlock(engine);
    }
    return taken;
}
