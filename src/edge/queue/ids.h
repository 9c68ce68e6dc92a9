#ifndef EDGE_QUEUE_IDS_H
#define EDGE_QUEUE_IDS_H

/*
 * ids.h - ids of entries as a manifest keeps them: "1700000000000-0,-1,1700000000007-0". One
 * that begins with "-" has the milliseconds of the one before it.
 */

#include "elrelay/core/relay/batch.h"

enum { IDS_PER_FIELD = 500 }; /* as in lib.lua */

void ids_write(struct buf *text, const struct stream_id *ids, size_t count);

/* Adds them to batch->ids; false where the text is none of ours. */
bool ids_read(struct slice text, struct batch *batch);

#endif
