/*
 * The pump between the card's memory functions and a stream of the media engine: public interface.
 *
 * This file is read twice: by the C compiler and, as text, by cffi in ABI mode. It therefore holds plain declarations
 * only. Sound is A-law at 8 kHz, a byte a sample. The maker's threads call the pump, the pump calls the maker's
 * functions and the engine's; Python has no part in it.
 */

typedef struct sp_leg sp_leg;

enum sp_limit {
    SP_PIECES = 4,           /* buffers each way */
    SP_AHEAD = 2,            /* pieces that the card has in hand while it plays */
    SP_MOST_BYTES = 3200     /* of a piece: 400 ms */
};

/* What its threads call from our callbacks. What the door calls is not counted: the door watches that. */
enum sp_call { SP_PLAY_BLOCK = 1, SP_RECORD_BLOCK = 2 };

/* C functions of other libraries; the first three are the maker's (fact sheet sections 12.1, 12.2). */
typedef struct {
    void *record_file;       /* SsmRecToFileB */
    void *record_block;      /* SsmRecordMemBlock */
    void *play_block;        /* SsmPlayMemBlock */
    void *give;              /* me_stream_give */
    void *take;              /* me_stream_take */
} sp_functions;

typedef struct {
    int capturing;           /* memory recording runs */
    int speaking;            /* play from memory runs */
    long long given, taken;  /* bytes */
    long long refused;       /* pieces that the card did not accept */
    long long dry;           /* times that the card had played all it had */
    int calling;             /* a sp_call: which of the maker's functions one of its threads is in now, for us; 0: none */
    long long calls;         /* of its threads that have come back */
} sp_state;

/* One channel. `stream` is a me_stream. NULL: bad piece size or no memory. Freed when the library is closed, not before:
   its threads may come late. */
sp_leg *sp_new(int ch, int codec, int piece_bytes, const sp_functions *functions, void *stream);
void sp_free(sp_leg *leg);
void sp_get_state(sp_leg *leg, sp_state *state);

/* Whether what is recorded is given to the stream. */
void sp_hear(sp_leg *leg, int on);
/* Records to a file without limit, as SsmRecToFile does, and lets us hear it; the maker's answer. */
int sp_record_file(sp_leg *leg, const char *path, int mask);
/* Records to memory, where no file is wanted; the maker's answer. `end`: the task is about to be stopped. */
int sp_capture(sp_leg *leg);
void sp_capture_end(sp_leg *leg);
/* Plays what is taken from the stream; the maker's answer. `end`: the task is about to be stopped. */
int sp_speak(sp_leg *leg);
void sp_speak_end(sp_leg *leg);
