/*
 * The sample engine of the simulator: public interface.
 *
 * This file is read twice: by the C compiler and, as text, by cffi in ABI mode. It therefore holds plain declarations
 * only: no preprocessor lines, no attributes.
 *
 * Time is a count of 8 kHz samples since hw_new(). The engine advances in steps of HW_STEP samples. Levels are in mB
 * (1/100 dB): dBm0 times 100 for absolute levels, where a full-scale sine is +3.14 dBm0.
 *
 * An engine is used by one thread at a time. Every function that takes an id or a leg answers HW_E_HANDLE when it is
 * stale: numbers carry a generation, so that a reused slot is never mistaken for its predecessor.
 */

typedef struct hw_engine hw_engine;

enum hw_limit {
    HW_RATE_HZ = 8000,
    HW_STEP = 32,
    HW_MAX_DELAY = 4000,      /* samples, line delay plus peer's delay, and echo delay */
    HW_MAX_SLIP = 64,         /* samples by which slips may have delayed what a leg hears */
    HW_CHIRP_SAMPLES = 960,
    HW_NONE_MB = -100000      /* "no level": noise off, silence measured */
};

enum hw_error {
    HW_E_HANDLE = -1,         /* no such leg, source, detector, recorder or link (any more) */
    HW_E_ARGUMENT = -2,       /* a value outside its range */
    HW_E_FULL = -3,           /* no free leg or id */
    HW_E_MEMORY = -4,
    HW_E_FILE = -5            /* the descriptor cannot be duplicated; errno tells why */
};

enum hw_format { HW_PCM16 = -2, HW_PCM8 = 1, HW_ALAW = 6, HW_MULAW = 7 };

enum hw_tap { HW_TAP_HEARS = 0, HW_TAP_PLAYS = 1 };

enum hw_what { HW_REC_IN = 0, HW_REC_OUT = 1, HW_REC_BOTH = 2, HW_REC_STEREO = 3 };

enum hw_event_kind {
    HW_PLAY_END = 1,          /* a: reason, b: samples sent. Every source ends in exactly one PLAY_END or DTMF_SENT. */
    HW_PLAY_NEXT = 2,         /* a: index of the entry that starts, b: samples played before it */
    HW_DTMF_DIGIT_SENT = 3,   /* at the first sample of a digit; a: digit, b: its index in the string */
    HW_DTMF_SENT = 4,         /* a: reason, b: digits sent */
    HW_DTMF_ON = 5,           /* a: digit, b: level of both tones together, mB */
    HW_DTMF_OFF = 6,          /* a: digit, b: duration, ms */
    HW_TONE_ON = 7,           /* a: frequency asked for, Hz, b: silence since the last TONE_OFF edge, ms, or -1 */
    HW_TONE_OFF = 8,          /* a: frequency asked for, Hz, b: duration of the tone, ms */
    HW_VOICE_ON = 9,          /* b: level, mB */
    HW_VOICE_OFF = 10,        /* b: duration, ms */
    HW_REC_END = 11,          /* a: reason, b: samples recorded */
    HW_REC_DATA = 12,         /* a: samples waiting, b: samples recorded so far */
    HW_FSK_MESSAGE = 13       /* a: hw_fsk_verdict, b: its bytes; hw_fsk_read() tells them */
};

/* Why a source or recorder ended; a negative number is -errno of the failed read or write. */
enum hw_reason { HW_ENDED = 0, HW_STOPPED = 1, HW_LIMIT = 2 };

/* How an FSK message ended: complete, with a right or a wrong checksum, or broken off by noise or silence. */
enum hw_fsk_verdict { HW_FSK_GOOD = 0, HW_FSK_BAD_CHECKSUM = 1, HW_FSK_BROKEN = 2 };

typedef struct {
    int64_t at_samples;
    int32_t kind;
    int32_t leg;
    int32_t id;               /* the source, detector or recorder; 0 for the DTMF detector */
    int32_t a;
    int64_t b;
} hw_event;

