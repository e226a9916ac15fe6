/* A link, shared by the parts of the door. */
#ifndef Q931_LINK_H
#define Q931_LINK_H

#include <stdint.h>

#include "q931.h"
#include "q931_pri.h"

#define EXPORT __attribute__((visibility("default")))

enum { FRAMES = 128, LOG_BYTES = 16384 };

struct log_ring {
    char text[LOG_BYTES];
    uint32_t used;
};

struct q9_link {
    struct pri *pri;
    struct q9_link *next;
    int closed;
    uint8_t in[Q9_FRAME];
    int32_t in_size;
    uint8_t out[FRAMES][Q9_FRAME];
    int32_t out_size[FRAMES];
    uint32_t out_first, out_count;
    struct log_ring log;
    q9_counters counters;
};

/* Copies an event of libpri; 0 when there is none that anybody wants. */
int q9_flatten(const union pri_events *from, q9_event *to);

/* Makes a frame harmless that libpri must not see; 0: it was not. */
int q9_guard(uint8_t *frame, int32_t size);

static inline struct q931_call *call_of(int64_t call) { return (struct q931_call *)(intptr_t)call; }

#endif
