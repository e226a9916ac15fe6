#ifndef MEDIA_DETECT_LANES_H
#define MEDIA_DETECT_LANES_H

/*
 * Arithmetic across lanes: eight lanes make a vector, one sample of each. What a bank keeps belongs to single lanes, so that
 * any lanes may be fed together; a group is put together for the time of one feed.
 */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "detect_public.h"

enum { LANES = 8, RATE_HZ = 8000, MIN_FEED = 80, MAX_FEED = 320 };

#define FULL_SCALE_DBM0 3.14f
#define NO_LEVEL_DBM0 (-100.0f)

typedef float lanes8 __attribute__((vector_size(LANES * sizeof(float))));

/*
 * Compiled twice, the wide one chosen when the library loads. Both give the same bits: neither fuses or reorders
 * floating point.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

/* Events of one feed. */
typedef struct {
    det_event *out;
    int max, count;
    long *lost;
} det_sink;

static inline void det_emit(det_sink *sink, int lane, int kind, int code, long at, double a, double b, double c, double d)
{
    if (sink->count == sink->max) {
        ++*sink->lost;
        return;
    }
    sink->out[sink->count++] = (det_event){lane, kind, code, at, {a, b, c, d}};
}

/* False when a feed names a lane that is not there or has a size outside its range. */
static inline bool det_feed_ok(int lanes_of_bank, const int *lanes, int n_lanes, int n_samples)
{
    if (n_samples < MIN_FEED || n_samples > MAX_FEED)
        return false;
    for (int i = 0; i < n_lanes; i++)
        if (lanes[i] < 0 || lanes[i] >= lanes_of_bank)
            return false;
    return true;
}

/* Level of a sine with this peak squared, or of any sound with twice this power. */
static inline float det_dbm0(float peak2)
{
    const float floor2 = 1e-3f;
    return 10.0f * log10f((peak2 > floor2 ? peak2 : floor2) / (32768.0f * 32768.0f)) + FULL_SCALE_DBM0;
}

static inline float det_peak2(float dbm0)
{
    return 32768.0f * 32768.0f * powf(10.0f, (dbm0 - FULL_SCALE_DBM0) / 10.0f);
}

#endif