/* The line at a leg. Both ends of a wire may have one: losses and delays add up. */
typedef struct {
    int32_t tx_loss_mb;       /* loss of what the leg says; negative is gain; -2000 .. 10000 */
    int32_t rx_loss_mb;       /* loss of what the leg hears */
    int32_t noise_mb;         /* dBm0 of the noise the leg hears; HW_NONE_MB: none */
    int32_t echo_loss_mb;     /* return loss of the hybrid: the leg hears itself; HW_NONE_MB: no echo */
    int32_t echo_delay;       /* samples */
    int32_t delay;            /* samples, each way */
    int32_t mute_rx;
    int32_t mute_tx;
    int32_t cut;              /* both ways silent, echo included */
    int32_t error_ppm;        /* wrong bits in a million of the A-law bytes that the leg hears; 0 .. 500000 */
} hw_line;

typedef struct {
    int64_t samples;          /* played or recorded so far, all entries and rounds */
    int64_t entry_samples;    /* of them in the current entry */
    int64_t lost_samples;     /* recorders: overwritten in the ring or dropped on purpose */
    int32_t entry;            /* index in the play list */
    int32_t paused;
} hw_position;

typedef struct {
    int32_t legs;
    int32_t legs_awake;
    int32_t sources;
    int32_t links;
    int32_t recorders;
    int32_t detectors;
    int32_t descriptors;      /* duplicated and still open */
    int32_t events;           /* waiting */
} hw_stats;

typedef struct {
    int64_t start_sample;
    int32_t party;
    int32_t number;
    int32_t quality;          /* 0 .. 100 */
    int32_t level_mb;
} hw_found;

hw_engine *hw_new(int32_t max_legs, uint32_t seed);
void hw_free(hw_engine *engine);
int64_t hw_now(const hw_engine *engine);
/* Steps until now >= until, or until the end of the first step that queued an event. Does not move while events wait.
   Returns the number of waiting events. */
int32_t hw_run(hw_engine *engine, int64_t until_samples);
/* 1: event filled in; 0: none waits. */
int32_t hw_next_event(hw_engine *engine, hw_event *event);
void hw_get_stats(const hw_engine *engine, hw_stats *stats);

int32_t hw_leg_new(hw_engine *engine);
int32_t hw_leg_free(hw_engine *engine, int32_t leg);
int32_t hw_wire(hw_engine *engine, int32_t leg_a, int32_t leg_b);
int32_t hw_unwire(hw_engine *engine, int32_t leg);
/* The wired leg, 0 if none. */
int32_t hw_peer(const hw_engine *engine, int32_t leg);
int32_t hw_line_set(hw_engine *engine, int32_t leg, const hw_line *line);
int32_t hw_line_get(const hw_engine *engine, int32_t leg, hw_line *line);
/* A slip: +1, the sample before is heard twice; -1, a sample is lost, which takes one back that was doubled. A time slot
   carries one sample a frame, so this is what a doubled or lost frame does to it. */
int32_t hw_line_slip(hw_engine *engine, int32_t leg, int32_t samples);
/* Levels of the last 100 ms. */
int32_t hw_level(const hw_engine *engine, int32_t leg, int32_t *rx_mb, int32_t *tx_mb);

int32_t hw_link(hw_engine *engine, int32_t source, int32_t sink, int32_t gain_mb, int32_t tap);
int32_t hw_unlink(hw_engine *engine, int32_t source, int32_t sink, int32_t tap);
/* A slip on the way of a HEARS link: from now on it is a sample late (1), or in step again (0). */
int32_t hw_link_slip(hw_engine *engine, int32_t source, int32_t sink, int32_t late);
/* Returns the number of links removed. */
int32_t hw_unlink_all(hw_engine *engine, int32_t leg);

/* Sources. All return an id > 0. bus_only: heard by HW_TAP_PLAYS links alone. */
int32_t hw_play_fd(hw_engine *engine, int32_t leg, int32_t fd, int32_t format, int64_t offset_bytes, int64_t max_bytes,
                   int32_t loop, int32_t gain_mb, int32_t bus_only);
int32_t hw_play_mem(hw_engine *engine, int32_t leg, const void *bytes, int64_t size, int32_t format, int32_t loop,
                    int32_t gain_mb, int32_t bus_only);
int32_t hw_queue_fd(hw_engine *engine, int32_t id, int32_t fd, int32_t format, int64_t offset_bytes,
                    int64_t max_bytes);
