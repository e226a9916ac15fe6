/*
 * What the door uses of libpri 1.6: its functions by name, and where in its events the fields are that we read. Written
 * from measurements of the packaged library (x86-64 and every other LP64 system lay them out alike); whatever we do not
 * read is a run of reserved octets. q931_link.c refuses other versions.
 */
#ifndef Q931_PRI_H
#define Q931_PRI_H

#include <stddef.h>
#include <stdint.h>

struct pri;
struct q931_call;
struct pri_sr;

struct pri_time {
    long s;
    long us;
};

/* Every event begins with its kind. */
union pri_events {
    int kind;
    struct { /* RING, INFORMATION */
        int kind, channel, presentation, reserved_1, caller_plan;
        char reserved_2[256];
        char caller[256];
        char name[256];
        int called_plan, reserved_3;
        char called[256];
        char redirecting[256];
        char reserved_4[256];
        int reason, redirecting_plan;
        char reserved_5[260];
        int flexible, reference, capability, layer1, complete;
        struct q931_call *call;
        char reserved_6[256];
        int progress, progress_mask;
        char reserved_7[256];
        char original[256];
        int original_plan;
    } ring;
    struct { /* RINGING, ANSWER */
        int kind, channel, reference, progress, progress_mask;
        struct q931_call *call;
    } answer;
    struct { /* PROCEEDING, PROGRESS */
        int kind, channel, reference, progress, progress_mask, cause;
        struct q931_call *call;
    } proceeding;
    struct { /* HANGUP, HANGUP_REQUEST, HANGUP_ACK */
        int kind, channel, cause, reference;
        struct q931_call *call;
    } hangup;
    struct {
        int kind, channel;
        struct q931_call *call;
        void *reserved;
        int progress_mask;
    } setup_ack;
    struct {
        int kind, channel;
        struct q931_call *call;
    } connect_ack;
    struct {
        int kind, channel;
        struct q931_call *call;
        char digits[64];
    } keypad;
    struct { /* RESTART, RESTART_ACK */
        int kind, channel;
    } restart;
    struct { /* CONFIG_ERROR */
        int kind;
        char text[256];
    } error;
};

#if defined(__LP64__)
_Static_assert(offsetof(union pri_events, ring.caller) == 276, "RING: caller");
_Static_assert(offsetof(union pri_events, ring.called) == 796, "RING: called");
_Static_assert(offsetof(union pri_events, ring.redirecting) == 1052, "RING: redirecting");
_Static_assert(offsetof(union pri_events, ring.call) == 1856, "RING: call");
_Static_assert(offsetof(union pri_events, ring.original) == 2384, "RING: original");
_Static_assert(offsetof(union pri_events, proceeding.call) == 24, "PROCEEDING: call");
_Static_assert(offsetof(union pri_events, hangup.call) == 16, "HANGUP: call");
_Static_assert(offsetof(union pri_events, setup_ack.progress_mask) == 24, "SETUP_ACK: progress");
#endif

typedef int (*pri_io)(struct pri *, void *, int);

const char *pri_get_version(void);
struct pri *pri_new_cb(int fd, int node, int switch_type, pri_io read, pri_io write, void *user);
void *pri_get_userdata(struct pri *pri);
void pri_set_message(void (*show)(struct pri *, char *));
void pri_set_error(void (*show)(struct pri *, char *));
void pri_hangup_fix_enable(struct pri *pri, int on);
void pri_connect_ack_enable(struct pri *pri, int on);
void pri_set_overlapdial(struct pri *pri, int on);
void pri_set_chan_mapping_logical(struct pri *pri, int on);
void pri_set_debug(struct pri *pri, int mask);
int pri_set_service_message_support(struct pri *pri, int on);
int pri_timer2idx(const char *name);
int pri_set_timer(struct pri *pri, int timer, int value);
int pri_get_timer(struct pri *pri, int timer);

union pri_events *pri_check_event(struct pri *pri);
struct pri_time *pri_schedule_next(struct pri *pri);
union pri_events *pri_schedule_run(struct pri *pri);

struct q931_call *pri_new_call(struct pri *pri);
void pri_destroycall(struct pri *pri, struct q931_call *call);
struct pri_sr *pri_sr_new(void);
void pri_sr_free(struct pri_sr *sr);
int pri_sr_set_channel(struct pri_sr *sr, int channel, int exclusive, int non_isdn);
int pri_sr_set_bearer(struct pri_sr *sr, int capability, int layer1);
int pri_sr_set_called(struct pri_sr *sr, char *number, int plan, int complete);
int pri_sr_set_caller(struct pri_sr *sr, char *number, char *name, int plan, int presentation);
int pri_sr_set_redirecting(struct pri_sr *sr, char *number, int plan, int presentation, int reason);
int pri_setup(struct pri *pri, struct q931_call *call, struct pri_sr *sr);
int pri_information(struct pri *pri, struct q931_call *call, char digit);
int pri_setup_ack(struct pri *pri, struct q931_call *call, int channel, int non_isdn, int in_band);
int pri_proceeding(struct pri *pri, struct q931_call *call, int channel, int in_band);
int pri_progress(struct pri *pri, struct q931_call *call, int channel, int in_band);
int pri_progress_with_cause(struct pri *pri, struct q931_call *call, int channel, int in_band, int cause);
int pri_acknowledge(struct pri *pri, struct q931_call *call, int channel, int in_band);
int pri_answer(struct pri *pri, struct q931_call *call, int channel, int non_isdn);
int pri_connect_ack(struct pri *pri, struct q931_call *call, int channel);
int pri_hangup(struct pri *pri, struct q931_call *call, int cause);
int pri_reset(struct pri *pri, int channel);
int pri_maintenance_service(struct pri *pri, int span, int channel, int status);

/* Exported, though not in libpri's header: whether a call is in the stack's list. */
int q931_is_call_valid(struct pri *pri, struct q931_call *call);

#endif
