#ifndef ELRELAY_RECEIVER_FAULTS_H
#define ELRELAY_RECEIVER_FAULTS_H

/*
 * faults.h - the rules in force, and what they make of a request.
 *
 * Rules from the command line come first, then those of the file; every rule that matches is
 * applied, the later one wins. A share is drawn from the seed, the request's number and the
 * rule's place, so that it does not depend on what happens at the same time. Any thread may
 * ask; the rules may be read anew meanwhile.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/options.h"
#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"
#include "plan.h"

struct rule_set;

struct faults {
    const struct text_list *lines; /* of --fault; borrowed */
    const char *path;              /* of --faults, or NULL; borrowed */
    uint64_t seed;
    bool with_tls;
    struct rule_set *newest; /* in force; older ones are kept until the end for plans that
                                borrow from them */
};

/* Reads all rules anew; on failure those in force stay. Sets count to the number of rules. */
bool faults_load(struct faults *faults, size_t *count, struct fault *fault);
void faults_free(struct faults *faults);

struct faults_request {
    bool get;
    uint64_t number; /* from 1, GETs and POSTs each on their own */
};

/* Adds to the plan what the rules say before a body is known. */
void faults_apply(struct faults *faults, struct plan *plan,
                  const struct faults_request *request);

/* Adds what the rules with a condition on rows say, now that the CSV is there. */
void faults_apply_to_rows(struct faults *faults, struct plan *plan,
                          const struct faults_request *request, struct slice csv);

#endif
