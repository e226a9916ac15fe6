/*
 * One end of an SS7 signalling link with ISUP, on libss7 2.0: the door that gives the library its time, its frames and its
 * decisions, and copies what it says into flat structures.
 *
 * This file is read twice: by the C compiler and, as text, by cffi in ABI mode. It therefore holds plain declarations
 * only: no preprocessor lines, no attributes.
 *
 * Frames are MTP2 signal units without flags and check sequence. Circuits go by their CIC. One thread for all links of a
 * process. Functions answer 0, or -1: no such circuit or call, or the library refused.
 */

typedef struct isd_link isd_link;

enum isd_limit { ISD_LINKS = 16, ISD_CICS = 4096, ISD_FRAME = 320, ISD_DIGITS = 52 };

enum isd_kind {
    ISD_UP = 1,          /* user part can send */
    ISD_DOWN = 2,
    ISD_IAM = 5,
    ISD_ACM = 6,         /* value: called party's status, 1 is free */
    ISD_ANM = 7,
    ISD_REL = 8,         /* value: cause */
    ISD_RLC = 9,
    ISD_GRS = 10,        /* last: end of the range */
    ISD_GRA = 11,
    ISD_CON = 12,
    ISD_COT = 13,
    ISD_CCR = 14,
    ISD_BLO = 15,
    ISD_UBL = 16,
    ISD_BLA = 17,
    ISD_UBA = 18,
    ISD_CGB = 19,
    ISD_CGU = 20,
    ISD_RSC = 21,
    ISD_CPG = 22,        /* value: 1 alerting, 2 progress, 3 in-band information */
    ISD_UCIC = 23,
    ISD_SUS = 30,
    ISD_RES = 31,
    ISD_SAM = 34,
    ISD_DIGIT_TIMEOUT = 35,
    /* Not the library's own events: what it asked of us. */
    ISD_CLEAR = 100,     /* it has ended the call of this circuit; value: cause */
    ISD_NOT_IN_SERVICE = 101, /* the far end does not answer resets or blockings of this circuit */
    ISD_LOG_LINE = 102   /* called: the text */
};

typedef struct {
    int32_t kind;
    int32_t cic;
    int32_t last;
    int32_t value;
    int32_t continuity;       /* IAM: a continuity check is asked for */
    int32_t called_nature, caller_nature, presentation, screening, category;
    char called[160];         /* CGB, CGU: for each circuit of the range 1 or 0; log line: the text */
    char caller[52];
    char original[52];
} isd_event;

const char *isd_library_version(void);
void isd_set_time_us(int64_t us);
/* `network`: 0 international, 2 national. NULL: no place, or the library refused. */
isd_link *isd_new(uint32_t own_pc, uint32_t adjacent_pc, int32_t network);
void isd_free(isd_link *link);
int32_t isd_start(isd_link *link);
void isd_alarm(isd_link *link, int32_t on);
/* A frame arrived; the next one to be sent (its length, 0: none). */
int32_t isd_receive(isd_link *link, const uint8_t *frame, int32_t size);
int32_t isd_transmit(isd_link *link, uint8_t *frame, int32_t room);
/* When a timer of the library is due, -1: none; let due timers run. */
int64_t isd_next_timer_us(isd_link *link);
void isd_run_timers(isd_link *link);
int32_t isd_timer(isd_link *link, const char *name, int32_t ms);
/* 1: filled in; 0: none waits. */
int32_t isd_next_event(isd_link *link, isd_event *event);
/* Which circuits there are, and on which somebody has a call: the library asks. When a call is over that lost a dual
   seizure, the far end's IAM is given after `isd_use(…, 0)`. */
void isd_circuit(isd_link *link, int32_t cic, int32_t exists);
void isd_use(isd_link *link, int32_t cic, int32_t on);
/* Forget the call that the library has on a circuit, without a message (a group reset says it); `all`: also what it
   waits for concerning the circuit itself. */
void isd_drop(isd_link *link, int32_t cic, int32_t all);

int32_t isd_iam(isd_link *link, int32_t cic, uint32_t dpc, const isd_event *numbers);
int32_t isd_acm(isd_link *link, int32_t cic);
int32_t isd_cpg(isd_link *link, int32_t cic, int32_t what);
int32_t isd_anm(isd_link *link, int32_t cic);
int32_t isd_rel(isd_link *link, int32_t cic, int32_t cause);
int32_t isd_rlc(isd_link *link, int32_t cic);
int32_t isd_rsc(isd_link *link, int32_t cic, uint32_t dpc);
int32_t isd_grs(isd_link *link, int32_t first, int32_t last, uint32_t dpc);
int32_t isd_blo(isd_link *link, int32_t cic, uint32_t dpc);
int32_t isd_ubl(isd_link *link, int32_t cic, uint32_t dpc);
/* Answer what the last event of that kind asked: BLO, UBL, CGB, CGU, GRS, RSC. */
int32_t isd_acknowledge(isd_link *link, const isd_event *event);
/* Whether the library has anything going on for a circuit. */
int32_t isd_busy(isd_link *link, int32_t cic);
