#ifndef ELRELAY_CORE_RELAY_MEMORY_H
#define ELRELAY_CORE_RELAY_MEMORY_H

/*
 * memory.h - what a conductor has in mind: the batches on their way, the open ones, the route.
 *
 * One batch is brought to the wire at a time. Beside it there are POSTs on the wire, as many as
 * endpoint.max_in_flight allows, and what has landed is settled. While there is no place on the
 * wire the next batch is made ready. So the queue may owe an answer to several batches at once,
 * to each no more than one.
 */

#include "elrelay/core/decide/circuit.h"
#include "elrelay/core/relay/relay.h"

enum {
    RELAY_LIST_MAX = 128,
    RELAY_STRIKES = 3,
    /* beside those on the wire: one ready, one on its way there, one that is settled; where all
     * are taken what is next waits */
    RELAY_FLIGHTS_MAX = ENDPOINT_IN_FLIGHT_MAX + 3
};

enum flight_stage {
    FLIGHT_EMPTY,
    FLIGHT_ASKED,   /* the queue owes an answer */
    FLIGHT_READY,   /* sealed, and waits for a place on the wire with its body */
    FLIGHT_POSTING, /* the endpoint owes an answer */
    FLIGHT_LOOKING, /* the endpoint owes a page of its list; nothing new is begun */
    FLIGHT_STALE,   /* landed, the link broke, or a door was closed: it is looked at next */
};

struct flight {
    enum flight_stage stage;
    enum act act; /* what it asked last */
    struct batch batch;
    bool full;          /* no more events fit */
    bool mixed;         /* some were passed over: they were sent before in another batch */
    struct uuid origin; /* forming: the batch its events were sent in before; "": in none */
    struct mark mark;   /* of the event at hand */
    bool changed;       /* loaded events do not give the batch any more */
    bool renewed;       /* sent again at once after a refused credential */
    uint32_t posted;    /* the attempt whose POST was begun last */
    uint64_t posted_ms; /* steady time of that */
    bool has_verdict;   /* known, but not yet written */
    struct verdict verdict;
    bool has_page; /* read, but nothing has followed from it yet */
    struct lookup_page page;
};

/* An open batch that is not in hand. */
struct open_batch {
    struct manifest manifest;
    uint64_t due_ms; /* steady time: not before */
    bool aside;      /* refused by itself, and nothing accepted since: others go first */
};

struct relay {
    const struct route_conf *conf;
    const struct route_conf *next_conf; /* not NULL: takes its place as soon as it may */
    struct relay_ports ports;
    struct schedule schedule;
    struct flight flights[RELAY_FLIGHTS_MAX];
    struct flight *flight; /* the one in hand: what happens now is about it */
    struct open_batch agenda[RELAY_LIST_MAX];
    size_t agenda_count;
    uint64_t flush_number;     /* a cycle of at least this number was asked for */
    uint64_t trouble;          /* refusals of Redis in a row */
    uint64_t bench_until_ms;   /* the troubled batch is passed over until then */
    uint64_t takeover_at_ms;   /* an owner that is missing counts as gone then; 0: none is */
    uint64_t quiet_until_ms;   /* nothing new is asked of Redis */
    uint64_t rest_until_ms;    /* nothing is sent, but for a flush */
    uint64_t paused_until_ms;  /* nothing that is open goes to the endpoint */
    uint64_t early_at_ms;      /* max_wait of the oldest event passes; 0: nothing waits */
    uint64_t doubts;           /* batches in doubt when last surveyed */
    uint64_t waiting;          /* events that waited then, but for those read since */
    uint64_t surveyed_ms;      /* steady time of the last survey ... */
    uint64_t surveyed_unix_ms; /* ... and what Redis said it was */
    uint64_t limit_bytes;      /* learned at the endpoint; 0: none */
    struct cycle cycle;
    struct cycle last_cycle;
    struct circuit circuit;
    uint32_t halves;  /* POSTs of split batches since the last tick or flush */
    uint32_t strikes; /* in a row for the troubled batch; from RELAY_STRIKES on it is benched,
                         so that others can go on */
    struct uuid troubled; /* the batch that was refused by Redis last */
    struct uuid alone;   /* the event that was refused by itself last, nothing accepted since */
    bool bound_by_bytes; /* the last batch that was full was so by its bytes */
    bool up;
    bool asked;      /* the queue owes an answer for the route ... */
    bool asked_list; /* ... which is a list: nobody asks anything meanwhile */
    bool sated;      /* nothing more can be begun until a batch is through or its time comes */
    bool listed; /* what is open is known: since the last up, refusal and begin of a cycle */
    bool cycling;
    bool stopping;
    bool draining;
};

#endif
