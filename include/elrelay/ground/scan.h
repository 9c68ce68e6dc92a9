#ifndef ELRELAY_GROUND_SCAN_H
#define ELRELAY_GROUND_SCAN_H

/*
 * scan.h - one strict walk over the bytes of an event before any parser sees them.
 *
 * cJSON cuts a string at \u0000, rounds integers beyond 2^53, turns 1e400 into infinity, and
 * lets 01, 1., raw control characters, invalid UTF-8 and trailing bytes pass. Whatever it would
 * change or lose is refused here, so that a parser may trust what passed. Strict RFC 8259,
 * UTF-8 without BOM, no recursion.
 *
 * On the way the members of a top-level object are noted, in order, so that values can be
 * written from the event's own bytes, and only what must be decoded needs a parser.
 */

#include <stdbool.h>
#include <stddef.h>

#include "elrelay/ground/buf.h"

enum { SCAN_DEPTH_MAX = 1000 };

enum scan_result {
    SCAN_OK,
    SCAN_EMPTY, /* nothing but white space */
    SCAN_BOM,   /* begins with a byte order mark */
    SCAN_NOT_UTF8,
    SCAN_NOT_JSON, /* any other breach of the grammar: 01, 1., single quotes, a missing comma
                      ... */
    SCAN_CONTROL_CHARACTER, /* a raw byte below 0x20 inside a string */
    SCAN_NUL_CHARACTER,     /* \u0000 in a value or a key */
    SCAN_LONE_SURROGATE,    /* \ud800 to \udfff without its other half */
    SCAN_NUMBER_TOO_LARGE,  /* beyond +-(2^53 - 1) */
    SCAN_NUMBER_INEXACT,    /* would come back as another decimal value */
    SCAN_TOO_DEEP,          /* more than SCAN_DEPTH_MAX levels */
    SCAN_TRAILING_BYTES,    /* something behind the value */
    SCAN_NOT_OBJECT,        /* strict JSON, but no object */
};

/* A member of the top-level object; key with, value with its quotes or brackets, both in the
 * scanned bytes. */
struct scan_member {
    struct slice key;
    struct slice value;
    bool escaped; /* the value is a string with a backslash in it */
};

/*
 * Reusable between events; `= {0}` is valid. Members borrow from the bytes scanned last. Events
 * of one queue mostly bring the same keys in the same order: those of the last good event are
 * kept, since a key that stands as it stood needs no second look.
 */
struct scan {
    struct scan_member *members;
    size_t count;
    size_t cap;
    size_t offset;    /* of the byte that led to the result, from 0 */
    bool same_keys;   /* as the event before, byte for byte and in the same order */
    struct buf keys;  /* of the last good event, one behind the other ... */
    size_t *key_ends; /* ... and where each ends; room for cap of them */
    size_t key_count;
};

/* White space between the tokens of JSON. */
static inline bool scan_is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

enum scan_result scan_event(struct scan *scan, struct slice bytes);
void scan_free(struct scan *scan);

/* The end of the value that starts at offset in bytes that have passed scan_event. */
size_t scan_value_end(struct slice bytes, size_t offset);

/*
 * What an array or object holds, one after the other; container is the value from bracket to
 * bracket, in bytes that have passed. *at begins as 0; false behind the last. Items of arrays
 * have no key.
 */
bool scan_next(struct slice container, size_t *at, struct scan_member *member);

#endif
