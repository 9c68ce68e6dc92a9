#ifndef ELRELAY_CORE_RELAY_BATCH_H
#define ELRELAY_CORE_RELAY_BATCH_H

/*
 * batch.h - one batch in memory: a cache of its manifest in Redis, and its body while it is
 * needed.
 */

#include "elrelay/core/carry/encoder.h"
#include "elrelay/core/carry/event.h"
#include "elrelay/core/decide/flow.h"
#include "elrelay/core/decide/verdict.h"
#include "elrelay/ground/uuid.h"

enum { BATCH_SHA256_TEXT = 64 };

/* An event that is set aside: where it stands, and what was wrong with it. */
struct letter {
    struct stream_id id;
    struct blame blame;
};

/* What a manifest in Redis says. */
struct manifest {
    struct uuid id;
    /* Of the body, lower case hex; "" before the first send. */
    char sha256[BATCH_SHA256_TEXT + 1];
    bool mine;       /* its owner token is this process's */
    bool owner_gone; /* its owner's heartbeat is gone, so that it may be adopted or abandoned */
    enum flow_state state;
    uint32_t attempts;         /* POSTs begun */
    uint64_t ver;              /* adds one at each change; the door compares it */
    uint64_t count;            /* events sealed */
    uint64_t drained;          /* events already dequeued */
    uint64_t bytes;            /* of the body */
    uint64_t owner_gone_in_ms; /* its heartbeat is missing: it counts as gone then; 0: no */
};

struct batch {
    struct manifest manifest;
    struct stream_id *ids; /* the events, in the order of the stream = the order of the rows */
    size_t id_count;
    size_t id_cap;
    struct letter *letters; /* found invalid, not yet buried */
    size_t letter_count;
    size_t letter_cap;
    struct encoder encoder;
    struct receipt receipt;
    enum flow_event
        cause; /* why it moves, for ACT_MOVE; the new state follows from flow_step */
    struct stream_id last_read; /* kept by the queue: where its reading stands */
    size_t want;                /* ACT_PEEK: at most so many events */
};

void batch_init(struct batch *batch, const struct format_conf *format, size_t max_bytes);

/* Empties it for another batch and keeps memory worth keeping. */
void batch_clear(struct batch *batch);
void batch_free(struct batch *batch);

void batch_add_id(struct batch *batch, struct stream_id id);
void batch_add_letter(struct batch *batch, struct stream_id id, struct blame blame);

#endif
