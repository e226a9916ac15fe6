/* A small call centre in one loop, one session for each telephone: answers whoever calls on any trunk, plays a prompt
 * until keys are pressed, records the caller, calls somebody on another trunk while the telephone is rung, lets caller
 * and telephone talk, puts all three into a conference, and clears. Ends after so many complete sessions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common.h"
#include "watch.h"

#define TURN_MS 20
#define DIGITS 4
#define DIGITS_LIMIT_MS 8000
#define RECORD_MS 1500
#define GATHER_LIMIT_MS 25000
#define TALK_MS 400
#define CONFERENCE_MS 1300
#define MAX_SESSIONS 16
#define MAX_DIALS 6
#define GUARD_MS 1000
#define FULL_MEMBER 0
#define NOBODY (-1)

enum step { WAITING, ANSWERING, PROMPTING, COLLECTING, RECORDING, GATHERING, TALKING, CONFERRING, CLEARING, RESTING };

struct session {
    enum step step;
    int station, in, out;
    int group;
    int number, dials, ringing, busy_tone;
    long long since_ms;
    char caller[512], digits[256], record[512];
};

static struct session sessions[MAX_SESSIONS];
static int session_count, channel_count, wanted, begun, completed, given_up;
static int owned[MAX_CHANNELS], type[MAX_CHANNELS], swept_state[MAX_CHANNELS];
static long long given_back_ms[MAX_CHANNELS];
static const char *prompt, *folder;

static int is_trunk(int ch)
{
    return type[ch] >= 0 && type[ch] != CH_TYPE_FXS && type[ch] != CH_TYPE_TAP;
}

static void enter(struct session *s, enum step step)
{
    s->step = step;
    s->since_ms = now_ms();
}

static int lasted_ms(const struct session *s)
{
    return (int)(now_ms() - s->since_ms);
}

/* -- trunks -------------------------------------------------------------------------------------------------------- */

/* Every trunk in its turn, so that those with the low numbers are not preferred. */
static int find_ringing(void)
{
    static int last;

    for (int i = 1; i <= channel_count; i++) {
        int ch = (last + i) % channel_count;

        if (!owned[ch] && is_trunk(ch) && CHECK(SsmGetChState(ch)) == S_CALL_RINGING)
            return last = ch;
    }
    return NOBODY;
}

/* A trunk to dial on, from the end where callers do not come in. An exchange takes an analogue line that is on-hook
 * for less than half a second for a flash, so it rests for a while after each call. */
static int find_idle(int analog)
{
    for (int ch = channel_count - 1; ch >= 0; ch--)
        if (!owned[ch] && is_trunk(ch) && (type[ch] == CH_TYPE_FXO) == analog &&
            CHECK(SsmGetChState(ch)) == S_CALL_STANDBY && now_ms() - given_back_ms[ch] >= GUARD_MS)
            return ch;
    return NOBODY;
}

static void take_trunk(int *place, int ch)
{
    *place = ch;
    if (ch != NOBODY)
        owned[ch] = 1;
}

/* 1 when the trunk that was hung up is free again and given back. It may ring already, for somebody else who calls, or
 * have been rung and left again: nobody sees every state who looks every so often. */
static int trunk_cleared(int *place)
{
    int state;

    if (*place == NOBODY)
        return 1;
    state = CHECK(SsmGetChState(*place));
    if (state == S_CALL_PENDING)
        CHECK(SsmHangup(*place));
    if (state != S_CALL_STANDBY && state != S_CALL_RINGING)
        return 0;
    /* Somebody may have rung here meanwhile and left his number, see sweep(). */
    if (type[*place] == CH_TYPE_FXO)
        CHECK(SsmClearCallerId(*place));
    owned[*place] = 0;
    given_back_ms[*place] = now_ms();
    *place = NOBODY;
    return 1;
}

