/* How a program learns what happens on its channels: by asking, by waiting for events, or by being called back. */
#ifndef WATCH_H
#define WATCH_H

#include "maker.h"

enum { MAX_CHANNELS = 512 };
enum watch_mode { BY_POLLING, BY_EVENTS, BY_CALLBACK };

/* Once after the start. Returns 0 when the word is none of: poll, events, callback. */
int watch_mode_argument(const char *word, enum watch_mode *mode);
void watch_begin(enum watch_mode mode);

/* Lets up to `ms` pass; in the event modes it ends early when something happens. */
void watch(int ms);

/* Before a task is started on the channel, and whether it has ended since: its reason, or 0. */
void expect_end(int ch);
int play_ended(int ch);
int record_ended(int ch);

/* How many events have come in all, and how many were lost because the pipe of the callback was full. */
long events_seen(void);
long events_lost(void);

#endif
