/* Time, frames, log: what libpri is given instead of a device, a clock and a terminal. */

#include <stdlib.h>
#include <string.h>

#include "q931_link.h"

enum { FCS_BYTES = 2, SHORTEST = 3, RUNS = 4096 };

static int64_t now_us;
static q9_link *links;
static struct log_ring loose;

EXPORT void q9_set_time_us(int64_t us) { now_us = us; }

/* libpri finds this before libc's, because both are opened together with RTLD_DEEPBIND. Nobody else does. */
EXPORT int gettimeofday(struct pri_time *restrict now, void *restrict zone)
{
    (void)zone;
    now->s = (long)(now_us / 1000000);
    now->us = (long)(now_us % 1000000);
    return 0;
}

EXPORT const char *q9_library_version(void) { return pri_get_version(); }

/*
 * libpri counts two octets for the check sequence, both ways, and never looks at them. It may look behind the end of a
 * frame that is too short for what it says it is: there it finds zeros, not what an earlier frame left on the stack.
 */
static int on_read(struct pri *pri, void *octets, int room)
{
    q9_link *link = pri_get_userdata(pri);
    int32_t size = link->in_size;
    link->in_size = 0;
    if (size <= 0 || size > room - FCS_BYTES)
        return 0;
    memcpy(octets, link->in, (size_t)size);
    memset((uint8_t *)octets + size, 0, (size_t)(room - size));
    return size + FCS_BYTES;
}

static int on_write(struct pri *pri, void *octets, int size)
{
    q9_link *link = pri_get_userdata(pri);
    int32_t taken = size - FCS_BYTES;
    if (link->closed)
        return size;
    if (taken <= 0 || taken > Q9_FRAME || link->out_count == FRAMES) {
        /* As if the line had swallowed it: Q.921 repeats. */
        link->counters.lost_out++;
        return size;
    }
    uint32_t at = (link->out_first + link->out_count++) % FRAMES;
    memcpy(link->out[at], octets, (size_t)taken);
    link->out_size[at] = taken;
    return size;
}

/* The hooks are the process' own, not the link's; another user of libpri may have links that are not in our list. */
static void on_text(struct pri *pri, char *line)
{
    q9_link *link = links;
    while (link && link->pri != pri)
        link = link->next;
    struct log_ring *log = link ? &link->log : &loose;
    size_t size = strlen(line);
    if (log->used + size > LOG_BYTES) {
        if (link)
            link->counters.lost_text++;
        return;
    }
    memcpy(log->text + log->used, line, size);
    log->used += (uint32_t)size;
}

EXPORT q9_link *q9_open(int32_t side, int32_t switch_type, int32_t logical_channels)
{
    q9_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    pri_set_message(on_text);
    pri_set_error(on_text);
    link->pri = pri_new_cb(-1, side, switch_type, on_read, on_write, link);
    if (!link->pri) {
        free(link);
        return NULL;
    }
    link->next = links;
    links = link;
    pri_hangup_fix_enable(link->pri, 1);
    pri_connect_ack_enable(link->pri, 1);
    /* Sending Complete only when a request says so. */
    pri_set_overlapdial(link->pri, 1);
    pri_set_chan_mapping_logical(link->pri, logical_channels);
    return link;
}

EXPORT void q9_close(q9_link *link)
{
    link->closed = 1;
    link->out_count = 0;
}

EXPORT int q9_set_timer(q9_link *link, const char *name, int32_t value)
{
    int timer = pri_timer2idx(name);
    return timer < 0 ? -1 : pri_set_timer(link->pri, timer, value);
}

EXPORT int q9_get_timer(q9_link *link, const char *name)
{
    int timer = pri_timer2idx(name);
    return timer < 0 ? -1 : pri_get_timer(link->pri, timer);
}

EXPORT void q9_set_service(q9_link *link, int32_t on) { pri_set_service_message_support(link->pri, on); }

EXPORT void q9_set_debug(q9_link *link, int32_t mask) { pri_set_debug(link->pri, mask); }

EXPORT void q9_get_counters(const q9_link *link, q9_counters *out) { *out = link->counters; }

EXPORT int q9_receive(q9_link *link, const void *frame, int32_t size, q9_event *out)
{
    if (link->closed || size < SHORTEST || size > Q9_FRAME) {
        link->counters.refused_in++;
        return -1;
    }
    link->counters.frames_in++;
    memcpy(link->in, frame, (size_t)size);
    link->in_size = size;
    if (!q9_guard(link->in, size))
        link->counters.refused_in++;
    return q9_flatten(pri_check_event(link->pri), out);
}

static int due(q9_link *link)
{
    int64_t next = q9_next_us(link);
    return next >= 0 && next <= now_us;
}

EXPORT int q9_run(q9_link *link, q9_event *out)
{
    /* A timer that restarts itself with no delay must not hold the thread. */
    for (int runs = 0; !link->closed && due(link) && runs < RUNS; runs++)
        if (q9_flatten(pri_schedule_run(link->pri), out))
            return 1;
    return 0;
}

EXPORT int64_t q9_next_us(q9_link *link)
{
    const struct pri_time *next = link->closed ? NULL : pri_schedule_next(link->pri);
    return next ? (int64_t)next->s * 1000000 + next->us : -1;
}

EXPORT int q9_pop(q9_link *link, void *frame, int32_t room)
{
    while (link->out_count) {
        uint32_t at = link->out_first;
        link->out_first = (at + 1) % FRAMES;
        link->out_count--;
        if (link->out_size[at] > room) {
            link->counters.lost_out++;
            continue;
        }
        memcpy(frame, link->out[at], (size_t)link->out_size[at]);
        link->counters.frames_out++;
        return link->out_size[at];
    }
    return 0;
}

EXPORT int q9_log(q9_link *link, char *text, int32_t room)
{
    struct log_ring *log = link ? &link->log : &loose;
    uint32_t size = log->used < (uint32_t)room ? log->used : (uint32_t)room;
    memcpy(text, log->text, size);
    log->used -= size;
    memmove(log->text, log->text + size, log->used);
    return (int)size;
}
