#ifndef ELRELAY_CLI_REMARKS_H
#define ELRELAY_CLI_REMARKS_H

/*
 * remarks.h - what the endpoint said of a batch as a whole (core/decide/remarks.h).
 */

#include "cli/batches.h"

/* Its words are the endpoint's and may quote events: without reveal only how many there are.
 * json NULL: for a person; else as members of the object that is open. */
bool remarks_show(struct session *session, const struct batch_found *found, bool reveal,
                  struct json_out *json, struct fault *fault);

#endif
