#ifndef ELRELAY_EDGE_REDIS_INFO_H
#define ELRELAY_EDGE_REDIS_INFO_H

/*
 * info.h - the answer to INFO.
 */

#include "elrelay/core/decide/durability.h"

/* The value of the line that begins with the name and its colon, "role:"; empty where there is
 * none. Borrows from info. */
struct slice info_line(struct slice info, const char *name);

/* What INFO says of durability; appendfsync is not there. */
void info_read_durability(struct slice info, struct durability_facts *facts);

/* What CONFIG GET says of appendfsync and no-appendfsync-on-rewrite; empty: it may not be
 * asked.
 */
enum durability_fsync info_fsync(struct slice appendfsync, struct slice not_on_rewrite);

#endif
