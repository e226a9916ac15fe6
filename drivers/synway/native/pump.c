/* Pieces of sound between the maker's threads and a stream of the engine. Double buffering as section 12.1 wants it: the
 * next block is submitted from the callback of the one that is over. */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC visibility push(default)
#include "pump.h"
#pragma GCC visibility pop

enum {
    SILENCE_ALAW = 0xD5,
    PLAY_DONE = 1,
    RECORD_BY_US = 1, /* the application stopped it */
    RECORD_FULL = 4
};

static const unsigned UNLIMITED = 0xFFFFFFFFU;

typedef int (*block_done)(int ch, int reason, unsigned char *buffer, unsigned stop, void *user);
typedef void (*live_data)(int ch, unsigned char *data, unsigned length, void *user);
typedef int (*block_function)(int ch, int codec, unsigned char *buffer, unsigned size, block_done done, void *user);
typedef int (*file_function)(int ch, const char *path, int codec, unsigned start, unsigned bytes, unsigned ms, int mask,
                             live_data tap, void *user);
typedef void (*give_function)(void *stream, const unsigned char *alaw, int32_t count, int64_t now_ns);
typedef void (*take_function)(void *stream, unsigned char *alaw, int32_t count, int64_t now_ns);

/* `run` of a piece is the task that it was submitted for; a piece that the card has is not free. */
struct piece {
    bool with_card;
    unsigned run;
    unsigned char sound[SP_MOST_BYTES];
};

struct sp_leg {
    int ch, codec, piece_bytes;
    file_function record_file;
    block_function record_block, play_block;
    give_function give;
    take_function take;
    void *stream;

    pthread_mutex_t gate; /* held while a callback submits: whoever ends a task waits for that */
    pthread_mutex_t lock; /* of what follows; never held while the library is called */
    bool hearing, capturing, speaking;
    unsigned run; /* of speaking */
    int ahead;    /* pieces of this run that the card has */
    sp_state told;
    struct piece play[SP_PIECES], record[SP_PIECES];
};

static struct piece *piece_of(struct piece *pieces, const unsigned char *buffer)
{
    for (int i = 0; i < SP_PIECES; i++)
        if (pieces[i].sound == buffer)
            return &pieces[i];
    return NULL;
}

/* ---- from the card ---- */

static void heard(sp_leg *leg, const unsigned char *sound, unsigned length)
{
    pthread_mutex_lock(&leg->lock);
    bool hearing = leg->hearing;
    leg->told.given += hearing ? length : 0;
    pthread_mutex_unlock(&leg->lock);
    if (hearing && length > 0)
        leg->give(leg->stream, sound, (int32_t)length, -1);
}

static void tapped(int ch, unsigned char *data, unsigned length, void *user)
{
    (void)ch;
    heard(user, data, length);
}

static int recorded(int ch, int reason, unsigned char *buffer, unsigned stop, void *user);

/* One of the maker's threads goes into its library for us (0: it has come back). Under the gate: one at a time. */
static void calls(sp_leg *leg, int what)
{
    pthread_mutex_lock(&leg->lock);
    leg->told.calling = what;
    leg->told.calls += what == 0;
    pthread_mutex_unlock(&leg->lock);
}

static int record_piece(sp_leg *leg, struct piece *piece)
{
    int answer = leg->record_block(leg->ch, leg->codec, piece->sound, (unsigned)leg->piece_bytes, recorded, leg);
    if (answer < 0) {
        pthread_mutex_lock(&leg->lock);
        piece->with_card = false;
        leg->capturing = false;
        leg->told.refused++;
        pthread_mutex_unlock(&leg->lock);
    }
    return answer;
}

static int recorded(int ch, int reason, unsigned char *buffer, unsigned stop, void *user)
{
    sp_leg *leg = user;
    (void)ch;
    struct piece *piece = piece_of(leg->record, buffer);
    if (!piece)
        return 0;
    unsigned size = (unsigned)leg->piece_bytes;
    heard(leg, piece->sound, reason == RECORD_FULL ? size : stop < size ? stop : size);
    pthread_mutex_lock(&leg->gate);
    pthread_mutex_lock(&leg->lock);
    bool again = leg->capturing && reason != RECORD_BY_US;
    piece->with_card = again;
    pthread_mutex_unlock(&leg->lock);
    if (again) {
        calls(leg, SP_RECORD_BLOCK);
        record_piece(leg, piece);
        calls(leg, 0);
    }
    pthread_mutex_unlock(&leg->gate);
    return 1;
}

void sp_hear(sp_leg *leg, int on)
{
    pthread_mutex_lock(&leg->lock);
    leg->hearing = on != 0;
    pthread_mutex_unlock(&leg->lock);
}

int sp_record_file(sp_leg *leg, const char *path, int mask)
{
    return leg->record_file(leg->ch, path, leg->codec, 0, UNLIMITED, UNLIMITED, mask, tapped, leg);
}

