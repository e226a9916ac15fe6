/*
 * Opens libopenr2 1.3 without DAHDI, in simulated time.
 *
 * This library is linked as a filter of libopenr2.so.3 and opened with RTLD_DEEPBIND: libopenr2 is loaded with it, and
 * finds our gettimeofday(), open(), close(), ioctl(), read() and write() before libc's. The descriptors it gets are lines
 * in memory: the sound to read and to write, four line bits each way, one pending event. Nothing of libopenr2 or DAHDI is
 * needed to build; neither sys/ioctl.h nor unistd.h may be included, because we define what they declare.
 *
 * The library's callbacks are here too and only note what happened, so that no foreign code calls into the interpreter.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#define EXPORT __attribute__((visibility("default")))

enum {
    FIRST_FD = 100000,
    LINES = 1024,
    SOUND_BYTES = 2048,
    EVENTS = 4096,
    TEXT_BYTES = 256,
    RULES = 1024,
    PREFIX_BYTES = 12
};

/* DAHDI's requests: direction in bits 30 and 31, size in 16 to 29, code 0xDA, number. */
enum { REQUEST_CODE = 0xDA, TO_DRIVER = 1, FROM_DRIVER = 2, BOTH_WAYS = 3 };
#define REQUEST(direction, number) ((direction) << 8 | (number))
enum {
    FLUSH = REQUEST(TO_DRIVER, 3),
    GET_PARAMS_V1 = REQUEST(FROM_DRIVER, 5),
    GET_PARAMS = REQUEST(BOTH_WAYS, 5),
    GETEVENT = REQUEST(FROM_DRIVER, 8),
    IOMUX = REQUEST(BOTH_WAYS, 9),
    SETGAINS = REQUEST(TO_DRIVER, 16),
    GET_BUFINFO = REQUEST(FROM_DRIVER, 27),
    SET_BUFINFO = REQUEST(TO_DRIVER, 27),
    AUDIOMODE = REQUEST(TO_DRIVER, 32),
    ECHOCANCEL = REQUEST(TO_DRIVER, 33),
    CHANNO = REQUEST(FROM_DRIVER, 34),
    SETLAW = REQUEST(TO_DRIVER, 39),
    GETRXBITS = REQUEST(FROM_DRIVER, 43),
    SETTXBITS = REQUEST(TO_DRIVER, 43)
};
enum { IOMUX_READ = 1, IOMUX_WRITE = 2, IOMUX_SIGEVENT = 8 };
enum { FLUSH_READ = 1, FLUSH_WRITE = 2 };
enum { EVENT_BITSCHANGED = 13, AN_EVENT_WAITS = 500 /* DAHDI's ELAST */ };
enum { SIG_CAS = 1 << 15 };

/* What struct dahdi_params begins with. */
struct parameters {
    int channo;
    int spanno;
    int chanpos;
    int signalling;
};

struct seconds {
    long s;
    long us;
};

struct sound {
    uint8_t bytes[SOUND_BYTES];
    size_t size;
};

struct line {
    int used;
    int number;
    int plan;
    struct sound rx, tx;
    size_t writable;
    int rx_bits, tx_bits;
    int event;
    char dnis[81];
    size_t dnis_size;
};

typedef void *chan;

/* Of what kind an event is; see decl/openr2.h. */
enum kind {
    CALL_INIT = 1,
    CALL_OFFERED,
    CALL_ACCEPTED,
    CALL_ANSWERED,
    CALL_DISCONNECT,
    CALL_END,
    HARDWARE_ALARM,
    OS_ERROR,
    PROTOCOL_ERROR,
    LINE_BLOCKED,
    LINE_IDLE,
    LOG
};

typedef struct {
    int32_t line;
    int32_t kind;
    int32_t value;
    char ani[TEXT_BYTES];
    char dnis[TEXT_BYTES];
} hwr2_event;

struct rule {
    int plan;
    char prefix[PREFIX_BYTES];
    size_t digits;
};

int openr2_chan_get_fd(chan *c);
void openr2_chan_set_logging_func(chan *c, void (*log)(chan *, int, const char *, va_list));

static int64_t now_us;
static struct line lines[LINES];
static hwr2_event events[EVENTS];
static uint32_t events_first, events_count, events_lost;
static struct rule rules[RULES];
static int rules_count;

/* -- what the library calls instead of libc -- */

EXPORT int gettimeofday(struct seconds *restrict now, void *restrict zone)
{
    (void)zone;
    now->s = (long)(now_us / 1000000);
    now->us = (long)(now_us % 1000000);
    return 0;
}

static struct line *line_of(int fd)
{
    int index = fd - FIRST_FD;
    if (index < 0 || index >= LINES || !lines[index].used) {
        errno = EBADF;
        return NULL;
    }
    return &lines[index];
}

EXPORT int open(const char *path, int flags, ...)
{
    (void)path;
    (void)flags;
    errno = ENOENT;
    return -1;
}

EXPORT int close(int fd) { return line_of(fd) ? 0 : -1; }

