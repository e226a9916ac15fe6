/* The queue of events between engine and caller. */

#include <stdlib.h>

#include "engine.h"

static hw_event *event_at(const hw_engine *engine, uint32_t position)
{
    return &engine->events[(engine->event_head + position) & (engine->event_capacity - 1)];
}

int events_init(hw_engine *engine)
{
    engine->event_capacity = 1024;
    engine->events = malloc(engine->event_capacity * sizeof *engine->events);
    return engine->events ? 0 : HW_E_MEMORY;
}

/* Doubles the ring. An event must not be lost, and there is nobody to tell: without memory the process ends here. */
static void grow(hw_engine *engine)
{
    hw_event *events = malloc((size_t)engine->event_capacity * 2 * sizeof *events);
    if (!events)
        abort();
    for (uint32_t i = 0; i < engine->event_count; i++)
        events[i] = *event_at(engine, i);
    free(engine->events);
    engine->events = events;
    engine->event_head = 0;
    engine->event_capacity *= 2;
}

void event_push(hw_engine *engine, int64_t at, int32_t kind, int32_t leg_id, int32_t id, int32_t a, int64_t b)
{
    if (engine->event_count == engine->event_capacity)
        grow(engine);
    hw_event event = {.at_samples = at, .kind = kind, .leg = leg_id, .id = id, .a = a, .b = b};
    *event_at(engine, engine->event_count++) = event;
}

void events_sort_newest(hw_engine *engine, uint32_t count)
{
    uint32_t first = engine->event_count - count;
    for (uint32_t i = first + 1; i < engine->event_count; i++) {
        hw_event event = *event_at(engine, i);
        uint32_t j = i;
        for (; j > first && event_at(engine, j - 1)->at_samples > event.at_samples; j--)
            *event_at(engine, j) = *event_at(engine, j - 1);
        *event_at(engine, j) = event;
    }
}

int32_t hw_next_event(hw_engine *engine, hw_event *event)
{
    if (engine->event_count == 0)
        return 0;
    *event = *event_at(engine, 0);
    engine->event_head = (engine->event_head + 1) & (engine->event_capacity - 1);
    engine->event_count--;
    return 1;
}
