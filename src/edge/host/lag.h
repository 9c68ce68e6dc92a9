#ifndef EDGE_HOST_LAG_H
#define EDGE_HOST_LAG_H

/*
 * lag.h - for how long each turn of the loop was busy: whatever comes meanwhile waits that
 * long.
 *
 * A turn is busy from the end of its poll until it is about to poll again. libuv notes the end
 * of each poll for itself, in milliseconds (uv_now), so that one look at the clock a turn is
 * all it costs, no turn is left out, and nothing wakes for it. A timer's lateness would tell of
 * one turn a heartbeat. Waiting for a core is in it, as for all that waits. Nobody on the loop
 * may call uv_update_time: what lies before would not be seen.
 */

#include <uv.h>

/* Milliseconds, in ones, twos and fives of a second's powers of ten. */
#define LAG_LIST(X)                                                                            \
    X(1) X(2) X(5) X(10) X(20) X(50) X(100) X(200) X(500) X(1000) X(2000) X(5000)
#define LAG_ONE(ms) +1

enum { LAG_BOUNDS = 0 LAG_LIST(LAG_ONE) };

extern const uint32_t lag_bounds_ms[LAG_BOUNDS];

struct lag_counts {
    uint64_t turns[LAG_BOUNDS + 1]; /* by the first bound they kept; the last: none */
    uint64_t busy_ms;               /* of all of them */
    uint64_t longest_ms;
};

struct lag {
    uv_prepare_t prepare;
    uv_check_t check;
    uint64_t woken_ms; /* the last poll's end; 0: there was none */
    struct lag_counts counts;
};

/* Does not keep the loop alive. */
void lag_open(struct lag *lag, uv_loop_t *loop);

/* It must stay until the loop has closed its handles. */
void lag_close(struct lag *lag);

void lag_add(struct lag_counts *counts, uint64_t busy_ms);
void lag_log(const struct lag_counts *counts);

#endif
