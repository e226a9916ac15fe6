/* The user interface of DAHDI 2.11 and later on Linux: request numbers (type 0xDA) and what they carry. Facts:
 * others.md section 3, native.md B. Times are milliseconds unless a name says otherwise; a channel number of 0 means
 * the channel of the handle where a request allows that. Compared with the kernel's own header by the tests in the
 * virtual machine. */

/* -- requests ------------------------------------------------------------------------------------------------------ */
enum dahdi_request {
    DAHDI_GET_BLOCKSIZE = 0x8004da01,
    DAHDI_SET_BLOCKSIZE = 0x4004da01,
    DAHDI_FLUSH = 0x4004da03,
    DAHDI_SYNC = 0x0000da04,
    DAHDI_GET_PARAMS = 0xc088da05,
    DAHDI_GET_PARAMS_V1 = 0x8088da05,
    DAHDI_SET_PARAMS = 0x4088da05,
    DAHDI_HOOK = 0x4004da07,
    DAHDI_GETEVENT = 0x8004da08,
    DAHDI_IOMUX = 0xc004da09,
    DAHDI_SPANSTAT = 0xc13ada0a,
    DAHDI_MAINT = 0x4008da0b,
    DAHDI_GETCONF = 0xc00cda0c,
    DAHDI_SETCONF = 0xc00cda0d,
    DAHDI_CONFDIAG = 0x4004da0f,
    DAHDI_GETGAINS = 0xc204da10,
    DAHDI_SETGAINS = 0x4204da10,
    DAHDI_SPANCONFIG = 0x4024da12,
    DAHDI_CHANCONFIG = 0x404cda13,
    DAHDI_CONFMUTE = 0x4004da14,
    DAHDI_SENDTONE = 0x4004da15,
    DAHDI_GETTONEZONE = 0x8004da16,
    DAHDI_SETTONEZONE = 0x4004da16,
    DAHDI_DEFAULTZONE = 0x4004da18,
    DAHDI_LOADZONE = 0x4070da19,
    DAHDI_FREEZONE = 0x4004da1a,
    DAHDI_GET_BUFINFO = 0x8018da1b,
    DAHDI_SET_BUFINFO = 0x4018da1b,
    DAHDI_GET_DIALPARAMS = 0x8018da1d,
    DAHDI_SET_DIALPARAMS = 0x4018da1d,
    DAHDI_DIAL = 0x4104da1f,
    DAHDI_AUDIOMODE = 0x4004da20,
    DAHDI_ECHOCANCEL = 0x4004da21,
    DAHDI_ECHOCANCEL_PARAMS = 0x4008da21,
    DAHDI_CHANNO = 0x8004da22,
    DAHDI_DIALING = 0x8004da23,
    DAHDI_HDLCRAWMODE = 0x4004da24,
    DAHDI_HDLCFCSMODE = 0x4004da25,
    DAHDI_SPECIFY = 0x4004da26,
    DAHDI_SETLAW = 0x4004da27,
    DAHDI_SETLINEAR = 0x4004da28,
    DAHDI_SETCADENCE = 0x4040da2a,
    DAHDI_GETRXBITS = 0x8004da2b,
    DAHDI_SETTXBITS = 0x4004da2b,
    DAHDI_CHANDIAG = 0x4004da2c,
    DAHDI_TIMERCONFIG = 0x4004da2f,
    DAHDI_TIMERACK = 0x4004da30,
    DAHDI_GETCONFMUTE = 0x8004da31,
    DAHDI_ECHOTRAIN = 0x4004da32,
    DAHDI_ONHOOKTRANSFER = 0x4004da33,
    DAHDI_TIMERPING = 0x0000da34,
    DAHDI_TIMERPONG = 0x0000da35,
    DAHDI_GETSIGFREEZE = 0x8004da36,
    DAHDI_SETSIGFREEZE = 0x4004da36,
    DAHDI_GETVERSION = 0x80a0da39,
    DAHDI_LOOPBACK = 0x4004da3a,
    DAHDI_ATTACH_ECHOCAN = 0x4014da3b,
    DAHDI_DYNAMIC_CREATE = 0xc048da50,
    DAHDI_DYNAMIC_DESTROY = 0x4048da51,
    DAHDI_SET_HWGAIN = 0x4008da56,
    DAHDI_TONEDETECT = 0x4004da5b,
    DAHDI_SETPOLARITY = 0x4004da5c,
    DAHDI_VMWI = 0xc004da5e,
    DAHDI_VMWI_CONFIG = 0x4004da5f,
    DAHDI_STARTUP = 0x4004da63,
    DAHDI_SHUTDOWN = 0x4004da64,
    DAHDI_ECHOCANCEL_FAX_MODE = 0x4004da66,
    DAHDI_BUFFER_EVENTS = 0x4004da69
};

