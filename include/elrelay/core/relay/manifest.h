#ifndef ELRELAY_CORE_RELAY_MANIFEST_H
#define ELRELAY_CORE_RELAY_MANIFEST_H

/*
 * manifest.h - what Redis says of a batch, as far as the conductor goes by it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/core/decide/flow.h"
#include "elrelay/core/decide/hold.h"
#include "elrelay/ground/uuid.h"

enum { BATCH_SHA256_TEXT = 64 };

struct manifest {
    struct uuid id;
    /* Of the body, lower case hex; "" before the first send. */
    char sha256[BATCH_SHA256_TEXT + 1];
    bool mine;       /* its owner token is this process's */
    bool owner_gone; /* its owner's heartbeat is gone, so that it may be adopted or abandoned */
    bool doubted;    /* it was in doubt once: never split on 413, bound to its endpoint */
    bool refused; /* its rows were refused without naming any; it, or what it was split from */
    bool proved;  /* since then the endpoint has accepted a batch: it is not the endpoint */
    bool absent;  /* it was sent again since the endpoint's list has shown it is not there */
    bool elsewhere; /* its last send went to another endpoint than ours of now */
    /* Its events were sent before under another id, or its own, as the ledger says and Redis
     * had forgotten: that is its name at the endpoint until it is known what became of it. "":
     * no. */
    struct uuid old;
    struct uuid past; /* it was, and that matters no more: not taken, or a person said so */
    bool old_whole;   /* these were exactly the bytes that were sent under the old id */
    enum flow_state state;
    enum hold hold;            /* state held: why; state unknown: ALREADY_THERE or none */
    uint32_t attempts;         /* POSTs begun */
    uint32_t depth;            /* splits above it */
    uint32_t looks;            /* that found nothing, since the last send */
    uint64_t old_count;        /* events that were sent under the old id */
    uint64_t ver;              /* adds one at each change; the door compares it */
    uint64_t count;            /* events sealed */
    uint64_t drained;          /* events already dequeued */
    uint64_t carved;           /* state split: events that have left it */
    uint64_t bytes;            /* of the body */
    uint64_t owner_gone_in_ms; /* its heartbeat is missing: it counts as gone then; 0: no */
    uint64_t first_unix_ms;    /* first send, Redis time; 0: none */
    uint64_t sent_ago_ms;      /* last send, when this was read */
    uint64_t looked_ago_ms;    /* last look, when this was read */
};

/* Its name at the endpoint. */
const struct uuid *manifest_wire_id(const struct manifest *manifest);

#endif
