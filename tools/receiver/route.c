/*
 * route.c - the table of routes.
 */

#include "route.h"

#include <string.h>

static const struct route {
    const char *method;
    const char *prefix;
    const char *suffix; /* "" where nothing is left open */
    void (*handle)(struct exchange *exchange);
} routes[] = {
    {"POST", "/api/reports", "", submit_to_reports},
    {"POST", "/api/waters", "", submit_to_waters},
    {"GET", "/api/waters/report/", "/history", show_history},
    {"GET", "/api/waters/org/", "/submissions", show_submissions},
};
enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

/* Leaves in part what stands between prefix and suffix. */
static bool route_matches(const struct route *route, const char *path, struct slice *part)
{
    size_t prefix = strlen(route->prefix);
    size_t suffix = strlen(route->suffix);
    size_t len = strlen(path);
    if (len < prefix + suffix || strncmp(path, route->prefix, prefix) != 0 ||
        strcmp(path + len - suffix, route->suffix) != 0)
        return false;
    *part = (struct slice){path + prefix, len - prefix - suffix};
    return (suffix > 0) == (part->len > 0);
}

static bool is_plain_path(const struct exchange *exchange)
{
    const struct text_list *plain = &exchange->receiver->settings.plain;
    for (size_t i = 0; i < plain->count; i++)
        if (strcmp(plain->items[i], exchange->path) == 0)
            return strcmp(exchange->method, "POST") == 0;
    return false;
}

void route_handle(struct exchange *exchange)
{
    for (size_t i = 0; i < ROUTES; i++)
        if (strcmp(routes[i].method, exchange->method) == 0 &&
            route_matches(&routes[i], exchange->path, &exchange->path_part)) {
            routes[i].handle(exchange);
            return;
        }
    if (is_plain_path(exchange))
        submit_plain(exchange);
    else
        answer_set_status(&exchange->answer, 404);
}
