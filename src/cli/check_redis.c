/*
 * check_redis.c - what the daemon will need of Redis, asked without changing anything.
 */

#include <stdio.h>
#include <stdlib.h>

#include "cli/check.h"
#include "cli/facts.h"
#include "cli/session.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/edge/queue/rights.h"
#include "elrelay/ground/mem.h"

/* CHECK_SCRIPT_HEAD: prefix, token, name, which every script gets. */
enum { CHECK_REDIS_MAJOR = 7, CHECK_SCRIPT_HEAD = 3 };

struct check_route {
    struct check *check;
    struct session *session;
    const struct route_conf *route;
    struct keys keys;
    size_t *asked; /* rows of right_table that this route needs */
    size_t asked_count;
    bool answered;   /* the script could run */
    bool has_rights; /* all of them */
    enum key key;    /* whose type is asked for */
    size_t absent;
    enum durability_kind in_force;
    uint64_t missing;   /* events that somebody else took away */
    uint64_t sealed;    /* batches that are open and were sealed */
    uint64_t repairing; /* a repair was begun */
    bool has_group;
    bool has_other_group;
};

static void check_facts(struct check *check, const struct facts *facts)
{
    if (!facts->version[0]) {
        check_say(check, FAULT_REDIS, "redis version",
                  "not visible: the Redis user lacks INFO");
        return;
    }
    bool is_new = strtoul(facts->version, NULL, 10) >= CHECK_REDIS_MAJOR;
    check_say(check, is_new ? FAULT_NONE : FAULT_REDIS, "redis version", "%s %s%s",
              facts->server, facts->version, is_new ? "" : ": 7.0 or later is needed");
    bool is_master = strcmp(facts->role, "master") == 0;
    check_say(check, is_master ? FAULT_NONE : FAULT_REDIS, "redis role", "%s%s", facts->role,
              is_master ? "" : ": redis.url must name the master");
    bool keeps = strcmp(facts->policy, "noeviction") == 0;
    check_say(check, keeps ? FAULT_NONE : FAULT_REDIS, "redis memory",
              "maxmemory %s, policy %s%s", facts->maxmemory, facts->policy,
              keeps ? "" : ": set maxmemory-policy noeviction, or Redis may drop events");
}

/* What would be in force; `none` where what is asked for cannot be had. */
static struct durability check_durability(struct check *check, const struct redis_conf *conf,
                                          const struct facts *facts)
{
    struct fault fault;
    struct durability wanted = {0};
    struct durability in_force = {.kind = DURABILITY_NONE};
    char text[DURABILITY_TEXT_MAX];
    durability_read(&wanted, conf->durability);
    if (!durability_choose(&wanted, &facts->durability, &in_force, &fault)) {
        check_say(check, fault.code, "redis durability", "%s", fault.text);
        return in_force;
    }
    durability_write(&in_force, text);
    if (in_force.kind == DURABILITY_WAIT && facts->durability.replicas < in_force.replicas)
        check_say(check, FAULT_REDIS, "redis durability",
                  "%s, and %llu replicas are connected: nothing would be sent", text,
                  (unsigned long long)facts->durability.replicas);
    else
        check_say(check, FAULT_NONE, "redis durability", "%s: %s; %s", text,
                  durability_sentence(&in_force), durability_power_loss(&facts->durability));
    return in_force;
}

/* {'done', position, ...}: those that are missing, counted from 1. */
static void check_on_rights(void *ctx, const redisReply *reply)
{
    struct check_route *at = ctx;
    struct buf text;
    at->answered = true;
    size_t missing = 0;
    buf_init(&text, FAULT_TEXT_MAX);
    for (size_t i = 1; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        uint64_t position = reply_number(reply->element[i]);
        if (position < 1 || position > at->asked_count)
            continue;
        buf_clear(&text);
        const struct right *right = &right_table[at->asked[position - 1]];
        bool needed = right_need(right, at->in_force) == RIGHT_NEEDED;
        right_describe(right, &at->keys, &text);
        check_say(at->check, needed ? FAULT_REDIS : FAULT_NONE, "rights", "missing%s: %s",
                  needed ? "" : ", and not needed, but the queue is safer with it",
                  buf_text(&text));
        missing += needed;
    }
    buf_free(&text);
    at->has_rights = reply->type == REDIS_REPLY_ARRAY && missing == 0;
    if (at->has_rights)
        check_say(at->check, FAULT_NONE, "rights", "all %zu that are needed", at->asked_count);
}

