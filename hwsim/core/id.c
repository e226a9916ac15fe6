/* Ids: slot number plus generation, so that a stale id is told from its successor. */

#include <stdlib.h>

#include "engine.h"

enum { SLOT_BITS = 18, SLOT_MASK = (1 << SLOT_BITS) - 1, GENERATIONS = 1 << (31 - SLOT_BITS) };

static id_slot *slot_of(const hw_engine *engine, int32_t id)
{
    int32_t index = id & SLOT_MASK;
    if (id <= 0 || index >= engine->slot_count)
        return NULL;
    id_slot *slot = &engine->slots[index];
    return slot->kind != OBJECT_NONE && slot->id == id ? slot : NULL;
}

static bool grow(hw_engine *engine)
{
    int32_t capacity = engine->slot_capacity ? engine->slot_capacity * 2 : 256;
    if (capacity > SLOT_MASK + 1)
        return false;
    id_slot *slots = realloc(engine->slots, (size_t)capacity * sizeof *slots);
    if (!slots)
        return false;
    engine->slots = slots;
    engine->slot_capacity = capacity;
    return true;
}

int32_t id_take(hw_engine *engine, void *object, enum object_kind kind)
{
    int32_t index = engine->free_slot_first;
    if (index >= 0) {
        engine->free_slot_first = engine->slots[index].next_free;
        if (engine->free_slot_first < 0)
            engine->free_slot_last = -1;
    } else {
        if (engine->slot_count == engine->slot_capacity && !grow(engine))
            return HW_E_FULL;
        index = engine->slot_count++;
        engine->slots[index].id = index;
    }
    id_slot *slot = &engine->slots[index];
    int32_t generation = (slot->id >> SLOT_BITS) % (GENERATIONS - 1) + 1;
    slot->id = generation << SLOT_BITS | index;
    slot->object = object;
    slot->kind = (uint8_t)kind;
    return slot->id;
}

void id_release(hw_engine *engine, int32_t id)
{
    id_slot *slot = slot_of(engine, id);
    if (!slot)
        return;
    int32_t index = id & SLOT_MASK;
    slot->object = NULL;
    slot->kind = OBJECT_NONE;
    slot->next_free = -1;
    if (engine->free_slot_last >= 0)
        engine->slots[engine->free_slot_last].next_free = index;
    else
        engine->free_slot_first = index;
    engine->free_slot_last = index;
}

void *id_find(const hw_engine *engine, int32_t id, enum object_kind kind)
{
    const id_slot *slot = slot_of(engine, id);
    return slot && slot->kind == kind ? slot->object : NULL;
}

enum object_kind id_kind(const hw_engine *engine, int32_t id)
{
    const id_slot *slot = slot_of(engine, id);
    return slot ? (enum object_kind)slot->kind : OBJECT_NONE;
}
