#ifndef ELRELAY_CORE_DECIDE_VERDICT_H
#define ELRELAY_CORE_DECIDE_VERDICT_H

/*
 * verdict.h - what an answer means for the batch it answers.
 *
 * Pure: an answer and a profile in, a verdict out. Where an answer cannot be read it is
 * VERDICT_UNKNOWN, never success and never failure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/core/decide/profile.h"
#include "elrelay/core/decide/remarks.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/uuid.h"

/* How the transfer ended, seen from the wire. */
enum transport_end {
    TRANSPORT_ANSWERED,        /* a whole answer was read */
    TRANSPORT_NOT_BEGUN,       /* secret, URL or certificate unusable: nothing was sent */
    TRANSPORT_NAME_UNRESOLVED, /* nothing was sent */
    TRANSPORT_NOT_CONNECTED,
    TRANSPORT_TLS_FAILED,
    TRANSPORT_UPLOAD_CUT,       /* the connection ended before the last body byte went out */
    TRANSPORT_UPLOAD_STOPPED,   /* we stopped it before the last body byte: lease lost, shutdown
                                 */
    TRANSPORT_NO_ANSWER,        /* all sent, no whole answer: reset, timeout, truncated */
    TRANSPORT_ANSWER_TOO_LARGE, /* all sent, the answer passed its ceiling */
    TRANSPORT_END_COUNT,
};

struct answer {
    enum transport_end end;
    unsigned status; /* HTTP code, 0 where none came */
    bool has_retry_after;
    uint64_t retry_after_ms; /* from now; as the answer says, not yet capped */
    struct slice body;       /* borrowed for the call */
    uint64_t took_ms;
    bool all_sent;         /* the last body byte was handed over before the answer came */
    uint64_t date_unix_ms; /* the answer's Date; 0: none that can be read */
};

/* What is kept of an accepted batch; no patient data in it. */
struct receipt {
    unsigned status;
    struct uuid report_id;  /* "" where the endpoint gave none */
    uint64_t submission_id; /* 0 where none */
    bool has_count;
    uint64_t item_count; /* what the endpoint says it took */
    uint64_t warnings;
    uint64_t errors;
};

/* The rows of the batch that was sent, for answers that name some of them. */
struct verdict_rows {
    size_t count;
    /* Of a row, from 0; empty where it has none. Not asked where nothing is named. */
    struct slice (*tracking_id)(const void *ctx, size_t row);
    const void *ctx;
};

/* `= {0}` is valid; verdict_free gives its memory back. */
struct verdict {
    enum verdict_class verdict;
    bool has_retry_after;
    uint64_t retry_after_ms;
    struct receipt receipt; /* filled when accepted */
    bool count_differs;     /* accepted, and the receipt counts other than rows->count */
    struct buf fates;       /* ITEMS: a letter for each row: a goes on, d refused, s there */
    struct remarks remarks; /* of an answer that was read: what else it says */
};

/* Replaces what an earlier reading left in verdict. rows is borrowed for the call. */
void verdict_read(struct verdict *verdict, const struct profile *profile,
                  const struct answer *answer, const struct verdict_rows *rows);
void verdict_free(struct verdict *verdict);

const char *transport_end_word(enum transport_end end);

enum { OUTCOME_TEXT_MAX = 96 };

/* What an answer came to, as a manifest keeps it: our words for the verdict and the transport
 * end, and the HTTP status; no byte of the answer. "not_sent not_connected 0" */
void outcome_write(char text[OUTCOME_TEXT_MAX], enum verdict_class verdict,
                   const struct answer *answer);

/* The same for a person: "HTTP 503 (unknown)"; "" where it is none. Returns text. */
const char *outcome_say(char text[OUTCOME_TEXT_MAX], struct slice outcome);

#endif
