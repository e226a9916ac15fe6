/*
 * The door itself. This library is linked as a filter of libss7.so.2.0 and opened with RTLD_DEEPBIND: libss7 is loaded
 * with it and finds our gettimeofday(), read() and write() before libc's. The descriptors it gets are places for one frame
 * each way. Neither unistd.h nor sys/time.h may be included here, because we define what they declare.
 *
 * The library calls back while it works: for log lines, when it wants a call cleared, when it frees one. All are answered
 * here, at once, from what is known; Python hears of them by events.
 */

#include "isup_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { ITU = 1, ANSWERED_IDLE = 2, ANSWERED_USED = 1, ANSWERED_UNKNOWN = 0, TRANSPORT_HDLC = 0 };
enum { UNIT_HEAD = 3, LONG_UNIT = 63, LONGEST_UNIT = 276, STATUS_UNIT = 2, SEQUENCE = 127, STRANGE_MOST = 3 };
enum { ASK_NOTHING = 0, ASK_REL = 1, ASK_RSC = 2, ASK_RLC = 3, ASK_FREE = 4, ASK_IAM_AGAIN = 5 };

isd_link *isd_links[ISD_LINKS];
static int64_t now_us;

/* -- what the library calls instead of libc -- */

EXPORT int gettimeofday(struct ss7_time *restrict now, void *restrict zone)
{
    (void)zone;
    now->s = (long)(now_us / 1000000);
    now->us = (long)(now_us % 1000000);
    return 0;
}

static isd_link *by_fd(int fd)
{
    int index = fd - FIRST_FD;
    if (index < 0 || index >= ISD_LINKS || !isd_links[index]) {
        errno = EBADF;
        return NULL;
    }
    return isd_links[index];
}

EXPORT ssize_t read(int fd, void *octets, size_t room)
{
    isd_link *link = by_fd(fd);
    if (!link)
        return -1;
    if (!link->in.size) {
        errno = EAGAIN;
        return -1;
    }
    size_t size = (size_t)link->in.size < room ? (size_t)link->in.size : room;
    memcpy(octets, link->in.octets, size);
    link->in.size = 0;
    return (ssize_t)size;
}

EXPORT ssize_t write(int fd, const void *octets, size_t size)
{
    isd_link *link = by_fd(fd);
    if (!link)
        return -1;
    if (size <= FCS || size > sizeof link->out.octets) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(link->out.octets, octets, size);
    link->out.size = (int)size - FCS;
    return (ssize_t)size;
}

/* -- what the library asks -- */

static isd_link *by_ss7(const struct ss7 *ss7)
{
    for (int i = 0; i < ISD_LINKS; i++)
        if (isd_links[i] && isd_links[i]->ss7 == ss7)
            return isd_links[i];
    return NULL;
}

static void on_log(struct ss7 *ss7, char *text)
{
    isd_link *link = by_ss7(ss7);
    if (!link || link->count > EVENTS / 2)
        return; /* log lines never push an event out */
    isd_event *event = isd_note(link, ISD_LOG_LINE, 0);
    snprintf(event->called, sizeof event->called, "%s", text);
}

static int on_clear(struct ss7 *ss7, int cic, unsigned dpc, int cause, int asked)
{
    isd_link *link = by_ss7(ss7);
    struct circuit *circuit = link ? isd_of(link, cic) : NULL;
    if (!circuit || !circuit->exists)
        return ANSWERED_UNKNOWN;
    struct isup_call *call = circuit->call;
    if (asked != ASK_NOTHING && circuit->used)
        isd_note(link, ISD_CLEAR, cic)->value = cause;
    if (!call)
        return circuit->used ? ANSWERED_USED : ANSWERED_IDLE;
    if (asked == ASK_REL)
        isup_rel(ss7, call, cause);
    else if (asked == ASK_RSC)
        isup_rsc(ss7, call);
    else if (asked == ASK_RLC)
        isup_rlc(ss7, call);
    else if (asked == ASK_IAM_AGAIN && circuit->used) {
        circuit->again = 1;
        circuit->opc = dpc;
    } else if (asked == ASK_FREE) {
        isup_free_call(ss7, call);
        circuit->call = NULL;
    }
    return circuit->used ? ANSWERED_USED : ANSWERED_IDLE;
}

static void on_dead(struct ss7 *ss7, int cic, unsigned dpc)
{
    isd_link *link = by_ss7(ss7);
    (void)dpc;
    if (link)
        isd_note(link, ISD_NOT_IN_SERVICE, cic);
}

static void on_freed(struct ss7 *ss7, struct isup_call *call, int lock)
{
    isd_link *link = by_ss7(ss7);
    (void)lock;
    for (int cic = 0; link && cic < ISD_CICS; cic++)
        if (link->circuits[cic].call == call)
            link->circuits[cic].call = NULL;
}

/* -- links -- */

