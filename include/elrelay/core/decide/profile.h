#ifndef ELRELAY_CORE_DECIDE_PROFILE_H
#define ELRELAY_CORE_DECIDE_PROFILE_H

/*
 * profile.h - what is known of an endpoint, as data: limits, header names, and which answer
 * means what.
 *
 * An endpoint profile is a row in profile_table.
 */

#include <stdbool.h>
#include <stddef.h>

#include "elrelay/ground/slice.h"

enum verdict_class {
    VERDICT_ACCEPTED,    /* the endpoint has taken the batch */
    VERDICT_REFUSED,     /* it has not, and says so about the content */
    VERDICT_TOO_LARGE,   /* it has not: 413 */
    VERDICT_BUSY,        /* it has not: come again */
    VERDICT_NOT_SENT,    /* it cannot have: DNS, connect, TLS, upload incomplete */
    VERDICT_AUTH,        /* it has not: 401, 403 */
    VERDICT_MISDIRECTED, /* it has not: wrong place, wrong method, redirect, gone */
    VERDICT_UNKNOWN,     /* it may or may not have */
    VERDICT_CLASS_COUNT,
};

/* A run of HTTP status codes and what they mean; every code from 100 to 599 is in exactly one.
 */
struct status_rule {
    unsigned from;
    unsigned to;
    enum verdict_class verdict;
};

enum acceptance {
    ACCEPT_ANY_2XX,        /* the code alone tells */
    ACCEPT_REPORT_RECEIPT, /* 201 with a readable body: id set, errorCount 0 (ENDPOINT:
                              submission history) */
};

struct profile {
    const char *name;
    const struct status_rule *rules;
    size_t rule_count;
    const char *batch_header; /* carries the batch id, beside Idempotency-Key; NULL: none */
    size_t max_rows;          /* 0: no limit known */
    size_t max_columns;
    size_t max_bytes;
    enum acceptance acceptance;
    bool lists_submissions; /* ENDPOINT: 4.3; a batch in doubt can be looked up there */
    bool busy_needs_retry_after_on_503; /* 503 with Retry-After was not taken */
    bool line_separators_to_space;      /* U+2028 and U+2029 once blocked its queue */
};

extern const struct profile profile_table[];
extern const size_t profile_count;

/* NULL where no row has this name. */
const struct profile *profile_by_name(struct slice name);

/* What a status code means before the body is looked at. Codes outside 100 to 599:
 * VERDICT_UNKNOWN. */
enum verdict_class profile_class_of(const struct profile *profile, unsigned status);

const char *verdict_word(enum verdict_class verdict);

#endif
