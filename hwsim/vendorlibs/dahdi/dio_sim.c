/* The simulated build of dio.h. Sound and frames go through sockets, one message a block; what a program asks most
 * often is answered from the shared page; everything else is a call to hwsim. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call.h"
#include "dahdi.h"
#include "dio.h"
#include "file.h"
#include "link.h"
#include "socket.h"

#define EXPORT __attribute__((visibility("default")))
#define COUNT_MASK 0xFFFFUL
#define NO_SUCH_CALL (-ENOSYS)

EXPORT int dio_build(void)
{
    return 1;
}

EXPORT int dio_root(char *to, unsigned room)
{
    char folder[4000];

    shim_folder(folder, sizeof folder);
    if (!to || strlen(folder) >= room)
        return -ENAMETOOLONG;
    strcpy(to, folder);
    return (int)strlen(to);
}

EXPORT int dio_open(const char *path, int flags)
{
    int fd, page, result;

    if (!path)
        return -EFAULT;
    result = call_open(path, flags, &fd, &page);
    if (result < 0)
        return result;
    if (flags & O_NONBLOCK)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    if (!(flags & O_CLOEXEC))
        fcntl(fd, F_SETFD, 0);
    result = file_add(fd, page);
    return result < 0 ? result : fd;
}

EXPORT int dio_close(int fd)
{
    struct file *file = file_forget(fd);

    if (!file)
        return -EBADF;
    /* A child made by fork only drops its copies. */
    if (file->opener == getpid())
        call_close(peek(&file->page->number));
    file_done(file);
    return 0;
}

static bool nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && flags & O_NONBLOCK;
}

/* Waits for one of the conditions of a file that may wait. */
static int wait_for(struct file *file, unsigned mask)
{
    unsigned number = peek(&file->page->number);

    if (nonblocking(file->fd))
        return -EAGAIN;
    return call_wait(&number, &mask, 1, -1);
}

/* -- sound and frames ---------------------------------------------------------------------------------------------- */

/* Whether the kind of file can be read and written at all. */
static int refused(const struct file *file)
{
    return peek(&file->page->kind) == FILE_CHANNEL ? 0 : NO_SUCH_CALL;
}

static long read_once(struct file *file, void *to, unsigned long n)
{
    struct shared_page *page = file->page;
    long result;

    if (peek(&page->dead))
        return -(long)peek(&page->dead);
    if (peek(&page->events))
        return -DAHDI_ELAST;
    pthread_mutex_lock(&file->lock);
    result = socket_take(file, to, n);
    pthread_mutex_unlock(&file->lock);
    return result;
}

EXPORT long dio_read(int fd, void *to, unsigned long n)
{
    struct file *file = file_of(fd);
    long result;

    if (!file)
        return -EBADF;
    n &= COUNT_MASK;
    result = refused(file);
    if (!result && !n)
        result = -EINVAL;
    if (!result && !to)
        result = -EFAULT;
    while (!result && (result = read_once(file, to, n)) == -EAGAIN) {
        result = wait_for(file, DAHDI_IOMUX_READ);
        if (result > 0)
            result = 0;
    }
    file_done(file);
    return result;
}

static long write_once(struct file *file, const void *from, unsigned long n)
{
    struct shared_page *page = file->page;
    long result;

    if (peek(&page->dead))
        return -(long)peek(&page->dead);
    if (peek(&page->events))
        return -DAHDI_ELAST;
    pthread_mutex_lock(&file->lock);
    result = socket_put(file, from, n);
    pthread_mutex_unlock(&file->lock);
    return result;
}

EXPORT long dio_write(int fd, const void *from, unsigned long n)
{
    struct file *file = file_of(fd);
    bool kick;
    long result;

    if (!file)
        return -EBADF;
    n &= COUNT_MASK;
    result = refused(file);
    if (!result && !n)
        result = -EINVAL;
    if (!result && !from)
        result = -EFAULT;
    kick = peek(&file->page->flags) & FLAG_KICK;
    while (!result && (result = write_once(file, from, n)) == -EAGAIN) {
        result = wait_for(file, DAHDI_IOMUX_WRITE);
        if (result > 0)
            result = 0;
    }
    if (kick && result != -ENODEV)
        call_kick(peek(&file->page->number));
    file_done(file);
    return result;
}

/* -- requests ------------------------------------------------------------------------------------------------------ */

/* What follows the structure of a request. */
static size_t tail(unsigned long request, const void *argument)
{
    if (request == DAHDI_LOADZONE) {
        const struct dahdi_zone_header *zone = argument;

        return zone->count > 0 && zone->count <= 128 ? sizeof(struct dahdi_tone_def) * (size_t)zone->count : 0;
    }
    if (request == DAHDI_ECHOCANCEL_PARAMS) {
        const struct dahdi_echo_params *echo = argument;

        return echo->count <= 8 ? sizeof(struct dahdi_echo_param) * echo->count : 0;
    }
    return 0;
}

