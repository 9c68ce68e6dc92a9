#ifndef ELRELAY_CORE_RELAY_PARTS_H
#define ELRELAY_CORE_RELAY_PARTS_H

/*
 * parts.h - who does what in this room, on the conductor's memory (memory.h). The batches on
 * their way are hand.c's (hand.h); what a local ledger says of a batch, whether its events were
 * sent before, is origin.c's (origin.h).
 */

#include "hand.h"
#include "memory.h"
#include "origin.h"

/* No new batch is begun or sent any more; what is on the wire is settled. */
static inline bool relay_is_leaving(const struct relay *relay)
{
    return relay->stopping && !relay->draining;
}

/* The flight that a batch is in: what the edges answer about. */
static inline struct flight *relay_flight(struct batch *batch)
{
    return (struct flight *)(void *)((char *)batch - offsetof(struct flight, batch));
}

static inline uint64_t relay_now(const struct relay *relay)
{
    return relay->ports.steady_ms(relay->ports.ctx);
}

/* relay.c - the doors: calls from outside, each handed to the part that knows */
void relay_tell(struct relay *relay, const struct told *told);

/* tick.c - the route: when a cycle begins, what it looks at, when it is over */
void tick_go_on(struct relay *relay);
void tick_on_survey(struct relay *relay, const struct survey *survey);
bool tick_is_flush(const struct relay *relay);
void tick_begin(struct relay *relay, bool scheduled);
void tick_end(struct relay *relay);
void tick_end_now(struct relay *relay);
bool tick_may_send(const struct relay *relay);

/* agenda.c - the open batches that nobody has in hand, and which of them is next */
struct open_batch *agenda_find(struct relay *relay, const struct uuid *id);
struct open_batch *agenda_put(struct relay *relay, const struct manifest *manifest,
                              uint64_t due_ms);
bool agenda_do_chore(struct relay *relay);
bool agenda_send_next(struct relay *relay, bool also_aside);
bool agenda_has_room(const struct relay *relay);
uint64_t agenda_due_ms(const struct relay *relay);
bool agenda_has_doubt(const struct relay *relay);
uint64_t agenda_events(const struct relay *relay);
void agenda_hurry(struct relay *relay);
void agenda_on_accepted(struct relay *relay);

/* form.c - the batch in hand, from begin to seal */
void form_begin(struct relay *relay);
void form_fill_more(struct relay *relay);
void form_on_peek(struct relay *relay, const struct event *events, size_t count);
void form_on_buried(struct relay *relay);

/* flight.c - the batch in hand, from there to drained */
void flight_take_up(struct relay *relay, const struct manifest *manifest);
void flight_change(struct relay *relay, enum flow_event cause, enum act act);
void flight_ask(struct relay *relay, enum act act);
void flight_load(struct relay *relay);
void flight_on_done(struct relay *relay, enum act act);
void flight_on_load(struct relay *relay, const struct event *events, size_t count);
void flight_keep(struct relay *relay);
void flight_park(struct relay *relay, uint64_t delay_ms);
void flight_send(struct relay *relay);
void flight_end(struct relay *relay);
void flight_settle(struct relay *relay);

/* answer.c - what a POST came to, as the batch's next event */
void answer_take(struct relay *relay, struct flight *flight, const struct answer *answer);
bool answer_counts(const struct relay *relay);
void answer_apply(struct relay *relay);
void answer_on_moved(struct relay *relay);

/* breaker.c - the circuit: what bars the next POST, and what lets it through again */
void breaker_learn(struct relay *relay, const struct flight *flight);
void breaker_open(struct relay *relay, enum circuit_why why);
void breaker_probe(struct relay *relay);
void breaker_close(struct relay *relay);
void breaker_see_doubts(struct relay *relay, uint64_t doubts);
bool breaker_bars(const struct relay *relay, const struct manifest *manifest);

/* part.c - a batch that goes on as other batches */
bool part_may(const struct relay *relay);
void part_begin(struct relay *relay, enum flow_event cause);
void part_on_stored(struct relay *relay);
void part_on_carved(struct relay *relay);

/* doubt.c - a batch that may or may not have been taken */
uint64_t doubt_wait_ms(struct relay *relay, const struct manifest *manifest);
bool doubt_is_chore(const struct relay *relay, const struct manifest *manifest);
void doubt_hold(struct relay *relay, enum hold hold);
void doubt_resolve(struct relay *relay);
void doubt_read_page(struct relay *relay, struct flight *flight, const struct answer *answer);
bool doubt_has_page(const struct relay *relay);
void doubt_on_page(struct relay *relay);
void doubt_on_looked(struct relay *relay);

/* recover.c - what Redis says is open, after a start or a broken link */
void recover_on_list(struct relay *relay, const struct manifest *list, size_t count);
void recover_look_at(struct relay *relay, uint64_t at_ms);
void recover_after_trouble(struct relay *relay, enum act act);

#endif
