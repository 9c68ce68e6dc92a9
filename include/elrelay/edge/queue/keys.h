#ifndef ELRELAY_EDGE_QUEUE_KEYS_H
#define ELRELAY_EDGE_QUEUE_KEYS_H

/*
 * keys.h - the keys of a route in Redis, each once: name, type, what it is for.
 *
 * All begin with elrelay:{ROUTE}: and so lie in one slot, but for a stream, an inbox or a
 * stream of exceptions that the configuration names. In a cluster these too must lie there, and
 * where they are named, their hash tag (or the whole name, where it has none) stands in place
 * of ROUTE.
 */

#include <stdbool.h>

#include "elrelay/core/told/conf.h"
#include "elrelay/ground/slice.h"

/* name, word behind the prefix, type, what it is for. One whose word ends with a colon is a
 * family: the name of an item follows. */
#define KEY_LIST(ROW)                                                                          \
    ROW(STREAM, "events", "stream", "the queue; producers XADD the field `event`")             \
    ROW(INBOX, "inbox", "list", "optional intake for RPUSH and LPUSH producers")               \
    ROW(BATCH, "batch:", "hash", "manifest of a batch, by its id")                             \
    ROW(OPEN, "open", "zset", "batches not yet drained, by the time of the seal; 0: forming")  \
    ROW(DOUBT, "doubt", "zset", "batches with an unresolved doubt, by its begin")              \
    ROW(HELD, "held", "zset", "batches that wait for a person, by its begin")                  \
    ROW(DONE, "done", "zset", "finished batches, by their end")                                \
    ROW(DEAD, "dead", "stream", "dead letters")                                                \
    ROW(EXCEPTIONS, "exceptions", "stream", "what the endpoint said of single events")         \
    ROW(NOTIFICATIONS, "notifications", "stream", "an entry for each change that has a name")  \
    ROW(CONTROL, "control", "stream", "what operators ask of live daemons, and answers")       \
    ROW(AUDIT, "audit", "stream", "what persons did, with reasons")                            \
    ROW(INSTANCES, "instances", "hash", "living instances: name and token")                    \
    ROW(HEARTBEAT, "hb:", "string", "heartbeat of an instance, by its name: its token")        \
    ROW(STATE, "state", "hash",                                                                \
        "`paused`, while it is; `accepted`: last time; `limit` learned; `circuit:NAME`, "      \
        "`durability:NAME` and `ledger:NAME` of an instance; `run_id` of the server that "     \
        "was worked on; `repairing`: how far; `shards:N`: it was once served so")              \
    ROW(STATS, "stats", "hash",                                                                \
        "`removed`: entries we took off the stream; `duplicates` of them were there already; " \
        "`baseline`: missing there before")                                                    \
    ROW(FORMAT, "format:", "string", "text of a format a batch was sealed under, by SHA-1")

#define KEY_ENUM(name, word, type, sentence) KEY_##name,
enum key { KEY_LIST(KEY_ENUM) KEY_COUNT };
#undef KEY_ENUM

struct key_row {
    const char *word;
    const char *type; /* as the command TYPE says it */
    const char *sentence;
};

extern const struct key_row key_table[KEY_COUNT];

/* A dead letter has the fields of its entry first, byte for byte, then so many of ours: entry,
 * reason, offset, column, batch, stage, attempts, at, replays. Where the entry had more fields
 * than a script can hand over they are one, `packed`, as MessagePack. */
enum { DEAD_OWN_FIELDS = 9 };

struct keys {
    char *prefix;
    char *nothing;
    char *names[KEY_COUNT]; /* INBOX: NULL where the route has none; a family: its beginning */
};

void keys_init(struct keys *keys, const struct route_conf *route);

/* The same, from the parts of a route. */
void keys_init_parts(struct keys *keys, const char *route, const struct queue_conf *queue);
void keys_free(struct keys *keys);

/* elrelay:{ROUTE}: */
const char *keys_prefix(const struct keys *keys);

/* A key in the slot of all others that is never there: elrelay:{ROUTE}:nothing (link_serve). */
const char *keys_nothing(const struct keys *keys);

/* NULL for the inbox of a route that has none. */
const char *keys_name(const struct keys *keys, enum key key);

#endif
