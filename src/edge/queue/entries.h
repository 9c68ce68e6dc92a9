#ifndef EDGE_QUEUE_ENTRIES_H
#define EDGE_QUEUE_ENTRIES_H

/*
 * entries.h - entries of the stream as events, and how many of them to ask for at once.
 *
 * A reply is converted in one turn of the loop, so it should bring no more than
 * ENTRIES_REPLY_BYTES of events. Nobody tells the size of an event before it is read, so the
 * count follows from the average of late: larger events count at once, smaller ones slowly.
 * Where large ones come all of a sudden, PEEK_COUNT_MAX bounds what one reply takes of our
 * memory and of Redis's time (40 events of 1 MB beside a body of 48 MB), and what is behind the
 * first ENTRIES_REPLY_BYTES is left, to be read again. While nothing is known ENTRIES_FIRST are
 * read.
 */

#include "ask.h"

enum {
    ENTRIES_REPLY_BYTES = 2 * 1024 * 1024,
    ENTRIES_FIRST = 16,
    ENTRIES_TEXTS_MAX = 64 * 1024 * 1024,
};

/* At most want. */
size_t entries_count(const struct queue *queue, size_t want);

/* XREADGROUP under the batch, of at most ask->asked: what is pending there behind an id, or
 * what is new with ">". */
void entries_read(struct ask *ask, const char *after, link_reply_fn on_reply);

/* The entries in the reply to that; NULL where there are none. */
const redisReply *entries_of(const redisReply *reply);

/* Before the first `count` entries of a reply are taken. */
void entries_begin(struct queue *queue, const redisReply *entries, size_t count);

/* Bytes are borrowed from the entry, or from the queue until the next reply is begun. False
 * where it has no id. */
bool entries_take(struct queue *queue, const redisReply *entry, struct event *event);

/* How many entries of a reply are taken: all, or those until its bytes are enough. */
size_t entries_enough(const redisReply *entries);

/* What was taken; cut: and something was left. */
void entries_learn_size(struct queue *queue, const struct event *events, size_t count,
                        bool cut);

#endif
