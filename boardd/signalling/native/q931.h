/*
 * Door to libpri: Q.921 and Q.931 of one D channel (libq931.so).
 *
 * The library stands in front of libpri.so.1.4 as a filter and gives it its time. Nothing here calls back: frames go in by
 * q9_receive(), come out by q9_pop(); an event is copied into the caller's struct before the function returns; what
 * the library has to say goes into a bounded ring. One thread for all links. No function blocks.
 *
 * A frame begins with the Q.921 address and ends with its last octet before the check sequence. A call is a number from
 * q9_setup() or an event; it is dead when q9_known() says so and may then come back as another call's.
 */

typedef struct q9_link q9_link;

/* Kinds of event, by libpri's numbers; others (facility, notification, hold, maintenance) are not told. */
enum {
    Q9_UP = 1,
    Q9_DOWN = 2,
    Q9_RESTART = 3,
    Q9_CONFIG_ERROR = 4,
    Q9_RING = 5,
    Q9_HANGUP = 6,
    Q9_RINGING = 7,
    Q9_ANSWER = 8,
    Q9_HANGUP_ACK = 9,
    Q9_RESTART_ACK = 10,
    Q9_INFORMATION = 12,
    Q9_PROCEEDING = 13,
    Q9_SETUP_ACK = 14,
    Q9_HANGUP_REQUEST = 15,
    Q9_PROGRESS = 17,
    Q9_KEYPAD = 18,
    Q9_CONNECT_ACK = 27
};

enum { Q9_NUMBER = 80, Q9_NAME = 80, Q9_TEXT = 256, Q9_FRAME = 512 };

/*
 * One event. Fields that the kind does not have are 0 or empty. `channel` goes back as it is; its low eight bits are the
 * timeslot, -1 is the whole interface or any channel. `reference` has the flag bit of the call reference. Numbers are octet
 * 3 (without extension bit) and digits. `presentation` is octet 3a. `cause` -1: the message had none.
 */
typedef struct {
    int32_t kind;
    int32_t channel;
    int64_t call;
    int32_t reference;
    int32_t cause;
    int32_t progress; /* set of progress indicators: 1, 2, 4 for 1-3, 8 for 8 (in-band information) */
    int32_t complete;
    int32_t flexible;
    int32_t capability;
    int32_t caller_plan;
    int32_t presentation;
    int32_t called_plan;
    int32_t redirecting_plan;
    int32_t original_plan;
    int32_t reason;
    char caller[Q9_NUMBER];
    char called[Q9_NUMBER]; /* digits of INFORMATION too */
    char redirecting[Q9_NUMBER];
    char original[Q9_NUMBER];
    char name[Q9_NAME];
    char text[Q9_TEXT];
} q9_event;

/* What goes into a SETUP. An empty redirecting number is left out, and the caller's number unless `with_caller`. */
typedef struct {
    int32_t channel;
    int32_t exclusive;
    int32_t speech;
    int32_t complete;
    int32_t called_plan;
    int32_t with_caller;
    int32_t caller_plan;
    int32_t presentation;
    int32_t redirecting_plan;
    int32_t redirecting_presentation;
    int32_t reason;
    char caller[Q9_NUMBER];
    char called[Q9_NUMBER];
    char redirecting[Q9_NUMBER];
    char name[Q9_NAME];
} q9_request;

/* What was thrown away since the link was opened. */
typedef struct {
    int64_t frames_in;
    int64_t frames_out;
    int64_t refused_in;  /* too short, too long, not ours, malformed */
    int64_t lost_out;    /* nobody took them in time */
    int64_t lost_text;
} q9_counters;

/* Microseconds that only grow; set before any other call. */
void q9_set_time_us(int64_t us);
const char *q9_library_version(void);
/* side: 1 network, 2 user; switch type: 5 EuroISDN, 10 QSIG. NULL: no memory. Sends SABME at once (take it with q9_pop). */
q9_link *q9_open(int32_t side, int32_t switch_type, int32_t logical_channels);
/* Falls silent. libpri cannot give its memory back (about 100 kB). */
void q9_close(q9_link *link);
/* 0, or -1: libpri has no such timer or counter. Milliseconds, or a count. */
int q9_set_timer(q9_link *link, const char *name, int32_t value);
/* -1: unknown. */
int q9_get_timer(q9_link *link, const char *name);
void q9_set_service(q9_link *link, int32_t on);
void q9_set_debug(q9_link *link, int32_t mask);
void q9_get_counters(const q9_link *link, q9_counters *out);

/* 1: there is an event, 0: none, -1: the frame was refused. */
int q9_receive(q9_link *link, const void *frame, int32_t size, q9_event *out);
/* Runs timers that are due, up to the first event. 1: there is an event, call again; 0: nothing is due. */
int q9_run(q9_link *link, q9_event *out);
/* When q9_run() is due; -1: never. */
int64_t q9_next_us(q9_link *link);
/* Octets of the next frame to send, 0: none. */
int q9_pop(q9_link *link, void *frame, int32_t room);
/* Text that libpri wrote about this link (NULL: about none), whole lines; 0: none. */
int q9_log(q9_link *link, char *text, int32_t room);

/* The call, 0: refused. */
int64_t q9_setup(q9_link *link, const q9_request *request);
/* Whether libpri has this call. */
int q9_known(q9_link *link, int64_t call);
int q9_digits(q9_link *link, int64_t call, const char *digits);
int q9_setup_ack(q9_link *link, int64_t call, int32_t channel, int32_t in_band);
int q9_proceeding(q9_link *link, int64_t call, int32_t channel);
int q9_alerting(q9_link *link, int64_t call, int32_t channel, int32_t in_band);
int q9_progress(q9_link *link, int64_t call, int32_t channel, int32_t cause);
int q9_connect(q9_link *link, int64_t call, int32_t channel);
int q9_connect_ack(q9_link *link, int64_t call);
/* The next clearing message that the call's state asks for; also the answer to HANGUP and HANGUP_REQUEST. */
int q9_hangup(q9_link *link, int64_t call, int32_t cause);
/* Forget the call without a word. */
int q9_forget(q9_link *link, int64_t call);
int q9_restart(q9_link *link, int32_t channel);
/* status: 0 in service, 1 loop-back, 2 out of service. */
int q9_service(q9_link *link, int32_t channel, int32_t status);
