/* Memory shared by two engines: making, mapping, one block in, one block out. */

#define _GNU_SOURCE

#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const int SEALS = F_SEAL_SHRINK | F_SEAL_GROW;

ring_memory *ring_map(int fd)
{
    struct stat status;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || fstat(fd, &status) < 0)
        return NULL;
    /* Unsealed, the other could cut it short, and touching it would kill us. */
    if ((seals & SEALS) != SEALS || status.st_size != (off_t)sizeof(ring_memory)) {
        errno = EINVAL;
        return NULL;
    }
    ring_memory *memory =
        mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (memory == MAP_FAILED)
        return NULL;
    if (memory->magic != RING_MAGIC || memory->version != RING_VERSION || memory->blocks != RING_BLOCKS ||
        memory->block != ME_BLOCK) {
        munmap(memory, sizeof *memory);
        errno = EPROTO;
        return NULL;
    }
    return memory;
}

void ring_unmap(ring_memory *memory) { munmap(memory, sizeof *memory); }

void ring_write(ring_way *way, const int16_t *pcm, int64_t stamp_ns)
{
    uint64_t number = atomic_load_explicit(&way->written, memory_order_relaxed);
    ring_block *block = &way->blocks[number % RING_BLOCKS];
    block->stamp_ns = stamp_ns;
    memcpy(block->pcm, pcm, sizeof block->pcm);
    atomic_store_explicit(&way->written, number + 1, memory_order_release);
}

bool ring_read(const ring_way *way, uint64_t number, ring_block *block)
{
    memcpy(block, &way->blocks[number % RING_BLOCKS], sizeof *block);
    atomic_thread_fence(memory_order_acquire);
    /* The writer may be filling the place of the block that is RING_BLOCKS older than its next. */
    return atomic_load_explicit(&way->written, memory_order_relaxed) - number < RING_BLOCKS;
}

static void close_ends(int memory, const int *wake, const int *peer)
{
    int saved = errno;
    int all[] = {memory, wake[0], wake[1], peer[0], peer[1]};
    for (int i = 0; i < 5; i++)
        if (all[i] >= 0)
            close(all[i]);
    errno = saved;
}

static int make_memory(void)
{
    int fd = memfd_create("boardd-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, sizeof(ring_memory)) == 0) {
        ring_memory *memory = mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory != MAP_FAILED) {
            memory->magic = RING_MAGIC;
            memory->version = RING_VERSION;
            memory->blocks = RING_BLOCKS;
            memory->block = ME_BLOCK;
            munmap(memory, sizeof *memory);
            if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == 0)
                return fd;
        }
    }
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int32_t me_ring_make(me_ring_fds *first, me_ring_fds *second)
{
    int memory[2] = {make_memory(), -1}, wake[4] = {-1, -1, -1, -1}, peer[2] = {-1, -1};
    bool made = memory[0] >= 0 && (memory[1] = fcntl(memory[0], F_DUPFD_CLOEXEC, 0)) >= 0 &&
                (wake[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) >= 0 &&
                (wake[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) >= 0 &&
                (wake[2] = fcntl(wake[0], F_DUPFD_CLOEXEC, 0)) >= 0 &&
                (wake[3] = fcntl(wake[1], F_DUPFD_CLOEXEC, 0)) >= 0 &&
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, peer) == 0;
    if (!made) {
        close_ends(memory[0], wake, peer);
        close_ends(memory[1], wake + 2, (int[]){-1, -1});
        return ME_E_FILE;
    }
    *first = (me_ring_fds){memory[0], wake[0], wake[1], peer[0], 0};
    *second = (me_ring_fds){memory[1], wake[3], wake[2], peer[1], 1};
    return 0;
}
