#ifndef ELRELAY_CORE_RELAY_RECALL_H
#define ELRELAY_CORE_RELAY_RECALL_H

/*
 * recall.h - what a local ledger remembers of a batch, beside Redis.
 *
 * Where a Redis has come back older than it was, events reappear that were sent before, and it
 * does not know. A ledger knows them by a keyed digest of their bytes, and the batch they were
 * sent under.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/core/decide/flow.h"
#include "elrelay/ground/slice.h"
#include "elrelay/ground/uuid.h"

struct batch;

enum { MARK_BYTES = 16, RECALL_BODY_TEXT = 16 };

/* Stands for the bytes of an event; tells nothing of them without the key. */
struct mark {
    uint8_t bytes[MARK_BYTES];
};

enum recall_state {
    RECALL_NONE,
    RECALL_SENDING,   /* may or may not have been taken */
    RECALL_NOT_TAKEN, /* surely not taken: no attempt until now */
    RECALL_ACCEPTED,  /* taken; final */
    RECALL_RELEASED,  /* its events have gone other ways: split, terminated */
    RECALL_STATE_COUNT,
};

struct recall {
    struct uuid id;
    enum recall_state state;
    uint32_t attempt;                /* sent last */
    uint64_t count;                  /* events */
    uint64_t first_unix_ms;          /* sent first, our time */
    uint64_t last_unix_ms;           /* sent last */
    char body[RECALL_BODY_TEXT + 1]; /* the body's sha256 begins so */
    bool elsewhere;                  /* it went to another endpoint than ours of now */
};

/* Redis, which has the batch in this state after so many attempts, knows less than the ledger;
 * one that it does not have at all has had none. */
bool recall_is_forgotten(const struct recall *sent, enum flow_state state, uint32_t attempts);

/* A ledger as the conductor knocks on it, with the ctx of relay_ports; it answers at once. */
struct ledger_ports {
    /* What stands for an event's bytes. */
    void (*mark)(void *ctx, struct slice event, struct mark *mark);
    /* The batch that it was sent in and that Redis does not know any more; false: none. */
    bool (*origin)(void *ctx, const struct mark *mark, struct uuid *old);
    /* What is known of a batch; false: nothing. */
    bool (*recall)(void *ctx, const struct uuid *id, struct recall *recall);
    /* That a batch goes on the wire is on the disk; false: it could not be written. */
    bool (*sending)(void *ctx, const struct batch *batch);
    /* What became of the batch that has this name at the endpoint. */
    void (*note)(void *ctx, const struct uuid *id, enum recall_state state);
};

#endif
