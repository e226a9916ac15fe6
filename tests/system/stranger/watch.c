#define _GNU_SOURCE
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

#define RECORD_ENDED 1

static enum watch_mode mode;
static int play_reason[MAX_CHANNELS], record_reason[MAX_CHANNELS];
static int events[2];
static long seen;
static atomic_long lost;

int watch_mode_argument(const char *word, enum watch_mode *found)
{
    static const char *const words[] = {[BY_POLLING] = "poll", [BY_EVENTS] = "events", [BY_CALLBACK] = "callback"};

    for (int i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            *found = (enum watch_mode)i;
            return 1;
        }
    return 0;
}

/* On a thread of the library: no call to the library, no wait. */
static int on_event(WORD code, int reference, DWORD param, DWORD user)
{
    MESSAGE_INFO event = {.wEventCode = code, .nReference = reference, .dwParam = param};

    (void)user;
    if (write(events[1], &event, sizeof event) != (ssize_t)sizeof event)
        lost++;
    return 1;
}

void watch_begin(enum watch_mode wanted)
{
    EVENT_SET_INFO setting = {.dwWorkMode = NO_EVENT};

    mode = wanted;
    if (mode == BY_EVENTS)
        setting.dwWorkMode = EVENT_POLLING;
    if (mode == BY_CALLBACK) {
        if (pipe2(events, O_NONBLOCK | O_CLOEXEC) < 0) {
            perror("pipe");
            finish(EXIT_CALL_FAILED);
        }
        setting.dwWorkMode = EVENT_CALLBACK;
        setting.lpHandlerParam = (void *)on_event;
    }
    CHECK(SsmSetEvent(ALL_EVENTS, -1, 1, &setting));
}

static void take(const MESSAGE_INFO *event)
{
    int ch = event->nReference;

    seen++;
    if (ch < 0 || ch >= MAX_CHANNELS)
        return;
    if (event->wEventCode == E_PROC_PlayEnd)
        play_reason[ch] = (int)event->dwParam;
    else if (event->wEventCode == E_PROC_RecordEnd)
        record_reason[ch] = (int)event->dwParam;
}

static void watch_queue(int ms)
{
    MESSAGE_INFO event;
    int result;

    /* Everything that is there, so that the queue never fills up; then back to the channels. */
    for (result = SsmWaitForEvent((DWORD)ms, &event); result == 0; result = SsmWaitForEvent(0, &event))
        take(&event);
    if (result < -1)
        CHECK(result);
}

static void watch_pipe(int ms)
{
    struct pollfd ready = {.fd = events[0], .events = POLLIN};
    MESSAGE_INFO event;

    if (poll(&ready, 1, ms) < 0 && errno != EINTR) {
        perror("poll");
        finish(EXIT_CALL_FAILED);
    }
    while (read(events[0], &event, sizeof event) == (ssize_t)sizeof event)
        take(&event);
}

void watch(int ms)
{
    if (mode == BY_EVENTS)
        watch_queue(ms);
    else if (mode == BY_CALLBACK)
        watch_pipe(ms);
    else
        pause_ms(ms);
}

void expect_end(int ch)
{
    play_reason[ch] = record_reason[ch] = 0;
}

int play_ended(int ch)
{
    return mode == BY_POLLING ? CHECK(SsmCheckPlay(ch)) : play_reason[ch];
}

int record_ended(int ch)
{
    if (mode == BY_POLLING)
        return CHECK(SsmChkRecToFile(ch)) == 0 ? RECORD_ENDED : 0;
    return record_reason[ch];
}

long events_seen(void)
{
    return seen;
}

long events_lost(void)
{
    return lost;
}
