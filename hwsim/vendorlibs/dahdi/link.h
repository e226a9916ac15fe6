/* Connections to hwsim: one for each thread that calls, and one that lasts as long as the process. */
#ifndef DIO_LINK_H
#define DIO_LINK_H

#include <stddef.h>

#include "shim.h"

#define LINK_ROOM 16384
#define LINK_FDS 2

struct link {
    struct shim_own own;
    unsigned number;
    unsigned char bytes[LINK_ROOM];
};

/* The calling thread's connection, made now if need be; NULL when hwsim cannot be reached (errno says why). */
struct link *link_own(void);

/* Sends `size` bytes of `link->bytes` and receives the answer into it, with up to LINK_FDS descriptors. The answer's
 * size; 0 when the connection is lost, which closes it. */
size_t link_exchange(struct link *link, size_t size, int *fds, int *fd_count);

#endif
