/*
 * One register of MFC-R2: the sender and the receiver of multi-frequency signals at one end of a circuit.
 *
 * This file is read twice: by the C compiler and, as text, by cffi in ABI mode. It therefore holds plain declarations
 * only: no preprocessor lines, no attributes.
 *
 * Sound is A-law at 8 kHz. Signals are numbered 1 to 15, each is two frequencies of one group of six: 1380 to 1980 Hz
 * forward, 1140 down to 540 Hz backward. A register at the outgoing end sends forward and hears backward signals, one at
 * the incoming end the reverse. Levels are in mB (1/100 dB) relative to 1 mW at the digital zero point, for each tone.
 *
 * A register belongs to one thread at a time. Nothing here asks for the time: it counts samples.
 */

typedef struct mfcr2_register mfcr2_register;

enum mfcr2_end { MFCR2_OUTGOING = 0, MFCR2_INCOMING = 1 };

enum mfcr2_kind {
    MFCR2_HEARD = 1,    /* the far end's signal `number` has begun */
    MFCR2_CEASED = 2,   /* and has ended */
    MFCR2_SENT = 3,     /* our signal `number` has begun */
    MFCR2_STOPPED = 4   /* and has ended: by the compelled rule, by its length, or on demand */
};

enum mfcr2_hold {
    MFCR2_COMPELLED = 0 /* until the far end's signal begins (outgoing end) or ceases (incoming end) */
};

typedef struct {
    int32_t send_mb;        /* level of each tone we send */
    int32_t least_mb;       /* weaker tones are no signal */
    int32_t twist_mb;       /* largest difference of the two tones of a signal */
    int32_t margin_mb;      /* so much weaker must every other frequency of the group be */
    int32_t recognise_ms;   /* a signal counts when it was found for so long */
} mfcr2_options;

typedef struct {
    int64_t at_sample;      /* since the register was made */
    int32_t kind;
    int32_t number;
    int32_t low_mb;         /* MFCR2_HEARD: levels of the two tones, lower frequency first */
    int32_t high_mb;
} mfcr2_event;

/* How to reach the circuit's descriptor: the functions of a device I/O library. All answer -errno on failure. */
typedef struct {
    long (*read)(int fd, void *to, unsigned long size);
    long (*write)(int fd, const void *from, unsigned long size);
} mfcr2_io;

void mfcr2_defaults(mfcr2_options *options);
/* NULL: no memory, or an option is out of range. */
mfcr2_register *mfcr2_new(const mfcr2_options *options, int32_t end);
void mfcr2_free(mfcr2_register *reg);
/* Begin signal `number` at the next sample (0: be silent). `samples`: its length, or MFCR2_COMPELLED.
   -1: no such signal. */
int32_t mfcr2_send(mfcr2_register *reg, int32_t number, int32_t samples);
/* The number being sent or heard now; 0: none. */
int32_t mfcr2_sending(const mfcr2_register *reg);
int32_t mfcr2_hearing(const mfcr2_register *reg);
int64_t mfcr2_now(const mfcr2_register *reg);
/* `size` octets arrived; as many to be sent are put into `out`. Answers how many events wait. */
int32_t mfcr2_feed(mfcr2_register *reg, const uint8_t *in, uint8_t *out, int32_t size);
/* Write silence ahead of the first block, so that the device does not run dry between two blocks. Octets or -errno. */
int32_t mfcr2_prime(mfcr2_register *reg, const mfcr2_io *io, int32_t fd, int32_t size);
/* Hear what the descriptor has, up to the first event; its answer then decides what is said from that moment on. When all
   is heard, write as much as was read. Answers how many events wait (take them, and call again), or 0: all is done, or
   -errno; that nothing can be read or written now is no error. */
int32_t mfcr2_pump(mfcr2_register *reg, const mfcr2_io *io, int32_t fd);
/* Octets that the device refused so far (its queue was full): the far end has heard a gap or a shift. */
int64_t mfcr2_dropped(const mfcr2_register *reg);
/* 1: filled in; 0: none waits. */
int32_t mfcr2_next(mfcr2_register *reg, mfcr2_event *event);
