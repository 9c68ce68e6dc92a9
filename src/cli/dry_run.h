#ifndef ELRELAY_CLI_DRY_RUN_H
#define ELRELAY_CLI_DRY_RUN_H

/*
 * dry_run.h - the next batches of a route as a flush would make them: how large, of which
 * columns, and what of the events would be set aside. Nothing is leased, sent or changed.
 */

#include "cli/survey.h"
#include "elrelay/core/carry/encoder.h"
#include "elrelay/edge/host/crypto.h"
#include "elrelay/ground/json_out.h"

struct dry_batch {
    uint64_t events;
    uint64_t invalid; /* these are set aside, in no batch */
    uint64_t reasons[REASON_COUNT];
    uint64_t bytes;
    char sha256[CRYPTO_SHA256_TEXT + 1];
};

struct dry_run {
    const struct route_conf *route;
    struct route_survey found;
    struct encoder encoder; /* of the batch at hand */
    struct dry_batch batch; /* the one at hand */
    size_t batches;         /* shown so far */
    size_t most;
    bool more;             /* something is left for another batch */
    struct json_out *json; /* NULL: for a person */
};

/* Of the batch at hand, once it is finished; from 0. */
size_t dry_run_column_count(const struct dry_run *run);
struct slice dry_run_column(const struct dry_run *run, size_t column);

/* dry_run_say.c: what a request would be like, each batch, what is left. */
bool dry_run_say_route(const struct dry_run *run, struct fault *fault);
void dry_run_say_batch(const struct dry_run *run);
void dry_run_say_rest(const struct dry_run *run);

#endif