int32_t hw_queue_mem(hw_engine *engine, int32_t id, const void *bytes, int64_t size, int32_t format);
/* f2_hz 0: one tone. cadence: on, off, on, off ... in ms; none: continuous. repeat: rounds of the cadence, -1: for ever. */
int32_t hw_tone(hw_engine *engine, int32_t leg, double f1_hz, int32_t level1_mb, double f2_hz, int32_t level2_mb,
                const int32_t *cadence_ms, int32_t cadence_length, int32_t repeat, int32_t bus_only);
/* digits: 0-9 * # A-D, ',' waits 500 ms. break_ms: a gap in the middle of each tone, as of a bouncing key contact. */
int32_t hw_dtmf(hw_engine *engine, int32_t leg, const char *digits, int32_t on_ms, int32_t off_ms, int32_t low_mb,
                int32_t high_mb, int32_t break_ms, int32_t bus_only);
/* Channel seizure (alternating bits, from 0 on), marks, then the bytes with start bit 0 and stop bit 1, lowest bit
   first; mark is 1. Ends in PLAY_END. */
int32_t hw_fsk(hw_engine *engine, int32_t leg, const void *bytes, int32_t size, double mark_hz, double space_hz,
               double baud, int32_t seizure_bits, int32_t mark_bits, int32_t level_mb, int32_t bus_only);
/* period_samples 0: one chirp; else one each period, number counting up (modulo 65536), until stopped. */
int32_t hw_chirp(hw_engine *engine, int32_t leg, int32_t party, int32_t number, int32_t level_mb,
                 int64_t period_samples, int32_t bus_only);
int32_t hw_noise(hw_engine *engine, int32_t leg, int32_t level_mb, int32_t bus_only);

/* Detectors, on what the leg hears. */
int32_t hw_dtmf_detect(hw_engine *engine, int32_t leg, int32_t on);
int32_t hw_tone_detect(hw_engine *engine, int32_t leg, double f_hz, double bandwidth_hz);
/* Caller-ID messages (SDMF, MDMF and their message-waiting forms), -36 dBm0 and above: FSK_MESSAGE. */
int32_t hw_fsk_detect(hw_engine *engine, int32_t leg, double mark_hz, double space_hz, double baud);
/* The bytes of the last message, type to checksum; how many there are. */
int32_t hw_fsk_read(const hw_engine *engine, int32_t id, void *bytes, int32_t size);
int32_t hw_energy_detect(hw_engine *engine, int32_t leg, int32_t on_level_mb, int32_t min_on_ms, int32_t min_off_ms);

/* Recorders. max_samples -1: no limit. offset_bytes -1: write at the descriptor's own position. */
int32_t hw_record_fd(hw_engine *engine, int32_t leg, int32_t fd, int32_t format, int32_t what, int64_t max_samples,
                     int64_t offset_bytes);
/* Keeps the newest ring_samples; REC_DATA whenever notify_samples more have come in (0: never). After REC_LIMIT the
   ring stays readable until hw_stop(). */
int32_t hw_record_mem(hw_engine *engine, int32_t leg, int64_t ring_samples, int32_t format, int32_t what,
                      int64_t max_samples, int64_t notify_samples);
/* Bytes read, oldest first. */
int32_t hw_rec_read(hw_engine *engine, int32_t id, void *bytes, int32_t size);
/* Fault: the next samples are lost, as when a card loses a block. */
int32_t hw_rec_drop(hw_engine *engine, int32_t id, int64_t samples);

/* Any source, detector or recorder. Sources and recorders report their end as HW_STOPPED. */
int32_t hw_stop(hw_engine *engine, int32_t id);
/* Sources and recorders. */
int32_t hw_pause(hw_engine *engine, int32_t id, int32_t paused);
int32_t hw_get_position(const hw_engine *engine, int32_t id, hw_position *position);

/* Offline helpers, no engine needed. */
int32_t hw_chirp_find(const int16_t *pcm, int64_t count, hw_found *found, int32_t max_found);
void hw_chirp_make(int32_t party, int32_t number, int32_t level_mb, int16_t *pcm);
void hw_alaw_encode(const int16_t *pcm, uint8_t *alaw, int64_t count);
void hw_alaw_decode(const uint8_t *alaw, int16_t *pcm, int64_t count);
