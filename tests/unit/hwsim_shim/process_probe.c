/* What needs a process of its own. Usage: process_probe CASE; prints what happened. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "life.h"
#include "inventory.h"
#include "events.h"
#include "call.h"
#include "media.h"

static volatile sig_atomic_t signals;
static int callback_sees_blocked;

static void on_signal(int number)
{
    (void)number;
    signals++;
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void say(const char *what)
{
    printf("%s\n", what);
    fflush(stdout);
}

static void timed_wait(unsigned timeout_ms, long long least_ms)
{
    struct synway_event event[4];
    long long began = now_ms();
    int result = SsmWaitForEvent(timeout_ms, event);

    printf("wait %d ", result);
    printf("late %d ", now_ms() - began >= least_ms);
    printf("error %d\n", SsmGetLastErrCode());
}

/* Waits; the test ends hwsim meanwhile. */
static int lost(void)
{
    say("waiting");
    timed_wait(300, 300);
    timed_wait(100, 100);
    timed_wait(0xFFFFFFFF, 1000);
    printf("call %d\n", SsmGetMaxCh());
    printf("close %d\n", SsmCloseCti());
    return 0;
}

/* The child has not started the driver and does not hold the parent's connection. */
static int forked(void)
{
    pid_t child;
    int status = 0;

    printf("parent %d\n", SsmGetMaxCh());
    fflush(stdout);
    child = fork();
    if (child == 0) {
        printf("child %d\n", SsmGetMaxCh());
        printf("child error %d\n", SsmGetLastErrCode());
        printf("child start %d\n", SsmStartCti("a", "b"));
        printf("child %d\n", SsmGetMaxCh());
        printf("child close %d\n", SsmCloseCti());
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, &status, 0);
    printf("parent %d\n", SsmGetMaxCh());
    printf("parent close %d\n", SsmCloseCti());
    return status;
}

/* Parent dies while a child lives on: hwsim must see the end. */
static int orphan(void)
{
    if (fork() == 0) {
        char byte;

        say("child lives");
        if (read(0, &byte, 1) < 0)
            return 1;
        _exit(0);
    }
    _exit(0);
}

static void *wait_in_thread(void *result)
{
    struct synway_event event[4];

    *(int *)result = SsmWaitForEvent(5000, event);
    return NULL;
}

/* Signals interrupt a wait, which goes on. */
static int interrupted(void)
{
    struct sigaction action;
    pthread_t thread;
    int result = -5;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, wait_in_thread, &result);
    for (int i = 0; i < 20; i++) {
        pthread_kill(thread, SIGUSR1);
        usleep(2000);
    }
    say("signalled");
    pthread_join(thread, NULL);
    printf("wait %d signals %d\n", result, signals > 0);
    return SsmCloseCti();
}

static int on_event(unsigned short code, int ref, unsigned int param, unsigned int user)
{
    sigset_t blocked;

    (void)ref;
    (void)param;
    (void)user;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    callback_sees_blocked = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGUSR1);
    printf("callback %d\n", code);
    fflush(stdout);
    return 1;
}

/* Uses threads, memory and callbacks, then closes: for the leak check, too. */
static int everything(void)
{
    struct {
        unsigned long words[8];
    } setting;
    unsigned char memory[256];
    char text[300];
    sigset_t blocked;

    memset(&setting, 0, sizeof setting);
    memset(memory, 1, sizeof memory);
    setting.words[0] = 2;
    setting.words[1] = (unsigned long)on_event;
    printf("set %d\n", SsmSetEvent(0xFFFF, -1, 1, (struct synway_event_setting *)&setting));
    printf("play %d\n", SsmPlayMem(1, 6, memory, sizeof memory, 0, sizeof memory));
    printf("record %d\n", SsmRecToMem(1, 6, memory, sizeof memory, 0));
    SsmGetBoardName(0, text);
    printf("name %s %s\n", text, SsmGetCallerIdA(0));
    say("ready");
    if (!fgets(text, sizeof text, stdin))
        return 1;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    printf("close %d\n", SsmCloseCti());
    printf("blocked %d own %d\n", callback_sees_blocked, sigismember(&blocked, SIGTERM));
    return 0;
}

/* Out-parameters as wide as the layout says: prints the cells after the call. */
static int wide(void)
{
    unsigned char cell[24], event[24];

    memset(cell, 0xEE, sizeof cell);
    memset(event, 0xEE, sizeof event);
    SsmQueryLocalChBlockState(0, (unsigned int *)(void *)cell);
    SsmWaitForEvent(100, (struct synway_event *)(void *)event);
    for (unsigned i = 0; i < 12; i++)
        printf("%02x", cell[i]);
    printf(" ");
    for (unsigned i = 0; i < 20; i++)
        printf("%02x", event[i]);
    printf("\n");
    return SsmCloseCti();
}

int main(int argc, char **argv)
{
    const char *which = argc > 1 ? argv[1] : "";
    char text[300];

    if (SsmStartCti("a", "b") != 0) {
        SsmGetLastErrMsg(text);
        fprintf(stderr, "%s\n", text);
        return 2;
    }
    if (!strcmp(which, "lost"))
        return lost();
    if (!strcmp(which, "fork"))
        return forked();
    if (!strcmp(which, "orphan"))
        return orphan();
    if (!strcmp(which, "interrupted"))
        return interrupted();
    if (!strcmp(which, "everything"))
        return everything();
    if (!strcmp(which, "wide"))
        return wide();
    return 64;
}
