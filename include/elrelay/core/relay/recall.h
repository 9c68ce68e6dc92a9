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

#include "elrelay/ground/uuid.h"

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

#endif
