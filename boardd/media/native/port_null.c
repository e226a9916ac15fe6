/* Null ports: memory instead of a line, for tests and benches, and sources of music. */

#include <stdlib.h>
#include <string.h>

#include "engine.h"

typedef struct {
    int32_t capacity;
    int32_t feed_at, fed, take_at, taken; /* rings: first, how many */
    int16_t *feed, *take;
} null_line;

static void hear(me_engine *engine, port *self)
{
    (void)engine;
    null_line *line = self->inside;
    int32_t count = line->fed < ME_BLOCK ? line->fed : ME_BLOCK;
    for (int32_t n = 0; n < count; n++) {
        self->heard[n] = line->feed[line->feed_at];
        line->feed_at = line->feed_at + 1 == line->capacity ? 0 : line->feed_at + 1;
    }
    line->fed -= count;
    memset(&self->heard[count], 0, (size_t)(ME_BLOCK - count) * sizeof *self->heard);
}

static void say(me_engine *engine, port *self)
{
    (void)engine;
    null_line *line = self->inside;
    for (int32_t n = 0; n < ME_BLOCK && line->capacity; n++) {
        int32_t end = line->take_at + line->taken;
        line->take[end >= line->capacity ? end - line->capacity : end] = self->said[n];
        if (line->taken < line->capacity)
            line->taken++;
        else
            line->take_at = line->take_at + 1 == line->capacity ? 0 : line->take_at + 1;
    }
}

static void close_line(port *self)
{
    null_line *line = self->inside;
    free(line->feed);
    free(line->take);
    free(line);
}

static const port_kind NULL_LINE = {.number = PORT_NULL, .hear = hear, .say = say, .close = close_line};
static const port_kind SOURCE = {.number = PORT_SOURCE, .hear = hear, .say = say, .close = close_line};

int32_t me_port_null(me_engine *engine, int32_t capacity, int32_t source)
{
    if (capacity < 0 || capacity > ME_RATE_HZ * 3600)
        return ME_E_ARGUMENT;
    null_line *line = calloc(1, sizeof *line);
    if (!line)
        return ME_E_MEMORY;
    line->capacity = capacity;
    line->feed = capacity ? calloc((size_t)capacity, sizeof *line->feed) : NULL;
    line->take = capacity ? calloc((size_t)capacity, sizeof *line->take) : NULL;
    int32_t id = capacity && (!line->feed || !line->take)
                     ? ME_E_MEMORY
                     : port_new(engine, source ? &SOURCE : &NULL_LINE, line, 1);
    if (id < 0) {
        port failed = {.inside = line};
        close_line(&failed);
    }
    return id;
}

static null_line *find(me_engine *engine, int32_t id, bool to_feed)
{
    port *self = port_find(engine, id);
    bool fits = self && (self->kind->number == PORT_NULL || (self->kind->number == PORT_SOURCE && !to_feed));
    return fits ? self->inside : NULL;
}

int32_t me_null_feed(me_engine *engine, int32_t id, const short *pcm, int32_t count)
{
    engine_lock(engine);
    null_line *line = find(engine, id, true);
    int32_t done = line && count >= 0 ? 0 : ME_E_HANDLE;
    while (done >= 0 && done < count && line->fed < line->capacity) {
        line->feed[(line->feed_at + line->fed++) % line->capacity] = pcm[done++];
    }
    engine_unlock(engine);
    return done;
}

int32_t me_null_take(me_engine *engine, int32_t id, short *pcm, int32_t count)
{
    engine_lock(engine);
    null_line *line = find(engine, id, false);
    int32_t done = line && count >= 0 ? 0 : ME_E_HANDLE;
    while (done >= 0 && done < count && line->taken > 0) {
        pcm[done++] = line->take[line->take_at];
        line->take_at = line->take_at + 1 == line->capacity ? 0 : line->take_at + 1;
        line->taken--;
    }
    engine_unlock(engine);
    return done;
}
