/* Connections to hwsim, one a thread (hwsim/vendorlibs/shim). After a new start those of before are not used any more. */
#define _GNU_SOURCE
#include "link.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define LIBRARY "synway"
#ifdef SHPA3_LAYOUT_2007
#define LAYOUT 1
#else
#define LAYOUT 0
#endif

static atomic_uint generation = 1;
static atomic_bool lost;
static __thread unsigned char role;

/* -- making -------------------------------------------------------------------------------------------------------- */

void shp_link_path(char *path, size_t size)
{
    shim_socket(path, size, LIBRARY);
}

void shp_link_is_worker(void)
{
    role = 1;
}

struct shp_link *shp_link(void)
{
    const struct shim_hello hello = {.library = LIBRARY, .layout = LAYOUT, .role = role};
    unsigned now = atomic_load(&generation);
    struct shp_link *link = (struct shp_link *)shim_own(sizeof *link);
    int fd;

    if (!link)
        return NULL;
    if (link->own.fd >= 0 && link->generation == now)
        return link;
    shim_set_fd(&link->own, -1);
    fd = shim_dial(&hello);
    if (fd < 0)
        return NULL;
    shim_set_fd(&link->own, fd);
    link->generation = now;
    return link;
}

/* -- using --------------------------------------------------------------------------------------------------------- */

size_t shp_link_exchange(struct shp_link *link, size_t size, const int *fds, int count)
{
    ssize_t got;

    if (shim_send(link->own.fd, link->bytes, size, fds, count) < 0)
        return 0;
    do
        got = recv(link->own.fd, link->bytes, sizeof link->bytes, 0);
    while (got < 0 && errno == EINTR);
    return got > 0 ? (size_t)got : 0;
}

void shp_link_tell(struct shp_link *link, size_t size)
{
    shim_send(link->own.fd, link->bytes, size, NULL, 0);
}

bool shp_link_lost(struct shp_link *link)
{
    if (link)
        shim_set_fd(&link->own, -1);
    if (link && link->interrupted)
        return false;
    atomic_store(&lost, true);
    return true;
}

bool shp_link_is_lost(void)
{
    return atomic_load(&lost);
}

void shp_link_renew(void)
{
    atomic_store(&lost, false);
    atomic_fetch_add(&generation, 1);
}

void shp_link_interrupt(struct shp_link *link)
{
    shim_lock();
    link->interrupted = true;
    if (link->own.fd >= 0)
        shutdown(link->own.fd, SHUT_RDWR);
    shim_unlock();
}
