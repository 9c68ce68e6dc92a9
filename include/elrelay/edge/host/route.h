#ifndef ELRELAY_EDGE_HOST_ROUTE_H
#define ELRELAY_EDGE_HOST_ROUTE_H

/*
 * route.h - one route of the daemon: a conductor, and the edges behind its ports.
 *
 * It owns a queue, a timer and at most one request; the loop, the link and the uplink are
 * shared with the other routes, none of which it can slow down.
 */

#include <uv.h>

#include "elrelay/core/relay/relay.h"
#include "elrelay/edge/host/ledger.h"
#include "elrelay/edge/http/uplink.h"
#include "elrelay/edge/redis/link.h"

struct route;

struct route_setup {
    uv_loop_t *loop;
    struct link *link;
    struct uplink *uplink;
    const struct conf *conf;        /* borrowed for the route's life: instance and heartbeat */
    const struct route_conf *route; /* as relay_new; its queue for the route's life */
    const char *instance;           /* borrowed for the route's life */
    const char *token;
    struct ledger *ledger; /* shared by the routes, borrowed for the route's life; NULL: none */
    void *ctx;
    void (*on_ready)(void *ctx, struct route *route);
    void (*on_accepted)(void *ctx, struct route *route, uint64_t events); /* of one batch */
    void (*on_cycle)(void *ctx, struct route *route, const struct cycle *cycle);
    /* The queue cannot be used for now; lasting: until a person has looked. FAULT_CONF: another
     * instance lives under our name. */
    void (*on_fault)(void *ctx, const struct fault *fault, bool lasting);
};

struct route *route_new(const struct route_setup *setup);

void route_on_up(struct route *route);
void route_on_down(struct route *route);
void route_beat(struct route *route);

struct relay *route_relay(struct route *route);
const char *route_name(const struct route *route);
bool route_is_ready(const struct route *route);
void route_log_status(struct route *route);

/* Gives the name free in Redis where it can still be reached; on_gone runs once. */
void route_leave(struct route *route, void (*on_gone)(void *ctx), void *ctx);

/* What is on the wire is cut; on_closed runs on a later turn of the loop. */
void route_close(struct route *route, void (*on_closed)(void *ctx), void *ctx);

#endif