/* Callers who hung up before anybody answered leave an E1 channel pending until it is hung up, and on an analogue trunk
 * their number, which would be taken for that of the next caller. */
static void sweep(void)
{
    for (int ch = 0; ch < channel_count; ch++) {
        int before = swept_state[ch];

        if (owned[ch] || !is_trunk(ch))
            continue;
        swept_state[ch] = CHECK(SsmGetChState(ch));
        if (swept_state[ch] == S_CALL_PENDING)
            CHECK(SsmHangup(ch));
        else if (swept_state[ch] == S_CALL_STANDBY && before == S_CALL_RINGING)
            CHECK(SsmClearCallerId(ch));
    }
}

/* -- one session --------------------------------------------------------------------------------------------------- */

static void clear(struct session *s)
{
    if (s->group != NOBODY) {
        int members[] = {s->in, s->out, s->station};

        for (int i = 0; i < 3; i++)
            CHECK(SsmExitConfGroup(members[i], 0));
        CHECK(SsmFreeConfGroup(s->group));
        s->group = NOBODY;
    }
    if (s->step == TALKING)
        CHECK(SsmStopTalkWith(s->in, s->station));
    if (s->in != NOBODY)
        CHECK(SsmHangup(s->in));
    if (s->out != NOBODY)
        CHECK(SsmHangup(s->out));
    if (s->ringing)
        CHECK(SsmStopRing(s->station));
    s->ringing = 0;
    enter(s, CLEARING);
}

static void give_up(struct session *s, const char *why)
{
    say("session %d given up: %s (in %d, out %d)", s->number, why, s->in, s->out);
    given_up++;
    begun--;
    clear(s);
}

static void wait_for_caller(struct session *s)
{
    if (begun >= wanted || s->busy_tone)
        return;
    take_trunk(&s->in, find_ringing());
    if (s->in == NOBODY)
        return;
    s->number = ++begun + given_up;
    s->dials = 0;
    s->group = NOBODY;
    *s->digits = *s->caller = 0;
    if (SsmPickup(s->in) != 0)
        give_up(s, "pick-up is refused");
    else
        enter(s, ANSWERING);
}

static void answer(struct session *s)
{
    int state = CHECK(SsmGetChState(s->in));

    if (state == S_CALL_STANDBY || state == S_CALL_PENDING) {
        give_up(s, "the caller was too quick");
        return;
    }
    if (state != S_CALL_TALKING)
        return;
    CHECK(SsmGetCallerId(s->in, s->caller));
    CHECK(SsmClearRxDtmfBuf(s->in));
    expect_end(s->in);
    CHECK(SsmPlayFile(s->in, prompt, CODEC_FROM_FILE, 0, UNLIMITED));
    enter(s, PROMPTING);
}

static void collect(struct session *s)
{
    CHECK(SsmGetDtmfStr(s->in, s->digits));
    if ((int)strlen(s->digits) < DIGITS) {
        if (lasted_ms(s) > DIGITS_LIMIT_MS)
            give_up(s, "no digits");
        return;
    }
    snprintf(s->record, sizeof s->record, "%s/%d.wav", folder, s->number);
    expect_end(s->in);
    CHECK(SsmRecToFile(s->in, s->record, CODEC_ALAW, 0, UNLIMITED, RECORD_MS, 0));
    enter(s, RECORDING);
}

static void begin_gathering(struct session *s)
{
    struct stat file;

    if (stat(s->record, &file) < 0 || file.st_size < RECORD_MS * 8) {
        fprintf(stderr, "%s is too short\n", s->record);
        finish(EXIT_CALL_FAILED);
    }
    /* On an analogue trunk the number comes between the first two rings: we were quicker. Ringing is refused when
     * somebody lifts the receiver just now. */
    if ((*s->caller ? SsmStartRingWithCIDStr(s->station, s->caller, (DWORD)strlen(s->caller), 1000)
                    : SsmStartRing(s->station)) != 0) {
        give_up(s, "the telephone is in use");
        return;
    }
    s->ringing = 1;
    s->busy_tone = 0;
    enter(s, GATHERING);
}

