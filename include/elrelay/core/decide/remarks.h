#ifndef ELRELAY_CORE_DECIDE_REMARKS_H
#define ELRELAY_CORE_DECIDE_REMARKS_H

/*
 * remarks.h - the warnings and errors of an answer, as they are kept in Redis (ENDPOINT 2.3).
 *
 * One that names rows becomes an exception for each of them, under the row's tracking id; one
 * that names none stands once with the batch. What the endpoint says is for the sender: it goes
 * to Redis and nowhere else. How much is kept of one answer is bounded, so that a long list can
 * never be a reason that a batch is not settled.
 */

#include <stdbool.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/json.h"

enum {
    REMARKS_MAX = 1500,                  /* exceptions of one answer ... */
    REMARKS_BYTES_MAX = 1000 * 1000,     /* ... and their bytes */
    REMARKS_ABOUT_ALL_MAX = 100,         /* that name no row ... */
    REMARKS_ABOUT_ALL_BYTES = 16 * 1000, /* ... and their bytes */
    REMARK_DETAILS_MAX = 4000,           /* a longer message is cut */
};

struct verdict_rows;

/* `= {0}` is valid and says nothing; remarks_free gives its memory back. */
struct remarks {
    struct buf about_rows; /* JSON: a list of {isError, details, ids}; empty: there are none */
    struct buf about_all;  /* JSON: a list of {isError, details}; empty: there are none */
    size_t count;          /* exceptions in about_rows: ids of all its entries */
    size_t bytes;          /* of these, as they are counted above */
    size_t all_count;      /* in about_all */
    size_t left_out;       /* of both, beyond the bounds */
};

/* What the rows of the batch come to by this answer. */
struct remarks_about {
    const struct verdict_rows *rows;
    const struct json *answer;
    bool refused;
    struct slice fates; /* refused: a letter for each row (verdict.h); empty: all go on */
};

/*
 * Reads warnings, then errors. Of a refused batch only those rows get exceptions that do not go
 * on: what is said of the others the endpoint says again when it takes them. A null id is the
 * tracking id of the row that `indices` names in its place, or where the row has none "row<N>",
 * as the endpoint calls it; what names no row at all is about the batch.
 */
void remarks_read(struct remarks *remarks, const struct remarks_about *about);
void remarks_free(struct remarks *remarks);

#endif
