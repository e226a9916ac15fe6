/* Calls to hwsim. Each returns what hwsim answers: >= 0 or -errno; -ENODEV when hwsim is not there any more. */
#ifndef DIO_CALL_H
#define DIO_CALL_H

#include <stddef.h>

/* Out: the program's socket and the shared page. */
int call_open(const char *path, int flags, int *fd, int *page);
int call_close(unsigned number);

/* `in_size` octets go, at most `out_size` come back. `nonblock`: the file is O_NONBLOCK now; `taken`: the mark of an
 * event was taken out of the socket. */
int call_ioctl(unsigned number, unsigned request, void *data, size_t in_size, size_t out_size, int nonblock, int taken);

/* A block was written that hwsim wants to know of at once. */
int call_kick(unsigned number);

/* Waits until one of the conditions (mask of IOMUX values) holds for one of the files, or so long (-1: for ever). */
int call_wait(const unsigned *numbers, const unsigned *masks, unsigned count, int timeout_ms);

#endif
