#ifndef ELRELAY_RECEIVER_STORE_H
#define ELRELAY_RECEIVER_STORE_H

/*
 * store.h - what the receiver has taken, in memory and on disk.
 *
 * A delivery that is taken is on disk (its body, then its line in the accepted file, both
 * fsynced) before the call returns, so that whatever the answer says afterwards, the file knows
 * the truth. Submissions never change and are never freed before the store is; any thread may
 * read them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/fault.h"
#include "elrelay/ground/uuid.h"
#include "remarks.h"

/* What a POST brought. Owns its parts; texts are "" where the request had none. */
struct delivery {
    uint64_t request; /* number of the POST */
    char *path;
    char *sender;
    char *payload_name;
    char *idempotency_key;
    char *content_type;
    struct buf body;
    size_t rows;
    bool has_rows; /* the body was CSV */
    bool once;     /* the idempotency key counts */
};

void delivery_free(struct delivery *delivery);

struct submission {
    uint64_t id;           /* submissionId */
    struct uuid report_id; /* "" where nothing was stored */
    uint64_t unix_ms;
    unsigned http_status;
    char *sender;
    char *payload_name;
    char *idempotency_key;
    size_t rows;
    struct remarks remarks;
};

struct store {
    struct submission **submissions; /* in the order of their ids and times */
    size_t count;
    int accepted_fd;    /* -1: not written */
    const char *bodies; /* folder; NULL: not written */
};

/* Opens the file and makes the folder where they are absent; both may be NULL. */
bool store_open(struct store *store, const char *accepted, const char *bodies,
                struct fault *fault);
void store_close(struct store *store);

/*
 * Takes a delivery, with the remarks on it (moved). Where its key counts and was seen before,
 * the earlier submission. NULL where the disk refused, which is said on stderr.
 */
const struct submission *store_take(struct store *store, const struct delivery *delivery,
                                    struct remarks *remarks);

/* Remembers an answer without a report, as 400 and validation give; remarks are moved. */
const struct submission *store_note(struct store *store, unsigned http_status,
                                    struct remarks *remarks);

/* By submissionId or report id; NULL where there is none. */
const struct submission *store_find(struct store *store, struct slice id);

/* Submissions so far, and the one at a place below that. */
size_t store_count(struct store *store);
const struct submission *store_at(struct store *store, size_t place);

#endif