EXPORT const char *isd_library_version(void) { return ss7_get_version(); }
EXPORT void isd_set_time_us(int64_t us) { now_us = us; }

EXPORT isd_link *isd_new(uint32_t own_pc, uint32_t adjacent_pc, int32_t network)
{
    int index = 0;
    while (index < ISD_LINKS && isd_links[index])
        index++;
    if (index == ISD_LINKS)
        return NULL;
    isd_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    ss7_set_message(on_log);
    ss7_set_error(on_log);
    ss7_set_hangup(on_clear);
    ss7_set_notinservice(on_dead);
    ss7_set_call_null(on_freed);
    link->fd = FIRST_FD + index;
    link->sent = link->acknowledged = SEQUENCE;
    link->ss7 = ss7_new(ITU);
    isd_links[index] = link;
    if (!link->ss7 || ss7_set_network_ind(link->ss7, network) || ss7_set_pc(link->ss7, own_pc) ||
        ss7_add_link(link->ss7, TRANSPORT_HDLC, link->fd, 0, adjacent_pc)) {
        isd_links[index] = NULL;
        free(link);
        return NULL;
    }
    return link;
}

EXPORT void isd_free(isd_link *link)
{
    if (!link)
        return;
    ss7_destroy(link->ss7);
    isd_links[link->fd - FIRST_FD] = NULL;
    free(link);
}

void isd_collect(isd_link *link)
{
    const union ss7_events *event;
    while ((event = ss7_check_event(link->ss7)) != NULL)
        isd_copy(link, event);
}

EXPORT int32_t isd_start(isd_link *link)
{
    int failed = ss7_start(link->ss7);
    isd_collect(link);
    return failed ? -1 : 0;
}

EXPORT void isd_alarm(isd_link *link, int32_t on)
{
    if (on)
        ss7_link_alarm(link->ss7, link->fd);
    else
        ss7_link_noalarm(link->ss7, link->fd);
    isd_collect(link);
}

/* -- guard: what cannot be a signal unit of this link does not reach the library, which trusts what it reads -- */

static int unit_is_whole(const uint8_t *frame, int size)
{
    int rest = size - UNIT_HEAD, told = frame[2] & LONG_UNIT;
    return size <= LONGEST_UNIT && (told == LONG_UNIT ? rest >= LONG_UNIT : rest == told);
}

/* An acknowledgement of something that was not sent (Q.703 calls it abnormal); a few in a row end the link. */
static int acknowledgement_is_ours(isd_link *link, const uint8_t *frame)
{
    int told = frame[0] & SEQUENCE;
    if (((told - link->acknowledged) & SEQUENCE) > ((link->sent - link->acknowledged) & SEQUENCE))
        return 0;
    link->acknowledged = told;
    return 1;
}

static void note_sent(isd_link *link)
{
    link->sent = link->out.octets[1] & SEQUENCE;
    int told = link->out.octets[2] & LONG_UNIT;
    if (told && told <= STATUS_UNIT) /* alignment: all begins anew */
        link->acknowledged = link->sent;
}

EXPORT int32_t isd_receive(isd_link *link, const uint8_t *frame, int32_t size)
{
    if (size < UNIT_HEAD || !unit_is_whole(frame, size))
        return -1;
    if (!acknowledgement_is_ours(link, frame)) {
        if (++link->strange == STRANGE_MOST) {
            link->strange = 0;
            isd_alarm(link, 1);
            isd_alarm(link, 0);
        }
        return -1;
    }
    link->strange = 0;
    memcpy(link->in.octets, frame, (size_t)size);
    memset(link->in.octets + size, 0, FCS);
    link->in.size = size + FCS;
    int failed = ss7_read(link->ss7, link->fd) < 0;
    isd_collect(link);
    return failed ? -1 : 0;
}

EXPORT int32_t isd_transmit(isd_link *link, uint8_t *frame, int32_t room)
{
    link->out.size = 0;
    if (ss7_write(link->ss7, link->fd) < 0 || link->out.size > room)
        return 0;
    memcpy(frame, link->out.octets, (size_t)link->out.size);
    note_sent(link);
    isd_collect(link);
    return link->out.size;
}

EXPORT int64_t isd_next_timer_us(isd_link *link)
{
    const struct ss7_time *due = ss7_schedule_next(link->ss7);
    return due ? (int64_t)due->s * 1000000 + due->us : -1;
}

EXPORT void isd_run_timers(isd_link *link)
{
    ss7_schedule_run(link->ss7);
    isd_collect(link);
}

EXPORT int32_t isd_timer(isd_link *link, const char *name, int32_t ms)
{
    char copy[16];
    snprintf(copy, sizeof copy, "%s", name);
    return ss7_set_isup_timer(link->ss7, copy, ms) ? 0 : ss7_set_mtp3_timer(link->ss7, copy, ms) ? 0 : -1;
}
