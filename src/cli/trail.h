#ifndef ELRELAY_CLI_TRAIL_H
#define ELRELAY_CLI_TRAIL_H

/*
 * trail.h - the life of one event in one route, from Redis alone: the batches it was in, the
 * times it was set aside, and where it waits.
 *
 * An event that is still in Redis is known by its own bytes, as the encoder reads them; one
 * that has left by its mark in the receipts (receipt.h). A snapshot: what a daemon moves while
 * it is read may be seen in both places, or as it was.
 */

#include "cli/batches.h"
#include "cli/post.h"
#include "cli/session.h"
#include "elrelay/core/carry/event.h"
#include "elrelay/core/carry/reason.h"

/* name, word in JSON, what it means; of one time in this order */
#define TRAIL_LIST(ROW)                                                                        \
    ROW(BATCH, "batch", "in a batch")                                                          \
    ROW(DEAD, "dead", "set aside")                                                             \
    ROW(REPLAYED, "replayed", "put back on the queue")                                         \
    ROW(DROPPED, "dropped", "thrown away")                                                     \
    ROW(QUEUED, "queued", "on the queue")                                                      \
    ROW(INBOX, "inbox", "in the inbox")

#define TRAIL_ENUM(name, word, text) TRAIL_##name,
enum trail_kind { TRAIL_LIST(TRAIL_ENUM) TRAIL_KIND_COUNT };
#undef TRAIL_ENUM

struct trail_step {
    enum trail_kind kind;
    uint64_t at_ms;              /* 0: not known */
    char id[STREAM_ID_TEXT_MAX]; /* QUEUED: the entry; DEAD and behind: the dead letter */
    struct uuid batch;           /* BATCH, DEAD; QUEUED: that it is leased to. "": none */
    uint64_t row;                /* BATCH: from 1 */
    enum fate fate;       /* BATCH: what became of it where that is split; 0: it is not */
    enum reason reason;   /* DEAD */
    bool there;           /* DEAD: the letter is still there */
    uint64_t replays;     /* QUEUED: so often */
    bool given_back;      /* QUEUED: it was read before */
    char by[POST_BY_MAX]; /* REPLAYED, DROPPED */
};

struct trail {
    const struct route_conf *route;
    struct slice id; /* the tracking id: never into messages */
    struct trail_step *steps;
    size_t count;
    size_t cap;
    uint64_t blind; /* batches that may have had it: their receipts hold no marks */
};

/* Everything that is known, the oldest first. */
bool trail_read(struct trail *trail, struct session *session, const struct keys *keys,
                struct fault *fault);
void trail_free(struct trail *trail);

/* For the parts of the search: another step. */
struct trail_step *trail_add(struct trail *trail, enum trail_kind kind, uint64_t at_ms);

/* trail_seek.c: by the events' own bytes; trail_receipts.c: by marks, then what persons did
 * with letters that are there no more. */
bool trail_seek(struct trail *trail, struct session *session, const struct keys *keys,
                struct fault *fault);
bool trail_read_receipts(struct trail *trail, struct session *session, const struct keys *keys,
                         struct fault *fault);

/* trail_say.c: for a person; and as members of a JSON object. */
bool trail_say(const struct trail *trail, struct session *session, const struct keys *keys,
               struct fault *fault);
bool trail_json(const struct trail *trail, struct json_out *out, struct session *session,
                const struct keys *keys, struct fault *fault);

#endif
