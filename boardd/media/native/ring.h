#ifndef MEDIA_RING_H
#define MEDIA_RING_H

/*
 * The memory that two engines share: one ring of blocks each way. The writer never waits; the reader never writes. The same
 * layout for every word size and compiler. Nothing in it is believed: the other process may be broken.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "media_public.h"

enum { RING_BLOCKS = 32, RING_MAGIC = 0x676E7242, RING_VERSION = 1 };

typedef struct {
    int64_t stamp_ns; /* CLOCK_MONOTONIC of the tick, its jitter taken out */
    int16_t pcm[ME_BLOCK];
} ring_block;

/* One direction. */
typedef struct {
    _Alignas(64) _Atomic uint64_t written; /* blocks, ever */
    _Alignas(64) _Atomic uint32_t running; /* the writer's port runs */
    _Atomic uint32_t wanted;               /* the reader wants the writer's eventfd signalled */
    _Alignas(64) ring_block blocks[RING_BLOCKS];
} ring_way;

typedef struct {
    uint32_t magic, version, blocks, block;
    ring_way way[2]; /* way n is written by side n */
} ring_memory;

_Static_assert(sizeof(ring_block) == 328, "layout");

/* Maps it; NULL with errno when it is not such a memory. */
ring_memory *ring_map(int fd);
void ring_unmap(ring_memory *memory);
void ring_write(ring_way *way, const int16_t *pcm, int64_t stamp_ns);
/* Block `number` of all that were written: false when it is there no more or the writer was just changing it. */
bool ring_read(const ring_way *way, uint64_t number, ring_block *block);

#endif
