/*
 * What the simulator uses of libpri 1.6 and of its own door to it (native/pri_door.c), as plain declarations for cffi in
 * ABI mode. Only the fields that are used have names; what lies between them is reserved.
 */

struct pri;
struct q931_call;
struct pri_sr;
typedef struct hwpri_link hwpri_link;

struct pri_moment {
    long s;
    long us;
};

/* Every event begins with its kind; which part of the union holds the rest depends on it. */
typedef struct {
    int kind;
    int channel;
    int presentation;
    int reserved_1;
    int calling_plan;
    char reserved_2[256];
    char calling[256];
    char reserved_3[256];
    int called_plan;
    int reserved_4;
    char called[256];
    char redirecting[256];
    char reserved_5[256];
    int redirecting_reason;
    int redirecting_plan;
    char reserved_6[260];
    int flexible;
    int reference;
    int capability;
    int layer1;
    int complete;
    struct q931_call *call;
} hwpri_ring;

typedef struct {
    int kind;
    int channel;
    int reference;
    int progress;
    int progress_mask;
    struct q931_call *call;
} hwpri_answer; /* ALERTING too */

typedef struct {
    int kind;
    int channel;
    int reference;
    int progress;
    int progress_mask;
    int cause;
    struct q931_call *call;
} hwpri_proceeding; /* PROGRESS too */

typedef struct {
    int kind;
    int channel;
    int cause;
    int reference;
    struct q931_call *call;
} hwpri_hangup; /* HANGUP, HANGUP_REQ, HANGUP_ACK */

typedef struct {
    int kind;
    int channel;
    struct q931_call *call;
    char digits[64];
} hwpri_keypad; /* SETUP ACK and CONNECT ACK have the same beginning */

typedef union {
    int kind;
    hwpri_ring ring;
    hwpri_answer answer;
    hwpri_proceeding proceeding;
    hwpri_hangup hangup;
    hwpri_keypad keypad;
} hwpri_event;

const char *pri_get_version(void);
void pri_hangup_fix_enable(struct pri *pri, int on);
void pri_set_overlapdial(struct pri *pri, int on);
void pri_set_debug(struct pri *pri, int mask);
int pri_timer2idx(const char *name);
int pri_set_timer(struct pri *pri, int timer, int ms);
int pri_get_timer(struct pri *pri, int timer);

hwpri_event *pri_check_event(struct pri *pri);
struct pri_moment *pri_schedule_next(struct pri *pri);
hwpri_event *pri_schedule_run(struct pri *pri);
int pri_reset(struct pri *pri, int channel);

struct q931_call *pri_new_call(struct pri *pri);
void pri_destroycall(struct pri *pri, struct q931_call *call);
struct pri_sr *pri_sr_new(void);
void pri_sr_free(struct pri_sr *request);
int pri_sr_set_channel(struct pri_sr *request, int channel, int exclusive, int non_isdn);
int pri_sr_set_bearer(struct pri_sr *request, int capability, int layer1);
int pri_sr_set_called(struct pri_sr *request, char *number, int plan, int complete);
int pri_sr_set_caller(struct pri_sr *request, char *number, char *name, int plan, int presentation);
int pri_sr_set_redirecting(struct pri_sr *request, char *number, int plan, int presentation, int reason);
int pri_setup(struct pri *pri, struct q931_call *call, struct pri_sr *request);
int pri_information(struct pri *pri, struct q931_call *call, char digit);
int pri_need_more_info(struct pri *pri, struct q931_call *call, int channel, int non_isdn);
int pri_proceeding(struct pri *pri, struct q931_call *call, int channel, int in_band);
int pri_progress(struct pri *pri, struct q931_call *call, int channel, int in_band);
int pri_acknowledge(struct pri *pri, struct q931_call *call, int channel, int in_band);
int pri_answer(struct pri *pri, struct q931_call *call, int channel, int non_isdn);
int pri_hangup(struct pri *pri, struct q931_call *call, int cause);

void hwpri_set_time(int64_t us);
hwpri_link *hwpri_link_new(void);
/* node: 1 network, 2 user; switch type: 5 EuroISDN E1. */
struct pri *hwpri_open(hwpri_link *link, int node, int switch_type);
int hwpri_push(hwpri_link *link, const void *frame, int32_t size);
/* Octets of the next frame that the stack sent, without frame check sequence; 0: none. */
int hwpri_pop(hwpri_link *link, void *frame, int32_t room);
/* What the library had to say since the last call. */
int hwpri_text(char *copy, int32_t room);
