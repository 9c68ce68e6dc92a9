#ifndef CORE_RELAY_ORIGIN_H
#define CORE_RELAY_ORIGIN_H

/*
 * origin.h - what the other parts ask of a local ledger, and tell it (origin.c). Without one
 * nearly all of it is nothing.
 */

#include "memory.h"

/* The event is the one at hand, which the next two are about. */
void origin_mark(struct relay *relay, const struct event *event);

/* Whether it may go into the forming batch: all of that was sent in one batch before, or
 * nothing was. */
bool origin_takes(struct relay *relay);

/* It is one of the batch's. */
void origin_keep(struct relay *relay);

/* Whether the batch in hand must not be sent as it is; then something else was asked for. */
bool origin_stops(struct relay *relay);

/* Whether the ledger has it that the batch in hand goes on the wire. */
bool origin_may_post(struct relay *relay);

/* What became of a batch; what a POST came to. */
void origin_note(struct relay *relay, const struct manifest *manifest, enum recall_state state);
void origin_note_verdict(struct relay *relay, const struct flight *flight);

/* What the ledger says of it, under its name at the endpoint; false: nothing. */
bool origin_recall(const struct relay *relay, const struct manifest *manifest,
                   struct recall *recall);

/* It was sent again, under its own id, after what Redis knows of. */
bool origin_was_sent_since(const struct manifest *manifest, const struct recall *recall);

/* There is no ledger, and Redis came back older: to a time before the POST of the batch in
 * hand, which has landed and may have been taken. Then it is in doubt, as that says. */
bool origin_is_behind(const struct relay *relay);
void origin_reappear_as_posted(struct relay *relay);

/* The batch in hand is in doubt, as what the ledger says; and what Redis stored of that. */
void origin_reappear(struct relay *relay, const struct recall *recall);
void origin_on_moved(struct relay *relay);

#endif
