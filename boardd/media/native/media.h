/*
 * The media engine: public interface.
 *
 * This file is read twice, after detect.h: by the C compiler and, as text, by cffi in ABI mode. It therefore holds plain
 * declarations only: no preprocessor lines, no attributes.
 *
 * An engine has ports. A port is one leg: a device descriptor, a card's stream, a ring to another process, or memory (null
 * port). Sound inside is 16-bit linear at 8 kHz in blocks of ME_BLOCK samples. Engine time is a count of samples since
 * me_new(); every `at_sample` is on that clock. Levels are in mB (1/100 dB): dBm0 times 100 for absolute levels, where a
 * full-scale sine is +3.14 dBm0.
 *
 * One tick does one block for all ports: read, decode, cancel echo, detect, barge-in, play and mix, encode, write,
 * record. What a port hears reaches its sinks within the same tick. A tick allocates nothing and touches no file.
 *
 * Threads: every function may be called from any thread; calls and ticks exclude each other by one lock. Either me_start()
 * makes a thread that ticks and threads that write, or the caller calls me_service() and me_write() itself; the tick is
 * the same code. Numbers of ports, plays and recordings carry a generation: a stale one is answered ME_E_HANDLE.
 */

typedef struct me_engine me_engine;
typedef struct me_clip me_clip;
typedef struct me_stream me_stream;

enum me_limit {
    ME_RATE_HZ = 8000,
    ME_BLOCK = 160,
    ME_BLOCK_NS = 20000000,
    ME_MAX_PORTS = 1024,
    ME_MAX_LINKS = 64,        /* sources of one sink */
    ME_MAX_BANKS = 8,
    ME_MAX_ENTRIES = 1024,    /* of a play list */
    ME_MAX_STEPS = 32,        /* of a tone's cadence */
    ME_MAX_DIGITS = 64,
    ME_MAX_DELAY_BLOCKS = 7,
    ME_MAX_GAPS = 256,
    ME_NONE_MB = -100000      /* "no level": off */
};

enum me_error {
    ME_E_HANDLE = -1,         /* no such port, play, recording or link (any more) */
    ME_E_ARGUMENT = -2,       /* a value outside its range */
    ME_E_FULL = -3,           /* no free port, link or bank */
    ME_E_MEMORY = -4,
    ME_E_BUSY = -5,           /* the port plays, sends digits or is recorded already */
    ME_E_FILE = -6,           /* a descriptor or file cannot be used; errno tells why */
    ME_E_LIBRARY = -7         /* the library for echo cancelling is not there or does not fit */
};

/* Besides enum codec_law: samples as the machine has them. */
enum me_law { ME_LINEAR = 2 };

enum me_event_kind {
    ME_EV_FOUND = 1,          /* a bank found something: bank, id: det_kind, code, value as in detect.h */
    ME_EV_PLAY_NEXT = 2,      /* id: play, code: index of the entry that begins at at_sample */
    ME_EV_PLAY_END = 3,       /* id: play, code: me_reason, count: samples played. Once for each play */
    ME_EV_TONE_END = 4,       /* id: tone, code: me_reason */
    ME_EV_DIGITS_SENT = 5,    /* id: task, code: me_reason, count: digits sent completely. Once for each task */
    ME_EV_RECORD_END = 6,     /* id: recording, code: me_reason, count: samples in the file, value[0]: of them lost,
                                 value[1]: errno. The file is complete and closed. Once for each recording */
    ME_EV_RECORD_GAP = 7,     /* id: recording, code: me_gap_reason, count: samples, value[0]: first one in the recording */
    ME_EV_LINE = 8,           /* code: event that the device told when read or written */
    ME_EV_PORT_FAILED = 9,    /* code: errno, 0: end of file. The port is silent until me_port_run() */
    ME_EV_HOLE = 10,          /* count: samples that the device did not deliver in time. Told once a second at most */
    ME_EV_PEER_GONE = 11,     /* ring: the other process is dead or broken. The port is silent from now on */
    ME_EV_CLOCK = 12,         /* the port that drives the ticks, 0: a timer */
    ME_EV_LATE = 13,          /* code: longest in us, count: late blocks since the last such event; port as in CLOCK */
    ME_EV_OVERFLOW = 14       /* count: events lost before this one */
};

enum me_reason {
    ME_ENDED = 0,
    ME_STOPPED = 1,
    ME_DIGIT = 2,             /* barge-in by a digit */
    ME_VOICE = 3,             /* barge-in by voice */
    ME_RELEASED = 4,          /* me_release() or the end of the port */
    ME_LIMIT = 5,
    ME_WRITE_FAILED = 6,
    ME_EMPTY = 7              /* a loop without a single sample */
};

