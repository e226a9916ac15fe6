/* Connections to hwsim, one a thread (hwsim/vendorlibs/shim), and one that lasts as long as the process. */
#define _GNU_SOURCE
#include "link.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct shim_hello HELLO = {.library = "dahdi"};
static int anchor = -1;

/* -- making and closing -------------------------------------------------------------------------------------------- */

static void close_anchor(void)
{
    if (anchor >= 0)
        close(anchor);
    anchor = -1;
}

/* Whether the other end of a connection on which nothing is sent is still there. */
static int alive(int fd)
{
    char nothing;

    return recv(fd, &nothing, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* hwsim takes a process for dead when its last connection closes. */
static void hold(void)
{
    int fd, held;

    shim_lock();
    if (anchor >= 0 && !alive(anchor))
        close_anchor();
    held = anchor >= 0;
    shim_unlock();
    if (held)
        return;
    fd = shim_dial(&HELLO);
    shim_lock();
    if (anchor < 0) {
        anchor = fd;
        fd = -1;
    }
    shim_unlock();
    if (fd >= 0)
        close(fd);
}

static int connect_link(struct link *link)
{
    int fd = shim_dial(&HELLO);

    if (fd < 0)
        return -1;
    shim_set_fd(&link->own, fd);
    hold();
    return 0;
}

struct link *link_own(void)
{
    struct link *link;

    shim_on_fork(close_anchor);
    link = (struct link *)shim_own(sizeof *link);
    if (!link)
        return NULL;
    return link->own.fd >= 0 || connect_link(link) == 0 ? link : NULL;
}

/* -- using --------------------------------------------------------------------------------------------------------- */

static void take_fds(struct msghdr *message, int *fds, int *fd_count)
{
    for (struct cmsghdr *one = CMSG_FIRSTHDR(message); one; one = CMSG_NXTHDR(message, one)) {
        int got;

        if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS)
            continue;
        got = (int)((one->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < got; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(one) + sizeof(int) * (size_t)i, sizeof fd);
            if (*fd_count < LINK_FDS)
                fds[(*fd_count)++] = fd;
            else
                close(fd);
        }
    }
}

size_t link_exchange(struct link *link, size_t size, int *fds, int *fd_count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * LINK_FDS)];
        struct cmsghdr align;
    } control;
    struct iovec part = {.iov_base = link->bytes, .iov_len = sizeof link->bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t done = 0;
    bool sent = false;

    *fd_count = 0;
    /* A connection to a hwsim that is gone takes nothing: the call is sent again if there is another one by now. */
    for (int attempt = 0; attempt < 2; attempt++) {
        sent = shim_send(link->own.fd, link->bytes, size, NULL, 0) == 0;
        if (sent)
            break;
        shim_set_fd(&link->own, -1);
        if (connect_link(link) < 0)
            return 0;
    }
    if (sent) {
        do
            done = recvmsg(link->own.fd, &message, MSG_CMSG_CLOEXEC);
        while (done < 0 && errno == EINTR);
        if (done > 0)
            take_fds(&message, fds, fd_count);
    }
    if (done <= 0) {
        shim_set_fd(&link->own, -1);
        return 0;
    }
    return (size_t)done;
}
