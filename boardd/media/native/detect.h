/*
 * Detectors of the media engine: public interface.
 *
 * This file is read twice: by the C compiler and, as text, by cffi in ABI mode. It therefore holds plain declarations
 * only: no preprocessor lines, no attributes.
 *
 * A bank has a number of lanes; a lane is one direction of one line: 8 kHz, 16-bit linear. Feeding works on many lanes at
 * once (the arithmetic runs across lanes), allocates nothing and takes about the same time for any sound. A lane's time
 * counts its own samples since bank_new or bank_reset. A bank is used by one thread at a time; banks share nothing.
 *
 * Levels are dBm0 (a full-scale sine is +3.14). DSP ends here: what a cadence, a message or an answer is, Python decides from
 * these events (boardd/media/detect), except where a tick must act by itself: digits and voice (barge-in).
 */

/* ---- G.711 ---- */

enum codec_law { CODEC_ALAW = 0, CODEC_MULAW = 1 };

void codec_decode(int law, const unsigned char *bytes, short *pcm, long count);
void codec_encode(int law, const short *pcm, unsigned char *bytes, long count);

/* ---- Events ---- */

enum det_kind {
    DET_DTMF_ON = 1,        /* code: digit; at: its first sample; low dBm0, high dBm0, low offset %, high offset % */
    DET_DTMF_OFF = 2,       /* code: digit; at: its last sample; duration ms, purity 0..1, 0, 0 */
    DET_SEGMENT = 3,        /* code: det_segment; at: its first sample; duration ms, dBm0, Hz, purity 0..1. It has ended */
    DET_SEGMENT_STILL = 4,  /* the same while it goes on, at growing distances */
    DET_VOICE_ON = 5,       /* code 0; at: its first sample; dBm0, noise dBm0, ms of silence before, 0 */
    DET_VOICE_OFF = 6,      /* code 0; at: its last sample; dBm0, duration ms, noise dBm0, spread of its level dB */
    DET_SILENCE_STILL = 7,  /* code 0; at: its first sample; duration ms, noise dBm0, 0, 0; at growing distances */
    DET_FAX_TONE = 8,       /* code: det_fax; at: its first sample; Hz, dBm0, duration ms, purity 0..1 */
    DET_CID_MESSAGE = 9,    /* code: det_cid; at: first sample of its first byte; dBm0, bytes, framing errors, 0 */
    DET_VOICE_STILL = 10    /* as VOICE_OFF, but at: its first sample; while it goes on, at growing distances */
};

enum det_segment { DET_QUIET = 0, DET_TONE = 1, DET_SOUND = 2 };

enum det_fax { DET_CNG = 1, DET_CED = 2 };

/* How a caller-ID message ended: complete, with a right or a wrong checksum, or broken off. */
enum det_cid { DET_CID_GOOD = 0, DET_CID_BAD_CHECKSUM = 1, DET_CID_BROKEN = 2 };

typedef struct {
    int lane;
    int kind;
    int code;
    long at_sample;
    double value[4];
} det_event;

/*
 * All banks: in[i] belongs to lane lanes[i], n_samples 80 .. 320 for all of them; sent (or sent[i]) NULL: nothing was
 * played. Answers how many events were written, in the order of their lanes; those beyond max are dropped and counted in
 * *_bank_lost(). X_bank_set with NULL gives the lane its defaults back. -1: a lane or a size outside its range, then
 * nothing has happened.
 */

/* ---- DTMF (Q.24) ---- */

typedef struct {
    float min_level_dbm0;     /* of each tone */
    float high_above_low_db;  /* twist limits */
    float low_above_high_db;
    float max_offset;         /* of the nominal frequency, 0.025 = 2.5 % */
    float min_on_ms;          /* of tone, breaks not counted */
    float min_pause_ms;       /* a shorter one is a break */
    float min_purity;         /* share of the sound that the two tones explain */
    float echo_loss_db;       /* least return loss expected of the line; for `sent` */
} dtmf_options;

typedef struct dtmf_bank dtmf_bank;
void dtmf_options_default(dtmf_options *options);
dtmf_bank *dtmf_bank_new(int lanes);
void dtmf_bank_free(dtmf_bank *bank);
int dtmf_bank_reset(dtmf_bank *bank, int lane);
int dtmf_bank_set(dtmf_bank *bank, int lane, const dtmf_options *options);
int dtmf_bank_feed(dtmf_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                   int n_samples, det_event *out, int max);
long dtmf_bank_lost(const dtmf_bank *bank);