static void check_ask_rights(struct check_route *at, struct slice *args, struct buf *names)
{
    struct fault fault;
    args[0] = slice_of(keys_prefix(&at->keys));
    for (size_t i = 0; i < right_count; i++) {
        buf_init(&names[i], FAULT_TEXT_MAX);
        const char *name = right_key(&right_table[i], &at->keys, &names[i]);
        if (!name || right_need(&right_table[i], at->in_force) == RIGHT_IDLE)
            continue;
        args[CHECK_SCRIPT_HEAD + 2 * at->asked_count] = slice_of(right_table[i].command);
        args[CHECK_SCRIPT_HEAD + 2 * at->asked_count + 1] = slice_of(name);
        at->asked[at->asked_count++] = i;
    }
    struct question question = {.script = "rights",
                                .args = args,
                                .count = CHECK_SCRIPT_HEAD + 2 * at->asked_count,
                                .doing = "ask for the rights of the Redis user",
                                .nothing = "NOPERM",
                                .use = check_on_rights,
                                .ctx = at};
    if (!session_ask(at->session, &question, &fault))
        check_say(at->check, fault.code, "rights", "%s", fault.text);
    else if (!at->answered)
        check_say(at->check, FAULT_REDIS, "rights",
                  "missing: EVALSHA or EVAL, without which no other can be asked for");
}

/* Whether all are there: what is seen with less tells nothing new. */
static bool check_rights(struct check_route *at)
{
    struct slice *args = mem_zalloc_array(CHECK_SCRIPT_HEAD + 2 * right_count, sizeof(*args));
    struct buf *names = mem_zalloc_array(right_count, sizeof(*names));
    at->asked = mem_zalloc_array(right_count, sizeof(*at->asked));
    check_ask_rights(at, args, names);
    for (size_t i = 0; i < right_count; i++)
        buf_free(&names[i]);
    mem_free(names);
    mem_free(args);
    mem_free(at->asked);
    return at->has_rights;
}

static void check_on_type(void *ctx, const redisReply *reply)
{
    struct check_route *at = ctx;
    const char *key = keys_name(&at->keys, at->key);
    const char *wanted = key_table[at->key].type;
    struct slice is = reply_text(reply);
    if (slice_is_text(is, wanted))
        check_say(at->check, FAULT_NONE, "key", "%s is a %s", key, wanted);
    else if (slice_is_text(is, "none"))
        at->absent++;
    else
        check_say(at->check, FAULT_REDIS, "key",
                  "%s is a %.*s, not a %s: another program uses this name", key, SLICE_ARG(is),
                  wanted);
}

static void check_types(struct check_route *at)
{
    struct fault fault;
    for (at->key = 0; at->key < KEY_COUNT; at->key++) {
        const char *key = keys_name(&at->keys, at->key);
        if (!key || key[strlen(key) - 1] == ':')
            continue; /* no inbox, or a family of keys */
        struct question question = {SESSION_ARGS(SLICE("TYPE"), slice_of(key)),
                                    .doing = "ask for the type of a key", .key = key,
                                    .use = check_on_type, .ctx = at};
        if (!session_ask(at->session, &question, &fault))
            check_say(at->check, fault.code, "key", "%s", fault.text);
    }
    if (at->absent > 0)
        check_say(at->check, FAULT_NONE, "key", "%zu more are not there yet", at->absent);
}

static void check_on_groups(void *ctx, const redisReply *reply)
{
    struct check_route *at = ctx;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (slice_is_text(reply_text(reply_field(reply->element[i], "name")), "elrelay"))
            at->has_group = true;
        else
            at->has_other_group = true;
}

static void check_on_number(void *ctx, const redisReply *reply)
{
    *(uint64_t *)ctx = reply_number(reply);
}

/* Whether the group is missing although it must not be. */
static bool check_is_lost(struct check_route *at, struct fault *fault)
{
    const char *open = keys_name(&at->keys, KEY_OPEN);
    const char *state = keys_name(&at->keys, KEY_STATE);
    struct question sealed = {
        SESSION_ARGS(SLICE("ZCOUNT"), slice_of(open), SLICE("(0"), SLICE("+inf")),
        .doing = "count the batches", .key = open, .use = check_on_number, .ctx = &at->sealed};
    struct question repairing = {
        SESSION_ARGS(SLICE("HEXISTS"), slice_of(state), SLICE("repairing")),
        .doing = "ask for a repair", .key = state, .use = check_on_number,
        .ctx = &at->repairing};
    return session_ask(at->session, &sealed, fault) &&
           session_ask(at->session, &repairing, fault) &&
           (at->repairing || (at->sealed && !at->has_group));
}

