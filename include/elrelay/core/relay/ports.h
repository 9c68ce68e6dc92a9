#ifndef ELRELAY_CORE_RELAY_PORTS_H
#define ELRELAY_CORE_RELAY_PORTS_H

/*
 * ports.h - the doors that the conductor knocks on.
 *
 * The conductor asks for one act at a time per batch (or for the route, batch NULL) and gets
 * exactly one answer through relay_on_*; never from inside the call that asks. When the link to
 * Redis goes down no answer comes any more: relay_on_down does, and everything is read anew
 * after relay_on_up. So a lost reply needs no case of its own, and nothing is ever repeated
 * blindly.
 */

#include "elrelay/core/relay/batch.h"

/* name, word, what is asked */
#define ACT_LIST(ROW)                                                                          \
    ROW(SURVEY, "survey", "paused? how many events wait, and since when?")                     \
    ROW(LIST, "list", "which batches are open?")                                               \
    ROW(INTAKE, "intake", "move a part of the inbox into the stream")                          \
    ROW(BEGIN, "begin", "store the manifest, forming")                                         \
    ROW(PEEK, "peek", "lease and read the next events under the batch")                        \
    ROW(BURY, "bury", "set the batch's letters aside as dead letters")                         \
    ROW(SEAL, "seal", "fix the composition: the batch's ids, in order")                        \
    ROW(LOAD, "load", "read the sealed batch's events once more, all of them")                 \
    ROW(SEND, "send", "store `sending`, pass the barrier, see the mark again")                 \
    ROW(MOVE, "move",                                                                          \
        "change the state by the batch's cause; terminated: give its events back")             \
    ROW(ACCEPT, "accept", "store the receipt: the commit point")                               \
    ROW(DRAIN, "drain", "dequeue the next chunk of an accepted batch")                         \
    ROW(LOOKED, "looked", "store that a look at the endpoint found nothing")                   \
    ROW(SPLIT, "split", "store the plan of a split by the batch's fates: the commit point")    \
    ROW(CARVE, "carve", "carry the next chunk of that plan out")                               \
    ROW(ADOPT, "adopt", "take over a batch whose owner is gone")                               \
    ROW(ABANDON, "abandon", "give a forming batch's events back")

#define ACT_ENUM(name, word, sentence) ACT_##name,
enum act { ACT_LIST(ACT_ENUM) ACT_COUNT };
#undef ACT_ENUM

enum port_result {
    PORT_DONE, /* it is so now, and batch->manifest says what Redis says (state, ver, attempts,
                  drained) */
    PORT_REFUSED, /* a door was closed: the manifest has moved on; nothing was changed */
    PORT_FAILED,  /* Redis refused it: right, type, memory; nothing was changed; the fault was
                     logged */
};

struct survey {
    bool paused;
    uint64_t doubts;      /* batches with an unresolved doubt, of all instances */
    uint64_t limit_bytes; /* learned: bodies of our endpoint must be smaller; 0: none known */
    uint64_t waiting;     /* events that could be read now: unread and given back */
    uint64_t oldest_unix_ms; /* of the oldest waiting event; 0: none */
    uint64_t now_unix_ms;    /* Redis time */
    uint64_t inbox;          /* elements in the inbox */
};

/* What is told outward, for logs, status and metrics: name, word. */
#define TOLD_LIST(ROW)                                                                         \
    ROW(SEALED, "batch_sealed")                                                                \
    ROW(ANSWERED, "batch_answered")                                                            \
    ROW(ACCEPTED, "batch_accepted")     /* the receipt is stored */                            \
    ROW(UNREPORTED, "batch_unreported") /* settled; nothing was sent: profile none */          \
    ROW(DONE, "batch_done")             /* no event of it is on the queue any more */          \
    ROW(WAITING, "batch_waiting")       /* kept, to be sent again after delay_ms */            \
    ROW(HELD, "batch_held")                                                                    \
    ROW(LOOKED, "batch_looked_up")      /* word: what the endpoint's list said */              \
    ROW(REAPPEARED, "batch_reappeared") /* word: the id it was sent with before */             \
    ROW(SPLIT, "batch_split")           /* goes on as other batches */                         \
    ROW(COUNT_DIFFERS, "count_differs") /* accepted, with another number of items: alarm */    \
    ROW(CIRCUIT, "circuit")             /* word: its state; why */                             \
    ROW(ADOPTED, "batch_adopted")       /* taken over from an owner who is gone */             \
    ROW(ABANDONED, "batch_abandoned")   /* never sent, its events are free again */            \
    ROW(DEAD, "events_dead")            /* count events were set aside */                      \
    ROW(VANISHED, "batch_vanished")     /* answered, and Redis does not know it any more */    \
    ROW(TICK_DONE, "cycle_done")                                                               \
    ROW(STUCK, "act_refused") /* Redis refused an act */

#define TOLD_ENUM(name, word) TOLD_##name,
enum told_kind { TOLD_LIST(TOLD_ENUM) TOLD_KIND_COUNT };
#undef TOLD_ENUM

struct told {
    enum told_kind kind;
    const struct batch *batch;     /* NULL where it is about the route */
    const struct answer *answer;   /* ANSWERED */
    const struct verdict *verdict; /* ANSWERED */
    uint64_t delay_ms;             /* WAITING, STUCK: until the next try */
    uint64_t count;                /* events */
    uint64_t dead;                 /* SPLIT: of them to the dead letters */
    uint64_t there;                /* SPLIT: of them settled as duplicates */
    enum act act;                  /* STUCK */
    const char *word;              /* LOOKED, HELD (hold.h), CIRCUIT */
    const char *why;               /* CIRCUIT */
};

struct relay_ports {
    void *ctx;
    /* Asks the queue; answered by relay_on_done, _survey, _list, _events. */
    void (*ask)(void *ctx, enum act act, struct batch *batch);
    /* POSTs the batch's finished body under its wire id; answered by relay_on_answer. */
    void (*post)(void *ctx, struct batch *batch, struct slice body);
    /* GETs a page of the endpoint's list for the batch; answered by relay_on_page. The URL is
     * copied. */
    void (*get)(void *ctx, struct batch *batch, const char *url);
    void (*make_id)(void *ctx, struct uuid *id);
    void (*sha256)(void *ctx, struct slice bytes, char hex[BATCH_SHA256_TEXT + 1]);
    uint32_t (*random)(void *ctx);
    uint64_t (*steady_ms)(void *ctx);
    /* One timer for the route: relay_on_timer after delay_ms; replaces the one before. */
    void (*arm)(void *ctx, uint64_t delay_ms);
    void (*tell)(void *ctx, const struct told *told);
    const struct ledger_ports *ledger; /* NULL: none */
};

const char *act_word(enum act act);
const char *told_word(enum told_kind kind);

#endif
