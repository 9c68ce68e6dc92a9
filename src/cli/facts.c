/*
 * facts.c - lines of INFO, and the one setting that INFO lacks.
 */

#include "cli/facts.h"

#include <stdio.h>

#include "elrelay/edge/redis/info.h"

static void facts_take(struct slice info, const char *name, char fact[FACT_MAX])
{
    struct slice value = info_line(info, name);
    if (value.len && value.len < FACT_MAX)
        snprintf(fact, FACT_MAX, "%.*s", SLICE_ARG(value));
}

static void facts_on_info(void *ctx, const redisReply *reply)
{
    struct facts *facts = ctx;
    struct slice info = reply_text(reply);
    snprintf(facts->server, sizeof(facts->server), "redis");
    facts_take(info, "redis_version:", facts->version);
    facts_take(info, "server_name:", facts->server);
    facts_take(info, "valkey_version:", facts->version);
    facts_take(info, "role:", facts->role);
    facts_take(info, "maxmemory:", facts->maxmemory);
    facts_take(info, "maxmemory_policy:", facts->policy);
    info_read_durability(info, &facts->durability);
}

static void facts_on_config(void *ctx, const redisReply *reply)
{
    struct facts *facts = ctx;
    struct slice value = reply_text(reply_field(reply, "appendfsync"));
    facts->durability.fsync = info_fsync(
        value, reply_text(reply_field(reply, "no-appendfsync-on-rewrite")));
    if (value.len < FACT_MAX)
        snprintf(facts->appendfsync, sizeof(facts->appendfsync), "%.*s", SLICE_ARG(value));
}

bool facts_read(struct session *session, struct facts *facts, struct fault *fault)
{
    *facts = (struct facts){0};
    return session_ask(session,
                       &(struct question){
                           SESSION_ARGS(SLICE("INFO")), .doing = "ask Redis about itself",
                           .nothing = "NOPERM", .use = facts_on_info, .ctx = facts},
                       fault) &&
           session_ask(session,
                       &(struct question){
                           SESSION_ARGS(SLICE("CONFIG"), SLICE("GET"), SLICE("appendfsync"),
                                        SLICE("no-appendfsync-on-rewrite")),
                           .doing = "ask Redis for its settings", .nothing = "NOPERM",
                           .use = facts_on_config, .ctx = facts},
                       fault);
}