/* Returned by read and write while an event waits. */
enum { DAHDI_ELAST = 500 };

/* -- signalling of a channel --------------------------------------------------------------------------------------- */
/* FXS signalling is what an FXO port speaks, and the other way round. */
enum dahdi_signalling {
    DAHDI_SIG_NONE = 0,
    DAHDI_SIG_EM = 0x40,
    DAHDI_SIG_CLEAR = 0x80,
    DAHDI_SIG_HDLCRAW = 0x180,
    DAHDI_SIG_HDLCFCS = 0x380,
    DAHDI_SIG_HDLCNET = 0x780,
    DAHDI_SIG_FXOLS = 0x1008,
    DAHDI_SIG_FXOGS = 0x1010,
    DAHDI_SIG_FXOKS = 0x1020,
    DAHDI_SIG_FXSLS = 0x2001,
    DAHDI_SIG_FXSGS = 0x2002,
    DAHDI_SIG_FXSKS = 0x2004,
    DAHDI_SIG_SF = 0x4000,
    DAHDI_SIG_CAS = 0x8000,
    DAHDI_SIG_DACS = 0x10080,
    DAHDI_SIG_EM_E1 = 0x20000,
    DAHDI_SIG_HARDHDLC = 0x80080,
    DAHDI_SIG_MTP2 = 0x100380,
    DAHDI_SIG_BROKEN = 0x80000000
};

/* -- events -------------------------------------------------------------------------------------------------------- */
enum dahdi_event {
    DAHDI_EVENT_NONE = 0,
    DAHDI_EVENT_ONHOOK = 1,
    DAHDI_EVENT_RINGOFFHOOK = 2,
    DAHDI_EVENT_WINKFLASH = 3,
    DAHDI_EVENT_ALARM = 4,
    DAHDI_EVENT_NOALARM = 5,
    DAHDI_EVENT_ABORT = 6,
    DAHDI_EVENT_OVERRUN = 7,
    DAHDI_EVENT_BADFCS = 8,
    DAHDI_EVENT_DIALCOMPLETE = 9,
    DAHDI_EVENT_RINGERON = 10,
    DAHDI_EVENT_RINGEROFF = 11,
    DAHDI_EVENT_HOOKCOMPLETE = 12,
    DAHDI_EVENT_BITSCHANGED = 13,
    DAHDI_EVENT_PULSE_START = 14,
    DAHDI_EVENT_TIMER_EXPIRED = 15,
    DAHDI_EVENT_TIMER_PING = 16,
    DAHDI_EVENT_POLARITY = 17,
    DAHDI_EVENT_RINGBEGIN = 18,
    DAHDI_EVENT_EC_DISABLED = 19,
    DAHDI_EVENT_REMOVED = 20,
    DAHDI_EVENT_NEONMWI_ACTIVE = 21,
    DAHDI_EVENT_NEONMWI_INACTIVE = 22,
    DAHDI_EVENT_TX_CED_DETECTED = 23,
    DAHDI_EVENT_RX_CED_DETECTED = 24,
    DAHDI_EVENT_TX_CNG_DETECTED = 25,
    DAHDI_EVENT_RX_CNG_DETECTED = 26,
    DAHDI_EVENT_EC_NLP_DISABLED = 27,
    DAHDI_EVENT_EC_NLP_ENABLED = 28,
    DAHDI_EVENT_READ_OVERRUN = 29,
    DAHDI_EVENT_WRITE_UNDERRUN = 30,
    /* With the digit's ASCII code in the low octet. */
    DAHDI_EVENT_PULSEDIGIT = 0x10000,
    DAHDI_EVENT_DTMFDOWN = 0x20000,
    DAHDI_EVENT_DTMFUP = 0x40000
};

/* -- small numbers ------------------------------------------------------------------------------------------------- */
/* Alarms of spans and channels, a mask. */
enum dahdi_alarm {
    DAHDI_ALARM_RECOVER = 0x1,
    DAHDI_ALARM_LOOPBACK = 0x2,
    DAHDI_ALARM_YELLOW = 0x4,
    DAHDI_ALARM_RED = 0x8,
    DAHDI_ALARM_BLUE = 0x10,
    DAHDI_ALARM_NOTOPEN = 0x20,
    DAHDI_ALARM_LOS = 0x100,
    DAHDI_ALARM_LFA = 0x200,
    DAHDI_ALARM_LMFA = 0x400
};

