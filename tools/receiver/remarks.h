#ifndef ELRELAY_RECEIVER_REMARKS_H
#define ELRELAY_RECEIVER_REMARKS_H

/*
 * remarks.h - the errors[] and warnings[] of an answer (ENDPOINT: ConsolidatedActionLog).
 */

#include <stdbool.h>
#include <stddef.h>

#include "elrelay/ground/buf.h"
#include "plan.h"

/* Entries as JSON, comma between them; counts are of single objections, a merged entry counts
 * once per row. */
struct remarks {
    struct buf errors;
    struct buf warnings;
    size_t error_count;
    size_t warning_count;
};

void remarks_init(struct remarks *remarks);
void remarks_free(struct remarks *remarks);

/* scope is "parameter" or "report". */
void remarks_add_error(struct remarks *remarks, const char *scope, struct slice message);
void remarks_add_warning(struct remarks *remarks, const char *scope, struct slice message);

/* Of item scope. */
struct row_remark {
    bool is_error;
    bool null_ids; /* trackingIds are null, as where the endpoint finds duplicates */
    struct row_list rows;
    struct slice message;
};

/* One for its rows of the CSV, with their tracking ids (Result_ID, or "row<N>"). */
void remarks_add_rows(struct remarks *remarks, const struct row_remark *remark,
                      struct slice csv);

#endif
