#ifndef ELRELAY_CORE_RELAY_RELAY_H
#define ELRELAY_CORE_RELAY_RELAY_H

/*
 * relay.h - the conductor of one route: it decides what is asked next, and knocks on the ports.
 *
 * It does no I/O, knows no clock and no socket, and keeps nothing that Redis does not also
 * have, but for a verdict that has not been written yet. Everything is single-threaded; a call
 * from outside may lead to calls of the ports, and a port never calls back from inside its
 * call.
 */

#include "elrelay/core/decide/schedule.h"
#include "elrelay/core/relay/ports.h"
#include "elrelay/core/told/conf.h"

/* What a cycle came to, for `flush` and logs. */
struct cycle {
    uint64_t number;     /* from 1 */
    uint64_t batches;    /* accepted ones */
    uint64_t accepted;   /* events */
    uint64_t unreported; /* events of batches that were settled without sending anything */
    uint64_t dead;       /* events set aside */
    uint64_t kept;       /* events of batches that are open at its end */
    bool pending;        /* a batch is in doubt or held */
    bool paused;
    bool stuck; /* Redis refused an act */
};

struct relay;

/* conf is borrowed until relay_free or relay_reload; ports are copied. */
struct relay *relay_new(const struct route_conf *conf, const struct relay_ports *ports);
void relay_free(struct relay *relay);

/* The queue is reachable and this process is known there; whatever was known before is read
 * anew. */
void relay_on_up(struct relay *relay);

/* No answer will come to what was asked of the queue. A POST on the wire goes on; its answer is
 * kept. */
void relay_on_down(struct relay *relay);

void relay_on_timer(struct relay *relay);

/* What is open is read again in_ms from now: an owner may be gone then. */
void relay_look_again(struct relay *relay, uint64_t in_ms);

/* One cycle now, of all that is queued, whatever back-off there is; the schedule stays as it
 * is. Returns the number of the cycle that will have done it (cycle.number). */
uint64_t relay_flush(struct relay *relay);

/* No new batch from now on; with drain, only when the queue is empty. relay_is_idle tells when
 * it is over. */
void relay_stop(struct relay *relay, bool drain);

/* Nothing is asked, nothing is on the wire, no cycle runs. */
bool relay_is_idle(const struct relay *relay);

/* True while a POST is on the wire. */
bool relay_is_posting(const struct relay *relay);

/* Takes effect between batches and between the attempts of one: a body that is made stays as it
 * is. Borrowed as in relay_new; the old one may go once relay_uses says no. */
void relay_reload(struct relay *relay, const struct route_conf *conf);
bool relay_uses(const struct relay *relay, const struct route_conf *conf);
const struct route_conf *relay_conf(const struct relay *relay);

/* The last cycle that ended; number 0 before the first. */
const struct cycle *relay_last_cycle(const struct relay *relay);

/* Answers; see ports.h. */
void relay_on_done(struct relay *relay, enum act act, struct batch *batch,
                   enum port_result result);
void relay_on_survey(struct relay *relay, enum port_result result, const struct survey *survey);
void relay_on_list(struct relay *relay, enum port_result result, const struct manifest *list,
                   size_t count);

/* Answers ACT_PEEK that was done: count 0 = the queue is drained. Comes for ACT_LOAD once per
 * chunk, in order, and relay_on_done ends it. An event whose data is gone has has_bytes false.
 * Bytes are valid during the call. */
void relay_on_events(struct relay *relay, enum act act, struct batch *batch,
                     const struct event *events, size_t count);

void relay_on_page(struct relay *relay, struct batch *batch, const struct answer *answer);

void relay_on_answer(struct relay *relay, struct batch *batch, const struct answer *answer);

#endif