enum me_gap_reason {
    ME_GAP_HOLE = 1,          /* the device or the peer delivered nothing */
    ME_GAP_OVERRUN = 2,       /* the disk was slower than the ring is long */
    ME_GAP_HELD = 3           /* the port was not running */
};

typedef struct {
    int64_t at_sample;
    int32_t port;             /* 0: the engine */
    int32_t kind;
    int32_t id;
    int32_t code;
    int32_t bank;
    int32_t pad;
    int64_t count;
    double value[4];
} me_event;

typedef struct {
    int64_t now;              /* samples */
    int64_t blocks;
    int64_t late_blocks;      /* done more than one block after they were due */
    int64_t worst_late_us;
    int64_t longest_tick_us;
    int64_t tick_ns;          /* spent in ticks, all of them */
    int64_t events_lost;
    int64_t write_overruns;   /* samples that recordings lost because the disk was slow */
    int32_t ports, links, plays, recordings, clips, events;
    int32_t clock_port;       /* 0: timer */
    int32_t realtime;         /* the thread has a real-time priority */
    int64_t beats;            /* times the thread has come round; moves at least twice a second */
} me_stats;

typedef struct {
    int64_t heard, said;      /* blocks */
    int64_t holes;            /* samples missing in what was read */
    int64_t dropped;          /* samples thrown away because too many were waiting */
    int64_t unsent;           /* samples that the device did not take */
    int64_t concealed;        /* ring: samples made up because the peer was late */
    double ring_delay_ms;     /* ring: from the peer's tick to ours, now */
    double ring_rate;         /* ring: peer's clock divided by ours */
    int32_t play, tone, digits; /* running ones, 0: none */
    int32_t running, failed, peer_gone, kind;
} me_port_state;

/* ---- Engine ---- */

/* max_ports 1 .. ME_MAX_PORTS; events: capacity of the event queue, a power of two. */
me_engine *me_new(int32_t max_ports, int32_t events);
/* Ends the threads, closes recordings (each with its event, which nobody reads any more), frees everything. */
void me_free(me_engine *engine);
/* One block for all ports, now. For tests and benches: what drives an engine is me_service(). */
void me_tick(me_engine *engine, int64_t now_ns);
/* Ticks for each whole block that the clock has: that of the clock port, or the time since the last one. At most 16 at a
   time. Answers how many. now_ns: CLOCK_MONOTONIC, or simulated time from any beginning. */
int32_t me_service(me_engine *engine, int64_t now_ns);
/* Descriptor to wait on (readable) before me_service(), -1: none, then *due_ns is when to call it at the latest. */
int32_t me_clock_fd(me_engine *engine, int64_t *due_ns);
/* Threads of its own: one that ticks, one that writes, one that syncs. priority 1 .. 99: SCHED_FIFO if it may, 0: as
   others. cpu: the only one to run on, -1: any. */
int32_t me_start(me_engine *engine, int32_t priority, int32_t cpu);
void me_stop(me_engine *engine);
/* Without threads: writes what recordings have ready. all: also what is not due. Answers how many bytes were written. */
int64_t me_write(me_engine *engine, int32_t all);
void me_get_stats(me_engine *engine, me_stats *stats);
/* As in me_stats, but never waits: a thread that hangs may hold whatever it likes. */
int64_t me_beats(const me_engine *engine);

/* Readable while events wait. */
int32_t me_event_fd(const me_engine *engine);
/* Takes up to max events; answers how many. */
int32_t me_next_events(me_engine *engine, me_event *events, int32_t max);

/* ---- Ports ---- */

/* As of a dio library: >= 0 or -errno. They must not block. */
typedef long (*me_read_fn)(int fd, void *to, unsigned long bytes);
typedef long (*me_write_fn)(int fd, const void *from, unsigned long bytes);
typedef int (*me_ioctl_fn)(int fd, unsigned long request, void *argument);

typedef struct {
    int32_t fd;               /* stays the caller's; close it after me_port_free() */
    int32_t law;              /* codec_law or ME_LINEAR */
    me_read_fn read;          /* NULL: read(2) */
    me_write_fn write;        /* NULL: write(2) */
    me_ioctl_fn ioctl;        /* with event_request: asks which event waits when a read or write answers -event_errno */
    uint64_t event_request;
    int32_t event_errno;
    int32_t prefill;          /* blocks of silence written first: what the device plays while we are late; 0 .. 7 */
    int32_t delay;            /* blocks between writing a sound and reading its echo, 1 .. 7; 0: prefill + 1 */
    int32_t no_clock;         /* never let this port drive the ticks */
} me_device;

/* All answer a port > 0. Ports begin held (not running). */
int32_t me_port_device(me_engine *engine, const me_device *device);
/* Memory instead of a line. capacity: samples that can be fed ahead. source: what it plays is what it hears, so that its
   sinks hear it (music); then nothing can be fed. */