/* 1 when the person called is there. A refused or failed attempt is repeated on another trunk. */
static int dialled(struct session *s)
{
    char number[32];
    int progress;

    if (s->out == NOBODY) {
        /* The two kinds of trunk in turn, while there are idle ones. */
        int analog = (s->number + s->dials) % 2;
        int ch = find_idle(analog);

        take_trunk(&s->out, ch == NOBODY ? find_idle(!analog) : ch);
        if (s->out == NOBODY)
            return 0;
        snprintf(number, sizeof number, "1390000%04d", s->number % 10000);
        if (SsmAutoDial(s->out, number) != 0) {
            owned[s->out] = 0;
            s->out = NOBODY;
            s->dials++;
        }
        return 0;
    }
    progress = CHECK(SsmChkAutoDial(s->out));
    if (progress >= DIAL_VOICE && progress <= DIAL_VOICEF2 && CHECK(SsmGetChState(s->out)) == S_CALL_TALKING)
        return 1;
    if (CHECK(SsmGetChState(s->out)) == S_CALL_PENDING) {
        say("session %d dials again: progress %d, reason %d", s->number, progress, SsmGetPendingReason(s->out));
        CHECK(SsmHangup(s->out));
        s->dials++;
    } else if (s->dials) {
        trunk_cleared(&s->out);
    }
    return 0;
}

static void gather(struct session *s)
{
    int there = dialled(s);

    if (s->ringing && CHECK(SsmGetHookState(s->station)) == 1) {
        CHECK(SsmStopRing(s->station));
        s->ringing = 0;
    }
    if (s->dials > MAX_DIALS || lasted_ms(s) > GATHER_LIMIT_MS) {
        give_up(s, s->ringing ? "nobody lifts the telephone" : "nobody can be reached outside");
    } else if (there && !s->ringing) {
        CHECK(SsmTalkWith(s->in, s->station));
        enter(s, TALKING);
    }
}

static void confer(struct session *s)
{
    int members[] = {s->in, s->out, s->station};

    CHECK(SsmStopTalkWith(s->in, s->station));
    s->group = CHECK(SsmCreateConfGroup(-1, -1, -1, -1));
    for (int i = 0; i < 3; i++)
        CHECK(SsmJoinConfGroup(s->group, members[i], FULL_MEMBER, 1, 0, 0));
    enter(s, CONFERRING);
}

static void report(struct session *s)
{
    completed++;
    say("complete %d in %d caller %s digits %s record %s out %d station %d", s->number, s->in, s->caller, s->digits,
        s->record, s->out, s->station);
}

/* Busy tone for a telephone that is off-hook without a call, until it is put down: the call is over, or the receiver
 * was lifted just when the ringing ended. */
static void send_away(struct session *s)
{
    int off_hook = CHECK(SsmGetHookState(s->station)) == 1;

    if (off_hook && !s->busy_tone)
        CHECK(SsmSendTone(s->station, TONE_BUSY));
    if (!off_hook && s->busy_tone)
        CHECK(SsmStopSendTone(s->station));
    s->busy_tone = off_hook;
}

/* The caller may hang up at any moment, and so may the other two. */
static int everybody_there(struct session *s)
{
    const char *gone = NULL;

    if (s->step < PROMPTING || s->step > CONFERRING)
        return 1;
    if (CHECK(SsmGetChState(s->in)) != S_CALL_TALKING)
        gone = "the caller hung up";
    else if (s->step > GATHERING && CHECK(SsmGetChState(s->out)) != S_CALL_TALKING)
        gone = "the person called hung up";
    else if (s->step > GATHERING && CHECK(SsmGetHookState(s->station)) != 1)
        gone = "the telephone was put down";
    if (gone)
        give_up(s, gone);
    return !gone;
}

