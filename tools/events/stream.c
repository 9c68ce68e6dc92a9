/*
 * stream.c - seed, number and topic, each stirred in after the one before.
 */

#include "stream.h"

#include "common/splitmix.h"

void stream_open(struct splitmix *source, uint64_t seed, uint64_t number, uint32_t topic)
{
    source->state = seed;
    source->state = splitmix_next(source) ^ number;
    source->state = splitmix_next(source) ^ topic;
}
