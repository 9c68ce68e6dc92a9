/*
 * check_beyond.c - what is left in shards that a route no longer has.
 */

#include "cli/check.h"
#include "cli/survey.h"
#include "elrelay/core/told/shard.h"
#include "elrelay/edge/queue/served.h"
#include "elrelay/ground/mem.h"

/* How many shards there ever were. */
struct check_most {
    size_t shards;
    size_t most;
};

static void check_on_most(void *ctx, const redisReply *reply)
{
    struct check_most *at = ctx;
    at->most = served_most(reply, at->shards);
}

static void check_shard(struct check *check, struct session *session,
                        const struct route_conf *shard)
{
    struct fault fault;
    struct route_survey *found = mem_zalloc(sizeof(*found));
    if (!survey_read(session, shard, found, &fault))
        check_say(check, fault.code, "shard", "%s", fault.text);
    uint64_t events = found->waiting + found->inbox + found->leased + found->foreign;
    if (events + found->open + found->dead > 0)
        check_say(check, FAULT_CONF, "shard",
                  "%s is none of this route any more (shards: %zu), so nobody reads it: events "
                  "%llu, open batches %llu, dead letters %llu; `elrelay flush --route %s` "
                  "sends what waits there",
                  shard->name, shard->shards, (unsigned long long)events,
                  (unsigned long long)found->open, (unsigned long long)found->dead,
                  shard->name);
    mem_free(found);
}

void check_beyond(struct check *check, struct session *session, const struct conf *conf,
                  const struct route_conf *first)
{
    struct fault fault;
    struct keys keys;
    struct served served;
    struct check_most at = {.shards = first->shards, .most = first->shards};
    keys_init(&keys, first);
    served_ask_for_more(&served, &keys, first->shards);
    struct question question = {.args = served.args,
                                .count = served.count,
                                .doing = "ask for other shards",
                                .key = keys_name(&keys, KEY_STATE),
                                .use = check_on_most,
                                .ctx = &at};
    if (served.count && !session_ask(session, &question, &fault))
        check_say(check, fault.code, "shard", "%s", fault.text);
    for (size_t number = at.shards; number < at.most; number++) {
        struct route_conf shard;
        shard_init(&shard, first->whole, number);
        if (!conf_route(conf, shard.name))
            check_shard(check, session, &shard);
        shard_free(&shard);
    }
    keys_free(&keys);
}
