#ifndef ELRELAY_EDGE_HOST_DAEMON_H
#define ELRELAY_EDGE_HOST_DAEMON_H

/*
 * daemon.h - the process: one loop, one link to Redis, one uplink, and the routes on them.
 *
 * Signals: SIGUSR1 flush, SIGUSR2 status to the log, SIGHUP reload, SIGTERM and SIGINT stop.
 */

#include "elrelay/core/relay/relay.h"
#include "elrelay/core/told/conf.h"
#include "elrelay/ground/fault.h"

struct daemon_setup {
    const char *conf_path;
    struct conf
        *conf; /* taken over: read from conf_path, replaced at a reload, freed at the end */
    /*
     * One cycle of these routes, then the end: `flush` without a live daemon. Instance names
     * get a suffix of their own, no control stream is listened to, nothing is told to the
     * service manager.
     */
    bool once;
    const char *only_route; /* once: NULL for all */
    /* once: called as each route's cycle ends, and as each batch is accepted; may be NULL */
    void (*on_cycle)(void *ctx, const char *route, const struct cycle *cycle);
    void (*on_accepted)(void *ctx, uint64_t events);
    void *ctx;
};

/*
 * Runs until it is told to stop; returns the exit code of the command line. What ended it badly
 * stands in the fault (code FAULT_NONE after a clean end).
 */
int daemon_run(const struct daemon_setup *setup, struct fault *fault);

/* The exit code that a cycle's end amounts to: 0, 1 (paused), 4 (Redis refused), 5 (not taken),
 * 6 (held or unknown). */
int daemon_exit_code(const struct cycle *cycle);

#endif
