/* A table by descriptor. Files that are closed while other threads use them live on until those are done. */
#define _GNU_SOURCE
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct file **table;
static int room;

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

static void init(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

static int make_room(int fd)
{
    struct file **grown;
    int wanted = room ? room : 64;

    while (wanted <= fd)
        wanted *= 2;
    if (wanted == room)
        return 0;
    grown = realloc(table, sizeof *table * (size_t)wanted);
    if (!grown)
        return -ENOMEM;
    memset(grown + room, 0, sizeof *grown * (size_t)(wanted - room));
    table = grown;
    room = wanted;
    return 0;
}

/* With the lock held. */
static void release(struct file *file)
{
    if (--file->uses > 0)
        return;
    close(file->fd);
    munmap(file->page, sizeof *file->page);
    pthread_mutex_destroy(&file->lock);
    free(file);
}

int file_add(int fd, int page)
{
    struct file *file = calloc(1, sizeof *file);
    void *mapped = mmap(NULL, sizeof *file->page, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    int result;

    pthread_once(&once, init);
    close(page);
    if (!file || mapped == MAP_FAILED) {
        free(file);
        if (mapped != MAP_FAILED)
            munmap(mapped, sizeof *file->page);
        close(fd);
        return -ENOMEM;
    }
    file->fd = fd;
    file->uses = 1;
    file->opener = getpid();
    file->page = mapped;
    pthread_mutex_init(&file->lock, NULL);
    pthread_mutex_lock(&lock);
    result = make_room(fd);
    if (result < 0) {
        release(file);
    } else {
        /* What still stands there was closed behind our back: its descriptor is this one by now. */
        if (table[fd])
            table[fd]->fd = -1, release(table[fd]);
        table[fd] = file;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

struct file *file_of(int fd)
{
    struct file *file = NULL;

    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < room)
        file = table[fd];
    if (file)
        file->uses++;
    pthread_mutex_unlock(&lock);
    return file;
}

void file_done(struct file *file)
{
    pthread_mutex_lock(&lock);
    release(file);
    pthread_mutex_unlock(&lock);
}

struct file *file_forget(int fd)
{
    struct file *file = NULL;

    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < room) {
        file = table[fd];
        table[fd] = NULL;
    }
    pthread_mutex_unlock(&lock);
    return file;
}