EXPORT ssize_t read(int fd, void *bytes, size_t size)
{
    struct line *line = line_of(fd);
    if (!line)
        return -1;
    if (line->event) {
        errno = AN_EVENT_WAITS;
        return -1;
    }
    if (!line->rx.size) {
        errno = EAGAIN;
        return -1;
    }
    if (size > line->rx.size)
        size = line->rx.size;
    memcpy(bytes, line->rx.bytes, size);
    line->rx.size -= size;
    memmove(line->rx.bytes, line->rx.bytes + size, line->rx.size);
    return (ssize_t)size;
}

EXPORT ssize_t write(int fd, const void *bytes, size_t size)
{
    struct line *line = line_of(fd);
    if (!line)
        return -1;
    if (size > SOUND_BYTES - line->tx.size) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(line->tx.bytes + line->tx.size, bytes, size);
    line->tx.size += size;
    line->writable = line->writable > size ? line->writable - size : 0;
    return (ssize_t)size;
}

static int ready(const struct line *line, int wanted)
{
    int found = 0;
    if (line->event)
        found |= IOMUX_SIGEVENT;
    if (line->rx.size)
        found |= IOMUX_READ;
    if (line->writable)
        found |= IOMUX_WRITE;
    return found & wanted;
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    int *value = va_arg(rest, void *);
    va_end(rest);
    struct line *line = line_of(fd);
    if (!line)
        return -1;
    if ((request >> 8 & 0xFF) != REQUEST_CODE) {
        errno = ENOTTY;
        return -1;
    }
    size_t size = request >> 16 & 0x3FFF;
    switch (REQUEST(request >> 30 & 3, request & 0xFF)) {
    case CHANNO:
        *value = line->number;
        return 0;
    case GET_PARAMS_V1:
    case GET_PARAMS: {
        struct parameters *parameters = (void *)value;
        memset(parameters, 0, size);
        parameters->channo = parameters->chanpos = line->number;
        parameters->spanno = 1;
        parameters->signalling = SIG_CAS;
        return 0;
    }
    case GET_BUFINFO:
        memset(value, 0, size);
        return 0;
    case SET_BUFINFO:
    case SETGAINS:
    case SETLAW:
    case ECHOCANCEL:
    case AUDIOMODE:
        return 0;
    case FLUSH:
        if (*value & FLUSH_READ)
            line->rx.size = 0;
        if (*value & FLUSH_WRITE)
            line->tx.size = 0;
        return 0;
    case IOMUX:
        *value = ready(line, *value);
        return 0;
    case GETEVENT:
        *value = line->event;
        line->event = 0;
        return 0;
    case SETTXBITS:
        line->tx_bits = *value & 0xF;
        return 0;
    case GETRXBITS:
        *value = line->rx_bits;
        return 0;
    default:
        errno = ENOTTY;
        return -1;
    }
}

/* -- what the library tells -- */

static hwr2_event *note(chan *c, enum kind kind, int value)
{
    static hwr2_event nowhere;
    hwr2_event *event = &nowhere;
    if (events_count < EVENTS)
        event = &events[(events_first + events_count++) % EVENTS];
    else
        events_lost++;
    event->line = openr2_chan_get_fd(c) - FIRST_FD;
    event->kind = (int32_t)kind;
    event->value = value;
    event->ani[0] = event->dnis[0] = 0;
    return event;
}

static void on_init(chan *c)
{
    struct line *line = line_of(openr2_chan_get_fd(c));
    if (line)
        line->dnis_size = 0;
    note(c, CALL_INIT, 0);
}

static void on_offered(chan *c, const char *ani, const char *dnis, int category)
{
    hwr2_event *event = note(c, CALL_OFFERED, category);
    snprintf(event->ani, TEXT_BYTES, "%s", ani ? ani : "");
    snprintf(event->dnis, TEXT_BYTES, "%s", dnis ? dnis : "");
}

static void on_accepted(chan *c, int mode) { note(c, CALL_ACCEPTED, mode); }
static void on_answered(chan *c) { note(c, CALL_ANSWERED, 0); }
static void on_disconnect(chan *c, int cause) { note(c, CALL_DISCONNECT, cause); }
static void on_end(chan *c) { note(c, CALL_END, 0); }
static void on_alarm(chan *c, int alarm) { note(c, HARDWARE_ALARM, alarm); }
static void on_os_error(chan *c, int error) { note(c, OS_ERROR, error); }
static void on_protocol_error(chan *c, int error) { note(c, PROTOCOL_ERROR, error); }
static void on_blocked(chan *c) { note(c, LINE_BLOCKED, 0); }
static void on_idle(chan *c) { note(c, LINE_IDLE, 0); }
static void on_pulse(chan *c) { (void)c; }
static void on_ani_digit(chan *c, char digit)
{
    (void)c;
    (void)digit;
}

static void on_sound(chan *c, const unsigned char *bytes, int size)
{
    (void)c;
    (void)bytes;
    (void)size;
}

