/* Two or three parties in a conference on the card: trunks that call in, telephones that are lifted. Events come by
 * callback on the library's thread, which only writes them into a pipe. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"

#define MAX_PARTIES 3
#define FULL_MEMBER 0

static int channels[MAX_PARTIES];
static int joined[MAX_PARTIES];
static int parties;
static int events[2];

static int on_event(WORD code, int reference, DWORD param, DWORD user)
{
    MESSAGE_INFO event = {.wEventCode = code, .nReference = reference, .dwParam = param};

    (void)user;
    return write(events[1], &event, sizeof event) == (ssize_t)sizeof event;
}

static MESSAGE_INFO next_event(long long until_ms)
{
    MESSAGE_INFO event;

    for (;;) {
        struct pollfd ready = {.fd = events[0], .events = POLLIN};
        long long left_ms = until_ms - now_ms();
        int result = left_ms > 0 ? poll(&ready, 1, (int)left_ms) : 0;

        if (result == 0) {
            fprintf(stderr, "no event in time\n");
            finish(EXIT_TOO_LATE);
        }
        if (result < 0 && errno != EINTR) {
            perror("poll");
            finish(EXIT_CALL_FAILED);
        }
        if (result > 0 && read(events[0], &event, sizeof event) == (ssize_t)sizeof event)
            return event;
    }
}

static int party_of(int ch)
{
    for (int i = 0; i < parties; i++)
        if (channels[i] == ch)
            return i;
    return -1;
}

static int is_phone(int ch)
{
    return SsmGetChType(ch) == CH_TYPE_FXS;
}

/* Whether the party can talk now; lets incoming calls in. */
static int present(int ch)
{
    int state = CHECK(SsmGetChState(ch));

    if (is_phone(ch))
        return state == S_CALL_PICKUPED;
    if (state == S_CALL_PENDING && SsmGetPendingReason(ch) == PEND_WaitBckStpMsg)
        CHECK(SsmSetKB(ch, KB_FREE));
    else if (state == S_CALL_RINGING && SsmPickup(ch) != 0)
        check(-1, "SsmPickup(ch)");
    return state == S_CALL_TALKING;
}

/* Everybody who is there joins; returns how many are in. */
static int gather(int group)
{
    int count = 0;

    for (int i = 0; i < parties; i++) {
        if (!joined[i] && present(channels[i])) {
            CHECK(SsmJoinConfGroup(group, channels[i], FULL_MEMBER, 1, 0, 0));
            joined[i] = 1;
            say("joined %d", channels[i]);
        }
        count += joined[i];
    }
    return count;
}

static void dismiss(int group)
{
    for (int i = 0; i < parties; i++) {
        if (joined[i])
            CHECK(SsmExitConfGroup(channels[i], 0));
        if (!is_phone(channels[i]) && SsmGetChState(channels[i]) != S_CALL_STANDBY) {
            CHECK(SsmHangup(channels[i]));
            wait_state(channels[i], S_CALL_STANDBY);
        }
    }
    CHECK(SsmFreeConfGroup(group));
}

int main(int argc, char **argv)
{
    EVENT_SET_INFO setting = {.dwWorkMode = EVENT_CALLBACK, .lpHandlerParam = (void *)on_event};
    long long until_ms;
    int group, gone = -1;

    if (argc < 5 || argc > 3 + MAX_PARTIES || pipe(events) < 0) {
        fprintf(stderr, "usage: conference CONFIG INDEX CHANNEL CHANNEL [CHANNEL]\n");
        return EXIT_ARGUMENTS;
    }
    for (int i = 3; i < argc; i++)
        channels[parties++] = channel_argument(argv[i]);
    start_library(argv[1], argv[2]);
    for (int i = 0; i < parties; i++)
        wait_usable(channels[i]);
    CHECK(SsmSetEvent(ALL_EVENTS, -1, 1, &setting));
    group = CHECK(SsmCreateConfGroup(-1, -1, -1, -1));
    say("group %d ready", group);
    until_ms = now_ms() + wait_limit_ms();
    while (gather(group) < parties)
        next_event(until_ms);
    say("complete");
    until_ms = now_ms() + wait_limit_ms();
    while (gone < 0) {
        MESSAGE_INFO event = next_event(until_ms);
        int party = party_of(event.nReference);

        if (party >= 0 && event.wEventCode == E_CHG_ChState && !present(channels[party]))
            gone = party;
    }
    say("left %d", channels[gone]);
    dismiss(group);
    say("done");
    finish(0);
}