/* {'done', ..., events that somebody else took away} */
static void check_on_survey(void *ctx, const redisReply *reply)
{
    struct check_route *at = ctx;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 8)
        at->missing = reply_number(reply->element[8]);
}

static void check_missing(struct check_route *at)
{
    struct fault fault;
    struct question question = {
        .script = "survey",
        SESSION_KEYS(slice_of(keys_name(&at->keys, KEY_STREAM))),
        SESSION_ARGS(slice_of(keys_prefix(&at->keys)), SLICE(""), SLICE("")),
        .doing = "ask what is missing",
        .key = keys_name(&at->keys, KEY_STREAM),
        .use = check_on_survey,
        .ctx = at,
    };
    if (!session_ask(at->session, &question, &fault))
        check_say(at->check, fault.code, "events", "%s", fault.text);
    else if (at->missing)
        check_say(at->check, FAULT_REDIS, "events",
                  "%llu events were deleted or trimmed by somebody else; "
                  "`elrelay check --repair` takes note of it",
                  (unsigned long long)at->missing);
    else
        check_say(at->check, FAULT_NONE, "events", "none was taken away by somebody else");
}

static void check_group(struct check_route *at)
{
    struct fault fault;
    const char *key = keys_name(&at->keys, KEY_STREAM);
    struct question question = {SESSION_ARGS(SLICE("XINFO"), SLICE("GROUPS"), slice_of(key)),
                                .doing = "ask for the consumer groups",
                                .key = key,
                                .nothing = "ERR",
                                .use = check_on_groups,
                                .ctx = at};
    if (!session_ask(at->session, &question, &fault))
        check_say(at->check, fault.code, "group", "%s", fault.text);
    else if (at->has_other_group)
        check_say(at->check, FAULT_REDIS, "group",
                  "%s has another consumer group, whose reader would lose events", key);
    else if (check_is_lost(at, &fault))
        check_say(at->check, FAULT_REDIS, "group",
                  "it has vanished while batches were open; stop all daemons of the route "
                  "and run `elrelay check --repair`");
    else
        check_say(at->check, FAULT_NONE, "group",
                  at->has_group ? "elrelay" : "not there yet, the daemon makes it");
    if (at->has_group && !at->repairing)
        check_missing(at);
}

/* What is in force on it. */
static enum durability_kind check_server(struct check *check, struct session *session,
                                         const struct redis_conf *conf)
{
    struct fault fault;
    struct facts facts;
    if (facts_read(session, &facts, &fault)) {
        check_facts(check, &facts);
        return check_durability(check, conf, &facts).kind;
    }
    check_say(check, fault.code, "redis", "%s", fault.text);
    return DURABILITY_NONE;
}

static void check_node(struct check *check, const struct session *session)
{
    struct buf node;
    buf_init(&node, FAULT_TEXT_MAX);
    session_write_node(session, &node);
    check_say(check, FAULT_NONE, "redis node", "%s", buf_text(&node));
    buf_free(&node);
}

static void check_route(struct check_route *at, const struct conf *conf)
{
    if (!check_rights(at))
        return;
    check_types(at);
    check_group(at);
    if (at->route->shard == 0)
        check_beyond(at->check, at->session, conf, at->route);
}

/* In a cluster each route may lie on another server. */
void check_redis(struct check *check, const struct choice *choice)
{
    struct fault fault;
    const struct redis_conf *conf = &choice->conf.redis;
    struct session *session = session_open(choice, &fault);
    if (!session) {
        check_say(check, fault.code, "redis", "%s", fault.text);
        return;
    }
    check_say(check, FAULT_NONE, "redis", "%s", session_name(session));
    bool apart = redis_conf_is_cluster(conf);
    enum durability_kind in_force = apart ? DURABILITY_NONE
                                          : check_server(check, session, conf);
    for (size_t i = 0; i < choice->count; i++) {
        struct check_route at = {.check = check,
                                 .session = session,
                                 .route = &choice->routes[i],
                                 .in_force = in_force};
        check->route = at.route->name;
        keys_init(&at.keys, at.route);
        bool aimed = session_aim(session, &at.keys, &fault);
        if (!aimed)
            check_say(check, fault.code, "redis", "%s", fault.text);
        if (aimed && apart) {
            check_node(check, session);
            at.in_force = check_server(check, session, conf);
        }
        if (aimed)
            check_route(&at, &choice->conf);
        keys_free(&at.keys);
    }
    check->route = NULL;
    session_close(session);
}
