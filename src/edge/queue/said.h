#ifndef EDGE_QUEUE_SAID_H
#define EDGE_QUEUE_SAID_H

/*
 * said.h - what an answer says of a batch and of its events, beside what it means: exceptions
 * and remarks, which travel with the change of state that the answer causes.
 */

#include "ask.h"

/* Pairs for the function `said` of the scripts; none where the answer says nothing. */
void said_add(const struct ask *ask, struct args *args);

/* Of a script's reply: exceptions that Redis has not taken are told to a person. */
void said_check(const struct ask *ask, const redisReply *reply);

#endif
