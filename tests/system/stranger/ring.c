/* Rings a telephone with caller id, plays a file when it is lifted, gives busy tone and waits until it is put down. */
#include <stdio.h>
#include <string.h>

#include "common.h"

#define WAIT_STEP_MS 100
#define CID_DELAY_MS 1000

static int station;

/* Handles events until the hook is as wanted (or the play has ended, when `play_too`); 0 when the time is up. */
static int wait_hook(int wanted, int play_too)
{
    long long until_ms = now_ms() + wait_limit_ms();

    while (now_ms() < until_ms) {
        MESSAGE_INFO event;
        int result = SsmWaitForEvent(WAIT_STEP_MS, &event);

        if (result < -1)
            CHECK(result);
        if (CHECK(SsmGetHookState(station)) == wanted)
            return 1;
        if (result == 0 && play_too && event.wEventCode == E_PROC_PlayEnd && event.nReference == station)
            return 2;
    }
    return 0;
}

int main(int argc, char **argv)
{
    EVENT_SET_INFO setting = {.dwWorkMode = EVENT_POLLING};
    int result;

    if (argc != 6) {
        fprintf(stderr, "usage: ring CONFIG INDEX STATION CALLER PROMPT\n");
        return EXIT_ARGUMENTS;
    }
    station = channel_argument(argv[3]);
    start_library(argv[1], argv[2]);
    wait_usable(station);
    CHECK(SsmSetEvent(ALL_EVENTS, -1, 1, &setting));
    CHECK(SsmSetASDT(station, 0));
    if (CHECK(SsmGetHookState(station)) == 1) {
        fprintf(stderr, "the telephone is in use\n");
        finish(EXIT_FAR_END);
    }
    CHECK(SsmStartRingWithCIDStr(station, argv[4], (DWORD)strlen(argv[4]), CID_DELAY_MS));
    say("ringing");
    if (!wait_hook(1, 0)) {
        CHECK(SsmStopRing(station));
        fprintf(stderr, "nobody answers\n");
        finish(EXIT_TOO_LATE);
    }
    SsmStopRing(station);
    say("lifted");
    CHECK(SsmPlayFile(station, argv[5], CODEC_FROM_FILE, 0, UNLIMITED));
    result = wait_hook(0, 1);
    if (result == 2) {
        say("played");
        CHECK(SsmSendTone(station, TONE_BUSY));
        result = wait_hook(0, 0);
        SsmStopSendTone(station);
    }
    if (!result) {
        fprintf(stderr, "the telephone stays off-hook\n");
        finish(EXIT_TOO_LATE);
    }
    say("put down");
    finish(0);
}
