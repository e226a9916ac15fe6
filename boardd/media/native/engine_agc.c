/* Automatic gain: what sinks hear of a port comes to a level, slowly, and only while somebody speaks. */

#include <math.h>
#include <string.h>

#include "engine.h"
#include "engine_hot.h"

/* Per block of 20 ms. */
static const float RISE_DB = 0.12F;        /* 6 dB a second */
static const float FALL_DB = 1.0F;
static const float SPEECH_ABOVE_NOISE_DB = 9.0F;
static const float SPEECH_AT_LEAST_DBM0 = -50.0F;
static const float NOISE_RISE_DB = 0.02F;  /* 1 dB a second */
static const float NOISE_FALL = 0.2F;      /* of the distance */
static const float LOUDEST_PEAK = 29000.0F;
static const float LOWEST_DBM0 = -90.0F;

/* A sine of full scale has +3.14 dBm0 and half the square of 32768 as power. */
static float level_dbm0(float power) { return power < 1e-3F ? LOWEST_DBM0 : 10.0F * log10f(power) - 84.157F; }

HOT static void measure(const int16_t *block, float *power, int32_t *peak)
{
    int64_t sum = 0;
    int32_t top = 0;
    for (int n = 0; n < ME_BLOCK; n++) {
        int32_t value = block[n], size = value < 0 ? -value : value;
        sum += value * value;
        top = size > top ? size : top;
    }
    *power = (float)sum / ME_BLOCK;
    *peak = top;
}

void agc_block(port *self)
{
    agc *gain = &self->agc;
    float power;
    int32_t peak;
    measure(self->heard, &power, &peak);
    float level = level_dbm0(power);
    if (level < gain->noise_dbm0)
        gain->noise_dbm0 += (level - gain->noise_dbm0) * NOISE_FALL;
    else
        gain->noise_dbm0 += NOISE_RISE_DB;
    if (level > gain->noise_dbm0 + SPEECH_ABOVE_NOISE_DB && level > SPEECH_AT_LEAST_DBM0) {
        float wanted = gain->target_dbm0 - level;
        wanted = fmaxf(-gain->max_gain_db, fminf(gain->max_gain_db, wanted));
        float step = fmaxf(-FALL_DB, fminf(RISE_DB, wanted - gain->gain_db));
        gain->gain_db += step;
    }
    float factor = powf(10.0F, gain->gain_db / 20.0F);
    if ((float)peak * factor > LOUDEST_PEAK) {
        factor = LOUDEST_PEAK / (float)peak;
        gain->gain_db = 20.0F * log10f(factor);
    }
    /* From the old gain to the new within the block, unless that would clip. */
    float at = (float)peak * gain->gain > LOUDEST_PEAK ? factor : gain->gain, slope = (factor - at) / ME_BLOCK;
    for (int n = 0; n < ME_BLOCK; n++) {
        at += slope;
        float value = (float)self->heard[n] * at;
        self->levelled[n] = (int16_t)(value > 32767.0F ? 32767.0F : value < -32768.0F ? -32768.0F : value);
    }
    gain->gain = factor;
    self->spoken = self->levelled;
}

int32_t me_agc(me_engine *engine, int32_t id, int32_t target_mb, int32_t max_gain_mb)
{
    if (target_mb < -4000 || target_mb > 0 || max_gain_mb < 0 || max_gain_mb > MAX_GAIN_MB)
        return ME_E_ARGUMENT;
    engine_lock(engine);
    port *self = port_find(engine, id);
    if (self && max_gain_mb == 0) {
        self->agc.on = false;
        self->spoken = self->heard;
    } else if (self) {
        agc *gain = &self->agc;
        bool was = gain->on;
        gain->target_dbm0 = (float)target_mb / 100.0F;
        gain->max_gain_db = (float)max_gain_mb / 100.0F;
        gain->on = true;
        if (!was) {
            gain->gain_db = 0;
            gain->gain = 1;
            gain->noise_dbm0 = 0; /* nothing is speech before there was a pause */
        }
    }
    engine_unlock(engine);
    return self ? 0 : ME_E_HANDLE;
}
