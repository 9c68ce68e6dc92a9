/*
 * check_repair.c - `elrelay check --repair`: a consumer group that vanished is made anew, and
 * events that somebody else deleted are taken note of.
 *
 * The script does a part at a time and goes on from any point; so this only calls until it is
 * through.
 */

#include "cli/check.h"
#include "cli/post.h"
#include "cli/session.h"
#include "elrelay/edge/queue/keys.h"

struct check_repair {
    struct check *check;
    struct session *session;
    struct keys keys;
    bool more;
    uint64_t named;
    uint64_t freed;
};

static bool repair_says(const redisReply *reply, const char *word)
{
    return slice_is_text(reply_text(reply->element[0]), word);
}

/* {'done', more, named, freed}, {'whole', noted}, {'lives', name}, {'lost', id}, {'wrongtype',
 * key, is, wanted} */
static void repair_on_answer(void *ctx, const redisReply *reply)
{
    struct check_repair *at = ctx;
    at->more = false;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
        return;
    uint64_t number = reply_number(reply->element[1]);
    if (repair_says(reply, "done") && reply->elements == 4) {
        at->more = number > 0;
        at->named += reply_number(reply->element[2]);
        at->freed += reply_number(reply->element[3]);
        if (!at->more)
            check_say(at->check, FAULT_NONE, "repair",
                      "the consumer group is made anew: %llu events are in their batches "
                      "again, %llu are given back",
                      (unsigned long long)at->named, (unsigned long long)at->freed);
    } else if (repair_says(reply, "whole") && number > 0) {
        check_say(at->check, FAULT_NONE, "repair",
                  "the consumer group is whole; took note of %llu events that somebody else "
                  "deleted or trimmed",
                  (unsigned long long)number);
    } else if (repair_says(reply, "whole")) {
        check_say(at->check, FAULT_NONE, "repair", "nothing to repair");
    } else if (repair_says(reply, "lives")) {
        check_say(at->check, FAULT_REDIS, "repair",
                  "instance %.*s is alive: stop all daemons of the route first",
                  SLICE_ARG(reply_text(reply->element[1])));
    } else if (repair_says(reply, "lost")) {
        check_say(
            at->check, FAULT_REDIS, "repair",
            "batch %.*s has lost its manifest too, so that nobody can say which events were "
            "sent; taking it out of %s by hand sends its events again",
            SLICE_ARG(reply_text(reply->element[1])), keys_name(&at->keys, KEY_OPEN));
    } else {
        check_say(at->check, FAULT_REDIS, "repair", "key %.*s is of another type",
                  SLICE_ARG(reply_text(reply->element[1])));
    }
}

static void repair_route(struct check_repair *at)
{
    struct fault fault;
    char by[POST_BY_MAX];
    post_write_by(by);
    struct question question = {
        .script = "repair",
        SESSION_KEYS(slice_of(keys_name(&at->keys, KEY_STREAM))),
        SESSION_ARGS(slice_of(keys_prefix(&at->keys)), SLICE(""), SLICE(""), slice_of(by)),
        .doing = "repair the consumer group",
        .key = keys_name(&at->keys, KEY_STREAM),
        .use = repair_on_answer,
        .ctx = at,
    };
    do {
        if (!session_ask(at->session, &question, &fault)) {
            check_say(at->check, fault.code, "repair", "%s", fault.text);
            return;
        }
    } while (at->more);
}

void check_repair(struct check *check, const struct choice *choice)
{
    struct fault fault;
    struct session *session = session_open(choice, &fault);
    if (!session) {
        check_say(check, fault.code, "redis", "%s", fault.text);
        return;
    }
    for (size_t i = 0; i < choice->count; i++) {
        struct check_repair at = {.check = check, .session = session};
        check->route = choice->routes[i].name;
        keys_init(&at.keys, &choice->routes[i]);
        if (session_aim(session, &at.keys, &fault))
            repair_route(&at);
        else
            check_say(check, fault.code, "repair", "%s", fault.text);
        keys_free(&at.keys);
    }
    check->route = NULL;
    session_close(session);
}
