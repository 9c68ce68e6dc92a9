#ifndef ELRELAY_CLI_ACKS_H
#define ELRELAY_CLI_ACKS_H

/*
 * acks.h - acknowledgments of a route, from what Redis keeps anyway: exceptions, dead letters,
 * receipts. Tracking ids stand in the first two; a receipt has only marks of them (receipt.h).
 */

#include "cli/ack.h"
#include "cli/cli_table.h"
#include "cli/session.h"
#include "elrelay/core/told/conf.h"

struct acks_refused; /* marks of events that the endpoint refused */

struct acks {
    struct session *session;
    const struct route_conf *route;
    const struct keys *keys;
    uint64_t from_ms;
    enum ack_code only; /* ACK_NONE: any */
    bool as_hl7;
    struct acks_refused *refused;
    uint64_t nameless; /* left out of HL7: no tracking id, or a whole batch */
    uint64_t untold;   /* left out of HL7: there is no code yet */
    uint64_t unknown;  /* of ids that were given: nothing is known */
};

/* Says it, where it is one of the wanted. */
void acks_tell(struct acks *acks, const struct ack *ack);

/* The key that senders of the route write to. */
const char *acks_queue(const struct acks *acks);

/* acks_refused.c: which events the endpoint refused, whatever became of their letters. */
bool acks_note_refused(struct acks *acks, struct fault *fault);
bool acks_take_refused(struct acks *acks, struct slice id); /* true: it is one; told from now */
bool acks_has_told_refused(const struct acks *acks, struct slice id);
void acks_forget_refused(struct acks *acks);

/* acks_letters.c */
bool acks_read_letters(struct acks *acks, struct fault *fault);

/* acks_exceptions.c: one acknowledgment for each event of an answer; or only for one id, whose
 * errors are given to on_errors together. */
bool acks_read_exceptions(struct acks *acks, struct fault *fault);

struct acks_wish {
    struct slice id;
    void (*on_errors)(void *ctx, const struct ack_error *errors, size_t count);
    void *ctx;
};

bool acks_find_exceptions(struct acks *acks, const struct acks_wish *wish, struct fault *fault);

/* acks_batches.c: batches that are open, or finished since then; and what is known of all
 * others, a line a batch. */
typedef bool (*acks_batch_fn)(struct acks *acks, const struct uuid *id, struct fault *fault);
bool acks_each_batch(struct acks *acks, acks_batch_fn on_batch, struct fault *fault);
bool acks_read_batches(struct acks *acks, struct fault *fault);

/* acks_given.c: of one event, by its tracking id. */
bool acks_read_given(struct acks *acks, struct slice id, struct fault *fault);

#endif
