/* What the simulated makers' libraries have in common: a connection to hwsim for each thread that calls. Compiled into
 * each library; none of it is exported. */
#ifndef HWSIM_SHIM_H
#define HWSIM_SHIM_H

#include <stddef.h>

/* Descriptors travel at most so many at a time. */
#define SHIM_MAX_FDS 4

/* Who connects, as hwsim/vendorlibs/wire.py wants to know it. */
struct shim_hello {
    const char *library;
    unsigned char layout;
    unsigned char role;
};

/* The first member of a library's record of a thread. `fd` -1: no connection; it changes by `shim_set_fd` only. */
struct shim_own {
    int fd;
    struct shim_own *next;
    struct shim_own *previous;
};

/* hwsim's folder, as the environment says, and a library's socket in it. */
void shim_folder(char *folder, size_t room);
void shim_socket(char *path, size_t room, const char *library);

/* A new connection that has said hello; -1 when hwsim cannot be reached (errno). */
int shim_dial(const struct shim_hello *hello);

/* The calling thread's record, `size` octets that are zero at first; NULL without memory (errno). It goes, and its
 * connection with it, when the thread ends. A child made by fork keeps the record of its thread, without connection. */
struct shim_own *shim_own(size_t size);

/* The record's connection from now on (-1: none); the one before is closed. */
void shim_set_fd(struct shim_own *own, int fd);

/* Guards every record's `fd` against threads that end and against fork. */
void shim_lock(void);
void shim_unlock(void);

/* Called in the child of a fork, locked: close what is yours. Before the first thread calls. */
void shim_on_fork(void (*in_child)(void));

/* One message with descriptors; 0, or -1 (errno). */
int shim_send(int fd, const unsigned char *bytes, size_t size, const int *fds, int count);

#endif