/* ---- Call progress: the segments that cadences are made of ---- */

enum det_limit { DET_WATCHED = 4 };

typedef struct {
    float f_hz[DET_WATCHED];          /* tones to watch for; 0: unused */
    float tolerance_hz[DET_WATCHED];  /* 10 .. 60 */
    float min_level_dbm0;
    float min_purity;                 /* share of the sound that the tone explains */
    float quiet_below_tone_db;        /* a pause is this much below the last tone, or below min_level_dbm0 */
} progress_options;

typedef struct progress_bank progress_bank;
void progress_options_default(progress_options *options);
progress_bank *progress_bank_new(int lanes);
void progress_bank_free(progress_bank *bank);
int progress_bank_reset(progress_bank *bank, int lane);
int progress_bank_set(progress_bank *bank, int lane, const progress_options *options);
int progress_bank_feed(progress_bank *bank, const int *lanes, int n_lanes, const short *const *in,
                       const short *const *sent, int n_samples, det_event *out, int max);
long progress_bank_lost(const progress_bank *bank);

/* ---- Voice, silence, one-way sound ---- */

typedef struct {
    float min_level_dbm0;     /* voice is at least this loud */
    float above_noise_db;     /* and this much above the lane's noise */
    float min_on_ms;          /* shorter sounds are clicks */
    float min_off_ms;         /* shorter pauses belong to the voice */
    float echo_loss_db;       /* sound that `sent` explains is not the far end's */
} voice_options;

/* Since new or reset. Times in ms of sound fed. */
typedef struct {
    double total_ms;
    double active_ms;         /* louder than noise, echo not counted */
    double sent_ms;           /* while we sent something audible */
    double dead_ms;           /* exactly one value throughout: no line behind the card's codec */
    double mean_dbm0;         /* of the active parts; -100: none */
    double peak_dbm0;
    double noise_dbm0;
    double clipped;           /* samples at full scale */
} voice_measure;

typedef struct voice_bank voice_bank;
void voice_options_default(voice_options *options);
voice_bank *voice_bank_new(int lanes);
void voice_bank_free(voice_bank *bank);
int voice_bank_reset(voice_bank *bank, int lane);
int voice_bank_set(voice_bank *bank, int lane, const voice_options *options);
int voice_bank_feed(voice_bank *bank, const int *lanes, int n_lanes, const short *const *in,
                    const short *const *sent, int n_samples, det_event *out, int max);
int voice_bank_measure(const voice_bank *bank, int lane, voice_measure *measure);
long voice_bank_lost(const voice_bank *bank);

/* ---- Fax tones (T.30) ---- */

typedef struct {
    float min_level_dbm0;
} fax_options;

typedef struct fax_bank fax_bank;
void fax_options_default(fax_options *options);
fax_bank *fax_bank_new(int lanes);
void fax_bank_free(fax_bank *bank);
int fax_bank_reset(fax_bank *bank, int lane);
int fax_bank_set(fax_bank *bank, int lane, const fax_options *options);
int fax_bank_feed(fax_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                  int n_samples, det_event *out, int max);
long fax_bank_lost(const fax_bank *bank);

/* ---- Caller ID by FSK (Bell 202 or V.23); by DTMF it comes from a dtmf_bank ---- */

typedef struct {
    float mark_hz;
    float space_hz;
    float baud;
    float min_level_dbm0;
} cid_options;

typedef struct cid_bank cid_bank;
void cid_options_default(cid_options *options);
cid_bank *cid_bank_new(int lanes);
void cid_bank_free(cid_bank *bank);
int cid_bank_reset(cid_bank *bank, int lane);
int cid_bank_set(cid_bank *bank, int lane, const cid_options *options);
int cid_bank_feed(cid_bank *bank, const int *lanes, int n_lanes, const short *const *in, const short *const *sent,
                  int n_samples, det_event *out, int max);
/* The bytes of the lane's last message, type to checksum; how many there are (at most 258). */
int cid_bank_read(const cid_bank *bank, int lane, unsigned char *bytes, int size);
long cid_bank_lost(const cid_bank *bank);

/* ---- Recordings: what a tone is made of (tone learning) ---- */

/* One step of 10 ms, of a window of 20 ms that begins with it. */
typedef struct {
    float level_dbm0;
    float f_hz;               /* of the strongest tone between 200 and 3400 Hz */
    float purity;
} det_frame;

/* Answers the number of frames written. */
long det_scan(const short *pcm, long count, det_frame *frames, long max);
