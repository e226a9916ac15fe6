/* Dials out, reports the progress, sends digits when answered, holds for a while, hangs up. Polls, as many clients
 * do. */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"

#define POLL_MS 20
#define RETRY_MS 500

static int ch;

static void hang_up_and_finish(int code)
{
    CHECK(SsmHangup(ch));
    wait_state(ch, S_CALL_STANDBY);
    say("idle");
    finish(code);
}

/* The first attempt may be refused right after the channel has become idle. */
static void start_dialling(const char *number)
{
    if (SsmAutoDial(ch, number) == 0)
        return;
    say("refused, once more");
    pause_ms(RETRY_MS);
    CHECK(SsmAutoDial(ch, number));
}

static int final_result(int progress)
{
    return progress > DIAL_ECHOTONE && progress != DIAL_PROGRESS && progress != DIAL_PROGRESS - 1;
}

static int wait_for_result(void)
{
    long long until_ms = now_ms() + wait_limit_ms();
    int last = DIAL_STANDBY;

    while (!final_result(last)) {
        int progress = CHECK(SsmChkAutoDial(ch));

        if (progress != last)
            say("progress %d", progress);
        last = progress;
        if (now_ms() > until_ms) {
            fprintf(stderr, "no result in time\n");
            hang_up_and_finish(EXIT_TOO_LATE);
        }
        pause_ms(POLL_MS);
    }
    return last;
}

static void talk(const char *digits, int hold_ms)
{
    long long until_ms;

    if (*digits) {
        CHECK(SsmTxDtmf(ch, digits));
        while (CHECK(SsmChkTxDtmf(ch)) == 1)
            pause_ms(POLL_MS);
        say("sent %s", digits);
    }
    until_ms = now_ms() + hold_ms;
    while (now_ms() < until_ms) {
        if (CHECK(SsmGetChState(ch)) != S_CALL_TALKING) {
            say("far end hung up, reason %d", SsmGetPendingReason(ch));
            hang_up_and_finish(EXIT_FAR_END);
        }
        pause_ms(POLL_MS);
    }
}

int main(int argc, char **argv)
{
    int result;

    if (argc != 7) {
        fprintf(stderr, "usage: dial CONFIG INDEX CHANNEL NUMBER DIGITS HOLD_MS\n");
        return EXIT_ARGUMENTS;
    }
    ch = channel_argument(argv[3]);
    start_library(argv[1], argv[2]);
    wait_usable(ch);
    start_dialling(argv[4]);
    result = wait_for_result();
    if (result < DIAL_VOICE || result > DIAL_VOICEF2) {
        say("failed, reason %d, pending %d", SsmGetAutoDialFailureReason(ch), SsmGetPendingReason(ch));
        hang_up_and_finish(EXIT_FAR_END);
    }
    say("answered");
    talk(argv[5], atoi(argv[6]));
    hang_up_and_finish(0);
}