static unsigned ready(const struct shared_page *page)
{
    unsigned found = 0, waiting = peek(&page->tx_put) - peek(&page->tx_taken);

    if (peek(&page->rx_sent) != peek(&page->rx_taken))
        found |= DAHDI_IOMUX_READ;
    if (waiting < peek(&page->block_count))
        found |= DAHDI_IOMUX_WRITE;
    if (!waiting)
        found |= DAHDI_IOMUX_WRITEEMPTY;
    if (peek(&page->events))
        found |= DAHDI_IOMUX_SIGEVENT;
    return found;
}

/* Whether the page alone answers; the answer is in `*result`. */
static bool answered(struct file *file, unsigned long request, int *argument, int *result)
{
    struct shared_page *page = file->page;
    unsigned mask;

    if (peek(&page->kind) != FILE_CHANNEL || peek(&page->dead))
        return false;
    switch (request) {
    case DAHDI_GETEVENT:
        if (peek(&page->events))
            return false;
        *argument = DAHDI_EVENT_NONE;
        break;
    case DAHDI_GETRXBITS:
        *argument = (int)peek(&page->rx_bits);
        break;
    case DAHDI_IOMUX:
        mask = (unsigned)*argument;
        if (!mask || mask & DAHDI_IOMUX_WRITEEMPTY)
            return false;
        if (!(ready(page) & mask) && !(mask & DAHDI_IOMUX_NOWAIT))
            return false;
        *argument = (int)(ready(page) & mask);
        break;
    default:
        return false;
    }
    *result = 0;
    return true;
}

/* Requests after which less may wait than before: hwsim is told whether the mark is still in the socket. */
static bool takes_mark(unsigned long request)
{
    return request == DAHDI_GETEVENT || request == DAHDI_FLUSH || request == DAHDI_TIMERACK ||
           request == DAHDI_TIMERPONG || request == DAHDI_TIMERCONFIG;
}

EXPORT int dio_ioctl(int fd, unsigned long request, void *argument)
{
    unsigned what = (unsigned)request;
    size_t size = _IOC_SIZE(what);
    size_t in = _IOC_DIR(what) & _IOC_WRITE ? size : 0, out = _IOC_DIR(what) & _IOC_READ ? size : 0;
    struct file *file = file_of(fd);
    int result, taken = 0;

    if (!file)
        return -EBADF;
    if (size && !argument) {
        file_done(file);
        return -EFAULT;
    }
    if (!answered(file, request, argument, &result)) {
        pthread_mutex_lock(&file->lock);
        if (takes_mark(request))
            taken = socket_take_mark(file);
        pthread_mutex_unlock(&file->lock);
        if (in)
            in += tail(request, argument);
        result = call_ioctl(peek(&file->page->number), what, argument, in, out, nonblocking(fd), taken);
        pthread_mutex_lock(&file->lock);
        socket_follow(file);
        pthread_mutex_unlock(&file->lock);
    }
    file_done(file);
    return result;
}

/* -- waiting ------------------------------------------------------------------------------------------------------- */

static bool in_lockstep(int fd)
{
    struct file *file = file_of(fd);
    bool found = file && peek(&file->page->flags) & FLAG_LOCKSTEP;

    if (file)
        file_done(file);
    return found;
}

static int poll_once(struct dio_pollfd *fds, unsigned n, int timeout_ms)
{
    int result = poll((struct pollfd *)fds, n, timeout_ms);

    return result < 0 ? -errno : result;
}

/* Simulated time passes while this waits. */
static int wait_simulated(const struct dio_pollfd *fds, unsigned n, int timeout_ms)
{
    unsigned *numbers = calloc(n, sizeof *numbers), *masks = calloc(n, sizeof *masks), count = 0;
    int result = numbers && masks ? 0 : -ENOMEM;

    for (unsigned i = 0; !result && i < n; i++) {
        struct file *file = file_of(fds[i].fd);

        if (!file)
            continue;
        numbers[count] = peek(&file->page->number);
        masks[count++] = (fds[i].events & POLLIN ? DAHDI_IOMUX_READ | DAHDI_IOMUX_SIGEVENT : 0u) |
                         (fds[i].events & POLLOUT ? DAHDI_IOMUX_WRITE : 0u) |
                         (fds[i].events & POLLPRI ? DAHDI_IOMUX_SIGEVENT : 0u);
        file_done(file);
    }
    if (!result)
        result = call_wait(numbers, masks, count, timeout_ms);
    free(numbers);
    free(masks);
    return result;
}

EXPORT int dio_poll(struct dio_pollfd *fds, unsigned n, int timeout_ms)
{
    bool simulated = false;
    int result;

    for (unsigned i = 0; i < n; i++)
        simulated = simulated || in_lockstep(fds[i].fd);
    while ((result = poll_once(fds, n, timeout_ms && !simulated ? timeout_ms : 0)) == -EINTR)
        ;
    if (result || !simulated || !timeout_ms)
        return result;
    result = wait_simulated(fds, n, timeout_ms);
    if (result < 0)
        return result;
    while ((result = poll_once(fds, n, 0)) == -EINTR)
        ;
    return result;
}
