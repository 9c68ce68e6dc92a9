#ifndef ELRELAY_CORE_RELAY_HAND_H
#define ELRELAY_CORE_RELAY_HAND_H

/*
 * hand.h - the batches on their way, which of them is in hand next, and how many there may be.
 */

#include "memory.h"

/* The one with this id; NULL: it is not on its way. */
struct flight *hand_flight_of(struct relay *relay, const struct uuid *id);

/* On the wire. */
size_t hand_count_posting(const struct relay *relay);

/* Whether one more may be sent; and whether one more may form that has to wait for that. */
bool hand_may_send(const struct relay *relay);
bool hand_may_make_ready(const struct relay *relay);

/* The queue owes an answer about any of them; or about one beside which nothing is begun. */
bool hand_is_asked(const struct relay *relay);
bool hand_is_full(const struct relay *relay);

/* Any is on the wire, or something is asked or must be done about it: the cycle is not over. */
bool hand_is_busy(const struct relay *relay);

/* One has landed or was left by the link, and was not accepted: it comes first. The same until
 * what follows from its answer is stored. */
bool hand_has_unsettled(const struct relay *relay);
bool hand_has_refusal(const struct relay *relay);

/* Takes one of that stage in hand; false: there is none. */
bool hand_take(struct relay *relay, enum flight_stage stage);

/* Takes the next one in hand; false: nothing can be asked for now. */
bool hand_choose(struct relay *relay);

/* What Redis says of them; one that it does not list is open no more. */
void hand_on_list(struct relay *relay, const struct manifest *list, size_t count);

#endif