/* Line configuration of an E1 (SPANCONFIG, SPANSTAT), a mask. Without CCS timeslot 16 carries line bits. */
enum dahdi_line { DAHDI_LINE_CCS = 0x100, DAHDI_LINE_HDB3 = 0x200, DAHDI_LINE_CRC4 = 0x400 };

/* DAHDI_HOOK. */
enum dahdi_hook {
    DAHDI_ONHOOK = 0,
    DAHDI_OFFHOOK = 1,
    DAHDI_WINK = 2,
    DAHDI_FLASH = 3,
    DAHDI_START = 4,
    DAHDI_RING = 5,
    DAHDI_RINGOFF = 6
};

enum dahdi_law { DAHDI_LAW_DEFAULT = 0, DAHDI_LAW_MULAW = 1, DAHDI_LAW_ALAW = 2 };

/* Buffer policies: when to begin to send. Receiving is always immediate. */
enum dahdi_policy { DAHDI_POLICY_IMMEDIATE = 0, DAHDI_POLICY_WHEN_FULL = 1, DAHDI_POLICY_HALF_FULL = 2 };

/* DAHDI_FLUSH, a mask. */
enum dahdi_flush { DAHDI_FLUSH_READ = 1, DAHDI_FLUSH_WRITE = 2, DAHDI_FLUSH_EVENT = 4 };

/* DAHDI_IOMUX, a mask in and out; NOWAIT only in. */
enum dahdi_iomux {
    DAHDI_IOMUX_READ = 1,
    DAHDI_IOMUX_WRITE = 2,
    DAHDI_IOMUX_WRITEEMPTY = 4,
    DAHDI_IOMUX_SIGEVENT = 8,
    DAHDI_IOMUX_NOWAIT = 0x100
};

/* DAHDI_SENDTONE: these, or 64 to 79 for DTMF 0-9 * # A-D without end. */
enum dahdi_tone {
    DAHDI_TONE_STOP = -1,
    DAHDI_TONE_DIALTONE = 0,
    DAHDI_TONE_BUSY = 1,
    DAHDI_TONE_RINGTONE = 2,
    DAHDI_TONE_CONGESTION = 3,
    DAHDI_TONE_CALLWAIT = 4,
    DAHDI_TONE_DIALRECALL = 5,
    DAHDI_TONE_RECORDTONE = 6,
    DAHDI_TONE_INFO = 7,
    DAHDI_TONE_STUTTER = 10,
    DAHDI_TONE_DTMF_BASE = 64,
    DAHDI_TONE_MFR1_BASE = 80,
    DAHDI_TONE_MFR2_FWD_BASE = 96,
    DAHDI_TONE_MFR2_REV_BASE = 112
};

enum dahdi_dial_op { DAHDI_DIAL_OP_APPEND = 1, DAHDI_DIAL_OP_REPLACE = 2, DAHDI_DIAL_OP_CANCEL = 3 };

/* DAHDI_SETCONF: mode and flags. In modes 1-3 and 9 the conference number is the other channel's number. */
enum dahdi_conf {
    DAHDI_CONF_NORMAL = 0,
    DAHDI_CONF_MONITOR = 1,
    DAHDI_CONF_MONITORTX = 2,
    DAHDI_CONF_MONITORBOTH = 3,
    DAHDI_CONF_CONF = 4,
    DAHDI_CONF_DIGITALMON = 9,
    DAHDI_CONF_MODE_MASK = 0xff,
    DAHDI_CONF_LISTENER = 0x100,
    DAHDI_CONF_TALKER = 0x200
};

/* DAHDI_MAINT. */
enum dahdi_maint {
    DAHDI_MAINT_NONE = 0,
    DAHDI_MAINT_LOCALLOOP = 1,
    DAHDI_MAINT_NETWORKLINELOOP = 2,
    DAHDI_MAINT_LOOPUP = 3,
    DAHDI_MAINT_LOOPDOWN = 4,
    DAHDI_MAINT_FAS_DEFECT = 6,
    DAHDI_MAINT_MULTI_DEFECT = 7,
    DAHDI_MAINT_CRC_DEFECT = 8,
    DAHDI_MAINT_CAS_DEFECT = 9,
    DAHDI_MAINT_PRBS_DEFECT = 10,
    DAHDI_MAINT_BIPOLAR_DEFECT = 11,
    DAHDI_MAINT_PRBS = 12,
    DAHDI_MAINT_NETWORKPAYLOADLOOP = 13,
    DAHDI_RESET_COUNTERS = 14,
    DAHDI_MAINT_ALARM_SIM = 15
};