int32_t me_port_null(me_engine *engine, int32_t capacity, int32_t source);
int32_t me_port_free(me_engine *engine, int32_t port);
/* 1: read and write from the next tick on, 0: leave the device alone, hear silence. */
int32_t me_port_run(me_engine *engine, int32_t port, int32_t running);
/* Gains of what is heard (before everything else) and said (after everything else); -6000 .. 2400. */
int32_t me_port_gain(me_engine *engine, int32_t port, int32_t heard_mb, int32_t said_mb);
int32_t me_get_port(me_engine *engine, int32_t port, me_port_state *state);
/* The call is over: ends plays, tones, digits, recordings (ME_RELEASED), links, detection, echo cancelling, gains. */
int32_t me_release(me_engine *engine, int32_t port);

/* Null ports. Answers how many samples were taken. */
int32_t me_null_feed(me_engine *engine, int32_t port, const short *pcm, int32_t count);
/* What was said since the last call, at most the capacity. */
int32_t me_null_take(me_engine *engine, int32_t port, short *pcm, int32_t count);

/* ---- Links ---- */

/* sink says what source hears; the same pair again changes the gain. -6000 .. 2400 mB. */
int32_t me_link(me_engine *engine, int32_t source, int32_t sink, int32_t gain_mb);
int32_t me_unlink(me_engine *engine, int32_t source, int32_t sink);
/* All links from and to a port; answers how many. */
int32_t me_unlink_all(me_engine *engine, int32_t port);
/* Sinks hear the port at target_mb: gain up to max_gain_mb for voice, slow; never for noise. max_gain_mb 0: off. */
int32_t me_agc(me_engine *engine, int32_t port, int32_t target_mb, int32_t max_gain_mb);
/* Noise of that level wherever the port would say exact silence. ME_NONE_MB: off. */
int32_t me_comfort(me_engine *engine, int32_t port, int32_t level_mb);

/* ---- Sound to play ---- */

/* Sound in memory, shared by all plays; bytes are copied. NULL: no memory, or size not whole samples. */
me_clip *me_clip_new(const void *bytes, int64_t size, int32_t law);
/* Gives the caller's hold back; plays that use it have their own. */
void me_clip_free(me_clip *clip);
int64_t me_clip_samples(const me_clip *clip);
/* Clips that exist in this process. */
int32_t me_clips(void);

/* Entries follow each other without a gap. digit_stops, voice_stops: a bank's event stops the play before the block that
   is written next (see me_bank). Answers the play. */
int32_t me_play(me_engine *engine, int32_t port, me_clip *const *clips, int32_t count, int32_t loop, int32_t digit_stops,
                int32_t voice_stops, int32_t gain_mb);
int32_t me_play_stop(me_engine *engine, int32_t port);

/* One step of a tone: up to two frequencies for so long. ms 0: without end. */
typedef struct {
    float hz[2];
    int32_t level_mb[2];      /* ME_NONE_MB: silent */
    int32_t ms;
} me_tone_step;

/* The steps in order, then from step loop_from again; loop_from -1: the end. rounds: how often the loop is done, 0: for
   ever. Replaces a running tone (which ends as ME_STOPPED). Answers the tone. */
int32_t me_tone(me_engine *engine, int32_t port, const me_tone_step *steps, int32_t count, int32_t loop_from,
                int32_t rounds);
int32_t me_tone_stop(me_engine *engine, int32_t port);

/* 0-9 * # A-D, ',' waits pause_ms. The line gets nothing else while digits are being sent. Answers the task. */
int32_t me_digits(me_engine *engine, int32_t port, const char *digits, int32_t on_ms, int32_t off_ms, int32_t pause_ms,
                  int32_t low_mb, int32_t high_mb);
int32_t me_digits_stop(me_engine *engine, int32_t port);

/* ---- Detection ---- */

typedef int (*me_bank_feed)(void *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                            int n_samples, det_event *out, int max);
typedef int (*me_bank_reset)(void *bank, int lane);

/* Hangs a bank of detect.h (or one like it) into the tick; lane n is port index me_lane(). digit_kind, voice_kind: the
   det_kind that is a digit or voice for barge-in, 0: none. The bank stays the caller's and must outlive the engine.
   Answers the bank's number, 0 .. ME_MAX_BANKS - 1. */
int32_t me_bank(me_engine *engine, void *bank, me_bank_feed feed, me_bank_reset reset, int32_t digit_kind,
                int32_t voice_kind);
