/* Answers one call, plays a prompt, collects digits (which interrupt the prompt), records three seconds, hangs up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

#define RECORD_MS 3000
#define WAIT_STEP_MS 200

static int ch;
static long long until_ms;

/* The next event of our channel; ends the program when none comes or the caller has gone. */
static MESSAGE_INFO next_event(int in_call)
{
    MESSAGE_INFO event;

    for (;;) {
        int result = SsmWaitForEvent(WAIT_STEP_MS, &event);

        if (result < -1)
            CHECK(result);
        if (result == 0 && event.nReference == ch) {
            if (event.wEventCode == E_CHG_ChState)
                say("state %u -> %u", (unsigned)event.dwParam >> 16, (unsigned)event.dwParam & 0xFFFF);
            if (in_call && event.wEventCode == E_CHG_ChState && (event.dwParam & 0xFFFF) == S_CALL_PENDING) {
                say("caller hung up, reason %d", SsmGetPendingReason(ch));
                CHECK(SsmHangup(ch));
                wait_state(ch, S_CALL_STANDBY);
                finish(EXIT_FAR_END);
            }
            return event;
        }
        if (now_ms() > until_ms) {
            fprintf(stderr, "no event in time\n");
            SsmHangup(ch);
            finish(EXIT_TOO_LATE);
        }
    }
}

static void await_state(int state)
{
    until_ms = now_ms() + wait_limit_ms();
    while (CHECK(SsmGetChState(ch)) != state) {
        MESSAGE_INFO event = next_event(0);

        if (event.wEventCode == E_CHG_ChState && (event.dwParam & 0xFFFF) == S_CALL_PENDING &&
            SsmGetPendingReason(ch) == PEND_WaitBckStpMsg)
            CHECK(SsmSetKB(ch, KB_FREE));
    }
}

static void answer(void)
{
    char caller[2048] = "", called[512] = "";

    await_state(S_CALL_RINGING);
    CHECK(SsmGetCallerId(ch, caller));
    CHECK(SsmGetPhoNumStr(ch, called));
    say("call from [%s] for [%s]", caller, called);
    if (SsmPickup(ch) != 0)
        check(-1, "SsmPickup(ch)");
    await_state(S_CALL_TALKING);
}

static void collect(const char *prompt, int wanted)
{
    char digits[1024] = "";
    int playing = 1;

    CHECK(SsmClearRxDtmfBuf(ch));
    CHECK(SsmPlayFile(ch, prompt, CODEC_FROM_FILE, 0, UNLIMITED));
    until_ms = now_ms() + wait_limit_ms();
    while (playing || (int)strlen(digits) < wanted) {
        MESSAGE_INFO event = next_event(1);

        if (event.wEventCode == E_PROC_PlayEnd) {
            say("prompt ended, reason %u", (unsigned)event.dwParam);
            playing = 0;
        } else if (event.wEventCode == E_CHG_RcvDTMF) {
            CHECK(SsmGetDtmfStr(ch, digits));
        }
    }
    say("digits [%s]", digits);
}

static void record(const char *file)
{
    CHECK(SsmRecToFile(ch, file, CODEC_ALAW, 0, UNLIMITED, RECORD_MS, 0));
    until_ms = now_ms() + wait_limit_ms();
    for (;;) {
        MESSAGE_INFO event = next_event(1);

        if (event.wEventCode == E_PROC_RecordEnd) {
            say("recording ended, reason %u", (unsigned)event.dwParam);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    EVENT_SET_INFO setting = {.dwWorkMode = EVENT_POLLING};

    if (argc != 7) {
        fprintf(stderr, "usage: answer CONFIG INDEX CHANNEL PROMPT RECORD DIGITS\n");
        return EXIT_ARGUMENTS;
    }
    ch = channel_argument(argv[3]);
    start_library(argv[1], argv[2]);
    wait_usable(ch);
    CHECK(SsmSetEvent(ALL_EVENTS, -1, 1, &setting));
    if (SsmGetChType(ch) != CH_TYPE_FXO)
        CHECK(SsmEnableAutoSendKB(ch, 0));
    CHECK(SsmEnableRxDtmf(ch, 1));
    CHECK(SsmSetDtmfStopPlay(ch, 1));
    say("ready");
    answer();
    collect(argv[4], atoi(argv[6]));
    record(argv[5]);
    CHECK(SsmHangup(ch));
    await_state(S_CALL_STANDBY);
    say("done");
    finish(0);
}
