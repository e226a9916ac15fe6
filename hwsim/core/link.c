/* Links: the switching bus of a card. A link adds to what the sink says what the source hears, or plays. */

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "hot.h"

HOT bool links_mix(const hw_engine *engine, const leg *self, int32_t *mix)
{
    int before = engine->parity ^ 1;
    bool any = false;
    for (int32_t i = 0; i < self->link_count; i++) {
        const link_in *link = &self->links[i];
        const leg *source = &engine->legs[link->source];
        const int16_t *block = source->hears[before];
        if (link->tap == HW_TAP_HEARS ? source->hears_silent[before] : source->plays_silent[before])
            continue;
        if (link->tap == HW_TAP_PLAYS)
            block = source->plays[before];
        int16_t shifted[STEP];
        if (link->late) {
            /* The block before that one is still there: nobody hears before everybody has spoken. */
            int older = engine->parity;
            shifted[0] = source->hears_silent[older] ? SILENCE : source->hears[older][STEP - 1];
            memcpy(shifted + 1, block, (STEP - 1) * sizeof *block);
            block = shifted;
        }
        if (link->gain == GAIN_UNITY)
            for (int n = 0; n < STEP; n++)
                mix[n] += block[n];
        else
            for (int n = 0; n < STEP; n++)
                mix[n] += apply_gain(block[n], link->gain);
        any = true;
    }
    return any;
}

static int32_t link_index(const leg *sink, int32_t source, int32_t tap)
{
    for (int32_t i = 0; i < sink->link_count; i++)
        if (sink->links[i].source == source && sink->links[i].tap == tap)
            return i;
    return -1;
}

/* Keeps the others in order. */
static void remove_at(hw_engine *engine, leg *sink, int32_t index)
{
    sink->link_count--;
    for (int32_t i = index; i < sink->link_count; i++)
        sink->links[i] = sink->links[i + 1];
    engine->stats.links--;
}

int32_t hw_link(hw_engine *engine, int32_t source_id, int32_t sink_id, int32_t gain_mb, int32_t tap)
{
    leg *source = leg_find(engine, source_id), *sink = leg_find(engine, sink_id);
    if (!source || !sink)
        return HW_E_HANDLE;
    if (gain_mb > 2000 || (tap != HW_TAP_HEARS && tap != HW_TAP_PLAYS))
        return HW_E_ARGUMENT;
    int32_t index = link_index(sink, source->index, tap);
    if (index < 0) {
        if (sink->link_count == sink->link_capacity) {
            int32_t capacity = sink->link_capacity ? sink->link_capacity * 2 : 4;
            link_in *links = realloc(sink->links, (size_t)capacity * sizeof *links);
            if (!links)
                return HW_E_MEMORY;
            sink->links = links;
            sink->link_capacity = capacity;
        }
        index = sink->link_count++;
        engine->stats.links++;
    }
    link_in link = {.source = source->index, .gain_mb = gain_mb, .gain = gain_factor(gain_mb), .tap = tap};
    sink->links[index] = link;
    leg_wake(engine, sink);
    return 0;
}

int32_t hw_unlink(hw_engine *engine, int32_t source_id, int32_t sink_id, int32_t tap)
{
    leg *source = leg_find(engine, source_id), *sink = leg_find(engine, sink_id);
    if (!source || !sink)
        return HW_E_HANDLE;
    int32_t index = link_index(sink, source->index, tap);
    if (index < 0)
        return HW_E_HANDLE;
    remove_at(engine, sink, index);
    return 0;
}

int32_t hw_link_slip(hw_engine *engine, int32_t source_id, int32_t sink_id, int32_t late)
{
    leg *source = leg_find(engine, source_id), *sink = leg_find(engine, sink_id);
    if (!source || !sink)
        return HW_E_HANDLE;
    int32_t index = link_index(sink, source->index, HW_TAP_HEARS);
    if (index < 0)
        return HW_E_HANDLE;
    sink->links[index].late = late != 0;
    return 0;
}

int32_t links_remove_all(hw_engine *engine, leg *self)
{
    int32_t removed = self->link_count;
    engine->stats.links -= removed;
    self->link_count = 0;
    for (int32_t i = 0; i < engine->max_legs; i++) {
        leg *sink = &engine->legs[i];
        if (!sink->id)
            continue;
        for (int32_t n = sink->link_count - 1; n >= 0; n--)
            if (sink->links[n].source == self->index) {
                remove_at(engine, sink, n);
                removed++;
            }
    }
    return removed;
}

int32_t hw_unlink_all(hw_engine *engine, int32_t leg_id)
{
    leg *self = leg_find(engine, leg_id);
    return self ? links_remove_all(engine, self) : HW_E_HANDLE;
}
