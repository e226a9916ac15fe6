/*
 * The least C that does what the engine does with the bench's load: for each block of each channel read, decode, find
 * digits, play the prompt, write, record both legs; files written every half second. No ports, no links, no lists, no locks;
 * one loop over arrays, linked with the detectors into one program with link-time optimisation.
 *
 *     floor CHANNELS BLOCKS FOLDER RECORDINGS flat|paced|bare CPU PRIORITY
 *
 * bare: only the timer, to see how late a loop is that does nothing. Prints JSON.
 */

#define _GNU_SOURCE

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "codec.h"
#include "detect.h"
#include "device.h"

enum { BLOCK = 160, MOST = 240, HEADER = 58, FLUSH_BLOCKS = 25, BLOCK_NS = 20000000, MAX_EVENTS = 4096 };

typedef struct {
    int device, record, at;
    long frames;
    short heard[BLOCK], sent[BLOCK];
    unsigned char said[BLOCK], frame[FLUSH_BLOCKS * BLOCK * 2];
    int filled;
} channel;

static channel channels[MOST];
static int count, lanes[MOST];
static const short *heard[MOST], *sent[MOST];
static det_event events[MAX_EVENTS];
static short *prompt;
static int prompt_samples;
static FILE *digits;
static volatile int ended;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double cpu_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void header(channel *self)
{
    unsigned char head[HEADER] = "RIFF....WAVEfmt ";
    uint32_t data = (uint32_t)self->frames * 2, riff = HEADER - 8 + data, frames = (uint32_t)self->frames;
    uint32_t words[] = {18, 6 | 2 << 16, 8000, 16000, 2 | 8 << 16};
    memcpy(head + 4, &riff, 4);
    memcpy(head + 16, words, sizeof words);
    memcpy(head + 38, "fact\4\0\0\0", 8);
    memcpy(head + 46, &frames, 4);
    memcpy(head + 50, "data", 4);
    memcpy(head + 54, &data, 4);
    if (pwrite(self->record, head, HEADER, 0) != HEADER)
        exit(3);
}

static void flush(channel *self)
{
    int bytes = self->filled * 2;
    if (pwrite(self->record, self->frame, (size_t)bytes, HEADER + self->frames * 2) != bytes)
        exit(3);
    self->frames += self->filled;
    self->filled = 0;
}

/* Out of the prompt, round and round. */
static void next_of_prompt(channel *self, short *to)
{
    for (int done = 0; done < BLOCK;) {
        int part = prompt_samples - self->at < BLOCK - done ? prompt_samples - self->at : BLOCK - done;
        memcpy(to + done, prompt + self->at, (size_t)part * sizeof *to);
        done += part;
        self->at = (self->at + part) % prompt_samples;
    }
}

static void tick(dtmf_bank *bank, long block)
{
    for (int i = 0; i < count; i++) {
        channel *self = &channels[i];
        unsigned char *frame = self->frame + self->filled * 2, in[BLOCK];
        if (device_read(self->device, in, BLOCK) != BLOCK)
            exit(4);
        for (int n = 0; n < BLOCK; n++)
            self->heard[n] = codec_alaw_linear[in[n]];
        for (int n = 0; n < BLOCK; n++)
            frame[2 * n] = in[n];
    }
    int found = dtmf_bank_feed(bank, lanes, count, heard, sent, BLOCK, events, MAX_EVENTS);
    for (int i = 0; i < found; i++)
        fprintf(digits, "%d %d %d %ld\n", events[i].lane, events[i].kind, events[i].code, events[i].at_sample);
    for (int i = 0; i < count; i++) {
        channel *self = &channels[i];
        unsigned char *frame = self->frame + self->filled * 2;
        next_of_prompt(self, self->sent);
        for (int n = 0; n < BLOCK; n++)
            self->said[n] = codec_to_alaw(self->sent[n]);
        if (device_write(self->device, self->said, BLOCK) != BLOCK)
            exit(5);
        for (int n = 0; n < BLOCK; n++)
            frame[2 * n + 1] = self->said[n];
        self->filled += BLOCK;
        if (block % FLUSH_BLOCKS == FLUSH_BLOCKS - 1)
            flush(self);
    }
}

