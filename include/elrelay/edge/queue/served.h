#ifndef ELRELAY_EDGE_QUEUE_SERVED_H
#define ELRELAY_EDGE_QUEUE_SERVED_H

/*
 * served.h - as how many shards a route was ever served, so that none is forgotten when they
 * become fewer: fields `shards:N` of its first shard's `state`, one for each N, which daemons
 * with different configurations cannot take from each other.
 */

#include <hiredis/hiredis.h>

#include "elrelay/core/told/shard.h"
#include "elrelay/edge/queue/keys.h"

enum { SERVED_FIELD_MAX = 16 };

/* The arguments of a command. */
struct served {
    struct slice args[2 + SHARDS_MAX];
    char fields[SHARDS_MAX][SERVED_FIELD_MAX];
    size_t count;
};

/* keys are those of the first shard, and borrowed. count is 0 where there is nothing to note or
 * to ask for. */
void served_note(struct served *served, const struct keys *keys, size_t shards);
void served_ask_for_more(struct served *served, const struct keys *keys, size_t shards);

/* What the latter's reply says: the most that there ever were, at least `shards`. */
size_t served_most(const redisReply *reply, size_t shards);

#endif
