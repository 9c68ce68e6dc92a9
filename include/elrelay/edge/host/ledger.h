#ifndef ELRELAY_EDGE_HOST_LEDGER_H
#define ELRELAY_EDGE_HOST_LEDGER_H

/*
 * ledger.h - what was sent, in a file of this machine, for the day on which Redis comes back
 * older than it was.
 *
 * The file is only added to; a batch is in it, on the disk, before its first byte leaves. It
 * holds no byte of an event: events are keyed digests, and the key is a file beside it. It
 * decides nothing, and a ledger that is foreign, or NULL, knows nothing and says yes.
 */

#include "elrelay/core/relay/recall.h"
#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"

/* No longer than receipts are kept; Redis is held to less, so that an expired receipt is no
 * loss. */
#define LEDGER_KEEP_MS    ((uint64_t)30 * 24 * 3600 * 1000)
#define LEDGER_COMPARE_MS ((uint64_t)29 * 24 * 3600 * 1000)

/* name, word in Redis and logs, what it tells a person */
#define LEDGER_LIST(ROW)                                                                       \
    ROW(NONE, "none", "no ledger")                                                             \
    ROW(GOOD, "good", "good")                                                                  \
    ROW(NEW, "new", "not there yet: the daemon makes it, and there is no history")             \
    ROW(DAMAGED, "damaged",                                                                    \
        "damaged: records that do not check are passed over; what they said is forgotten")     \
    ROW(FOREIGN, "foreign",                                                                    \
        "foreign: not written with this key; it is left alone, and there is no ledger")        \
    ROW(FULL, "full", "it cannot be written; until it can, nothing is sent")

#define LEDGER_ENUM(name, word, sentence) LEDGER_##name,
enum ledger_state { LEDGER_LIST(LEDGER_ENUM) LEDGER_STATE_COUNT };
#undef LEDGER_ENUM

struct ledger;

/*
 * Opens PATH and PATH.key, or makes them (0600). A torn tail is cut, records that do not check
 * are passed over, what is too old is dropped; the log says so. A file of somebody else's is
 * left as it is. NULL with a fault where it cannot be used at all: not ours alone, no such
 * folder (FAULT_CONF), or locked by another process, no room (FAULT_GENERAL: may heal).
 */
struct ledger *ledger_open(const char *path, uint64_t now_unix_ms, struct fault *fault);

/* Looks at it without changing or locking anything: what it is, and how many batches it knows.
 * False with a fault as above. */
bool ledger_look(const char *path, enum ledger_state *state, size_t *batches,
                 struct fault *fault);
void ledger_close(struct ledger *ledger);

/* NONE for NULL; FULL: the last write failed. */
enum ledger_state ledger_state(const struct ledger *ledger);
const char *ledger_word(enum ledger_state state);

/* Of a word, "" where it is none. */
const char *ledger_sentence(struct slice word);

/* Stands for a text of ours: a route, an endpoint. */
uint64_t ledger_tag(const struct ledger *ledger, const char *text);
void ledger_mark(const struct ledger *ledger, struct slice bytes, struct mark *mark);

struct ledger_send {
    const struct uuid *id;
    uint32_t attempt;
    const char *sha256; /* of the body */
    const struct mark *marks;
    size_t count;
    uint64_t route; /* tags */
    uint64_t endpoint;
    uint64_t now_unix_ms;
};

/* True once it is on the disk. False where it could not be written: nothing is known of it
 * then, and the log says why. */
bool ledger_sending(struct ledger *ledger, const struct ledger_send *send);

/* What became of a batch that was sent. On the disk where it was accepted; else it may get
 * lost, which is no harm. A batch that the ledger does not know is passed over. */
void ledger_note(struct ledger *ledger, const struct uuid *id, enum recall_state state,
                 uint64_t now_unix_ms);

/* False where it does not know the batch. */
bool ledger_recall(const struct ledger *ledger, const struct uuid *id, uint64_t endpoint,
                   struct recall *recall);

/* Batches of the route that may have been taken, those too old to compare left out; the caller
 * frees the list, NULL where there is none. */
struct recall *ledger_list(const struct ledger *ledger, uint64_t route, uint64_t now_unix_ms,
                           size_t *count);

/* The events of some batches, by their marks. */
struct ledger_index;
struct ledger_index *ledger_index_new(const struct ledger *ledger, const struct uuid *ids,
                                      size_t count);
void ledger_index_free(struct ledger_index *index);
size_t ledger_index_count(const struct ledger_index *index);

/* Of the batches an event was sent under, the one sent last, where that may have been taken;
 * what was noted since counts. False: of none. NULL: no index. */
bool ledger_index_find(const struct ledger_index *index, const struct mark *mark,
                       struct uuid *id);

#endif
