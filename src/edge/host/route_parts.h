#ifndef ELRELAY_EDGE_HOST_ROUTE_PARTS_H
#define ELRELAY_EDGE_HOST_ROUTE_PARTS_H

/*
 * route_parts.h - what the files of a route share.
 *
 *   route.c  its life, and what its queue tells the conductor
 *   ports.c  what the conductor asks: the queue, the endpoint, the machine
 *   route_ledger.c  what it asks of the ledger, and what Redis has forgotten
 */

#include "elrelay/edge/host/route.h"
#include "elrelay/edge/queue/queue.h"
#include "elrelay/ground/alarm.h"
#include "elrelay/ground/buf.h"

enum { ROUTE_WIRES_MAX = ENDPOINT_IN_FLIGHT_MAX + 1 }; /* POSTs, and a look-up */

/* A request on its way, or one that could not begin and is answered on the next turn. */
struct wire {
    struct route *route;
    struct batch *batch;     /* it is about; NULL: the place is free */
    struct request *request; /* NULL: not begun */
    bool looking;            /* it is a GET */
};

struct route {
    struct route_setup setup;
    struct relay *relay;
    struct queue *queue;
    struct wire wires[ROUTE_WIRES_MAX];
    uv_timer_t due;   /* the conductor's timer */
    uv_timer_t later; /* an answer that must not come from inside the call that asks */
    uv_timer_t again; /* the queue could not be used: try once more */
    int open_handles;
    bool ready;
    struct alarm unusable; /* why the queue is of no use */
    uint64_t ledger_tag;   /* the route's, in the ledger */
    struct recall *sent;   /* what the ledger knows, while Redis is asked for it */
    size_t sent_count;
    struct ledger_index *index; /* events of batches that Redis has forgotten; NULL: none */
    struct buf format_text;
    struct buf endpoint_text;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* route_ledger.c */

/* NULL where the route has no ledger. */
const struct ledger_ports *route_ledger_ports(const struct route *route);

/* The queue is ready: the ledger is held against it, and then the conductor begins. */
void route_ledger_on_ready(struct route *route);
void route_ledger_free(struct route *route);

/* ports.c */
struct relay_ports ports_of(struct route *route);

/* Cuts what is on the wire; nothing is answered any more. */
void ports_cut(struct route *route);

/* Writes what a batch is sealed under, so that another version of us can tell; the queue is
 * told. */
void ports_describe(struct route *route);

#endif
