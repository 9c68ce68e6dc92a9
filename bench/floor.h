#ifndef ELRELAY_BENCH_FLOOR_H
#define ELRELAY_BENCH_FLOOR_H

/*
 * floor.h - a relay that converts nothing, in two kinds: with the daemon's own scripts, and
 * bare.
 *
 * It stands on the daemon's edges (link, queue, uplink) and reads the daemon's configuration,
 * so that what it costs is what the daemon would cost if events became CSV by themselves. A
 * slot works on one batch after the other; there are as many as endpoint.max_in_flight. Every
 * batch is POSTed as the same bytes, read from a file. It heals nothing: whatever goes wrong
 * ends it.
 */

#include <uv.h>

#include "elrelay/core/relay/batch.h"
#include "elrelay/core/told/conf.h"
#include "elrelay/edge/http/uplink.h"
#include "elrelay/edge/queue/queue.h"
#include "elrelay/edge/redis/link.h"

struct floor;

struct slot {
    struct floor *floor;
    struct batch batch; /* bare: its id and its ids alone are used */
    bool busy;
    bool wants_survey;       /* scripts */
    char consumer[32];       /* bare */
    char *texts;             /* bare: the batch's ids as Redis wrote them, NUL-terminated ... */
    struct slice *arguments; /* bare: ... and as arguments of XACK and XDEL */
    struct request *request;
};

struct floor_kind {
    void (*open)(struct floor *floor); /* once, before the link is opened */
    void (*on_up)(struct floor *floor);
    void (*next)(
        struct slot *slot);        /* one more batch; busy becomes false where there is none */
    bool (*may_go_on)(void *slot); /* as in uplink.h; NULL: always */
    void (*on_taken)(struct slot *slot); /* the endpoint has said 2xx */
};

extern const struct floor_kind floor_scripts;
extern const struct floor_kind floor_bare;

struct floor {
    uv_loop_t loop;
    struct conf conf;
    const struct route_conf *route;
    const struct floor_kind *kind;
    struct link *link;
    struct uplink *uplink;
    struct slice body; /* of a whole batch */
    struct slot slots[ENDPOINT_IN_FLIGHT_MAX];
    size_t slot_count;
    struct queue *queue; /* scripts */
    uv_timer_t beat;     /* scripts */
    uv_timer_t again;    /* scripts: until Redis has rewritten its AOF */
    char token[QUEUE_TOKEN_LEN + 1];
    struct slot *surveying; /* scripts: whose survey is out; there is one at a time */
    const char *stream;     /* bare: the name of its key */
};

/* Says so on standard output; the slots wait for SIGUSR1. */
void floor_say_ready(void);

/* A new id for the batch; everything else of it is cleared. */
void floor_begin(struct slot *slot);

/* POSTs the body, or its share where the batch is not full. */
void floor_post(struct slot *slot);

/* Ends the process with exit code 1. */
_Noreturn void floor_give_up(const char *what);

#endif
