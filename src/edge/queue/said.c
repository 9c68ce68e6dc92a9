/*
 * said.c - remarks as arguments, and what became of them.
 *
 * The endpoint's words go to Redis alone; the log tells how many could not be kept, and the
 * word that Redis has for why.
 */

#include "said.h"

#include "reply.h"

static void said_add_list(struct args *args, const char *name, const struct buf *list)
{
    if (!list->len)
        return;
    args_add_text(args, name);
    args_add(args, buf_slice(list));
}

void said_add(const struct ask *ask, struct args *args)
{
    const struct remarks *remarks = ask->batch->remarks;
    if (!remarks)
        return;
    said_add_list(args, "remarks", &remarks->about_all);
    said_add_list(args, "exceptions", &remarks->about_rows);
    if (remarks->about_rows.len) {
        args_add(args, SLICE("exceptions_to"));
        args_add_text(args, keys_name(&ask->queue->keys, KEY_EXCEPTIONS));
    }
    if (remarks->left_out) {
        args_add(args, SLICE("exceptions_left_out"));
        args_add_number(args, remarks->left_out);
    }
}

/* Words of Redis and of our own scripts: any other is not shown. */
static const char *said_known_word(struct slice word)
{
    static const char *const words[] = {"WRONGTYPE", "OOM", "NOPERM", "unreadable"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_is_text(word, words[i]))
            return words[i];
    return "ERR";
}

void said_check(const struct ask *ask, const redisReply *reply)
{
    uint64_t lost = reply_number_at(reply, 3);
    if (lost)
        log_write(LOG_ERROR, "exceptions_lost", log_word("route", ask->queue->setup.route),
                  log_id("batch", &ask->batch->manifest.id), log_number("count", lost),
                  log_word("why", said_known_word(reply_slice_at(reply, 4))));
}
