/* The inside of the simulated libshpa3: how its functions reach hwsim.
 *
 * Every exported function is a line or two: it names itself, describes its parameters and hands them to shp_call, which
 * asks hwsim over the calling thread's own connection (messages: hwsim/vendorlibs/wire.py). Nothing is decided here. */
#ifndef SHP_H
#define SHP_H

#include <stdbool.h>
#include <stddef.h>

/* An exported function without a declaration would silently stay hidden. */
#pragma GCC diagnostic error "-Wmissing-prototypes"

#pragma GCC visibility push(default)
#include "life.h"
#include "inventory.h"
#include "events.h"
#include "call.h"
#include "analog.h"
#include "media.h"
#include "switching.h"
#include "conference.h"
#include "fax.h"
#include "board_more.h"
#include "call_more.h"
#include "media_more.h"
#include "switching_more.h"
#include "fax_more.h"
#include "signalling.h"
#include "spy.h"
#pragma GCC visibility pop

/* The maker's error codes that arise without hwsim (fact sheet section 5). */
enum shp_error {
    SHP_INIT_FAILED = 0,
    SHP_NOT_OPEN = 1,
    SHP_UNSUPPORTED = 3,
    SHP_BAD_PARAMETER = 8,
    SHP_NO_MEMORY = 10,
    SHP_SYSTEM = 12,
};

/* Calls hwsim. `signature` has one letter per C parameter:
 *   in    i int  u unsigned  w unsigned short  c char  q long long  s string or NULL
 *         b (const void *, unsigned)  t (const char *, unsigned): text and its length  n nothing (takes no argument)
 *         f path, opened to read  g path, opened to read and write, made if need be, never truncated
 *         m (const void *, unsigned): memory, copied and passed as a file
 *   out   I int *  U unsigned * (8 bytes wide in the layout of 2007)  W unsigned short *  C unsigned char *
 *         Q long long *
 *         S char * without bound  V (char *, unsigned): text with bound
 *         X (void *, unsigned, unsigned *): bytes, room, true length  Z void * without bound
 * Returns what the function returns; -1 with the last error set when hwsim cannot be asked or an out pointer is NULL.
 */
long long shp_call(const char *name, const char *signature, ...);

/* The same for functions whose -1 means "nothing there". When hwsim is lost, -1 comes only after `timeout_ms`. */
long long shp_wait(unsigned timeout_ms, const char *name, const char *signature, ...);

/* The same before the library has been started. */
long long shp_call_closed(const char *name, const char *signature, ...);

/* Sets the last error and returns -1. */
int shp_refuse(enum shp_error code, const char *text);

/* The answer of functions that the simulated cards do not have. */
int shp_unsupported(const char *name);

/* A text of a channel in a buffer of the calling thread, NULL on failure; one buffer per `slot`. */
enum shp_slot {
    SHP_SLOT_CALLER,
    SHP_SLOT_CALLED,
    SHP_SLOT_FIRST,
    SHP_SLOT_DTMF,
    SHP_SLOT_LCD,
    SHP_SLOT_ERROR,
    SHP_SLOTS,
};
#define SHP_SLOT_SIZE 1024
char *shp_text(enum shp_slot slot, const char *name, int ch);
char *shp_slot_buffer(enum shp_slot slot);

/* Whether SsmStartCti has succeeded and SsmCloseCti has not (life.c). */
bool shp_started(void);

/* The last error (last_error.c): whether it arose in this library, and telling that hwsim has set a newer one. */
bool shp_error_is_ours(void);
void shp_error_is_theirs(void);

#endif
