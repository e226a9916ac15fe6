/*
 * What the simulator uses of libopenr2 1.3 and of its own door to it (native/r2_door.c), as plain declarations for cffi in
 * ABI mode. Channels and contexts are opaque.
 */

typedef void *r2_chan;
typedef void *r2_context;

r2_context *openr2_context_new(const void *mf, const void *callbacks, const void *codec, int variant, int max_ani,
                               int max_dnis);
void openr2_context_delete(r2_context *context);
void openr2_context_set_ani_first(r2_context *context, int on);
void openr2_context_set_log_level(r2_context *context, int mask);
void openr2_context_set_mf_back_timeout(r2_context *context, int ms);
int openr2_context_configure_from_advanced_file(r2_context *context, const char *path);
const char *openr2_get_version(void);

r2_chan *openr2_chan_new_from_fd(r2_context *context, int fd, void *mf_write, void *mf_read);
void openr2_chan_delete(r2_chan *chan);
int openr2_chan_set_log_level(r2_chan *chan, int mask);
int openr2_chan_process_event(r2_chan *chan);
int openr2_chan_get_time_to_next_event(r2_chan *chan);
int openr2_chan_handle_cas(r2_chan *chan);
int openr2_chan_set_idle(r2_chan *chan);
int openr2_chan_set_blocked(r2_chan *chan);
int openr2_chan_make_call(r2_chan *chan, const char *ani, const char *dnis, int category);
int openr2_chan_accept_call(r2_chan *chan, int mode);
int openr2_chan_answer_call(r2_chan *chan);
int openr2_chan_disconnect_call(r2_chan *chan, int cause);
/* The register signal that is being sent, as a digit or letter; 0: none. */
int openr2_chan_get_tx_mf_signal(r2_chan *chan);
const char *openr2_chan_get_mf_state_string(r2_chan *chan);
const char *openr2_chan_get_mf_group_string(r2_chan *chan);
const char *openr2_chan_get_r2_state_string(r2_chan *chan);
const char *openr2_proto_get_error(int error);

/* What happened on a line: see R2EventKind. `value`: category, mode, cause, error or log level. */
typedef struct {
    int32_t line;
    int32_t kind;
    int32_t value;
    char ani[256];
    char dnis[256];
} hwr2_event;

void hwr2_set_time(int64_t us);
const void *hwr2_callbacks(void);
void hwr2_hook_log(r2_chan *chan);
/* Negative: all lines are used. */
int hwr2_line_new(int number, int plan);
void hwr2_line_free(int line);
int hwr2_line_fd(int line);
/* Called digits of the call that the far end is making, as far as they have come. */
const char *hwr2_called(int line);
/* Numbers of `plan` that begin with `prefix` have so many digits. Negative: too many rules, or prefix too long. */
int hwr2_plan_rule(int plan, const char *prefix, int digits);
/* Sound heard; room for sound to be sent; sound sent. */
int hwr2_give(int line, const void *alaw, int32_t size);
void hwr2_grant(int line, int32_t size);
int hwr2_take(int line, void *alaw, int32_t room);
void hwr2_receive_bits(int line, int abcd);
int hwr2_sent_bits(int line);
int hwr2_next_event(hwr2_event *event);
uint32_t hwr2_events_lost(void);
