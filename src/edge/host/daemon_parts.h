#ifndef ELRELAY_EDGE_HOST_DAEMON_PARTS_H
#define ELRELAY_EDGE_HOST_DAEMON_PARTS_H

/*
 * daemon_parts.h - what the files of the daemon share.
 *
 *   daemon.c    start, heartbeat and watchdog
 *   lag.c       for how long each turn of the loop was busy
 *   links.c     the connections to Redis, and which routes go over which
 *   beyond.c    shards that are served no more
 *   operator.c  what people ask: signals, control messages, and their answers
 *   reload.c    a new configuration
 *   stop.c      the way out
 */

#include "elrelay/edge/host/daemon.h"
#include "elrelay/edge/host/route.h"
#include "elrelay/edge/host/signals.h"
#include "elrelay/edge/queue/control.h"

#include "lag.h"

enum {
    DAEMON_ASKED_MAX = 256, /* all shards of some routes at a time */
    DAEMON_RETIRED_MAX = 16,
    DAEMON_INSTANCE_MAX = 80,
    DAEMON_TOKEN_BYTES = 16,
    DAEMON_LEAVE_MS = 2000
};

enum daemon_phase { DAEMON_STARTING, DAEMON_RUNNING, DAEMON_STOPPING, DAEMON_CLOSING };

/* A flush that somebody waits for. */
struct daemon_asked {
    struct control_message message;
    uint64_t cycle; /* answered when a cycle of at least this number has ended */
};

/* A connection, and the one on which operators are listened to: for all routes, or in a cluster
 * for one, since each may lie on another node. */
struct daemon_link {
    struct daemon *daemon;
    struct link *link;
    struct control *control; /* NULL: none */
    size_t first;            /* of the routes that go over it */
    size_t count;
    size_t failures; /* since a route of it was ready */
};

struct daemon {
    const struct daemon_setup *setup;
    struct conf
        *first; /* lives as long as the process: what needs a restart is read from here */
    struct conf *conf; /* of now */
    struct conf
        *retired[DAEMON_RETIRED_MAX]; /* replaced, but perhaps still in use by a route */
    size_t retired_count;
    struct conf *next; /* not NULL: it comes to rest to start anew under this one */
    enum daemon_phase phase;
    char instance[DAEMON_INSTANCE_MAX];
    char token[2 * DAEMON_TOKEN_BYTES + 1];
    uv_loop_t loop;
    uv_timer_t pulse; /* heartbeat and watchdog */
    bool watched;     /* the service manager waits for signs of life */
    uint64_t pulses;
    uint64_t pulses_a_beat;
    uv_timer_t grace;
    uv_prepare_t rest; /* while stopping: looks after each turn whether all is quiet */
    struct lag lag;
    struct daemon_link *links;
    size_t link_count;
    struct uplink *uplink;
    struct signals *signals;
    struct ledger *ledger; /* NULL: none */
    struct beyond *beyond; /* looks, one for each route as it is written */
    struct route **routes;
    size_t route_count;
    struct daemon_asked asked[DAEMON_ASKED_MAX];
    size_t asked_count;
    size_t cycles_left; /* once: routes whose cycle has not ended */
    size_t leaving;     /* routes that have not left yet */
    bool told_ready;
    int exit_code;
    struct fault fault;
};

/* operator.c */
struct signals *operator_watch_signals(struct daemon *daemon, struct fault *fault);
void operator_on_message(void *ctx, const struct control_message *message);
void operator_on_cycle(struct daemon *daemon, struct route *route, const struct cycle *cycle);

/* links.c; the routes that are meant stand in conf, in this order. False with the daemon's
 * fault, and nothing is left open, where one cannot be made. */
bool links_make(struct daemon *daemon, const struct route_conf *routes, size_t count);
bool links_listen(struct daemon *daemon);
void links_open(struct daemon *daemon);
void links_close(struct daemon *daemon, void (*on_closed)(void *ctx));
struct daemon_link *links_of_route(struct daemon *daemon, size_t route);

/* beyond.c; `route` has become ready, over link. Freed when the loop has ended. */
void beyond_look(struct daemon *daemon, const char *route, struct link *link);
void beyond_close(struct daemon *daemon);
void beyond_free(struct daemon *daemon);

/* reload.c */
void reload_conf(struct daemon *daemon);
void reload_free_retired(struct daemon *daemon);

/* stop.c */
void stop_begin(struct daemon *daemon, bool drain);
void stop_with_fault(struct daemon *daemon, const struct fault *fault);
void stop_now(struct daemon *daemon);

/* Comes to rest, however long what is on the wire takes, then runs on under conf, which is
 * taken. */
void stop_to_start_anew(struct daemon *daemon, struct conf *conf);

#endif