static void *sync_loop(void *unused)
{
    (void)unused;
    while (!ended) {
        struct timespec second = {1, 0};
        nanosleep(&second, NULL);
        for (int i = 0; i < count; i++)
            fdatasync(channels[i].record);
    }
    return NULL;
}

static void prepare(const char *folder, const char *recordings)
{
    char in[512], out[512], record[512];
    for (int i = 0; i < count; i++) {
        channel *self = &channels[i];
        snprintf(in, sizeof in, "%s/in.%d", folder, i % 8);
        snprintf(out, sizeof out, "%s/floor/out.%d", folder, i);
        snprintf(record, sizeof record, "%s/floor/rec.%d", recordings, i);
        self->device = device_open(in, out);
        self->record = open(record, O_RDWR | O_CREAT | O_TRUNC, 0644);
        if (self->device < 0 || self->record < 0)
            exit(6);
        lanes[i] = i;
        heard[i] = self->heard;
        sent[i] = self->sent;
    }
    snprintf(in, sizeof in, "%s/prompt", folder);
    FILE *file = fopen(in, "rb");
    unsigned char *sound = malloc(1 << 20);
    prompt_samples = (int)fread(sound, 1, 1 << 20, file);
    prompt = malloc((size_t)prompt_samples * 2);
    for (int n = 0; n < prompt_samples; n++)
        prompt[n] = codec_alaw_linear[sound[n]];
    free(sound);
    fclose(file);
    snprintf(out, sizeof out, "%s/floor/digits", folder);
    digits = fopen(out, "w");
}

int main(int argc, char **argv)
{
    if (argc != 8)
        return 2;
    count = atoi(argv[1]);
    long blocks = atol(argv[2]), late = 0;
    int paced = argv[5][0] != 'f', bare = argv[5][0] == 'b', cpu = atoi(argv[6]);
    if (cpu >= 0) {
        cpu_set_t only;
        CPU_ZERO(&only);
        CPU_SET(cpu, &only);
        sched_setaffinity(0, sizeof only, &only);
    }
    struct sched_param priority = {.sched_priority = atoi(argv[7])};
    if (priority.sched_priority > 0 && sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
        return 8;
    dtmf_bank *bank = dtmf_bank_new(MOST);
    pthread_t syncer;
    if (!bare)
        prepare(argv[3], argv[4]);
    if (paced && !bare)
        pthread_create(&syncer, NULL, sync_loop, NULL);
    double began = cpu_s();
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    int64_t due = now_ns() + BLOCK_NS, worst = 0;
    struct itimerspec every = {{0, BLOCK_NS}, {due / 1000000000, due % 1000000000}};
    if (paced)
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &every, NULL);
    for (long block = 0; block < blocks;) {
        uint64_t expired = 1;
        if (paced && read(timer, &expired, sizeof expired) != sizeof expired)
            return 7;
        int64_t now = now_ns();
        for (; expired > 0 && block < blocks; expired--, block++) {
            int64_t by = now - due;
            if (paced && by > BLOCK_NS)
                late++;
            worst = paced && by > worst ? by : worst;
            due += BLOCK_NS;
            if (!bare)
                tick(bank, block);
        }
    }
    double spent = cpu_s() - began;
    for (int i = 0; i < count && !bare; i++) {
        if (channels[i].filled)
            flush(&channels[i]);
        header(&channels[i]);
    }
    if (!bare)
        fclose(digits);
    printf("{\"cpu_s\": %.6f, \"late\": %ld, \"worst_us\": %ld, \"blocks\": %ld}\n", spent, late, (long)(worst / 1000),
           blocks);
    return 0;
}
