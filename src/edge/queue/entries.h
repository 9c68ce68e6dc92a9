#ifndef EDGE_QUEUE_ENTRIES_H
#define EDGE_QUEUE_ENTRIES_H

/*
 * entries.h - entries of the stream as events, and how many of them to ask for at once.
 *
 * A reply should bring no more than ENTRIES_REPLY_BYTES of events. Nobody tells the size of an
 * event before it is read, so the count follows from the average of late: larger events count
 * at once, smaller ones slowly. While nothing is known ENTRIES_FIRST are read: 16 events of 512
 * KB still fit, and with small ones that costs one short read in the life of a process.
 */

#include "ask.h"

enum { ENTRIES_REPLY_BYTES = 8 * 1024 * 1024, ENTRIES_FIRST = 16 };

/* At most want. */
size_t entries_count(const struct queue *queue, size_t want);

/* XREADGROUP under the batch, of at most ask->asked: what is pending there behind an id, or
 * with
 * ">" what is new. */
void entries_read(struct ask *ask, const char *after, link_reply_fn on_reply);

/* The entries in the reply to that; NULL where there are none. */
const redisReply *entries_of(const redisReply *reply);

/* Bytes are borrowed from the entry. False where it has no id. */
bool entries_take(const redisReply *entry, struct event *event);

void entries_learn_size(struct queue *queue, const struct event *events, size_t count);

#endif
