/* Connections to hwsim, one for each thread of the program. */
#ifndef SHP_LINK_H
#define SHP_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "shim.h"

#define SHP_MAX_PACKET 65536
#define SHP_MAX_BLOB 32768
#define SHP_MAX_FDS SHIM_MAX_FDS

enum shp_kind { SHP_HELLO = 1, SHP_CALL = 2, SHP_CLOSED = 3, SHP_REPLY = 4 };

/* `bytes` holds the request, then the reply. */
struct shp_link {
    struct shim_own own;
    bool interrupted;
    unsigned generation;
    unsigned number;
    unsigned char bytes[SHP_MAX_PACKET];
};

/* The calling thread is one of the library's own: hwsim expects it to wait for work. Before its first `shp_link`. */
void shp_link_is_worker(void);

/* The calling thread's connection, made now if need be; NULL when hwsim cannot be reached (errno says why). */
struct shp_link *shp_link(void);

/* Sends `size` bytes of `link->bytes` with descriptors and receives the answer into it: its size, or 0 when lost. */
size_t shp_link_exchange(struct shp_link *link, size_t size, const int *fds, int count);

/* Sends one message that has no answer. */
void shp_link_tell(struct shp_link *link, size_t size);

/* The connection broke (NULL: could not be made): no call reaches hwsim any more until the next start. False when it
 * was interrupted on purpose. */
bool shp_link_lost(struct shp_link *link);
bool shp_link_is_lost(void);

/* A new start: connections of before are not used any more. */
void shp_link_renew(void);

/* Makes a thread that waits in its connection return. */
void shp_link_interrupt(struct shp_link *link);

/* Where hwsim's socket should be. */
void shp_link_path(char *path, size_t size);

#endif
