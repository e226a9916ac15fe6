/* What each thread of the program has of its own: threads that end and children made by fork leave nothing behind. */
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct shim_own *list;
static void (*forked)(void);

void shim_lock(void)
{
    pthread_mutex_lock(&lock);
}

void shim_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void shim_on_fork(void (*in_child)(void))
{
    forked = in_child;
}

void shim_set_fd(struct shim_own *own, int fd)
{
    shim_lock();
    if (own->fd >= 0)
        close(own->fd);
    own->fd = fd;
    shim_unlock();
}

static void thread_ends(void *value)
{
    struct shim_own *own = value;

    shim_lock();
    if (own->fd >= 0)
        close(own->fd);
    if (own->previous)
        own->previous->next = own->next;
    else
        list = own->next;
    if (own->next)
        own->next->previous = own->previous;
    shim_unlock();
    free(own);
}

/* The other threads do not exist here: their connections are dropped, our own is kept without a socket. */
static void after_fork_in_child(void)
{
    struct shim_own *own = pthread_getspecific(key);
    struct shim_own *one = list;

    if (forked)
        forked();
    while (one) {
        struct shim_own *next = one->next;

        if (one->fd >= 0)
            close(one->fd);
        one->fd = -1;
        if (one != own)
            free(one);
        one = next;
    }
    list = own;
    if (own)
        own->next = own->previous = NULL;
    shim_unlock();
}

static void init(void)
{
    Dl_info info;
    void *self = NULL;

    pthread_key_create(&key, thread_ends);
    pthread_atfork(shim_lock, shim_unlock, after_fork_in_child);
    /* Threads of the program end after dlclose, too; their connections must still find this code. */
    if (dladdr((void *)init, &info) && info.dli_fname)
        self = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    if (self)
        dlclose(self);
}

struct shim_own *shim_own(size_t size)
{
    struct shim_own *own;

    pthread_once(&once, init);
    own = pthread_getspecific(key);
    if (own)
        return own;
    own = calloc(1, size);
    if (!own)
        return NULL;
    own->fd = -1;
    if (pthread_setspecific(key, own)) {
        free(own);
        errno = ENOMEM;
        return NULL;
    }
    shim_lock();
    own->next = list;
    if (list)
        list->previous = own;
    list = own;
    shim_unlock();
    return own;
}