int sp_capture(sp_leg *leg)
{
    int answer = 0;
    for (int i = 0; i < SP_AHEAD && answer >= 0; i++) {
        struct piece *piece = NULL;
        pthread_mutex_lock(&leg->lock);
        for (int n = 0; n < SP_PIECES && !piece; n++)
            if (!leg->record[n].with_card)
                piece = &leg->record[n];
        if (piece)
            piece->with_card = leg->capturing = true;
        pthread_mutex_unlock(&leg->lock);
        if (!piece)
            return -1;
        answer = record_piece(leg, piece);
    }
    return answer < 0 ? answer : 0;
}

void sp_capture_end(sp_leg *leg)
{
    pthread_mutex_lock(&leg->gate);
    pthread_mutex_lock(&leg->lock);
    leg->capturing = false;
    pthread_mutex_unlock(&leg->lock);
    pthread_mutex_unlock(&leg->gate);
}

/* ---- to the card ---- */

static int played(int ch, int reason, unsigned char *buffer, unsigned stop, void *user);

/* One more piece for the card: silence, or what the stream has. */
static int play_piece(sp_leg *leg, unsigned run, bool silent)
{
    struct piece *piece = NULL;
    pthread_mutex_lock(&leg->lock);
    for (int n = 0; n < SP_PIECES && !piece && leg->speaking && run == leg->run; n++)
        if (!leg->play[n].with_card)
            piece = &leg->play[n];
    if (piece) {
        piece->with_card = true;
        piece->run = run;
        leg->ahead++;
        leg->told.taken += leg->piece_bytes;
    }
    pthread_mutex_unlock(&leg->lock);
    if (!piece)
        return -1;
    if (silent)
        memset(piece->sound, SILENCE_ALAW, (size_t)leg->piece_bytes);
    else
        leg->take(leg->stream, piece->sound, leg->piece_bytes, -1);
    int answer = leg->play_block(leg->ch, leg->codec, piece->sound, (unsigned)leg->piece_bytes, played, leg);
    if (answer >= 0)
        return 0;
    pthread_mutex_lock(&leg->lock);
    piece->with_card = false;
    if (run == leg->run) {
        leg->ahead--;
        leg->speaking = false;
    }
    leg->told.refused++;
    pthread_mutex_unlock(&leg->lock);
    return answer;
}

static int played(int ch, int reason, unsigned char *buffer, unsigned stop, void *user)
{
    sp_leg *leg = user;
    (void)ch;
    (void)stop;
    struct piece *piece = piece_of(leg->play, buffer);
    if (!piece)
        return 0;
    pthread_mutex_lock(&leg->gate);
    pthread_mutex_lock(&leg->lock);
    piece->with_card = false;
    unsigned run = piece->run;
    bool mine = run == leg->run && leg->speaking;
    int ahead = run == leg->run ? --leg->ahead : 0;
    if (mine && reason != PLAY_DONE)
        mine = leg->speaking = false;
    if (mine && ahead == 0)
        leg->told.dry++;
    pthread_mutex_unlock(&leg->lock);
    /* Dry: the card is silent. What it gets is not ahead of what there is. */
    if (mine) {
        calls(leg, SP_PLAY_BLOCK);
        if (ahead == 0)
            play_piece(leg, run, true);
        play_piece(leg, run, false);
        calls(leg, 0);
    }
    pthread_mutex_unlock(&leg->gate);
    return 1;
}

int sp_speak(sp_leg *leg)
{
    pthread_mutex_lock(&leg->lock);
    leg->speaking = true;
    unsigned run = ++leg->run;
    leg->ahead = 0;
    pthread_mutex_unlock(&leg->lock);
    int answer = 0;
    for (int i = 0; i < SP_AHEAD && answer >= 0; i++)
        answer = play_piece(leg, run, true);
    return answer;
}

void sp_speak_end(sp_leg *leg)
{
    pthread_mutex_lock(&leg->gate);
    pthread_mutex_lock(&leg->lock);
    leg->speaking = false;
    pthread_mutex_unlock(&leg->lock);
    pthread_mutex_unlock(&leg->gate);
}

/* ---- life ---- */

sp_leg *sp_new(int ch, int codec, int piece_bytes, const sp_functions *functions, void *stream)
{
    if (piece_bytes < 1 || piece_bytes > SP_MOST_BYTES)
        return NULL;
    sp_leg *leg = calloc(1, sizeof *leg);
    if (!leg)
        return NULL;
    leg->ch = ch;
    leg->codec = codec;
    leg->piece_bytes = piece_bytes;
    leg->record_file = (file_function)functions->record_file;
    leg->record_block = (block_function)functions->record_block;
    leg->play_block = (block_function)functions->play_block;
    leg->give = (give_function)functions->give;
    leg->take = (take_function)functions->take;
    leg->stream = stream;
    pthread_mutex_init(&leg->gate, NULL);
    pthread_mutex_init(&leg->lock, NULL);
    return leg;
}

void sp_free(sp_leg *leg)
{
    if (!leg)
        return;
    pthread_mutex_destroy(&leg->gate);
    pthread_mutex_destroy(&leg->lock);
    free(leg);
}

void sp_get_state(sp_leg *leg, sp_state *state)
{
    pthread_mutex_lock(&leg->lock);
    *state = leg->told;
    state->capturing = leg->capturing;
    state->speaking = leg->speaking;
    pthread_mutex_unlock(&leg->lock);
}
