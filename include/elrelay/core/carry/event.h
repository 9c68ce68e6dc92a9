#ifndef ELRELAY_CORE_CARRY_EVENT_H
#define ELRELAY_CORE_CARRY_EVENT_H

/*
 * event.h - an event as it came from the queue, and the place it has there.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

enum { STREAM_ID_TEXT_MAX = 48 };

/* An entry's id on the stream: milliseconds of Redis time, and a number within them. */
struct stream_id {
    uint64_t ms;
    uint64_t seq;
};

/* Bytes are borrowed from the reply they came in: valid during the call that brings them. */
struct event {
    struct stream_id id;
    struct slice bytes;
    bool has_bytes; /* false: the entry has another shape than one field "event", or is gone */
    bool gone;      /* pending, but its data is no longer on the stream */
    uint64_t deliveries; /* how often it was read, as Redis counts; 0 where not known */
};

/* "MS-SEQ" with a NUL at the end; returns the length. */
size_t stream_id_write(char text[STREAM_ID_TEXT_MAX], struct stream_id id);

/* False on anything but "MS-SEQ" in decimal digits. */
bool stream_id_read(struct slice text, struct stream_id *id);

/* Below 0, 0, above 0: a before, is, behind b. */
int stream_id_compare(struct stream_id a, struct stream_id b);

#endif
