/* What all programs share: start and end, checked calls, waiting for states. */
#ifndef COMMON_H
#define COMMON_H

#include "maker.h"

enum { EXIT_CALL_FAILED = 1, EXIT_NO_START = 2, EXIT_TOO_LATE = 3, EXIT_FAR_END = 4, EXIT_ARGUMENTS = 64 };

/* Ends the program when a call to the library fails. */
#define CHECK(call) check((call), #call)
int check(int result, const char *what);

/* Starts the library and waits until a channel is usable; ends the program otherwise. */
void start_library(const char *config, const char *index);
void wait_usable(int ch);
int channel_argument(const char *text);

/* Closes the library and ends the program. */
void finish(int code) __attribute__((noreturn));

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
long long now_ms(void);
long long wait_limit_ms(void);
void pause_ms(int ms);

/* Polls until the channel is in `state`; ends the program when that takes too long. */
void wait_state(int ch, int state);

#endif
