/* Open files of the program: a socket, the shared page, a lock. */
#ifndef DIO_FILE_H
#define DIO_FILE_H

#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>

#include "page.h"

struct file {
    int fd;
    unsigned uses;
    pid_t opener;
    unsigned config; /* of the page, when the socket was last set up */
    int spent_mark;  /* the place of a mark that was taken is behind blocks in the socket */
    unsigned char ahead; /* the first octet of the next block, read already when has_ahead */
    int has_ahead;
    struct shared_page *page;
    pthread_mutex_t lock;
};

/* Takes over both descriptors. 0 or -errno. */
int file_add(int fd, int page);

/* The file of a descriptor, in use until `file_done`; NULL when it is none of ours. */
struct file *file_of(int fd);
void file_done(struct file *file);

/* The descriptor is none of ours from now on; it is closed when nobody uses the file any more. */
struct file *file_forget(int fd);

/* Counters and flags that the other side changes. */
static inline unsigned peek(const unsigned *field)
{
    return __atomic_load_n(field, __ATOMIC_ACQUIRE);
}

static inline void poke(unsigned *field, unsigned value)
{
    __atomic_store_n(field, value, __ATOMIC_RELEASE);
}

#endif
