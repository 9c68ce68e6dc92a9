#ifndef ELRELAY_EDGE_QUEUE_RIGHTS_H
#define ELRELAY_EDGE_QUEUE_RIGHTS_H

/*
 * rights.h - every Redis command that is used on a route, with a key it is used on.
 *
 * The script `rights` asks Redis whether the user of the connection may use each of them, and
 * executes none. A script has no rollback: one that lacks a right half way leaves half a
 * change, so a queue is not started without all of them.
 */

#include "elrelay/core/decide/durability.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/buf.h"

enum right_need {
    RIGHT_NEEDED,
    RIGHT_USEFUL, /* work goes on without it */
    RIGHT_IDLE,   /* belongs to a durability that is not in force */
};

struct right {
    const char *command; /* @ stands for the key */
    enum key key;
};

extern const struct right right_table[];
extern const size_t right_count;

enum right_need right_need(const struct right *right, enum durability_kind in_force);

/* The key that the right is asked for; of a family, an example. NULL: the route has none, so
 * that it is not needed. Valid until the next call with this buf. */
const char *right_key(const struct right *right, const struct keys *keys, struct buf *buf);

/* "XADD on elrelay:{covid}:dead" */
void right_describe(const struct right *right, const struct keys *keys, struct buf *text);

#endif
