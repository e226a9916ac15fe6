/*
 * Thousands of random operations on two engines, with bad arguments and stale numbers among them. Built with sanitizers by
 * test_engine_random.py. Aborts when a tick allocates, when a task ends twice or never, or when something is left behind.
 *
 *     random_program SEED STEPS FOLDER stepped|threads
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <stdint.h>

#include "detect.h"
#include "media.h"

enum { ENGINES = 2, PORTS = 24, CLIPS = 12, TASKS = 1 << 16, OPEN = 1, ENDED = 2 };

/* ---- no allocation in a tick ---- */

static _Thread_local int in_tick;

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void __real_free(void *);

static void must_not(const char *what)
{
    if (in_tick) {
        fprintf(stderr, "%s in a tick\n", what);
        abort();
    }
}

void *__wrap_malloc(size_t n) { return must_not("malloc"), __real_malloc(n); }
void *__wrap_calloc(size_t a, size_t b) { return must_not("calloc"), __real_calloc(a, b); }
void *__wrap_realloc(void *p, size_t n) { return must_not("realloc"), __real_realloc(p, n); }
void __wrap_free(void *p) { must_not("free"), __real_free(p); }

/* ---- a random world ---- */

static unsigned long long state;
static long dice(long sides)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (long)(state % (unsigned long long)sides);
}

typedef struct {
    int32_t id, kind; /* 0 none, 1 null, 2 source, 3 device, 4 ring */
    int far, near;    /* of a device */
} leg;

typedef struct {
    me_engine *engine;
    leg legs[PORTS];
    int bank;
    unsigned char tasks[TASKS]; /* by number: plays, tones, digits, recordings */
    int64_t now_ns;
} world;

static world worlds[ENGINES];
static me_clip *clips[CLIPS];
static const char *folder;
static int files;
static pthread_mutex_t told = PTHREAD_MUTEX_INITIALIZER;

