/* Connections to hwsim: one AF_UNIX SOCK_SEQPACKET socket per thread, made at the thread's first call and closed when
 * the thread ends. A child made by fork has none: it closes its copies, so that hwsim sees the parent's end. */
#define _GNU_SOURCE
#include "link.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define PROTOCOL 1
#define LIBRARY "synway"
#ifdef SHPA3_LAYOUT_2007
#define LAYOUT 1
#else
#define LAYOUT 0
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct shp_link *list;
static atomic_uint generation = 1;
static atomic_bool lost;
static __thread unsigned char role;

/* -- making and closing -------------------------------------------------------------------------------------------- */

static void close_fd(struct shp_link *link)
{
    pthread_mutex_lock(&list_lock);
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    pthread_mutex_unlock(&list_lock);
}

static void thread_ends(void *value)
{
    struct shp_link *link = value;

    pthread_mutex_lock(&list_lock);
    if (link->fd >= 0)
        close(link->fd);
    if (link->previous)
        link->previous->next = link->next;
    else
        list = link->next;
    if (link->next)
        link->next->previous = link->previous;
    pthread_mutex_unlock(&list_lock);
    free(link);
}

static void before_fork(void)
{
    pthread_mutex_lock(&list_lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&list_lock);
}

/* The other threads do not exist here: their connections are dropped, our own is kept without a socket. */
static void after_fork_in_child(void)
{
    struct shp_link *own = pthread_getspecific(key);
    struct shp_link *link = list;

    while (link) {
        struct shp_link *next = link->next;

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
    pthread_mutex_unlock(&list_lock);
}

/* Threads of the program end after dlclose, too; their connections must still find our code. */
static void stay_loaded(void)
{
    Dl_info info;
    void *handle = NULL;

    if (dladdr((void *)stay_loaded, &info) && info.dli_fname)
        handle = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    if (handle)
        dlclose(handle);
}

static void init(void)
{
    pthread_key_create(&key, thread_ends);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    stay_loaded();
}

void shp_link_path(char *path, size_t size)
{
    const char *dir = getenv("HWSIM_DIR");
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (dir && *dir)
        snprintf(path, size, "%s/" LIBRARY ".sock", dir);
    else if (access("/run/hwsim", X_OK) == 0 || !runtime || !*runtime)
        snprintf(path, size, "/run/hwsim/" LIBRARY ".sock");
    else
        snprintf(path, size, "%s/hwsim/" LIBRARY ".sock", runtime);
}

static size_t put_text(unsigned char *at, const char *text)
{
    size_t length = strnlen(text, 255);

    at[0] = (unsigned char)length;
    at[1] = 0;
    memcpy(at + 2, text, length);
    return length + 2;
}

static size_t put_u32(unsigned char *at, unsigned value)
{
    memcpy(at, &value, 4);
    return 4;
}

static int send_packet(int fd, const unsigned char *bytes, size_t size, const int *fds, int count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * SHP_MAX_FDS)];
        struct cmsghdr align;
    } control;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    if (count > 0) {
        struct cmsghdr *header;

        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), fds, sizeof(int) * (size_t)count);
    }
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

static int say_hello(int fd)
{
    unsigned char hello[600];
    size_t size = 0;

    hello[size++] = SHP_HELLO;
    hello[size++] = PROTOCOL;
    hello[size++] = 0;
    size += put_u32(hello + size, (unsigned)getpid());
    size += put_u32(hello + size, (unsigned)syscall(SYS_gettid));
    hello[size++] = LAYOUT;
    hello[size++] = role;
    size += put_text(hello + size, LIBRARY);
    size += put_text(hello + size, program_invocation_short_name);
    return send_packet(fd, hello, size, NULL, 0);
}

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[4096];
    int fd, result;

    shp_link_path(path, sizeof path);
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

void shp_link_is_worker(void)
{
    role = 1;
}

static struct shp_link *own_link(void)
{
    struct shp_link *link = pthread_getspecific(key);

    if (link)
        return link;
    link = malloc(sizeof *link);
    if (!link)
        return NULL;
    link->fd = -1;
    link->interrupted = false;
    link->generation = 0;
    link->number = 0;
    link->previous = NULL;
    if (pthread_setspecific(key, link)) {
        free(link);
        errno = ENOMEM;
        return NULL;
    }
    pthread_mutex_lock(&list_lock);
    link->next = list;
    if (list)
        list->previous = link;
    list = link;
    pthread_mutex_unlock(&list_lock);
    return link;
}

struct shp_link *shp_link(void)
{
    unsigned now = atomic_load(&generation);
    struct shp_link *link;
    int fd;

    pthread_once(&once, init);
    link = own_link();
    if (!link)
        return NULL;
    if (link->fd >= 0 && link->generation == now)
        return link;
    close_fd(link);
    fd = dial();
    if (fd < 0)
        return NULL;
    pthread_mutex_lock(&list_lock);
    link->fd = fd;
    link->generation = now;
    pthread_mutex_unlock(&list_lock);
    return link;
}

/* -- using --------------------------------------------------------------------------------------------------------- */

size_t shp_link_exchange(struct shp_link *link, size_t size, const int *fds, int count)
{
    ssize_t got;

    if (send_packet(link->fd, link->bytes, size, fds, count) < 0)
        return 0;
    do
        got = recv(link->fd, link->bytes, sizeof link->bytes, 0);
    while (got < 0 && errno == EINTR);
    return got > 0 ? (size_t)got : 0;
}

void shp_link_tell(struct shp_link *link, size_t size)
{
    send_packet(link->fd, link->bytes, size, NULL, 0);
}

bool shp_link_lost(struct shp_link *link)
{
    if (link)
        close_fd(link);
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
    pthread_mutex_lock(&list_lock);
    link->interrupted = true;
    if (link->fd >= 0)
        shutdown(link->fd, SHUT_RDWR);
    pthread_mutex_unlock(&list_lock);
}
