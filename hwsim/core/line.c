/* The line between two wired legs: losses, delay, hybrid echo, noise, cuts, and one A-law coding each way. */

#include <math.h>
#include <string.h>

#include "codec.h"
#include "engine.h"
#include "hot.h"

enum { MIN_LOSS_MB = -2000, MAX_LOSS_MB = 10000, MAX_ERROR_PPM = 500000, STEP_BITS = STEP * 8 };

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

/* Distance to the next wrong bit: geometric, as errors that know nothing of each other have it. */
static int64_t error_distance(leg *self)
{
    uint32_t x = self->error_state ? self->error_state : 1;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    self->error_state = x;
    return (int64_t)(log((x + 0.5) / 4294967296.0) / log1p(-self->line.error_ppm / 1e6));
}

/* Turns the bits that are wrong in this block; false if none is. */
static bool spoil(leg *self, int16_t *hears)
{
    bool any = false;
    for (; self->next_error < STEP_BITS; self->next_error += 1 + error_distance(self)) {
        int n = (int)self->next_error >> 3;
        hears[n] = alaw_to_pcm[alaw_encode(hears[n]) ^ 0x80 >> (self->next_error & 7)];
        any = true;
    }
    self->next_error -= STEP_BITS;
    return any;
}

HOT static bool undisturbed(const hw_engine *engine, leg *self, int16_t *hears)
{
    const leg *peer = self->peer >= 0 ? &engine->legs[self->peer] : NULL;
    bool dead = !peer || self->line.cut || peer->line.cut || self->line.mute_rx;
    int32_t delay = peer ? self->line.delay + peer->line.delay + self->slip : 0;
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

bool line_hear(const hw_engine *engine, leg *self, int16_t *hears)
{
    bool sound = undisturbed(engine, self, hears);
    if (self->line.error_ppm && self->peer >= 0)
        sound |= spoil(self, hears);
    return sound;
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
    bool errors_ok = line->error_ppm >= 0 && line->error_ppm <= MAX_ERROR_PPM;
    return loss_ok(line->tx_loss_mb) && loss_ok(line->rx_loss_mb) && echo_ok && noise_ok && delay_ok && errors_ok;
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
    if (line->error_ppm != old.error_ppm)
        self->next_error = line->error_ppm ? error_distance(self) : 0;
    changed(engine, self);
    return 0;
}

int32_t hw_line_slip(hw_engine *engine, int32_t leg_id, int32_t samples)
{
    leg *self = leg_find(engine, leg_id);
    if (!self)
        return HW_E_HANDLE;
    if ((samples != 1 && samples != -1) || self->slip + samples < 0 || self->slip + samples > HW_MAX_SLIP)
        return HW_E_ARGUMENT;
    self->slip += samples;
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
