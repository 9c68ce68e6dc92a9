#ifndef ELRELAY_GROUND_UUID_H
#define ELRELAY_GROUND_UUID_H

/*
 * uuid.h - batch ids: UUID version 7 (RFC 9562, section 5.7), so that ids sort by the time they
 * were made.
 *
 * Pure: the caller brings the time and the random bytes.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

enum { UUID_TEXT_LEN = 36, UUID_RANDOM_BYTES = 10 };

struct uuid {
    char text[UUID_TEXT_LEN + 1]; /* lower case, NUL at the end; "" is no id */
};

/* An id of this millisecond of Unix time. */
void uuid_make(struct uuid *uuid, uint64_t unix_ms, const uint8_t random[UUID_RANDOM_BYTES]);

/* False where text is not 36 characters in the form 8-4-4-4-12 of lower or upper case hex
 * digits. */
bool uuid_parse(struct uuid *uuid, struct slice text);

static inline bool uuid_is(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->text, b->text, UUID_TEXT_LEN) == 0;
}

#endif
