/* Detectors in the tick: lanes are port indexes, all ports of a bank are fed at once. */

#include "engine.h"

static void barge_in(me_engine *engine, port *self, const bank_slot *slot, int kind)
{
    player *play = &self->play;
    if (play->id && play->digit_stops && kind == slot->digit_kind)
        player_end(engine, self, engine->now, ME_DIGIT);
    if (play->id && play->voice_stops && kind == slot->voice_kind)
        player_end(engine, self, engine->now, ME_VOICE);
}

static void take(me_engine *engine, int32_t number, const det_event *found)
{
    port *self = found->lane >= 0 && found->lane < engine->max_ports ? engine->ports[found->lane] : NULL;
    if (!self || !(self->banks >> number & 1))
        return;
    if (self->told >> number & 1) {
        me_event event = {
            .at_sample = self->bank_base[number] + found->at_sample,
            .port = self->id,
            .kind = ME_EV_FOUND,
            .id = found->kind,
            .code = found->code,
            .bank = number,
            .value = {found->value[0], found->value[1], found->value[2], found->value[3]},
        };
        event_post(engine, &event);
    }
    barge_in(engine, self, &engine->banks[number], found->kind);
}

static void feed(me_engine *engine, int32_t number)
{
    bank_slot *slot = &engine->banks[number];
    int count = 0;
    for (int32_t i = 0; i < engine->running_count; i++) {
        const port *self = engine->ports[engine->running[i]];
        if (!(self->banks >> number & 1))
            continue;
        engine->lanes[count] = self->index;
        engine->lane_heard[count] = self->heard;
        engine->lane_sent[count++] = port_sent(self);
    }
    if (!count)
        return;
    int found = slot->feed(slot->bank, engine->lanes, count, engine->lane_heard, engine->lane_sent, ME_BLOCK,
                           engine->findings, FINDINGS);
    for (int i = 0; i < found; i++)
        take(engine, number, &engine->findings[i]);
}

void banks_feed(me_engine *engine)
{
    for (int32_t number = 0; number < engine->bank_count; number++)
        if (engine->banks[number].users)
            feed(engine, number);
}

static void begin(me_engine *engine, port *self, int32_t number)
{
    bank_slot *slot = &engine->banks[number];
    slot->reset(slot->bank, self->index);
    self->bank_base[number] = engine->now;
}

void banks_restart(me_engine *engine, port *self)
{
    for (int32_t number = 0; number < engine->bank_count; number++)
        if (self->banks >> number & 1)
            begin(engine, self, number);
}

void banks_forget(me_engine *engine, port *self)
{
    for (int32_t number = 0; number < engine->bank_count; number++)
        if (self->banks >> number & 1)
            engine->banks[number].users--;
    self->banks = self->told = 0;
}

int32_t me_bank(me_engine *engine, void *bank, me_bank_feed feed_lanes, me_bank_reset reset, int32_t digit_kind,
                int32_t voice_kind)
{
    if (!bank || !feed_lanes || !reset)
        return ME_E_ARGUMENT;
    engine_lock(engine);
    int32_t number = engine->bank_count < ME_MAX_BANKS ? engine->bank_count++ : ME_E_FULL;
    if (number >= 0)
        engine->banks[number] = (bank_slot){bank, feed_lanes, reset, digit_kind, voice_kind, 0};
    engine_unlock(engine);
    return number;
}

int32_t me_lane(me_engine *engine, int32_t id)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    int32_t lane = self ? self->index : ME_E_HANDLE;
    engine_unlock(engine);
    return lane;
}

int32_t me_detect(me_engine *engine, int32_t id, int32_t number, int32_t on, int32_t tell)
{
    engine_lock(engine);
    port *self = port_find(engine, id);
    int32_t result = 0;
    if (!self) {
        result = ME_E_HANDLE;
    } else if (number < 0 || number >= engine->bank_count) {
        result = ME_E_ARGUMENT;
    } else {
        uint32_t bit = 1U << number;
        bool was = self->banks & bit;
        self->told = on && tell ? self->told | bit : self->told & ~bit;
        if (on && !was) {
            begin(engine, self, number);
            self->banks |= bit;
            engine->banks[number].users++;
        } else if (!on && was) {
            self->banks &= ~bit;
            engine->banks[number].users--;
        }
    }
    engine_unlock(engine);
    return result;
}

void me_lock(me_engine *engine) { engine_lock(engine); }
void me_unlock(me_engine *engine) { engine_unlock(engine); }
