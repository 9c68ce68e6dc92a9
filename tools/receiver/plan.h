#ifndef ELRELAY_RECEIVER_PLAN_H
#define ELRELAY_RECEIVER_PLAN_H

/*
 * plan.h - what is to happen to one request: the sum of the fault rules that match it.
 *
 * Three questions, each answered on its own: what becomes of the request (fate), how the
 * exchange ends (ending), and with which numbers. Without any rule: an honest receiver.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

enum fate {
    FATE_HONEST,        /* as the endpoint would treat it; in a verb's row: left as it is */
    FATE_IGNORED,       /* not taken */
    FATE_TAKEN,         /* taken, where it is good, and then lied about */
    FATE_TAKEN_LATE,    /* taken PLAN_COMMIT_MS later, and not told */
    FATE_REFUSE_ROWS,   /* 400 that names rows */
    FATE_ROWS_THERE,    /* 400 that names rows which are there already */
    FATE_ALL_THERE,     /* 400: all of it is there already */
    FATE_REFUSE_REPORT, /* 400 for the whole file, naming no row */
    FATE_REFUSE_TEXT,   /* 400 with a bare text for a body */
};

enum ending {
    ENDING_ANSWER,       /* in a verb's row: left as it is */
    ENDING_RESET_UNREAD, /* TCP reset with the body unread */
    ENDING_RESET,        /* TCP reset with the body read */
    ENDING_SILENCE,      /* connection closed without a byte */
    ENDING_HALF_HEADERS, /* connection closed in the middle of the headers */
};

enum plan_number {
    PLAN_NONE,
    PLAN_STATUS,
    PLAN_RETRY_AFTER_S,
    PLAN_HOLD_MS, /* between the decision and its ending */
    PLAN_COMMIT_MS,
    PLAN_TRUNCATE_AT, /* byte of the answer's body where the connection closes */
    PLAN_BYTES_PER_S, /* of the answer's body */
    PLAN_ANSWER_SIZE, /* bytes of the answer's body: cut or filled up with blanks */
    PLAN_NULL_IDS,    /* set: rows are named by number alone */
    PLAN_NUMBERS,
};

#define PLAN_UNSET UINT64_MAX

struct row_list {
    size_t *items; /* data rows, from 1 */
    size_t count;
};

/* What the answer warns of, whatever becomes of the request. */
struct warning {
    struct row_list rows; /* owned; none: it is about the whole report */
    struct slice text;    /* empty: the usual one */
};

struct plan {
    enum fate fate;
    enum ending ending;
    uint64_t numbers[PLAN_NUMBERS]; /* PLAN_UNSET where no rule speaks of it */
    struct row_list rows;           /* owned; of FATE_REFUSE_ROWS and FATE_ROWS_THERE */
    struct warning *warnings;       /* owned */
    size_t warning_count;
    struct slice text; /* message of a refusal; empty: the usual one */
    char *told;        /* owned; the rules that matched, NULL for none */
};

void plan_init(struct plan *plan);
void plan_free(struct plan *plan);

/* The number, or usual where no rule speaks of it. */
uint64_t plan_number(const struct plan *plan, enum plan_number which, uint64_t usual);

void row_list_add(struct row_list *rows, size_t row);

/* One more warning; rows are copied. */
void plan_warn(struct plan *plan, const struct row_list *rows, struct slice text);

/* Adds the text to what is told, behind "; ". */
void plan_tell(struct plan *plan, const char *text);

#endif
