/* Links: what a port says is the sum of what others hear, each with its gain, saturating. */

#include <string.h>

#include "engine.h"
#include "engine_hot.h"

HOT static void add(int32_t *mix, const int16_t *block)
{
    for (int n = 0; n < ME_BLOCK; n++)
        mix[n] += block[n];
}

HOT static void add_scaled(int32_t *mix, const int16_t *block, int32_t gain)
{
    for (int n = 0; n < ME_BLOCK; n++)
        mix[n] += (block[n] * gain + GAIN_UNITY / 2) >> GAIN_BITS;
}

HOT void scale(int16_t *block, int32_t gain)
{
    for (int n = 0; n < ME_BLOCK; n++) {
        int32_t value = (block[n] * gain + GAIN_UNITY / 2) >> GAIN_BITS;
        value = value > 32767 ? 32767 : value;
        block[n] = (int16_t)(value < -32768 ? -32768 : value);
    }
}

void links_mix(port *self, int32_t *mix, bool *any)
{
    for (int32_t i = 0; i < self->link_count; i++) {
        const link_in *link = &self->links[i];
        if (link->source->silent)
            continue;
        if (link->gain == GAIN_UNITY)
            add(mix, link->source->spoken);
        else
            add_scaled(mix, link->source->spoken, link->gain);
        *any = true;
    }
}

static int32_t find(const port *sink, const port *source)
{
    for (int32_t i = 0; i < sink->link_count; i++)
        if (sink->links[i].source == source)
            return i;
    return -1;
}

static void remove_at(me_engine *engine, port *sink, int32_t index)
{
    sink->links[index].source->sink_count--;
    sink->link_count--;
    memmove(&sink->links[index], &sink->links[index + 1], (size_t)(sink->link_count - index) * sizeof *sink->links);
    engine->link_count--;
}

static int32_t drop_all(me_engine *engine, port *self)
{
    int32_t dropped = 0;
    for (; self->link_count > 0; dropped++)
        remove_at(engine, self, self->link_count - 1);
    for (int32_t i = 0; i < engine->max_ports && self->sink_count > 0; i++) {
        port *sink = engine->ports[i];
        int32_t index = sink ? find(sink, self) : -1;
        if (index < 0)
            continue;
        remove_at(engine, sink, index);
        dropped++;
    }
    return dropped;
}

void links_drop(me_engine *engine, port *self) { drop_all(engine, self); }

int32_t me_link(me_engine *engine, int32_t source_id, int32_t sink_id, int32_t gain_mb)
{
    if (gain_mb < MIN_GAIN_MB || gain_mb > MAX_GAIN_MB || source_id == sink_id)
        return ME_E_ARGUMENT;
    engine_lock(engine);
    port *source = port_find(engine, source_id), *sink = port_find(engine, sink_id);
    int32_t result = source && sink ? 0 : ME_E_HANDLE;
    int32_t index = result == 0 ? find(sink, source) : -1;
    if (result == 0 && index < 0 && sink->link_count == ME_MAX_LINKS)
        result = ME_E_FULL;
    if (result == 0) {
        if (index < 0) {
            index = sink->link_count++;
            sink->links[index].source = source;
            source->sink_count++;
            engine->link_count++;
        }
        sink->links[index].gain = gain_of_mb(gain_mb);
    }
    engine_unlock(engine);
    return result;
}

int32_t me_unlink(me_engine *engine, int32_t source_id, int32_t sink_id)
{
    engine_lock(engine);
    port *source = port_find(engine, source_id), *sink = port_find(engine, sink_id);
    int32_t index = source && sink ? find(sink, source) : -1;
    if (index >= 0)
        remove_at(engine, sink, index);
    engine_unlock(engine);
    return index >= 0 ? 0 : ME_E_HANDLE;
}

int32_t me_unlink_all(me_engine *engine, int32_t id)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    int32_t dropped = self ? drop_all(engine, self) : ME_E_HANDLE;
    engine_unlock(engine);
    return dropped;
}
