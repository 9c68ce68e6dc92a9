/*
 * conf_check.c - required settings, limits that depend on each other, and what two routes may
 * not share.
 */

#include "elrelay/core/told/conf_check.h"

#include <ctype.h>
#include <stdio.h>

#include "elrelay/core/decide/durability.h"

enum { NAME_MAX_LEN = 64, NAME_OF_SHARDS_MAX = NAME_MAX_LEN - 3, SERVED_MAX = 1024 };

#define NAME_RULE "must be 1 to 64 of A-Z a-z 0-9 . _ -"

static bool check_refuse_top(struct conf_build *build, const char *key, const char *text)
{
    struct conf_spot spot = {.setting = setting_by_key(SETTING_TOP, slice_of(key))};
    return conf_build_refuse(build, &spot, "%s", text);
}

bool conf_check_refuse_route(struct conf_build *build, size_t route, const char *key,
                             const char *text)
{
    struct conf_spot spot = {.scope = SETTING_ROUTE, .route = route};
    spot.setting = setting_by_key(SETTING_ROUTE, slice_of(key));
    return conf_build_refuse(build, &spot, "%s", text);
}

bool conf_check_refuse_served(struct conf_build *build, const struct route_conf *route,
                              const char *key, const char *text)
{
    return conf_check_refuse_route(build, (size_t)(route->whole - build->conf->written), key,
                                   text);
}

static bool check_required(struct conf_build *build, struct conf_spot spot)
{
    const void *base = conf_base(build->conf, &spot);
    for (size_t i = 0; i < setting_count; i++) {
        spot.setting = &setting_table[i];
        if (spot.setting->scope == spot.scope && spot.setting->flags & SETTING_REQUIRED &&
            setting_is_empty(spot.setting, base))
            return conf_build_refuse(build, &spot, "missing; it must be given");
    }
    return true;
}

static bool check_is_name(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
            return false;
    return len >= 1 && len <= NAME_MAX_LEN;
}

static bool check_top(struct conf_build *build)
{
    const struct conf *conf = build->conf;
    if (!check_required(build, (struct conf_spot){.scope = SETTING_TOP}))
        return false;
    if (!check_is_name(conf->instance))
        return check_refuse_top(build, "instance", NAME_RULE);
    if (conf->heartbeat.life_ms < 2 * conf->heartbeat.every_ms)
        return check_refuse_top(build, "heartbeat.life",
                                "must be at least twice heartbeat.every");
    if (conf->redis.retry_first_ms > conf->redis.retry_cap_ms)
        return check_refuse_top(build, "redis.retry.cap",
                                "must not be below redis.retry.first");
    if (!durability_read(&(struct durability){0}, conf->redis.durability))
        return check_refuse_top(build, "redis.durability", DURABILITY_RULE);
    if (conf->redis.key_file && !conf->redis.cert_file)
        return check_refuse_top(build, "redis.key_file", "needs redis.cert_file beside it");
    if (conf->ledger.path && conf->ledger.path[0] != '/')
        return check_refuse_top(build, "ledger.path",
                                "must begin with /: a ledger is found again from any folder");
    return true;
}

static bool check_batch(struct conf_build *build, size_t index)
{
    const struct route_conf *route = &build->conf->written[index];
    const struct profile *profile = route->endpoint.profile;
    char text[FAULT_TEXT_MAX];
    if (route->batch.min_events > route->batch.max_events)
        return conf_check_refuse_route(build, index, "batch.min_events",
                                       "must not be above batch.max_events");
    if (profile->max_rows && route->batch.max_events > profile->max_rows) {
        snprintf(text, sizeof(text), "must be at most %zu, the limit of profile %s",
                 profile->max_rows, profile->name);
        return conf_check_refuse_route(build, index, "batch.max_events", text);
    }
    if (profile->max_bytes && route->batch.max_bytes > profile->max_bytes) {
        char limit[VALUE_SIZE_TEXT_MAX];
        value_write_size(limit, profile->max_bytes);
        snprintf(text, sizeof(text), "must be at most %s, the limit of profile %s", limit,
                 profile->name);
        return conf_check_refuse_route(build, index, "batch.max_bytes", text);
    }
    return true;
}

/* What Redis has forgotten and the ledger has not would count as sent before. */
static bool check_receipts(struct conf_build *build, size_t index)
{
    const struct conf *conf = build->conf;
    bool enough = conf->written[index].receipts.keep_ms >= RECEIPTS_KEEP_LEDGER_MS;
    return enough || !conf->ledger.path ||
           conf_check_refuse_route(build, index, "receipts.keep",
                                   "must be at least 30d beside a ledger, which remembers "
                                   "for as long what was sent");
}

static bool check_format(struct conf_build *build, size_t index)
{
    const struct format_conf *format = &build->conf->written[index].format;
    struct fault fault;
    if (format->header != HEADER_FIXED && format->column_count > 0)
        return conf_check_refuse_route(
            build, index, "format.columns",
            "only with format.header: fixed; change the one or take out the other");
    return format_check(format, &fault) || conf_build_blame(build, index, fault.text);
}

/* Of the keys that begin with "elrelay:" only events, inbox and exceptions of a route are not
 * the daemon's own. */
static bool check_key_is_free(const char *key)
{
    if (!key || strncmp(key, "elrelay:", strlen("elrelay:")) != 0)
        return true;
    const char *ending = strrchr(key, ':');
    return strcmp(ending, ":events") == 0 || strcmp(ending, ":inbox") == 0 ||
           strcmp(ending, ":exceptions") == 0;
}