/* The lane of a port in every bank: 0 .. max_ports - 1. */
int32_t me_lane(me_engine *engine, int32_t port);
/* Feeds the port to the bank, from its next block on; the lane is reset. tell 0: for barge-in only, no events. */
int32_t me_detect(me_engine *engine, int32_t port, int32_t bank, int32_t on, int32_t tell);
/* No tick runs between the two, in one thread: for whatever else a bank offers. Nothing of the engine may be called. */
void me_lock(me_engine *engine);
void me_unlock(me_engine *engine);

/* ---- Echo cancelling ---- */

/* Loads libspeexdsp for this process, once. 0 or ME_E_LIBRARY; me_echo_problem() says why. */
int32_t me_echo_load(const char *library);
const char *me_echo_problem(void);
/* tail_ms: how long after the sound its echo may last, 8 .. 256; 0: off. */
int32_t me_echo(me_engine *engine, int32_t port, int32_t tail_ms);

/* ---- Recordings ---- */

enum me_tap { ME_HEARS = 0, ME_SAYS = 1 };

enum me_format { ME_RAW_ALAW = 0, ME_WAV_ALAW = 1 };

typedef struct {
    int32_t fd;               /* empty file open for reading and writing; the recording takes it over, also on failure */
    int32_t format;
    int32_t port[2];          /* left, right; right 0: mono */
    int32_t tap[2];
    int32_t ring_ms;          /* how long the disk may hang, 1000 .. 60000 */
    int64_t max_samples;      /* 0: none */
    const char *gaps_path;    /* gaps are also appended here as lines "first samples reason"; NULL: events only */
} me_record_options;

/* Ends with its left port; a right port that ends becomes silence and a gap. Answers the recording. */
int32_t me_record(me_engine *engine, const me_record_options *options);
/* Ends after the samples so far; ME_EV_RECORD_END follows when the file is closed. */
int32_t me_record_stop(me_engine *engine, int32_t recording);

typedef struct {
    int64_t at;               /* first missing sample, counted in the recording */
    int64_t samples;
    int32_t reason;           /* me_gap_reason */
    int32_t side;             /* 0: left, 1: right, 2: both */
} me_gap;

typedef struct {
    int64_t samples;          /* so far, gaps included */
    int64_t lost;             /* of them in gaps */
    int64_t written;          /* of them handed to the file */
    int64_t synced;           /* of them on the disk */
    int32_t gaps;
    int32_t unlisted;         /* gaps beyond ME_MAX_GAPS */
} me_record_state;

int32_t me_get_record(me_engine *engine, int32_t recording, me_record_state *state);
/* Answers how many were copied. */
int32_t me_record_gaps(me_engine *engine, int32_t recording, me_gap *gaps, int32_t max);

/* ---- Rings: two engines in two processes ---- */

/* What a process needs to attach: descriptors are handed over by SCM_RIGHTS in this order. */
typedef struct {
    int32_t memory;           /* memfd, sealed */
    int32_t mine;             /* eventfd that this end writes after each block */
    int32_t theirs;           /* eventfd that the other end writes */
    int32_t peer;             /* socket whose end of file is the other's death */
    int32_t side;             /* no descriptor: 0 or 1, which end this is */
} me_ring_fds;

/* Two ends; the caller hands one to each engine and closes what it keeps no longer. 0 or ME_E_FILE. */
int32_t me_ring_make(me_ring_fds *first, me_ring_fds *second);
/* Takes the descriptors over, also on failure. delay_ms: from the peer's tick to ours, 25 .. 100; 0: 32. drives: where there
   is no device the peer's blocks drive the ticks; at one end only. */
int32_t me_port_ring(me_engine *engine, const me_ring_fds *fds, int32_t delay_ms, int32_t drives);

/* ---- Streams: cards that give and take A-law in pieces of their own size, on threads of their own ---- */

enum me_stream_way { ME_STREAM_GIVES = 1, ME_STREAM_TAKES = 2, ME_STREAM_RESTS = 3 };

/* NULL: no memory. It outlives its port, because the card's threads may come once more; free it when they cannot. */
me_stream *me_stream_new(void);
void me_stream_free(me_stream *stream);
/* A leg on it, one at a time: it hears what is given, what it says is taken. The delay from the card follows from the
   largest piece that came; me_port_state tells it as a ring's. */
int32_t me_port_stream(me_engine *engine, me_stream *stream);
/* From any thread. The newest sample of what is given is of now (CLOCK_MONOTONIC; -1: by the engine's clock); without a port
   it is dropped. */
void me_stream_give(me_stream *stream, const unsigned char *alaw, int32_t count, int64_t now_ns);
/* From any thread: the next samples; silence where there is nothing. */
void me_stream_take(me_stream *stream, unsigned char *alaw, int32_t count, int64_t now_ns);
/* The card begins to give or to take, anew; or it rests: nothing is missed that it does not give. */
void me_stream_begin(me_stream *stream, int32_t way);