/* -- structures ---------------------------------------------------------------------------------------------------- */
/* GET_PARAMS, SET_PARAMS: set changes the times only. Bits are -1 where a channel has none; offhook is the far end's
 * hook. */
struct dahdi_params {
    int channel;
    int span;
    int position;
    int signalling;
    int signalling_capable;
    int rx_offhook;
    int rx_bits;
    int tx_bits;
    int tx_hook;
    int rx_hook;
    int law;
    int idle_bits;
    char name[40];
    int prewink_ms;
    int preflash_ms;
    int wink_ms;
    int flash_ms;
    int start_ms;
    int rxwink_ms;
    int rxflash_ms;
    int debounce_ms;
    int pulse_break_ms;
    int pulse_make_ms;
    int pulse_after_ms;
    unsigned alarms;
};

/* SPANSTAT: `span` in (0: that of the handle). The kernel's structure ends with the type: two octets less than this. */
struct dahdi_span_status {
    int span;
    char name[20];
    char description[40];
    int alarms;
    int tx_level;
    int rx_level;
    int bpv;
    int crc4;
    int ebit;
    int fas;
    unsigned fe;
    unsigned cv;
    unsigned be;
    unsigned prbs;
    unsigned errored_s;
    int irq_misses;
    int sync_source;
    int configured_channels;
    int channels;
    int spans;
    int build_out;
    int line;
    char build_out_text[40];
    char location[40];
    char manufacturer[40];
    char device_type[40];
    int irq;
    int capable;
    char type[6];
};

struct dahdi_maintenance {
    int span;
    int command;
};

struct dahdi_conference {
    int channel;
    int conference;
    int mode;
};

/* What each octet of sound becomes, in the law of the channel. */
struct dahdi_gains {
    int channel;
    unsigned char rx[256];
    unsigned char tx[256];
};

/* SPANCONFIG: `span` 0 looks for the name; sync 0 is master, 1 and more the order in which to follow. */
struct dahdi_line_config {
    int span;
    char name[20];
    int build_out;
    int line;
    int sync;
};

struct dahdi_channel_config {
    int channel;
    char name[40];
    int signalling;
    int law;
    int master;
    int idle_bits;
    char netdev[16];
};

/* LOADZONE: the header, then `count` definitions. A tone is a chain of these by index; so many samples of two
 * frequencies by the recurrence v1 = (factor * v2 >> 15) - v3. Order of the definitions: tones of DAHDI_TONE_*. */
struct dahdi_tone_def {
    int tone;
    int next;
    int samples;
    int shift;
    int factor_1;
    int init_v2_1;
    int init_v3_1;
    int factor_2;
    int init_v2_2;
    int init_v3_2;
    int modulate;
};

struct dahdi_zone_header {
    int count;
    int zone;
    int ring_ms[16];
    char name[40];
};

struct dahdi_buffers {
    int tx_policy;
    int rx_policy;
    int count;
    int size;
    int readable;
    int writable;
};

struct dahdi_dial_params {
    int mfr1_ms;
    int dtmf_ms;
    int mfr2_ms;
    int reserved[3];
};

/* T DTMF, P pulses, M R1, O R2 forward, R R2 backward; then digits, W waits. */
struct dahdi_dial {
    int operation;
    char digits[256];
};

struct dahdi_echo_param {
    char name[16];
    int value;
};

/* ECHOCANCEL_PARAMS: followed by `count` parameters. Taps 0: off. */
struct dahdi_echo_params {
    unsigned taps;
    unsigned count;
};

/* SETCADENCE: on, off, on, off, ending with 0; a negative on time is where it begins again. */
struct dahdi_ring_cadence {
    int ms[16];
};

struct dahdi_version {
    char version[80];
    char echo_cancellers[80];
};

struct dahdi_echo_attach {
    int channel;
    char name[16];
};

/* DYNAMIC_CREATE, DYNAMIC_DESTROY: `span` is filled in. */
struct dahdi_dynamic_span {
    char driver[20];
    char address[40];
    int channels;
    int timing;
    int span;
};

/* SET_HWGAIN: tenths of a decibel; bit 0 of `tx` set for the direction towards the line. */
struct dahdi_hw_gain {
    int tenth_db;
    unsigned tx;
};
