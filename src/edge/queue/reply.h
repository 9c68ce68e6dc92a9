#ifndef EDGE_QUEUE_REPLY_H
#define EDGE_QUEUE_REPLY_H

/*
 * reply.h - replies of Redis as values. What is absent or of another type reads as nothing:
 * NULL, an empty slice, 0.
 */

#include <stdint.h>

#include <hiredis/hiredis.h>

#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"

const redisReply *reply_at(const redisReply *reply, size_t at);
struct slice reply_slice(const redisReply *reply);
struct slice reply_slice_at(const redisReply *reply, size_t at);

/* Also of decimal text; what is below 0 is 0. */
uint64_t reply_number_at(const redisReply *reply, size_t at);

/* The first word of an array. */
bool reply_says(const redisReply *reply, const char *word);

/* What is wrong with a reply that is no answer of ours. */
void reply_fault(const redisReply *reply, const char *doing, struct fault *fault);

#endif
