/* The line between two wired legs: losses, delay, hybrid echo, noise, cuts, and one A-law coding each way. */

#include <string.h>

#include "codec.h"
#include "engine.h"
#include "hot.h"

enum { MIN_LOSS_MB = -2000, MAX_LOSS_MB = 10000 };

static const hw_line IDEAL = {.noise_mb = HW_NONE_MB, .echo_loss_mb = HW_NONE_MB};

/* Start of a block said so many samples ago; copied only where the ring wraps. */
static const int16_t *said(const leg *speaker, int64_t now, int32_t delay, int16_t *scratch)
{
    uint32_t from = (uint32_t)(now - delay) & (OUT_RING - 1);
    if (from + STEP <= OUT_RING)
        return &speaker->out[from];
    uint32_t first = OUT_RING - from;
    memcpy(scratch, &speaker->out[from], first * sizeof *scratch);
    memcpy(scratch + first, speaker->out, (STEP - first) * sizeof *scratch);
    return scratch;
}

static bool quiet_since(const leg *speaker, int32_t delay)
{
    return speaker->out_quiet >= QUIET_STEPS || speaker->out_quiet * STEP >= delay + STEP;
}

HOT bool line_hear(const hw_engine *engine, leg *self, int16_t *hears)
{
    const leg *peer = self->peer >= 0 ? &engine->legs[self->peer] : NULL;
    bool dead = !peer || self->line.cut || peer->line.cut || self->line.mute_rx;
    int32_t delay = peer ? self->line.delay + peer->line.delay : 0;
    bool voice = !dead && !peer->line.mute_tx && !quiet_since(peer, delay);
    bool echo = !dead && self->echo_gain && !self->line.mute_tx && !quiet_since(self, self->line.echo_delay);
    bool noise = !dead && self->noise.scale;

    if (!voice && !echo && !noise) {
        for (int n = 0; n < STEP; n++)
            hears[n] = SILENCE;
        return false;
    }
    int16_t scratch[STEP];
    if (voice && !echo && !noise && self->rx_gain == GAIN_UNITY) {
        const int16_t *block = said(peer, engine->now, delay, scratch);
        for (int n = 0; n < STEP; n++)
            hears[n] = alaw_quantise(block[n]);
        return true;
    }
    int32_t mix[STEP] = {0};
    if (voice) {
        const int16_t *block = said(peer, engine->now, delay, scratch);
        for (int n = 0; n < STEP; n++)
            mix[n] = apply_gain(block[n], self->rx_gain);
    }
    if (echo) {
        const int16_t *block = said(self, engine->now, self->line.echo_delay, scratch);
        for (int n = 0; n < STEP; n++)
            mix[n] += apply_gain(block[n], self->echo_gain);
    }
    if (noise)
        noise_add(&self->noise, mix);
    for (int n = 0; n < STEP; n++)
        scratch[n] = saturate(mix[n]); /* a loop of its own: this one is done in wide registers, the next cannot be */
    for (int n = 0; n < STEP; n++)
        hears[n] = alaw_quantise(scratch[n]);
    return true;
}

void line_update_gains(hw_engine *engine, leg *self)
{
    const leg *peer = self->peer >= 0 ? &engine->legs[self->peer] : NULL;
    int32_t loss_mb = self->line.rx_loss_mb + (peer ? peer->line.tx_loss_mb : 0);
    if (loss_mb < MIN_LOSS_MB)
        loss_mb = MIN_LOSS_MB;
    self->rx_gain = gain_factor(-loss_mb);
    self->echo_gain = self->line.echo_loss_mb == HW_NONE_MB ? 0 : gain_factor(-self->line.echo_loss_mb);
    noise_set(&self->noise, self->line.noise_mb);
}

void line_reset(hw_engine *engine, leg *self)
{
    self->line = IDEAL;
    line_update_gains(engine, self);
}

static bool loss_ok(int32_t loss_mb) { return loss_mb >= MIN_LOSS_MB && loss_mb <= MAX_LOSS_MB; }

static bool line_ok(const hw_line *line)
{
    bool echo_ok = line->echo_loss_mb == HW_NONE_MB || (line->echo_loss_mb >= 0 && line->echo_loss_mb <= MAX_LOSS_MB);
    bool noise_ok = line->noise_mb >= HW_NONE_MB && line->noise_mb <= 300;
    bool delay_ok = line->delay >= 0 && line->delay <= HW_MAX_DELAY && line->echo_delay >= 0 &&
                    line->echo_delay <= HW_MAX_DELAY;
    return loss_ok(line->tx_loss_mb) && loss_ok(line->rx_loss_mb) && echo_ok && noise_ok && delay_ok;
}

/* Both ends count: what one loses or delays, the other hears less of or later. */
static void changed(hw_engine *engine, leg *self)
{
    line_update_gains(engine, self);
    leg_wake(engine, self);
    if (self->peer >= 0) {
        leg *peer = &engine->legs[self->peer];
        line_update_gains(engine, peer);
        leg_wake(engine, peer);
    }
}

static bool delays_fit(const leg *a, const leg *b) { return a->line.delay + b->line.delay <= HW_MAX_DELAY; }

int32_t hw_line_set(hw_engine *engine, int32_t leg_id, const hw_line *line)
{
    leg *self = leg_find(engine, leg_id);
    if (!self)
        return HW_E_HANDLE;
    if (!line_ok(line))
        return HW_E_ARGUMENT;
    hw_line old = self->line;
    self->line = *line;
    if (self->peer >= 0 && !delays_fit(self, &engine->legs[self->peer])) {
        self->line = old;
        return HW_E_ARGUMENT;
    }
    changed(engine, self);
    return 0;
}

int32_t hw_line_get(const hw_engine *engine, int32_t leg_id, hw_line *line)
{
    const leg *self = leg_find(engine, leg_id);
    if (!self)
        return HW_E_HANDLE;
    *line = self->line;
    return 0;
}

static void unwire(hw_engine *engine, leg *self)
{
    if (self->peer < 0)
        return;
    leg *peer = &engine->legs[self->peer];
    peer->peer = -1;
    self->peer = -1;
    changed(engine, peer);
    changed(engine, self);
}

int32_t hw_wire(hw_engine *engine, int32_t leg_a, int32_t leg_b)
{
    leg *a = leg_find(engine, leg_a), *b = leg_find(engine, leg_b);
    if (!a || !b)
        return HW_E_HANDLE;
    if (a == b || !delays_fit(a, b))
        return HW_E_ARGUMENT;
    unwire(engine, a);
    unwire(engine, b);
    a->peer = b->index;
    b->peer = a->index;
    changed(engine, a);
    return 0;
}

int32_t hw_unwire(hw_engine *engine, int32_t leg_id)
{
    leg *self = leg_find(engine, leg_id);
    if (!self)
        return HW_E_HANDLE;
    unwire(engine, self);
    return 0;
}

int32_t hw_peer(const hw_engine *engine, int32_t leg_id)
{
    const leg *self = leg_find(engine, leg_id);
    if (!self)
        return HW_E_HANDLE;
    return self->peer >= 0 ? engine->legs[self->peer].id : 0;
}
