#ifndef ELRELAY_EDGE_HOST_SIGNALS_H
#define ELRELAY_EDGE_HOST_SIGNALS_H

/*
 * signals.h - signals as callbacks on the loop, by a table; what a signal means is the
 * daemon's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "elrelay/ground/fault.h"

struct signal_row {
    int number; /* SIGTERM ... */
    void (*on_signal)(void *ctx);
};

struct signals;

/*
 * Calls on_signal on the loop for each signal of the table; the rows are copied. NULL with a
 * fault where one cannot be watched. Handlers do not keep the loop alive.
 */
struct signals *signals_new(uv_loop_t *loop, const struct signal_row *rows, size_t count,
                            void *ctx, struct fault *fault);

/* The signals get their default action back; on_closed runs on a later turn of the loop. */
void signals_close(struct signals *signals, void (*on_closed)(void *ctx), void *ctx);

/* A peer that goes away is an error code, not the end of the process: OpenSSL and hiredis write
 * without MSG_NOSIGNAL. For the whole process. */
void signals_ignore_pipe(void);

#endif
