#ifndef ELRELAY_CLI_BATCH_PAGE_H
#define ELRELAY_CLI_BATCH_PAGE_H

/*
 * batch_page.h - the ids of the batches that a sorted set names, a page at a time.
 *
 * No snapshot: while pages are read a batch may leave the set. One that is finished meanwhile
 * comes into KEY_DONE at its end, which is read from there.
 */

#include "cli/session.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/uuid.h"

enum { BATCH_PAGE_MAX = 100 };

struct batch_page {
    struct uuid ids[BATCH_PAGE_MAX];
    size_t count;
    bool is_last;
    const char *command;
    const char *key;
    size_t from;
    char since[24]; /* "": all */
};

void batch_page_begin(struct batch_page *page, const struct keys *keys, enum key set,
                      bool from_end);

/* Those with at least this score, the lowest first: what comes in meanwhile comes at the end.
 */
void batch_page_begin_since(struct batch_page *page, const struct keys *keys, enum key set,
                            uint64_t score);

/* Reads the next one; not after the last. */
bool batch_page_next(struct batch_page *page, struct session *session, struct fault *fault);

#endif
