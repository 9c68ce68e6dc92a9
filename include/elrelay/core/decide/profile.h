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
    VERDICT_ITEMS,       /* it has not: it names the rows it refuses or has already */
    VERDICT_THERE,       /* it has not: it says that it has all of it already */
    VERDICT_ROWS,        /* it has not, for its rows, and does not name them */
    VERDICT_FILE,        /* it has not, for what all reports share: header, client, option */
    VERDICT_TOO_LARGE,   /* it has not: 413 */
    VERDICT_BUSY,        /* it has not: come again */
    VERDICT_NOT_SENT,    /* it cannot have: DNS, connect, TLS, upload incomplete */
    VERDICT_AUTH,        /* it has not: 401, 403 */
    VERDICT_MISDIRECTED, /* it has not: wrong place, wrong method, redirect, gone */
    VERDICT_UNKNOWN,     /* it may or may not have */
    VERDICT_CLASS_COUNT,
};

/*
 * A run of HTTP status codes and what they mean; every code from 100 to 599 is in exactly one.
 * Where that is VERDICT_ROWS or VERDICT_FILE, the errors in the body tell more, and this is
 * what a body without readable errors means.
 */
struct status_rule {
    unsigned from;
    unsigned to;
    enum verdict_class verdict;
    enum verdict_class early; /* where it came before the last byte of the body went out */
};

/* An error in a refusal's body: what it is about, by its scope and its message. */
struct message_rule {
    const char *scope;          /* as the endpoint writes it; "": any but "item" */
    const char *begins;         /* the message; "": any */
    const char *holds;          /* behind that; "": any */
    enum verdict_class verdict; /* ITEMS, THERE, ROWS or FILE */
};

enum acceptance {
    ACCEPT_ANY_2XX,        /* the code alone tells */
    ACCEPT_REPORT_RECEIPT, /* bodies are ENDPOINT's submission history: accepted is a 201 with
                              id set and errorCount 0, and an id means that something was stored
                              whatever the code */
};

struct profile {
    const char *name;
    const struct status_rule *rules;
    size_t rule_count;
    const struct message_rule *messages; /* the first that fits counts */
    size_t message_count;
    const char *batch_header; /* carries the batch id, beside Idempotency-Key; NULL: none */
    size_t max_rows;          /* 0: no limit known */
    size_t max_columns;
    size_t max_bytes;
    enum acceptance acceptance;
    bool sends_nothing;     /* its batches are settled as unreported; it has no other setting */
    bool lists_submissions; /* ENDPOINT: 4.3; a batch in doubt can be looked up there */
    bool busy_needs_retry_after_on_503; /* 503 with Retry-After was not taken */
    bool speaks_of_rows;                /* its warnings and errors are exceptions (remarks.h) */
    bool line_separators_to_space;      /* U+2028 and U+2029 once blocked its queue */
};

extern const struct profile profile_table[];
extern const size_t profile_count;

/* NULL where no row has this name. */
const struct profile *profile_by_name(struct slice name);

/* What a status code means before the body is looked at; all_sent: the last byte of the request
 * went out before it came. Codes outside 100 to 599: VERDICT_UNKNOWN. */
enum verdict_class profile_class_of(const struct profile *profile, unsigned status,
                                    bool all_sent);

/* What an error of a refusal is about. Where no row fits: ITEMS for the scope "item", else
 * ROWS. */
enum verdict_class profile_class_of_error(const struct profile *profile, struct slice scope,
                                          struct slice message);

const char *verdict_word(enum verdict_class verdict);

#endif
