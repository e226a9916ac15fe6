#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define POLL_MS 20

void say(const char *format, ...)
{
    va_list all;

    va_start(all, format);
    vprintf(format, all);
    va_end(all);
    putchar('\n');
    fflush(stdout);
}

long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

long long wait_limit_ms(void)
{
    const char *text = getenv("STRANGER_TIMEOUT_MS");

    return text ? atoll(text) : 60000;
}

void pause_ms(int ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

void finish(int code)
{
    char text[512] = "";

    if (SsmCloseCti() == -1) {
        SsmGetLastErrMsg(text);
        fprintf(stderr, "SsmCloseCti: %s\n", text);
        if (code == 0)
            code = EXIT_CALL_FAILED;
    }
    exit(code);
}

int check(int result, const char *what)
{
    char text[512] = "";

    if (result >= 0)
        return result;
    SsmGetLastErrMsg(text);
    fprintf(stderr, "%s = %d, error %d: %s\n", what, result, SsmGetLastErrCode(), text);
    finish(EXIT_CALL_FAILED);
}

void start_library(const char *config, const char *index)
{
    char text[512] = "";
    int result = SsmStartCti(config, index);

    if (result != 0) {
        SsmGetLastErrMsg(text);
        fprintf(stderr, "SsmStartCti = %d: %s\n", result, text);
        exit(EXIT_NO_START);
    }
    say("boards %d of %d, channels %d", SsmGetMaxUsableBoard(), SsmGetMaxCfgBoard(), SsmGetMaxCh());
    if (SsmGetMaxUsableBoard() < SsmGetMaxCfgBoard())
        say("warning: not all boards are usable");
}

int channel_argument(const char *text)
{
    char *end;
    long ch = strtol(text, &end, 10);

    if (*text == 0 || *end != 0 || ch < 0 || ch > 100000) {
        fprintf(stderr, "not a channel: %s\n", text);
        exit(EXIT_ARGUMENTS);
    }
    return (int)ch;
}

void wait_state(int ch, int state)
{
    long long until_ms = now_ms() + wait_limit_ms();
    int now;

    while ((now = CHECK(SsmGetChState(ch))) != state) {
        if (now_ms() > until_ms) {
            fprintf(stderr, "channel %d stays in state %d\n", ch, now);
            finish(EXIT_TOO_LATE);
        }
        pause_ms(POLL_MS);
    }
}

/* Circuits of an E1 need a while after the start. */
void wait_usable(int ch)
{
    say("channel %d type %d", ch, CHECK(SsmGetChType(ch)));
    if (SsmGetChType(ch) != CH_TYPE_FXS)
        wait_state(ch, S_CALL_STANDBY);
}