#define CHECK(what)                                                        \
    do {                                                                   \
        if (!(what)) {                                                     \
            fprintf(stderr, "line %d: %s\n", __LINE__, #what);             \
            abort();                                                       \
        }                                                                  \
    } while (0)

/* A detector that finds something now and then, on lanes that it was reset for. */
static int bank_feed(void *bank, const int *lanes, int n, const short *const *in, const short *const *sent, int samples,
                     det_event *out, int max)
{
    long *fed = bank;
    int count = 0;
    for (int i = 0; i < n; i++) {
        fed[lanes[i]] += samples;
        if (in[i][7] > 3000 && count < max)
            out[count++] = (det_event){lanes[i], in[i][7] & 1 ? DET_DTMF_ON : DET_VOICE_ON, '5', fed[lanes[i]] - 1, {sent[i][0]}};
    }
    return count;
}

static int bank_reset(void *bank, int lane)
{
    ((long *)bank)[lane] = 0;
    return 0;
}

static void begun(world *w, int32_t number)
{
    if (number < 0)
        return;
    pthread_mutex_lock(&told);
    CHECK(number > 0 && number < TASKS);
    CHECK(w->tasks[number] == 0 || w->tasks[number] == ENDED);
    /* A thread may have read the end before we come here. */
    w->tasks[number] |= OPEN;
    pthread_mutex_unlock(&told);
}

static void read_events(world *w)
{
    me_event events[7];
    int32_t count;
    while ((count = me_next_events(w->engine, events, 7)) > 0) {
        pthread_mutex_lock(&told);
        for (int32_t i = 0; i < count; i++) {
            const me_event *e = &events[i];
            CHECK(e->kind != ME_EV_OVERFLOW);
            if (e->kind == ME_EV_PLAY_END || e->kind == ME_EV_TONE_END || e->kind == ME_EV_DIGITS_SENT ||
                e->kind == ME_EV_RECORD_END) {
                CHECK(!(w->tasks[e->id] & ENDED));
                w->tasks[e->id] |= ENDED;
                CHECK(e->count >= 0);
            }
        }
        pthread_mutex_unlock(&told);
    }
}

static leg *any_leg(world *w) { return &w->legs[dice(PORTS)]; }

/* Mostly a port that is there, sometimes one that was, sometimes nonsense. */
static int32_t any_port(world *w)
{
    const leg *one = any_leg(w);
    long kind = dice(20);
    return kind == 0 ? (int32_t)dice(1L << 31) : kind == 1 ? -(int32_t)dice(9) : one->id;
}

static void forget(leg *one)
{
    if (one->kind == 3) {
        close(one->near);
        if (one->far >= 0)
            close(one->far);
    }
    one->kind = 0;
}

static void make_leg(world *w, leg *one)
{
    int pair[2];
    one->kind = 1 + (int32_t)dice(3);
    if (one->kind < 3) {
        one->id = me_port_null(w->engine, (int32_t)dice(2000), one->kind == 2);
    } else {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
        one->near = pair[0], one->far = pair[1];
        me_device device = {.fd = pair[0],
                            .law = (int32_t)dice(4),
                            .prefill = (int32_t)dice(9),
                            .delay = (int32_t)dice(9),
                            .no_clock = (int32_t)dice(2)};
        one->id = me_port_device(w->engine, &device);
        CHECK(one->id > 0 || one->id == ME_E_ARGUMENT);
    }
    if (one->id < 0)
        forget(one);
    else
        me_port_run(w->engine, one->id, 1);
}

static void make_ring(void)
{
    leg *ends[2] = {any_leg(&worlds[0]), any_leg(&worlds[1])};
    if (ends[0]->kind || ends[1]->kind)
        return;
    me_ring_fds fds[2];
    CHECK(me_ring_make(&fds[0], &fds[1]) == 0);
    for (int i = 0; i < 2; i++) {
        ends[i]->id = me_port_ring(worlds[i].engine, &fds[i], dice(2) ? 0 : 20 + (int32_t)dice(90), 0);
        ends[i]->kind = ends[i]->id > 0 ? 4 : 0;
        if (ends[i]->kind)
            me_port_run(worlds[i].engine, ends[i]->id, 1);
    }
}

static void record(world *w)
{
    char path[512];
    snprintf(path, sizeof path, "%s/r%d", folder, files = (files + 1) % 50);
    me_record_options options = {.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
                                 .format = (int32_t)dice(10) == 0 ? 5 : (int32_t)dice(2),
                                 .port = {any_port(w), dice(2) ? any_port(w) : 0},
                                 .tap = {(int32_t)dice(2), (int32_t)dice(2)},
                                 .ring_ms = dice(10) ? 1000 + (int32_t)dice(2000) : (int32_t)dice(1000),
                                 .max_samples = dice(3) ? 0 : dice(5000)};
    snprintf(path, sizeof path, "%s/gaps", folder);
    options.gaps_path = dice(2) ? path : NULL;
    CHECK(options.fd >= 0);
    begun(w, me_record(w->engine, &options));
}

static void play(world *w)
{
    me_clip *list[6];
    int32_t count = (int32_t)dice(7);
    for (int32_t i = 0; i < count; i++)
        list[i] = clips[dice(CLIPS)];
    begun(w, me_play(w->engine, any_port(w), list, count, dice(3) == 0, (int32_t)dice(2), (int32_t)dice(2),
                     (int32_t)dice(9000) - 6100));
}

static void sound_of_tone(world *w)
{
    me_tone_step steps[4];
    int32_t count = (int32_t)dice(5);
    for (int32_t i = 0; i < count; i++)
        steps[i] = (me_tone_step){{(double)dice(4100), (double)dice(4100)},
                                  {(int32_t)dice(3000) - 2600, ME_NONE_MB},
                                  (int32_t)dice(60)};
    begun(w, me_tone(w->engine, any_port(w), steps, count, (int32_t)dice(5) - 1, (int32_t)dice(4)));
}

static void digits(world *w)
{
    static const char *const texts[] = {"1", "123,45", "*#ABCD", "", "x", ",,,"};
    begun(w, me_digits(w->engine, any_port(w), texts[dice(6)], 15 + (int32_t)dice(100), (int32_t)dice(80),
                       (int32_t)dice(200), -900, -700));
}

static void feed(world *w)
{
    const leg *one = any_leg(w);
    short pcm[500];
    unsigned char bytes[1000];
    for (int i = 0; i < 500; i++)
        pcm[i] = (short)(dice(1 << 16) - (1 << 15));
    for (int i = 0; i < 1000; i++)
        bytes[i] = (unsigned char)dice(256);
    if (one->kind == 1 || one->kind == 2) {
        me_null_feed(w->engine, one->id, pcm, (int32_t)dice(501));
        me_null_take(w->engine, one->id, pcm, (int32_t)dice(501));
    } else if (one->kind == 3 && one->far >= 0) {
        ssize_t n = send(one->far, bytes, (size_t)dice(1001), MSG_NOSIGNAL);
        if (dice(2))
            n = recv(one->far, bytes, sizeof bytes, 0);
        (void)n;
    }
}

static void look(world *w)
{
    me_stats stats;
    me_port_state port;
    me_record_state recording;
    me_gap gaps[5];
    int64_t due;
    me_get_stats(w->engine, &stats);
    CHECK(stats.links >= 0 && stats.plays >= 0 && stats.ports <= PORTS);
    me_get_port(w->engine, any_port(w), &port);
    me_get_record(w->engine, (int32_t)dice(2000), &recording);
    me_record_gaps(w->engine, (int32_t)dice(2000), gaps, 5);
    me_lane(w->engine, any_port(w));
    me_clock_fd(w->engine, &due);
}

static void spoil(world *w)
{
    leg *one = any_leg(w);
    if (one->kind == 3 && one->far >= 0) {
        close(one->far);
        one->far = -1;
    }
}

static void operate(world *w)
{
    me_engine *engine = w->engine;
    leg *one = any_leg(w);
    switch (dice(28)) {
    case 0: case 1:
        if (!one->kind)
            make_leg(w, one);
        break;
    case 2:
        if (one->kind && dice(3) == 0) {
            CHECK(me_port_free(engine, one->id) == 0);
            forget(one);
        }
        break;
    case 3: me_port_run(engine, any_port(w), (int32_t)dice(3)); break;
    case 4: case 5: me_link(engine, any_port(w), any_port(w), (int32_t)dice(9000) - 6100); break;
    case 6: me_unlink(engine, any_port(w), any_port(w)); break;
    case 7: if (dice(10) == 0) me_unlink_all(engine, any_port(w)); break;
    case 8: case 9: play(w); break;
    case 10: me_play_stop(engine, any_port(w)); break;
    case 11: sound_of_tone(w); break;
    case 12: me_tone_stop(engine, any_port(w)); break;
    case 13: digits(w); break;
    case 14: me_digits_stop(engine, any_port(w)); break;
    case 15: record(w); break;
    case 16: me_record_stop(engine, (int32_t)dice(3000)); break;
    case 17: me_detect(engine, any_port(w), (int32_t)dice(3) - 1, (int32_t)dice(2), (int32_t)dice(2)); break;
    case 18: me_port_gain(engine, any_port(w), (int32_t)dice(9000) - 6100, (int32_t)dice(9000) - 6100); break;
    case 19: me_agc(engine, any_port(w), -(int32_t)dice(4100), (int32_t)dice(2500)); break;
    case 20: me_comfort(engine, any_port(w), -(int32_t)dice(12000)); break;
    case 21: if (dice(6) == 0) me_release(engine, any_port(w)); break;
    case 22: me_echo(engine, any_port(w), (int32_t)dice(3) * 60); break;
    case 23: if (dice(4) == 0) make_ring(); break;
    case 24: look(w); break;
    case 25: if (dice(20) == 0) spoil(w); break;
    default: feed(w);
    }
}

static void step(world *w)
{
    w->now_ns += dice(40) * 1000000;
    in_tick = 1;
    if (dice(3))
        me_service(w->engine, w->now_ns);
    else
        me_tick(w->engine, w->now_ns);
    in_tick = 0;
    if (dice(4) == 0)
        me_write(w->engine, dice(8) == 0);
    if (dice(3) == 0)
        read_events(w);
}

static atomic_int done;

static void *read_on(void *argument)
{
    while (!atomic_load(&done)) {
        read_events(argument);
        struct timespec little = {0, 1000000};
        nanosleep(&little, NULL);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    signal(SIGPIPE, SIG_IGN); /* as in every Python process */
    state = strtoull(argv[1], NULL, 10) * 0x9E3779B97F4A7C15ULL + 1;
    long steps = atol(argv[2]);
    int threads = argv[4][0] == 't';
    folder = argv[3];
    me_echo_load("libspeexdsp.so.1");
    unsigned char sound[4000];
    for (int i = 0; i < 4000; i++)
        sound[i] = (unsigned char)dice(256);
    for (int i = 0; i < CLIPS; i++) {
        long size = i == 0 ? 0 : dice(3) ? dice(4000) : dice(30);
        clips[i] = me_clip_new(sound, size & ~1L, (int32_t)dice(3));
        CHECK(clips[i]);
    }
    static long banks[ENGINES][PORTS];
    pthread_t readers[ENGINES];
    for (int i = 0; i < ENGINES; i++) {
        worlds[i].engine = me_new(PORTS, 1 << 14);
        CHECK(worlds[i].engine);
        CHECK(me_bank(worlds[i].engine, banks[i], bank_feed, bank_reset, DET_DTMF_ON, DET_VOICE_ON) == 0);
        if (threads) {
            CHECK(me_start(worlds[i].engine, 0, -1) == 0);
            pthread_create(&readers[i], NULL, read_on, &worlds[i]);
        }
    }
    for (long n = 0; n < steps; n++) {
        world *w = &worlds[dice(ENGINES)];
        operate(w);
        if (!threads && dice(2))
            step(w);
        if (threads && dice(50) == 0) {
            struct timespec little = {0, 500000};
            nanosleep(&little, NULL);
        }
    }
    atomic_store(&done, 1);
    for (int i = 0; i < ENGINES; i++) {
        world *w = &worlds[i];
        if (threads)
            pthread_join(readers[i], NULL);
        me_stop(w->engine);
        for (int k = 0; k < PORTS; k++)
            if (w->legs[k].kind) {
                CHECK(me_port_free(w->engine, w->legs[k].id) == 0);
                forget(&w->legs[k]);
            }
        me_write(w->engine, 1);
        read_events(w);
        me_stats stats;
        me_get_stats(w->engine, &stats);
        CHECK(stats.ports == 0 && stats.links == 0 && stats.plays == 0 && stats.recordings == 0);
        for (int k = 0; k < TASKS; k++)
            CHECK(w->tasks[k] == 0 || w->tasks[k] == (OPEN | ENDED));
        me_free(w->engine);
    }
    for (int i = 0; i < CLIPS; i++)
        me_clip_free(clips[i]);
    CHECK(me_clips() == 0);
    puts("good");
    return 0;
}
