#ifndef ELRELAY_CORE_RELAY_BATCH_H
#define ELRELAY_CORE_RELAY_BATCH_H

/*
 * batch.h - one batch in memory: a cache of its manifest in Redis, and its body while it is
 * needed.
 */

#include "elrelay/core/carry/encoder.h"
#include "elrelay/core/carry/event.h"
#include "elrelay/core/carry/tracker.h"
#include "elrelay/core/decide/verdict.h"
#include "elrelay/core/relay/manifest.h"
#include "elrelay/core/relay/recall.h"
#include "elrelay/ground/uuid.h"

/* An event that is set aside: where it stands, and what was wrong with it. */
struct letter {
    struct stream_id id;
    struct blame blame;
    size_t tracking; /* where its tracking id begins in letter_tracking */
};

/* What becomes of an event of a batch that is split. */
enum fate {
    FATE_FIRST = 'a',  /* goes on in the first new batch */
    FATE_SECOND = 'b', /* in the second one */
    FATE_DEAD = 'd',   /* to the dead letters */
    FATE_THERE = 's',  /* the endpoint has it already: settled as a duplicate */
};

struct batch {
    struct manifest manifest;
    struct stream_id *ids; /* the events, in the order of the stream = the order of the rows */
    size_t id_count;
    size_t id_cap;
    struct letter *letters; /* found invalid, not yet buried */
    size_t letter_count;
    size_t letter_cap;
    struct buf letter_tracking; /* the letters' tracking ids, one behind the other */
    struct tracker tracker;
    struct encoder encoder;
    struct receipt receipt;
    const struct remarks *remarks; /* ACT_ACCEPT, _SPLIT, _MOVE: what the answer says that they
                                      follow from; borrowed. NULL: they follow from none */
    enum flow_event
        cause;         /* why it moves, for ACT_MOVE; the new state follows from flow_step */
    enum hold hold;    /* ACT_MOVE to held: why */
    bool move_absent;  /* ACT_MOVE to sealed: it was shown that it is not there */
    bool move_refused; /* ACT_MOVE to sealed: note that its rows were refused, and when */
    char outcome[OUTCOME_TEXT_MAX]; /* ACT_MOVE: what the POST came to; "": none was answered */
    struct buf fates;               /* ACT_SPLIT: one enum fate per event, in their order */
    struct uuid children[2];        /* ACT_SPLIT: ids for the new batches */
    enum flow_event split_by;   /* ACT_SPLIT: its cause, for the reason of its dead letters */
    struct stream_id last_read; /* kept by the queue: where its reading stands */
    bool reads_on;              /* kept by the queue: it has come to what was never read */
    size_t want;                /* ACT_PEEK: at most so many events ... */
    size_t want_next;   /* ... and so many with the next one, if all of these are taken */
    uint64_t lease;     /* kept by the queue: gaps in our heartbeats when it was sent */
    struct mark *marks; /* where there is a ledger: of its events, as their ids */
    size_t mark_count;
    size_t mark_cap;
    struct recall recall; /* ACT_MOVE because it reappeared: what the ledger says */
    bool recalled;        /* ACT_ACCEPT: the ledger says that it was taken */
};

void batch_init(struct batch *batch, const struct format_conf *format, size_t max_bytes);

/* Empties it for another batch and keeps memory worth keeping. */
void batch_clear(struct batch *batch);
void batch_free(struct batch *batch);

void batch_add_id(struct batch *batch, struct stream_id id);
void batch_add_mark(struct batch *batch, const struct mark *mark);

/* What the ledger says of `recall` is exactly this batch's body. */
bool batch_is_recalled_whole(const struct batch *batch);

/* The event is looked at for its tracking id; where it has no bytes it is empty. */
void batch_add_letter(struct batch *batch, const struct event *event, struct blame blame);
void batch_clear_letters(struct batch *batch);

/* Empty where it has none, or none that can be read. */
struct slice batch_letter_tracking(const struct batch *batch, size_t letter);

#endif
