/* What can be done to anything that has an id: stop, pause, ask where it is. */

#include <string.h>

#include "detect.h"
#include "engine.h"
#include "recorder.h"
#include "source.h"

int32_t hw_stop(hw_engine *engine, int32_t id)
{
    enum object_kind kind = id_kind(engine, id);
    switch (kind) {
    case OBJECT_SOURCE:
        source_end(engine, id_find(engine, id, kind), engine->now, HW_STOPPED);
        return 0;
    case OBJECT_RECORDER:
        recorder_end(engine, id_find(engine, id, kind), engine->now, HW_STOPPED);
        return 0;
    case OBJECT_TONE_DETECTOR:
        return tone_detector_stop(engine, id);
    case OBJECT_ENERGY_DETECTOR:
        return energy_detector_stop(engine, id);
    case OBJECT_FSK_DETECTOR:
        return fsk_detector_stop(engine, id);
    default:
        return HW_E_HANDLE;
    }
}

int32_t hw_pause(hw_engine *engine, int32_t id, int32_t paused)
{
    source *player = id_find(engine, id, OBJECT_SOURCE);
    recorder *recording = id_find(engine, id, OBJECT_RECORDER);
    if (player)
        player->paused = paused;
    else if (recording)
        recorder_pause(recording, paused);
    else
        return HW_E_HANDLE;
    return 0;
}

int32_t hw_get_position(const hw_engine *engine, int32_t id, hw_position *position)
{
    const source *player = id_find(engine, id, OBJECT_SOURCE);
    const recorder *recording = id_find(engine, id, OBJECT_RECORDER);
    memset(position, 0, sizeof *position);
    if (player) {
        position->samples = player->samples;
        position->paused = player->paused;
        if (!player_position(player, position))
            position->entry_samples = player->samples;
    } else if (recording) {
        recorder_position(recording, position);
    } else {
        return HW_E_HANDLE;
    }
    return 0;
}