static void turn(struct session *s)
{
    if (!everybody_there(s))
        return;
    if (s->step < GATHERING || s->step > CONFERRING)
        send_away(s);
    switch (s->step) {
    case WAITING:
        wait_for_caller(s);
        break;
    case ANSWERING:
        answer(s);
        break;
    case PROMPTING:
        if (play_ended(s->in))
            enter(s, COLLECTING);
        break;
    case COLLECTING:
        collect(s);
        break;
    case RECORDING:
        if (record_ended(s->in))
            begin_gathering(s);
        break;
    case GATHERING:
        gather(s);
        break;
    case TALKING:
        if (lasted_ms(s) >= TALK_MS)
            confer(s);
        break;
    case CONFERRING:
        if (lasted_ms(s) >= CONFERENCE_MS) {
            report(s);
            clear(s);
        }
        break;
    case CLEARING:
        /* Both trunks, also when the first is not idle yet. */
        if (trunk_cleared(&s->in) & trunk_cleared(&s->out))
            enter(s, RESTING);
        break;
    case RESTING:
        if (!s->busy_tone)
            enter(s, WAITING);
        break;
    }
}

/* -- the program --------------------------------------------------------------------------------------------------- */

static void set_up_channels(void)
{
    channel_count = CHECK(SsmGetMaxCh());
    if (channel_count > MAX_CHANNELS)
        channel_count = MAX_CHANNELS;
    for (int ch = 0; ch < channel_count; ch++) {
        type[ch] = SsmGetChType(ch);
        if (is_trunk(ch)) {
            CHECK(SsmEnableRxDtmf(ch, 1));
            CHECK(SsmSetDtmfStopPlay(ch, 1));
        } else if (type[ch] == CH_TYPE_FXS && session_count < MAX_SESSIONS) {
            CHECK(SsmSetASDT(ch, 0));
            sessions[session_count++] = (struct session){.station = ch, .in = NOBODY, .out = NOBODY, .group = NOBODY};
        }
    }
    say("%d sessions", session_count);
    if (session_count == 0) {
        fprintf(stderr, "there is no telephone\n");
        finish(EXIT_ARGUMENTS);
    }
}

static int all_quiet(void)
{
    for (int i = 0; i < session_count; i++)
        if (sessions[i].step != WAITING || sessions[i].busy_tone)
            return 0;
    return 1;
}

int main(int argc, char **argv)
{
    enum watch_mode mode;
    long long progress_ms;
    int last = 0;

    if (argc != 7 || !watch_mode_argument(argv[6], &mode) || (wanted = atoi(argv[5])) <= 0) {
        fprintf(stderr, "usage: everything CONFIG INDEX PROMPT FOLDER SESSIONS poll|events|callback\n");
        return EXIT_ARGUMENTS;
    }
    prompt = argv[3];
    folder = argv[4];
    start_library(argv[1], argv[2]);
    watch_begin(mode);
    set_up_channels();
    progress_ms = now_ms();
    while (completed < wanted || !all_quiet()) {
        watch(TURN_MS);
        sweep();
        for (int i = 0; i < session_count; i++)
            turn(&sessions[i]);
        if (completed != last)
            progress_ms = now_ms();
        last = completed;
        if (now_ms() - progress_ms > wait_limit_ms()) {
            for (int i = 0; i < session_count; i++)
                fprintf(stderr, "session %d step %d in %d (state %d) out %d (state %d)\n", i, (int)sessions[i].step,
                        sessions[i].in, sessions[i].in == NOBODY ? 0 : SsmGetChState(sessions[i].in), sessions[i].out,
                        sessions[i].out == NOBODY ? 0 : SsmGetChState(sessions[i].out));
            finish(EXIT_TOO_LATE);
        }
    }
    say("done: %d complete, %d given up, events %ld, lost %ld", completed, given_up, events_seen(), events_lost());
    finish(0);
}
