/*
 * forward_check.c - routes of type forward: what follows from the type, and what it leaves no
 * choice of. Each exception is a request of its own, in the shape that the callback knows.
 */

#include "elrelay/core/told/conf_check.h"

#include "elrelay/ground/mem.h"

enum { FORWARD_SPACE_MAX = 128, FORWARD_KEEP_MS = 24 * 3600 * 1000 };

static const char forward_format[] = "exception";
static const char forward_profile[] = "callback";

static bool forward_is_given(const struct conf_build *build, size_t index, const char *key)
{
    struct conf_spot spot = {.scope = SETTING_ROUTE, .route = index};
    spot.setting = setting_by_key(SETTING_ROUTE, slice_of(key));
    return conf_find_note(build->conf, &spot) != NULL;
}

void conf_derive_forward(struct conf_build *build, size_t index)
{
    struct route_conf *route = &build->conf->written[index];
    if (route->type != ROUTE_FORWARD)
        return;
    if (!forward_is_given(build, index, "format.type"))
        route->format.format = format_by_name(slice_of(forward_format));
    if (!forward_is_given(build, index, "endpoint.profile"))
        route->endpoint.profile = profile_by_name(slice_of(forward_profile));
    if (!forward_is_given(build, index, "batch.max_events"))
        route->batch.max_events = 1;
    if (!forward_is_given(build, index, "receipts.keep") && !build->conf->ledger.path)
        route->receipts.keep_ms = FORWARD_KEEP_MS; /* there are as many as exceptions */
    if (!route->name || !redis_conf_is_cluster(&build->conf->redis))
        return;
    struct buf space; /* its tag is that of the route whose exceptions it reads */
    buf_init(&space, FORWARD_SPACE_MAX);
    buf_add_format(&space, "forward:%s:", route->name);
    route->queue.space = mem_copy_text(space.ptr, space.len);
    buf_free(&space);
}

/* Settings that say nothing to an exception. */
static const struct {
    const char *key;
    const char *text;
} forward_foreign[] = {
    {"queue.inbox", "a route of type forward has no inbox; take it out"},
    {"queue.exceptions", "a route of type forward writes no exceptions; take it out"},
    {"format.header", "a route of type forward writes no columns; take it out"},
    {"format.tracking_id", "a route of type forward writes no columns; take it out"},
    {"format.columns", "a route of type forward writes no columns; take it out"},
};

static bool check_forward(struct conf_build *build, size_t index)
{
    const struct route_conf *route = &build->conf->written[index];
    if (!forward_is_given(build, index, "queue.stream"))
        return conf_check_refuse_route(
            build, index, "queue.stream",
            "missing; a route of type forward needs the stream of exceptions that it reads, "
            "as elrelay:{ROUTE}:exceptions");
    for (size_t i = 0; i < sizeof(forward_foreign) / sizeof(forward_foreign[0]); i++)
        if (forward_is_given(build, index, forward_foreign[i].key))
            return conf_check_refuse_route(build, index, forward_foreign[i].key,
                                           forward_foreign[i].text);
    if (strcmp(route->format.format->name, forward_format) != 0)
        return conf_check_refuse_route(build, index, "format.type",
                                       "must be exception with type: forward; take it out");
    if (strcmp(route->endpoint.profile->name, forward_profile) != 0)
        return conf_check_refuse_route(build, index, "endpoint.profile",
                                       "must be callback with type: forward; take it out");
    if (route->batch.max_events != 1)
        return conf_check_refuse_route(
            build, index, "batch.max_events",
            "must be 1 with type: forward: each exception is a request of its own");
    return true;
}

bool conf_check_forward(struct conf_build *build, size_t index)
{
    const struct route_conf *route = &build->conf->written[index];
    if (route->type == ROUTE_FORWARD)
        return check_forward(build, index);
    if (strcmp(route->format.format->name, forward_format) == 0)
        return conf_check_refuse_route(build, index, "format.type",
                                       "exception is for routes of type: forward");
    if (strcmp(route->endpoint.profile->name, forward_profile) == 0)
        return conf_check_refuse_route(build, index, "endpoint.profile",
                                       "callback is for routes of type: forward");
    return true;
}

bool conf_forwards_nothing(const struct conf *conf, const struct route_conf *route)
{
    for (size_t i = 0; i < conf->written_count; i++)
        if (conf->written[i].type == ROUTE_RELAY &&
            strcmp(conf->written[i].queue.exceptions, route->queue.stream) == 0)
            return false;
    return route->type == ROUTE_FORWARD;
}
