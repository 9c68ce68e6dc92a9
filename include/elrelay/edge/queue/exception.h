#ifndef ELRELAY_EDGE_QUEUE_EXCEPTION_H
#define ELRELAY_EDGE_QUEUE_EXCEPTION_H

/*
 * exception.h - an entry of an exceptions stream as the JSON that SimpleReport's callback gets:
 * exactly testEventInternalId, isError, details and queueName.
 */

#include <hiredis/hiredis.h>

#include "elrelay/ground/buf.h"

/* Of the entry's fields and values. False, and nothing added, where it has other fields, but
 * for what a replay notes, or where isError is neither true nor false, or text is full. */
bool exception_write(struct buf *text, const redisReply *fields);

/* At most so many bytes; 0 where it is no list of fields. */
size_t exception_room(const redisReply *fields);

#endif
