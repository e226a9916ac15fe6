/*
 * Echo cancelling by libspeexdsp (BSD licence), a library of its own that is loaded when somebody asks for it. Its
 * functions are declared here as its public documentation describes them.
 */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

enum { SET_SAMPLING_RATE = 24, MIN_TAIL_MS = 8, MAX_TAIL_MS = 256, SAMPLES_PER_MS = ME_RATE_HZ / 1000 };

static struct {
    pthread_mutex_t lock;
    void *library;
    void *(*create)(int frame_size, int filter_length);
    void (*destroy)(void *state);
    void (*cancel)(void *state, const int16_t *heard, const int16_t *played, int16_t *out);
    int (*control)(void *state, int request, void *value);
    char problem[256];
} speex = {.lock = PTHREAD_MUTEX_INITIALIZER, .problem = "not loaded"};

static bool resolve(void **function, const char *name)
{
    *function = dlsym(speex.library, name);
    if (!*function)
        snprintf(speex.problem, sizeof speex.problem, "%s is missing in it", name);
    return *function != NULL;
}

int32_t me_echo_load(const char *library)
{
    pthread_mutex_lock(&speex.lock);
    if (!speex.library) {
        speex.library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        if (!speex.library)
            snprintf(speex.problem, sizeof speex.problem, "%s", dlerror());
        else if (!resolve((void **)&speex.create, "speex_echo_state_init") ||
                 !resolve((void **)&speex.destroy, "speex_echo_state_destroy") ||
                 !resolve((void **)&speex.cancel, "speex_echo_cancellation") ||
                 !resolve((void **)&speex.control, "speex_echo_ctl")) {
            dlclose(speex.library);
            speex.library = NULL;
        } else
            speex.problem[0] = 0;
    }
    bool loaded = speex.library != NULL;
    pthread_mutex_unlock(&speex.lock);
    return loaded ? 0 : ME_E_LIBRARY;
}

const char *me_echo_problem(void) { return speex.problem; }

void echo_block(port *self)
{
    int16_t out[ME_BLOCK];
    speex.cancel(self->echo, self->heard, port_sent(self), out);
    memcpy(self->heard, out, sizeof out);
}

void echo_drop(port *self)
{
    if (self->echo)
        speex.destroy(self->echo);
    self->echo = NULL;
}

int32_t me_echo(me_engine *engine, int32_t id, int32_t tail_ms)
{
    if (tail_ms != 0 && (tail_ms < MIN_TAIL_MS || tail_ms > MAX_TAIL_MS))
        return ME_E_ARGUMENT;
    if (tail_ms && !speex.library)
        return ME_E_LIBRARY;
    void *fresh = tail_ms ? speex.create(ME_BLOCK, tail_ms * SAMPLES_PER_MS) : NULL;
    int rate = ME_RATE_HZ;
    if (tail_ms && !fresh)
        return ME_E_MEMORY;
    if (fresh)
        speex.control(fresh, SET_SAMPLING_RATE, &rate);
    engine_lock(engine);
    port *self = port_find(engine, id);
    void *old = self ? self->echo : fresh;
    if (self)
        self->echo = fresh;
    engine_unlock(engine);
    if (old)
        speex.destroy(old);
    return self ? 0 : ME_E_HANDLE;
}
