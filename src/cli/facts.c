/*
 * facts.c - lines of INFO, and the one setting that INFO lacks.
 */

#include "cli/facts.h"

#include <stdio.h>
#include <string.h>

/* The text behind "\nNAME:" up to the end of the line. */
static void facts_take(struct slice info, const char *name, char fact[FACT_MAX])
{
    size_t name_len = strlen(name);
    for (size_t at = 0; at + name_len < info.len; at++) {
        bool begins = at == 0 || info.ptr[at - 1] == '\n';
        if (!begins || memcmp(info.ptr + at, name, name_len) != 0 ||
            info.ptr[at + name_len] != ':')
            continue;
        struct slice value = slice_part(info, at + name_len + 1, FACT_MAX - 1);
        size_t len = 0;
        while (len < value.len && value.ptr[len] > ' ' && value.ptr[len] < 0x7f)
            len++;
        memcpy(fact, value.ptr, len);
        fact[len] = '\0';
        return;
    }
}

static void facts_on_info(void *ctx, const redisReply *reply)
{
    struct facts *facts = ctx;
    struct slice info = reply_text(reply);
    snprintf(facts->server, sizeof(facts->server), "redis");
    facts_take(info, "redis_version", facts->version);
    facts_take(info, "server_name", facts->server);
    facts_take(info, "valkey_version", facts->version);
    facts_take(info, "role", facts->role);
    facts_take(info, "maxmemory", facts->maxmemory);
    facts_take(info, "maxmemory_policy", facts->policy);
    facts_take(info, "aof_enabled", facts->appendonly);
}

static void facts_on_config(void *ctx, const redisReply *reply)
{
    struct facts *facts = ctx;
    struct slice value = reply_text(reply_field(reply, "appendfsync"));
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
                           SESSION_ARGS(SLICE("CONFIG"), SLICE("GET"), SLICE("appendfsync")),
                           .doing = "ask Redis for its settings", .nothing = "NOPERM",
                           .use = facts_on_config, .ctx = facts},
                       fault);
}

const char *facts_durability(const struct facts *facts)
{
    if (strcmp(facts->appendonly, "0") == 0)
        return "appendonly is off: a crash of Redis loses what came since its last snapshot, "
               "and may send twice what was accepted since then";
    if (!facts->appendonly[0] || !facts->appendfsync[0])
        return "not visible to this Redis user";
    if (strcmp(facts->appendfsync, "always") == 0)
        return "appendonly, appendfsync always: "
               "nothing that Redis has answered is lost at a power loss";
    return "appendonly, appendfsync not always: at a power loss the last second or more "
           "is lost, and a batch accepted in it may be sent twice";
}
