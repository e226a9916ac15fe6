/* The real build: thin system calls. No state, no locks; see dio.h. */
#define _GNU_SOURCE
#include "dio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

_Static_assert(sizeof(struct dio_pollfd) == sizeof(struct pollfd), "dio_pollfd is not pollfd");
_Static_assert(POLLIN == 1 && POLLPRI == 2 && POLLOUT == 4, "poll bits");

static long or_errno(long result)
{
    return result < 0 ? -(long)errno : result;
}

EXPORT int dio_build(void)
{
    return 0;
}

EXPORT int dio_root(char *to, unsigned room)
{
    if (!to || room < 1)
        return -ENAMETOOLONG;
    *to = 0;
    return 0;
}

EXPORT int dio_open(const char *path, int flags)
{
    int fd;

    if (!path)
        return -EFAULT;
    do
        fd = open(path, flags);
    while (fd < 0 && errno == EINTR);
    return (int)or_errno(fd);
}

EXPORT int dio_close(int fd)
{
    /* On Linux the descriptor is gone even when a signal interrupts this: a second try could close somebody else's. */
    if (close(fd) == 0 || errno == EINTR)
        return 0;
    return -errno;
}

EXPORT int dio_ioctl(int fd, unsigned long request, void *argument)
{
    int result;

    do
        result = ioctl(fd, request, argument);
    while (result < 0 && errno == EINTR);
    return (int)or_errno(result);
}

EXPORT long dio_read(int fd, void *to, unsigned long n)
{
    long result;

    do
        result = read(fd, to, n);
    while (result < 0 && errno == EINTR);
    return or_errno(result);
}

EXPORT long dio_write(int fd, const void *from, unsigned long n)
{
    long result;

    do
        result = write(fd, from, n);
    while (result < 0 && errno == EINTR);
    return or_errno(result);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

EXPORT int dio_poll(struct dio_pollfd *fds, unsigned n, int timeout_ms)
{
    long long until_ms = timeout_ms > 0 ? now_ms() + timeout_ms : 0;
    int result;

    while ((result = poll((struct pollfd *)fds, n, timeout_ms)) < 0 && errno == EINTR) {
        if (timeout_ms > 0) {
            long long left_ms = until_ms - now_ms();

            timeout_ms = left_ms > 0 ? (int)left_ms : 0;
        }
    }
    return (int)or_errno(result);
}
