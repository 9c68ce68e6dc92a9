/*
 * batch_page.c - ranges of a sorted set, by rank or by score.
 */

#include "cli/batch_page.h"

#include <stdio.h>

void batch_page_begin(struct batch_page *page, const struct keys *keys, enum key set,
                      bool from_end)
{
    *page = (struct batch_page){.command = from_end ? "ZREVRANGE" : "ZRANGE",
                                .key = keys_name(keys, set)};
}

void batch_page_begin_since(struct batch_page *page, const struct keys *keys, enum key set,
                            uint64_t score)
{
    batch_page_begin(page, keys, set, false);
    snprintf(page->since, sizeof(page->since), "%llu", (unsigned long long)score);
}

static void batch_page_on_ids(void *ctx, const redisReply *reply)
{
    struct batch_page *page = ctx;
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    page->is_last = count < BATCH_PAGE_MAX;
    for (size_t i = 0; i < count && i < BATCH_PAGE_MAX; i++)
        page->count += uuid_parse(&page->ids[page->count], reply_text(reply->element[i]));
}

bool batch_page_next(struct batch_page *page, struct session *session, struct fault *fault)
{
    char first[24];
    char last[24];
    bool by_rank = !page->since[0];
    size_t end = by_rank ? page->from + BATCH_PAGE_MAX - 1 : BATCH_PAGE_MAX;
    snprintf(first, sizeof(first), "%zu", page->from);
    snprintf(last, sizeof(last), "%zu", end);
    const struct slice ranks[] = {slice_of(page->command), slice_of(page->key), slice_of(first),
                                  slice_of(last)};
    const struct slice scores[] = {SLICE("ZRANGE"), slice_of(page->key), slice_of(page->since),
                                   SLICE("+inf"),   SLICE("BYSCORE"),    SLICE("LIMIT"),
                                   slice_of(first), slice_of(last)};
    page->from += BATCH_PAGE_MAX;
    page->count = 0;
    return session_ask(session,
                       &(struct question){.args = by_rank ? ranks : scores,
                                          .count = by_rank ? 4 : 8,
                                          .doing = "list the batches",
                                          .key = page->key,
                                          .use = batch_page_on_ids,
                                          .ctx = page},
                       fault);
}
