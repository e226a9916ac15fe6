#ifndef HWCORE_RECORDER_H
#define HWCORE_RECORDER_H

#include "engine.h"

/* recorder.c */
void recorders_step(hw_engine *engine, leg *owner, const int16_t *hears, const int16_t *says);
/* Flushes, reports the end, frees. */
void recorder_end(hw_engine *engine, recorder *self, int64_t at, int32_t reason);
void recorder_pause(recorder *self, bool paused);
void recorder_position(const recorder *self, hw_position *position);

#endif
