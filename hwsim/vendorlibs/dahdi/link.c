/* AF_UNIX SOCK_SEQPACKET sockets to hwsim, as hwsim/vendorlibs/wire.py wants them. A thread's connection is made at its
 * first call and closed when the thread ends; a child made by fork has none of its parent's. */
#define _GNU_SOURCE
#include "link.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define LIBRARY "dahdi"
#define PROTOCOL 1
#define KIND_HELLO 1

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct link *list;
static int anchor = -1;

/* -- making and closing -------------------------------------------------------------------------------------------- */

static void drop(struct link *link)
{
    pthread_mutex_lock(&lock);
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    pthread_mutex_unlock(&lock);
}

static void thread_ends(void *value)
{
    struct link *link = value;

    drop(link);
    pthread_mutex_lock(&lock);
    if (link->previous)
        link->previous->next = link->next;
    else
        list = link->next;
    if (link->next)
        link->next->previous = link->previous;
    pthread_mutex_unlock(&lock);
    free(link);
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

/* Threads but our own do not exist here. */
static void after_fork_in_child(void)
{
    struct link *own = pthread_getspecific(key);
    struct link *link = list;

    if (anchor >= 0)
        close(anchor);
    anchor = -1;
    while (link) {
        struct link *next = link->next;

        if (link->fd >= 0)
            close(link->fd);
        link->fd = -1;
        if (link != own)
            free(link);
        link = next;
    }
    list = own;
    if (own)
        own->next = own->previous = NULL;
    pthread_mutex_unlock(&lock);
}

static void init(void)
{
    Dl_info info;
    void *self = NULL;

    pthread_key_create(&key, thread_ends);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    /* Threads may end after dlclose; their connections must still find this code. */
    if (dladdr((void *)init, &info) && info.dli_fname)
        self = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    if (self)
        dlclose(self);
}

void link_folder(char *folder, size_t room)
{
    const char *dir = getenv("HWSIM_DIR");
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (dir && *dir)
        snprintf(folder, room, "%s", dir);
    else if (access("/run/hwsim", X_OK) == 0 || !runtime || !*runtime)
        snprintf(folder, room, "/run/hwsim");
    else
        snprintf(folder, room, "%s/hwsim", runtime);
}

static size_t put_text(unsigned char *at, const char *text)
{
    size_t length = strnlen(text, 255);

    at[0] = (unsigned char)length;
    at[1] = 0;
    memcpy(at + 2, text, length);
    return length + 2;
}

static int say_hello(int fd)
{
    unsigned char hello[600] = {KIND_HELLO, PROTOCOL, 0};
    unsigned pid = (unsigned)getpid(), tid = (unsigned)syscall(SYS_gettid);
    size_t size = 3;
    ssize_t sent;

    memcpy(hello + size, &pid, 4);
    memcpy(hello + size + 4, &tid, 4);
    size += 10; /* and layout 0, role 0 */
    size += put_text(hello + size, LIBRARY);
    size += put_text(hello + size, program_invocation_short_name);
    do
        sent = send(fd, hello, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[4000], path[4096];
    int fd, result;

    link_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/" LIBRARY ".sock", folder);
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    do
        result = connect(fd, (struct sockaddr *)&address, sizeof address);
    while (result < 0 && errno == EINTR);
    if (result < 0 || say_hello(fd) < 0) {
        int why = errno;

        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static struct link *make(void)
{
    struct link *link = calloc(1, sizeof *link);

    if (!link)
        return NULL;
    link->fd = -1;
    if (pthread_setspecific(key, link)) {
        free(link);
        errno = ENOMEM;
        return NULL;
    }
    pthread_mutex_lock(&lock);
    link->next = list;
    if (list)
        list->previous = link;
    list = link;
    pthread_mutex_unlock(&lock);
    return link;
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

    pthread_mutex_lock(&lock);
    if (anchor >= 0 && !alive(anchor)) {
        close(anchor);
        anchor = -1;
    }
    held = anchor >= 0;
    pthread_mutex_unlock(&lock);
    if (held)
        return;
    fd = dial();
    pthread_mutex_lock(&lock);
    if (anchor < 0) {
        anchor = fd;
        fd = -1;
    }
    pthread_mutex_unlock(&lock);
    if (fd >= 0)
        close(fd);
}

static int connect_link(struct link *link)
{
    int fd = dial();

    if (fd < 0)
        return -1;
    pthread_mutex_lock(&lock);
    link->fd = fd;
    pthread_mutex_unlock(&lock);
    hold();
    return 0;
}

struct link *link_own(void)
{
    struct link *link;

    pthread_once(&once, init);
    link = pthread_getspecific(key);
    if (!link && !(link = make()))
        return NULL;
    return link->fd >= 0 || connect_link(link) == 0 ? link : NULL;
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
    ssize_t done;

    *fd_count = 0;
    /* A connection to a hwsim that is gone takes nothing: the call is sent again if there is another one by now. */
    for (int attempt = 0; attempt < 2; attempt++) {
        do
            done = send(link->fd, link->bytes, size, MSG_NOSIGNAL);
        while (done < 0 && errno == EINTR);
        if (done == (ssize_t)size)
            break;
        drop(link);
        if (connect_link(link) < 0)
            return 0;
    }
    if (done == (ssize_t)size) {
        do
            done = recvmsg(link->fd, &message, MSG_CMSG_CLOEXEC);
        while (done < 0 && errno == EINTR);
        if (done > 0)
            take_fds(&message, fds, fd_count);
    } else {
        done = 0;
    }
    if (done <= 0) {
        drop(link);
        return 0;
    }
    return (size_t)done;
}
