/*
 * reload.c - a new configuration, taken between batches.
 *
 * A file that cannot be used changes nothing. Most settings hold from each route's next batch
 * or attempt on. Where routes came or went, or a queue or the heartbeat changed, the daemon
 * comes to rest, as for a stop, and starts anew within the process. Redis and the instance's
 * name need a restart, and the log says so.
 */

#include "daemon_parts.h"

#include "elrelay/edge/host/conf_file.h"
#include "elrelay/edge/host/notify.h"
#include "elrelay/ground/mem.h"

static bool reload_is_used(const struct daemon *daemon, const struct conf *conf)
{
    if (conf == daemon->first || conf == daemon->conf)
        return true;
    for (size_t i = 0; i < daemon->route_count; i++)
        for (size_t n = 0; n < conf->route_count; n++)
            if (relay_uses(route_relay(daemon->routes[i]), &conf->routes[n]))
                return true;
    return false;
}

void reload_free_retired(struct daemon *daemon)
{
    size_t kept = 0;
    for (size_t i = 0; i < daemon->retired_count; i++) {
        struct conf *conf = daemon->retired[i];
        if (daemon->phase != DAEMON_CLOSING && reload_is_used(daemon, conf)) {
            daemon->retired[kept++] = conf;
            continue;
        }
        conf_free(conf);
        mem_free(conf);
    }
    daemon->retired_count = kept;
}

static void reload_refuse(const char *why)
{
    log_write(LOG_ERROR, "reload_refused", log_word("why", why));
    notify_ready();
    notify_status("reload refused: the old configuration stays");
}

static bool reload_is_same_text(const char *old, const char *new)
{
    return old && new ? strcmp(old, new) == 0 : old == new;
}

static bool reload_is_same_queue(const struct queue_conf *old, const struct queue_conf *new)
{
    return reload_is_same_text(old->tag, new->tag) &&
           reload_is_same_text(old->stream, new->stream) &&
           reload_is_same_text(old->inbox, new->inbox) &&
           reload_is_same_text(old->exceptions, new->exceptions) &&
           old->inbox_end == new->inbox_end;
}

/* What the routes were built on is as it was. */
static bool reload_keeps_frame(const struct conf *old, const struct conf *new)
{
    bool same = old->route_count == new->route_count &&
                old->heartbeat.every_ms == new->heartbeat.every_ms &&
                old->heartbeat.life_ms == new->heartbeat.life_ms;
    for (size_t i = 0; same && i < old->route_count; i++) {
        const struct route_conf *route = conf_route(new, old->routes[i].name);
        same = route && reload_is_same_queue(&old->routes[i].queue, &route->queue);
    }
    return same;
}

static void reload_warn_of_restart(const struct daemon *daemon, const struct conf *conf)
{
    const char *restart = conf_restart_key(daemon->first, conf);
    if (restart)
        log_write(LOG_WARN, "reload_needs_restart", log_word("setting", restart));
}

static void reload_take(struct daemon *daemon, struct conf *conf)
{
    reload_warn_of_restart(daemon, conf);
    if (daemon->conf != daemon->first)
        daemon->retired[daemon->retired_count++] = daemon->conf;
    daemon->conf = conf;
    log_set_level(conf->log.level);
    for (size_t i = 0; i < daemon->route_count; i++)
        relay_reload(route_relay(daemon->routes[i]),
                     conf_route(conf, route_name(daemon->routes[i])));
    log_write(LOG_INFO, "reloaded", log_number("routes", conf->route_count));
    notify_ready();
}

void reload_conf(struct daemon *daemon)
{
    if (daemon->phase >= DAEMON_STOPPING) {
        log_write(LOG_WARN, "reload_refused", log_word("why", "coming to rest already"));
        return;
    }
    notify_reloading();
    reload_free_retired(daemon);
    struct conf *conf = mem_zalloc(sizeof(*conf));
    struct fault fault = {0};
    bool room = daemon->retired_count < DAEMON_RETIRED_MAX;
    bool good = conf_file_read(conf, daemon->setup->conf_path, &fault);
    if (!good || !room) {
        reload_refuse(good ? "too many reloads while a batch is on the wire: try again later"
                           : fault.text);
        conf_free(conf);
        mem_free(conf);
        return;
    }
    if (reload_keeps_frame(daemon->first, conf))
        reload_take(daemon, conf);
    else
        stop_to_start_anew(daemon, conf);
}
