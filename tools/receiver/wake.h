#ifndef ELRELAY_RECEIVER_WAKE_H
#define ELRELAY_RECEIVER_WAKE_H

/*
 * wake.h - calls that are due later: the end of a hang, the next byte of a slow answer, a late
 * commit.
 *
 * Any thread adds; the main thread runs what is due. Stopping runs everything at once and takes
 * no more.
 */

#include <stdbool.h>
#include <stdint.h>

struct wake;

struct wakes {
    struct wake *first; /* the one due next */
    bool stopped;
    int event_fd; /* readable when the next due time has changed */
};

bool wakes_init(struct wakes *wakes);
void wakes_free(struct wakes *wakes);

/* Calls call(ctx) once on the main thread, after_ms from now or when stopping; false (and no
 * call) once stopped. */
bool wakes_add(struct wakes *wakes, uint64_t after_ms, void (*call)(void *ctx), void *ctx);

/* Runs what is due and returns the milliseconds until the next, -1 for none; for poll(2). */
int wakes_run(struct wakes *wakes);

/* Runs all that is left, due or not. */
void wakes_stop(struct wakes *wakes);

/* Milliseconds of the clock that never jumps, and of Unix time. */
uint64_t clock_steady_ms(void);
uint64_t clock_unix_ms(void);

#endif
