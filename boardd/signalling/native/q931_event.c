/* Events: libpri keeps one inside its own state, which the next call overwrites. */

#include <string.h>

#include "q931_link.h"

/* Digits and names may be longer than anybody's field: what does not fit is cut. */
static void copy(char *to, size_t room, const char *from, size_t extent)
{
    size_t size = strnlen(from, extent < room ? extent : room - 1);
    memcpy(to, from, size);
    to[size] = '\0';
}

#define COPY(to, from) copy((to), sizeof(to), (from), sizeof(from))

static int64_t number_of(const struct q931_call *call) { return (int64_t)(intptr_t)call; }

static void flatten_ring(const union pri_events *from, q9_event *to)
{
    to->call = number_of(from->ring.call);
    to->reference = from->ring.reference;
    to->progress = from->ring.progress_mask;
    to->complete = from->ring.complete;
    to->flexible = from->ring.flexible;
    to->capability = from->ring.capability;
    to->caller_plan = from->ring.caller_plan;
    to->presentation = from->ring.presentation;
    to->called_plan = from->ring.called_plan;
    to->redirecting_plan = from->ring.redirecting_plan;
    to->original_plan = from->ring.original_plan;
    to->reason = from->ring.reason;
    COPY(to->caller, from->ring.caller);
    COPY(to->called, from->ring.called);
    COPY(to->redirecting, from->ring.redirecting);
    COPY(to->original, from->ring.original);
    COPY(to->name, from->ring.name);
}

int q9_flatten(const union pri_events *from, q9_event *to)
{
    if (!from)
        return 0;
    memset(to, 0, sizeof *to);
    to->kind = from->kind;
    to->channel = from->restart.channel;
    to->cause = -1;
    switch (from->kind) {
    case Q9_UP:
    case Q9_DOWN:
        to->channel = 0;
        return 1;
    case Q9_CONFIG_ERROR:
        to->channel = 0;
        COPY(to->text, from->error.text);
        return 1;
    case Q9_RESTART:
    case Q9_RESTART_ACK:
        return 1;
    case Q9_RING:
        flatten_ring(from, to);
        return 1;
    case Q9_INFORMATION: /* most fields of the ring are left from an earlier event */
        to->call = number_of(from->ring.call);
        to->complete = from->ring.complete;
        COPY(to->called, from->ring.called);
        return 1;
    case Q9_RINGING:
    case Q9_ANSWER:
        to->call = number_of(from->answer.call);
        to->reference = from->answer.reference;
        to->progress = from->answer.progress_mask;
        return 1;
    case Q9_PROCEEDING:
    case Q9_PROGRESS:
        to->call = number_of(from->proceeding.call);
        to->reference = from->proceeding.reference;
        to->progress = from->proceeding.progress_mask;
        to->cause = from->kind == Q9_PROGRESS ? from->proceeding.cause : -1;
        return 1;
    case Q9_HANGUP:
    case Q9_HANGUP_REQUEST:
    case Q9_HANGUP_ACK:
        to->call = number_of(from->hangup.call);
        to->reference = from->hangup.reference;
        to->cause = from->hangup.cause;
        return 1;
    case Q9_SETUP_ACK:
        to->call = number_of(from->setup_ack.call);
        to->progress = from->setup_ack.progress_mask;
        return 1;
    case Q9_CONNECT_ACK:
        to->call = number_of(from->connect_ack.call);
        return 1;
    case Q9_KEYPAD:
        to->call = number_of(from->keypad.call);
        COPY(to->called, from->keypad.digits);
        return 1;
    default:
        return 0;
    }
}
