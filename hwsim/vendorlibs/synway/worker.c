/* The library's own threads. Each asks hwsim for its next task and waits in that question; the answer to a task travels
 * with the next question. hwsim ends a thread by answering -1. All signals stay with the program's own threads. */
#include "worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "link.h"
#include "memory.h"
#include "shp.h"

/* What hwsim asks the data thread to do (hwsim/vendorlibs/wire.py, Work). */
enum work { WORK_READ = 1, WORK_WRITE = 2, WORK_DIGIT = 3, WORK_BLOCK_DONE = 4, WORK_TAP = 5 };

enum { MODE_CALLBACK = 2, MODE_CALLBACKA = 5 };

typedef int (*event_callback)(unsigned short code, int ref, unsigned param, unsigned user);
typedef int (*event_callback_ex)(struct synway_event_ex *event);

/* A running thread. A thread that stops itself is `detached` and frees this itself. */
struct worker {
    pthread_t thread;
    pid_t pid;
    struct shp_link *link;
    bool connected;
    atomic_bool stop;
    bool detached;
    unsigned char data[SHP_MAX_BLOB];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t connected = PTHREAD_COND_INITIALIZER;
static struct worker *workers[SHP_WORKERS];

/* -- events -------------------------------------------------------------------------------------------------------- */

struct task {
    int mode;
    long long handler;
    unsigned short code;
    int ref;
    unsigned param;
    unsigned user;
    unsigned sub_reason;
    unsigned extra;
    unsigned flags;
    unsigned length;
};

static int call_back(const struct task *task, unsigned char *data)
{
    struct synway_event_ex event = {
        .code = task->code,
        .ref = task->ref,
        .param = task->param,
        .user = task->user,
        .sub_reason = task->sub_reason,
        .extra = task->extra,
        .flags = task->flags,
        .buffer = data,
        .buffer_length = SHP_MAX_BLOB,
        .data_length = task->length,
    };

    if (!task->handler)
        return -1;
    if (task->mode == MODE_CALLBACK)
        return ((event_callback)(size_t)task->handler)(task->code, task->ref, task->param, task->user);
    if (task->mode == MODE_CALLBACKA)
        return ((event_callback_ex)(size_t)task->handler)(&event);
    return -1;
}

static void bring_events(struct worker *self)
{
    int result = 0;

    while (!atomic_load(&self->stop)) {
        struct task task = {.mode = 0};

        if (shp_wait(0, "ShimNextCallback", "iIQWIIIIIIX", result, &task.mode, &task.handler, &task.code, &task.ref,
                     &task.param, &task.user, &task.sub_reason, &task.extra, &task.flags, self->data,
                     (unsigned)sizeof self->data, &task.length) < 0)
            return;
        result = call_back(&task, self->data);
    }
}

/* -- memory and handlers ------------------------------------------------------------------------------------------- */

struct job {
    int kind;
    int token;
    int ch;
    unsigned a;
    unsigned b;
    unsigned length;
};

static int block_done(const struct job *job)
{
    struct shp_item item = shp_memory_find(job->token);

    shp_memory_forget(job->token);
    return item.function ? ((synway_block_done)item.function)(job->ch, (int)job->a, item.buffer, job->b, item.user) : 0;
}

static int digit(const struct job *job)
{
    struct shp_item item = shp_memory_find(job->token);

    if (item.use != SHP_DIGITS || !item.function)
        return -1;
    ((synway_dtmf_handler)item.function)(job->ch, (char)job->a, (int)job->b, item.user);
    return 0;
}

static int tap(const struct job *job, unsigned char *data)
{
    struct shp_item item = shp_memory_find(job->token);

    if (!item.function)
        return -1;
    if (item.use == SHP_TAP_A || item.use == SHP_SPY_A)
        ((synway_tap_a)item.function)(job->ch, data, job->length);
    else if (item.use == SHP_TAP_B || item.use == SHP_SPY_B)
        ((synway_tap_b)item.function)(job->ch, data, job->length, item.user);
    else
        return -1;
    return 0;
}

static int carry_out(const struct job *job, unsigned char *data)
{
    switch (job->kind) {
    case WORK_READ:
        return job->b <= SHP_MAX_BLOB ? shp_memory_read(job->token, job->a, data, job->b) : -1;
    case WORK_WRITE:
        return shp_memory_write(job->token, job->a, data, job->length);
    case WORK_DIGIT:
        return digit(job);
    case WORK_BLOCK_DONE:
        return block_done(job);
    case WORK_TAP:
        return tap(job, data);
    default:
        return -1;
    }
}

static void serve_data(struct worker *self)
{
    const unsigned char *answer = NULL;
    int result = 0;

    while (!atomic_load(&self->stop)) {
        struct job job = {.kind = 0};

        if (shp_wait(0, "ShimNextWork", "ibIIIIIX", result, answer, answer ? (unsigned)result : 0, &job.kind,
                     &job.token, &job.ch, &job.a, &job.b, self->data, (unsigned)sizeof self->data, &job.length) < 0)
            return;
        result = carry_out(&job, self->data);
        answer = job.kind == WORK_READ && result >= 0 ? self->data : NULL;
    }
}

/* -- starting and stopping -------------------------------------------------------------------------------------------
 *
 * A start returns when the thread has said hello: from then on hwsim knows that the thread is about to wait, and does
 * not let simulated time run past it. */

static void run(struct worker *self, void (*loop)(struct worker *))
{
    bool detached;

    shp_link_is_worker();
    pthread_mutex_lock(&lock);
    self->link = shp_link();
    self->connected = true;
    pthread_cond_broadcast(&connected);
    pthread_mutex_unlock(&lock);
    loop(self);
    pthread_mutex_lock(&lock);
    self->link = NULL;
    detached = self->detached;
    pthread_mutex_unlock(&lock);
    if (detached)
        free(self);
}

static void *event_main(void *self)
{
    run(self, bring_events);
    return NULL;
}

static void *data_main(void *self)
{
    run(self, serve_data);
    return NULL;
}

static int create(struct worker *worker, enum shp_worker which)
{
    sigset_t every, before;
    int failed;

    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    failed = pthread_create(&worker->thread, NULL, which == SHP_EVENT_WORKER ? event_main : data_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

int shp_worker_start(enum shp_worker which)
{
    struct worker *worker;
    bool failed = false;

    pthread_mutex_lock(&lock);
    worker = workers[which];
    if (!worker || worker->pid != getpid()) {
        free(worker);
        workers[which] = worker = calloc(1, sizeof *worker);
        if (worker)
            worker->pid = getpid();
        failed = !worker || create(worker, which);
        if (failed) {
            free(worker);
            workers[which] = NULL;
        }
        while (!failed && workers[which] == worker && !worker->connected)
            pthread_cond_wait(&connected, &lock);
    }
    pthread_mutex_unlock(&lock);
    return failed ? shp_refuse(SHP_SYSTEM, "cannot start a thread") : 0;
}

static void stop(enum shp_worker which)
{
    struct worker *worker;
    bool self;

    pthread_mutex_lock(&lock);
    worker = workers[which];
    workers[which] = NULL;
    if (!worker || worker->pid != getpid()) {
        pthread_mutex_unlock(&lock);
        free(worker);
        return;
    }
    atomic_store(&worker->stop, true);
    if (worker->link)
        shp_link_interrupt(worker->link);
    self = pthread_equal(worker->thread, pthread_self());
    if (self)
        worker->detached = true;
    pthread_mutex_unlock(&lock);
    if (self) {
        pthread_detach(pthread_self());
        return;
    }
    pthread_join(worker->thread, NULL);
    free(worker);
}

void shp_workers_stop(void)
{
    stop(SHP_EVENT_WORKER);
    stop(SHP_DATA_WORKER);
}
