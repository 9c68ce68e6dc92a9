#ifndef ELRELAY_CORE_RELAY_PARTS_H
#define ELRELAY_CORE_RELAY_PARTS_H

/*
 * parts.h - what the files of this room share: the conductor's memory, and who does what.
 *
 *   relay.c    the doors: calls from outside, each handed to the part that knows
 *   tick.c     the route: when a cycle begins, what it looks at, when it is over
 *   flight.c   one batch on its way, from begin to drained
 *   answer.c   what a POST came to, as the batch's next event
 *   recover.c  what Redis says is open, after a start or a broken link
 */

#include "elrelay/core/relay/relay.h"

enum { RELAY_LIST_MAX = 128, RELAY_STRIKES = 3 };

enum flight_stage {
    FLIGHT_EMPTY,
    FLIGHT_ASKED,   /* the queue owes an answer */
    FLIGHT_POSTING, /* the endpoint owes an answer */
    FLIGHT_WAITING, /* backing off until retry_at_ms */
    FLIGHT_STALE,   /* the link broke, or a door was closed: the list tells how it goes on */
};

struct flight {
    enum flight_stage stage;
    struct batch batch;
    bool full;        /* no more events fit */
    bool changed;     /* loaded events do not give the batch any more */
    uint32_t posted;  /* the attempt whose POST was begun last */
    bool has_verdict; /* known, but not yet written */
    struct verdict verdict;
    uint64_t retry_at_ms; /* steady time */
};

struct relay {
    const struct route_conf *conf;
    const struct route_conf *next_conf; /* not NULL: takes its place as soon as it may */
    struct relay_ports ports;
    struct schedule schedule;
    struct flight flight;
    bool encoder_is_old; /* made under a configuration that was replaced */
    bool up;
    bool asked;  /* the queue owes an answer for the route */
    bool listed; /* what is open is known: since the last up, refusal and begin of a cycle */
    struct manifest todo[RELAY_LIST_MAX];
    size_t todo_count;
    bool cycling;
    uint64_t flush_number;   /* a cycle of at least this number was asked for */
    uint64_t trouble;        /* refusals in a row */
    struct uuid troubled;    /* the batch that was refused last ... */
    uint32_t strikes;        /* ... so often in a row; from RELAY_STRIKES on it is benched: */
    uint64_t bench_until_ms; /* it is passed over until then, so that others can go on */
    uint64_t takeover_at_ms; /* an owner that is missing counts as gone then; 0: none is */
    uint64_t quiet_until_ms;
    uint64_t early_at_ms; /* max_wait of the oldest event passes; 0: nothing waits */
    bool stopping;
    bool draining;
    struct cycle cycle;
    struct cycle last_cycle;
};

/* No new batch is begun or sent any more; what is on the wire is settled. */
static inline bool relay_is_leaving(const struct relay *relay)
{
    return relay->stopping && !relay->draining;
}

/* tick.c */
void tick_go_on(struct relay *relay);
void tick_on_survey(struct relay *relay, const struct survey *survey);
bool tick_is_flush(const struct relay *relay);
void tick_begin(struct relay *relay);
void tick_end(struct relay *relay);

/* flight.c */
void flight_begin(struct relay *relay);
void flight_take_up(struct relay *relay, const struct manifest *manifest);
void flight_renew_encoder(struct relay *relay);
void flight_retry(struct relay *relay);
void flight_change(struct relay *relay, enum flow_event cause, enum act act);
void flight_ask(struct relay *relay, enum act act);
void flight_on_done(struct relay *relay, enum act act);
void flight_on_peek(struct relay *relay, const struct event *events, size_t count);
void flight_on_load(struct relay *relay, const struct event *events, size_t count);
void flight_end(struct relay *relay);
void flight_wait(struct relay *relay, uint64_t delay_ms);
void flight_settle(struct relay *relay);

/* answer.c */
bool answer_counts(const struct relay *relay);
void answer_apply(struct relay *relay);
void answer_on_moved(struct relay *relay);

/* recover.c */
void recover_on_list(struct relay *relay, const struct manifest *list, size_t count);
bool recover_next(struct relay *relay);
void recover_after_trouble(struct relay *relay, enum act act);

void relay_tell(struct relay *relay, const struct told *told);

#endif
