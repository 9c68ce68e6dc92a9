#ifndef ELRELAY_EVENTS_STREAM_H
#define ELRELAY_EVENTS_STREAM_H

/*
 * stream.h - where the chance of one event comes from.
 *
 * Each thing that is drawn has random numbers of its own, named by seed, number and topic. So
 * an event hangs on nothing but the seed and its number, and a rate that is changed changes
 * only what it is about.
 */

#include <stdint.h>

struct splitmix;

enum topic {
    TOPIC_VALUES,
    TOPIC_RESULT_ID,
    TOPIC_LAB,
    TOPIC_FACILITY,
    TOPIC_PROVIDER,
    TOPIC_DUPLICATE,
    TOPIC_MALFORMED,
    TOPIC_ERROR, /* and one for each column from here on */
};

void stream_open(struct splitmix *source, uint64_t seed, uint64_t number, uint32_t topic);

#endif