/* How many digits a number has that begins like this; 0: unknown. The longest prefix decides. */
static size_t digits_of(int plan, const char *number)
{
    size_t best = 0, digits = 0;
    for (int i = 0; i < rules_count; i++) {
        size_t size = strlen(rules[i].prefix);
        if (rules[i].plan == plan && size >= best && !strncmp(rules[i].prefix, number, size)) {
            best = size;
            digits = rules[i].digits;
        }
    }
    return digits;
}

/* The register asks for one digit more unless the number is complete: there is no tone that says so. */
static int on_dnis_digit(chan *c, char digit)
{
    struct line *line = line_of(openr2_chan_get_fd(c));
    if (!line || line->dnis_size + 1 >= sizeof line->dnis)
        return 0;
    line->dnis[line->dnis_size++] = digit;
    line->dnis[line->dnis_size] = 0;
    size_t wanted = digits_of(line->plan, line->dnis);
    return !wanted || line->dnis_size < wanted;
}

static void on_log(chan *c, int level, const char *format, va_list values)
{
    vsnprintf(note(c, LOG, level)->ani, TEXT_BYTES, format, values);
}

static void on_context_log(void *context, int level, const char *format, va_list values)
{
    (void)context;
    (void)level;
    (void)format;
    (void)values;
}

/* The library's table of callbacks, in its order. */
static const struct {
    void (*init)(chan *);
    void (*offered)(chan *, const char *, const char *, int);
    void (*accepted)(chan *, int);
    void (*answered)(chan *);
    void (*disconnect)(chan *, int);
    void (*end)(chan *);
    void (*sound)(chan *, const unsigned char *, int);
    void (*alarm)(chan *, int);
    void (*os_error)(chan *, int);
    void (*protocol_error)(chan *, int);
    void (*blocked)(chan *);
    void (*idle)(chan *);
    void (*context_log)(void *, int, const char *, va_list);
    int (*dnis_digit)(chan *, char);
    void (*ani_digit)(chan *, char);
    void (*pulse)(chan *);
} callbacks = {on_init,     on_offered,        on_accepted, on_answered, on_disconnect,  on_end,        on_sound,     on_alarm,
               on_os_error, on_protocol_error, on_blocked,  on_idle,     on_context_log, on_dnis_digit, on_ani_digit, on_pulse};

/* -- what we call -- */

EXPORT void hwr2_set_time(int64_t us) { now_us = us; }

EXPORT const void *hwr2_callbacks(void) { return &callbacks; }

EXPORT void hwr2_hook_log(chan *c) { openr2_chan_set_logging_func(c, on_log); }

EXPORT int hwr2_line_new(int number, int plan)
{
    for (int i = 0; i < LINES; i++)
        if (!lines[i].used) {
            memset(&lines[i], 0, sizeof lines[i]);
            lines[i].used = 1;
            lines[i].number = number;
            lines[i].plan = plan;
            return i;
        }
    return -1;
}

EXPORT void hwr2_line_free(int line) { lines[line].used = 0; }

EXPORT int hwr2_line_fd(int line) { return FIRST_FD + line; }

EXPORT const char *hwr2_called(int line) { return lines[line].dnis; }

EXPORT int hwr2_plan_rule(int plan, const char *prefix, int digits)
{
    if (rules_count == RULES || strlen(prefix) >= PREFIX_BYTES)
        return -1;
    struct rule *rule = &rules[rules_count++];
    rule->plan = plan;
    strcpy(rule->prefix, prefix);
    rule->digits = (size_t)digits;
    return 0;
}

EXPORT int hwr2_give(int line, const void *bytes, int32_t size)
{
    struct sound *rx = &lines[line].rx;
    if (size < 0 || (size_t)size > SOUND_BYTES - rx->size)
        return -1;
    memcpy(rx->bytes + rx->size, bytes, (size_t)size);
    rx->size += (size_t)size;
    return 0;
}

EXPORT void hwr2_grant(int line, int32_t size) { lines[line].writable = (size_t)size; }

EXPORT int hwr2_take(int line, void *bytes, int32_t room)
{
    struct sound *tx = &lines[line].tx;
    size_t size = tx->size < (size_t)room ? tx->size : (size_t)room;
    memcpy(bytes, tx->bytes, size);
    tx->size -= size;
    memmove(tx->bytes, tx->bytes + size, tx->size);
    return (int)size;
}

EXPORT void hwr2_receive_bits(int line, int abcd)
{
    if (lines[line].rx_bits == abcd)
        return;
    lines[line].rx_bits = abcd;
    lines[line].event = EVENT_BITSCHANGED;
}

EXPORT int hwr2_sent_bits(int line) { return lines[line].tx_bits; }

EXPORT int hwr2_next_event(hwr2_event *event)
{
    if (!events_count)
        return 0;
    *event = events[events_first];
    events_first = (events_first + 1) % EVENTS;
    events_count--;
    return 1;
}

EXPORT uint32_t hwr2_events_lost(void) { return events_lost; }