/* Exceptions are no reports. */
static bool check_reads_exceptions(const struct route_conf *route)
{
    static const char ending[] = ":exceptions";
    size_t len = strlen(route->queue.stream);
    return route->type == ROUTE_RELAY && strncmp(route->queue.stream, "elrelay:", 8) == 0 &&
           len >= sizeof(ending) - 1 &&
           strcmp(route->queue.stream + len - (sizeof(ending) - 1), ending) == 0;
}

static bool check_queue(struct conf_build *build, size_t index)
{
    static const char text[] =
        "this key is elrelay's own; choose one that does not begin with elrelay:";
    const struct queue_conf *queue = &build->conf->written[index].queue;
    if (!check_key_is_free(queue->stream))
        return conf_check_refuse_route(build, index, "queue.stream", text);
    if (check_reads_exceptions(&build->conf->written[index]))
        return conf_check_refuse_route(build, index, "queue.stream",
                                       "this is a stream of exceptions; only a route of type "
                                       "forward reads it");
    if (!check_key_is_free(queue->inbox))
        return conf_check_refuse_route(build, index, "queue.inbox", text);
    if (!check_key_is_free(queue->exceptions))
        return conf_check_refuse_route(build, index, "queue.exceptions", text);
    return true;
}

static bool check_name(struct conf_build *build, size_t index)
{
    const struct route_conf *route = &build->conf->written[index];
    if (!check_is_name(route->name))
        return conf_check_refuse_route(build, index, "name", NAME_RULE);
    if (route->shards > 1 && strlen(route->name) > NAME_OF_SHARDS_MAX)
        return conf_check_refuse_route(
            build, index, "name",
            "with shards it may have 61 characters, for each shard's name is this one and .K");
    return true;
}

static bool check_route(struct conf_build *build, size_t index)
{
    bool silent = build->conf->written[index].endpoint.profile->sends_nothing;
    if (!check_required(build, (struct conf_spot){.scope = SETTING_ROUTE, .route = index}))
        return false;
    return conf_check_sends(build, index) && conf_check_forward(build, index) &&
           check_name(build, index) && check_queue(build, index) && check_batch(build, index) &&
           check_receipts(build, index) && check_format(build, index) &&
           (silent || conf_check_endpoint(build, index));
}

bool conf_check(struct conf_build *build)
{
    size_t served = 0;
    if (!check_top(build))
        return false;
    for (size_t i = 0; i < build->conf->written_count; i++) {
        if (!check_route(build, i))
            return false;
        served += build->conf->written[i].shards;
        if (build->conf->written[i].shards > 1 && served > SERVED_MAX)
            return conf_check_refuse_route(
                build, i, "shards", "more than 1024 routes would be served, shards counted");
    }
    return true;
}

static bool check_is_inbox(const struct route_conf *route, const char *key)
{
    return key && route->queue.inbox && strcmp(route->queue.inbox, key) == 0;
}

static bool check_refuse_name(struct conf_build *build, const struct route_conf *first,
                              const struct route_conf *second)
{
    char text[FAULT_TEXT_MAX] = "another route has this name already";
    if (first->shards > 1 || second->shards > 1)
        snprintf(text, sizeof(text),
                 "%s names two routes: shards of route NAME are called NAME.K; rename this one",
                 second->name);
    return conf_check_refuse_served(build, second, "name", text);
}

/* What one says of its events must not come where another, or itself, reads events. */
static bool check_exceptions(struct conf_build *build, const struct route_conf *one,
                             const struct route_conf *other)
{
    const char *key = one->queue.exceptions;
    bool reads = other->type == ROUTE_RELAY && key && strcmp(key, other->queue.stream) == 0;
    if (!reads && !check_is_inbox(other, key))
        return true;
    return conf_check_refuse_served(build, one, "queue.exceptions",
                                    "events are read from this key; exceptions need another");
}

/* What second may not have in common with first, which stands before it or is the same. */
static bool check_pair(struct conf_build *build, const struct route_conf *first,
                       const struct route_conf *second)
{
    if (!check_exceptions(build, first, second) || !check_exceptions(build, second, first))
        return false;
    if (check_is_inbox(second, first->queue.stream))
        return conf_check_refuse_served(
            build, second, "queue.inbox",
            "this key is a stream of elrelay; an inbox needs its own");
    if (first == second)
        return true;
    if (strcmp(first->name, second->name) == 0)
        return check_refuse_name(build, first, second);
    if (!conf_check_cluster_pair(build, first, second))
        return false;
    if (strcmp(first->queue.stream, second->queue.stream) == 0 ||
        check_is_inbox(first, second->queue.stream))
        return conf_check_refuse_served(
            build, second, "queue.stream",
            "another route uses this key already; each needs its own");
    if (check_is_inbox(second, first->queue.inbox))
        return conf_check_refuse_served(
            build, second, "queue.inbox",
            "another route uses this key already; each needs its own");
    return true;
}

bool conf_check_served(struct conf_build *build)
{
    const struct route_conf *routes = build->conf->routes;
    for (size_t i = 0; i < build->conf->route_count; i++) {
        if (!conf_check_cluster(build, &routes[i]))
            return false;
        for (size_t j = 0; j <= i; j++)
            if (!check_pair(build, &routes[j], &routes[i]))
                return false;
    }
    return true;
}
