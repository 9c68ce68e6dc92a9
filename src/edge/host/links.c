/*
 * links.c - the connections to Redis, and which routes go over which.
 *
 * One serves all routes, as long as all keys lie on one server. In a cluster each route has its
 * own, which follows the route's slot from node to node; for the same reason the listener,
 * whose one command names the control streams of all its routes.
 */

#include "daemon_parts.h"

#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/mem.h"

enum { LINKS_ONCE_TRIES = 5, LINKS_SERVER_MAX = 300 };

struct daemon_link *links_of_route(struct daemon *daemon, size_t route)
{
    return &daemon->links[daemon->link_count > 1 ? route : 0];
}

static void links_on_up(void *ctx)
{
    struct daemon_link *at = ctx;
    char room[LINKS_SERVER_MAX];
    struct buf server = {.ptr = room, .cap = sizeof(room), .max = sizeof(room)};
    link_write_server(at->link, &server);
    if (server.len)
        log_write(LOG_INFO, "redis_up", log_word("redis", link_name(at->link)),
                  log_word("server", buf_text(&server)));
    else
        log_write(LOG_INFO, "redis_up", log_word("redis", link_name(at->link)));
    for (size_t i = 0; i < at->count; i++)
        route_on_up(at->daemon->routes[at->first + i]);
}

/* A listener that waits on a server which is gone without a word would not notice. */
static void links_on_down(void *ctx, const struct fault *fault, uint64_t retry_ms)
{
    struct daemon_link *at = ctx;
    log_write(LOG_WARN, "redis_down", log_word("redis", link_name(at->link)),
              log_word("why", fault->text), log_number("retry_ms", retry_ms));
    for (size_t i = 0; i < at->count; i++)
        route_on_down(at->daemon->routes[at->first + i]);
    if (at->control && link_is_located(at->link))
        control_reset(at->control);
    at->failures++;
    if (at->daemon->setup->once && at->failures >= LINKS_ONCE_TRIES)
        stop_with_fault(at->daemon, fault);
}

static void links_close_made(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->link_count; i++)
        link_close(daemon->links[i].link, NULL, NULL);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

bool links_make(struct daemon *daemon, const struct route_conf *routes, size_t count)
{
    const struct redis_conf *redis = &daemon->first->redis;
    bool apart = redis_conf_is_cluster(redis);
    daemon->link_count = apart ? count : 1;
    daemon->links = mem_zalloc_array(daemon->link_count, sizeof(*daemon->links));
    for (size_t i = 0; i < daemon->link_count; i++) {
        struct daemon_link *at = &daemon->links[i];
        struct link_events events = {links_on_up, links_on_down, at};
        *at = (struct daemon_link){.daemon = daemon, .first = i, .count = apart ? 1 : count};
        at->link = link_new(&daemon->loop, redis, &events, &daemon->fault);
        if (!at->link) {
            links_close_made(daemon);
            return false;
        }
        struct keys keys;
        keys_init(&keys, &routes[i]);
        link_serve(at->link, keys_nothing(&keys));
        keys_free(&keys);
    }
    return true;
}

static bool links_listen_on(struct daemon_link *at)
{
    struct daemon *daemon = at->daemon;
    struct keys *keys = mem_zalloc_array(at->count, sizeof(*keys));
    const char **names = mem_zalloc_array(at->count, sizeof(*names));
    for (size_t i = 0; i < at->count; i++) {
        keys_init(&keys[i], &daemon->first->routes[at->first + i]);
        names[i] = keys_name(&keys[i], KEY_CONTROL);
    }
    struct control_setup setup = {.loop = &daemon->loop,
                                  .conf = &daemon->first->redis,
                                  .keys = names,
                                  .count = at->count,
                                  .first = at->first,
                                  .nothing = keys_nothing(&keys[0]),
                                  .on_message = operator_on_message,
                                  .ctx = daemon};
    at->control = control_new(&setup, &daemon->fault);
    for (size_t i = 0; i < at->count; i++)
        keys_free(&keys[i]);
    mem_free(keys);
    mem_free(names);
    if (at->control)
        control_open(at->control);
    return at->control != NULL;
}

bool links_listen(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->link_count; i++)
        if (!links_listen_on(&daemon->links[i]))
            return false;
    return true;
}

void links_open(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->link_count; i++)
        link_open(daemon->links[i].link);
}

void links_close(struct daemon *daemon, void (*on_closed)(void *ctx))
{
    for (size_t i = 0; i < daemon->link_count; i++) {
        if (daemon->links[i].control)
            control_close(daemon->links[i].control, on_closed, NULL);
        link_close(daemon->links[i].link, on_closed, NULL);
    }
}
