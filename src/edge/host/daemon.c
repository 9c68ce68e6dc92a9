/*
 * daemon.c - the process: what is opened, in which order, and what keeps it alive.
 */

#include "daemon_parts.h"

#include <stdio.h>

#include "elrelay/core/told/shard.h"
#include "elrelay/edge/host/clock.h"
#include "elrelay/edge/host/crypto.h"
#include "elrelay/edge/host/notify.h"
#include "elrelay/ground/mem.h"

enum { DAEMON_READY_MS = 10 * 1000 };

int daemon_exit_code(const struct cycle *cycle)
{
    if (cycle->pending)
        return fault_exit_code(FAULT_PENDING);
    if (cycle->paused)
        return fault_exit_code(FAULT_GENERAL);
    if (cycle->stuck)
        return fault_exit_code(FAULT_REDIS);
    return cycle->kept ? fault_exit_code(FAULT_ENDPOINT) : 0;
}

static void daemon_say_ready(struct daemon *daemon, const char *status)
{
    if (daemon->setup->once)
        return;
    if (!daemon->told_ready)
        notify_ready();
    daemon->told_ready = true;
    notify_status(status);
}

/* Routes */

static bool daemon_all_ready(const struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->route_count; i++)
        if (!route_is_ready(daemon->routes[i]))
            return false;
    return true;
}

static size_t daemon_route_index(const struct daemon *daemon, const struct route *route)
{
    size_t at = 0;
    while (daemon->routes[at] != route)
        at++;
    return at;
}

static void daemon_on_route_ready(void *ctx, struct route *route)
{
    struct daemon *daemon = ctx;
    struct daemon_link *at = links_of_route(daemon, daemon_route_index(daemon, route));
    at->failures = 0;
    beyond_look(daemon, route_name(route), at->link);
    log_write(LOG_INFO, "route_ready", log_word("route", route_name(route)));
    if (daemon->setup->once)
        relay_flush(route_relay(route));
    if (daemon->phase == DAEMON_STARTING)
        daemon->phase = DAEMON_RUNNING;
    if (daemon_all_ready(daemon))
        daemon_say_ready(daemon, "relaying");
}

static void daemon_on_accepted(void *ctx, struct route *route, uint64_t events)
{
    struct daemon *daemon = ctx;
    (void)route;
    if (daemon->setup->on_accepted)
        daemon->setup->on_accepted(daemon->setup->ctx, events);
}

static void daemon_on_cycle(void *ctx, struct route *route, const struct cycle *cycle)
{
    struct daemon *daemon = ctx;
    operator_on_cycle(daemon, route, cycle);
}

/* A queue that will not heal by itself ends a daemon that never ran; one that did run goes on
 * with its others. */
static void daemon_on_route_fault(void *ctx, const struct fault *fault, bool lasting)
{
    struct daemon *daemon = ctx;
    if (daemon->setup->once || (lasting && daemon->phase == DAEMON_STARTING))
        stop_with_fault(daemon, fault);
}

/* The routes of the configuration, or those that are meant. */
static const struct route_conf *daemon_choose(const struct daemon *daemon, size_t *count)
{
    struct conf *conf = daemon->first;
    const char *only = daemon->setup->only_route;
    *count = conf->route_count;
    return only ? shard_choose(conf, only, count) : conf->routes;
}

static void daemon_open_routes(struct daemon *daemon, const struct route_conf *chosen,
                               size_t count)
{
    daemon->routes = mem_zalloc_array(count, sizeof(struct route *));
    for (size_t i = 0; i < count; i++) {
        struct route_setup setup = {
            .loop = &daemon->loop,
            .link = links_of_route(daemon, i)->link,
            .uplink = daemon->uplink,
            .conf = daemon->first,
            .route = &chosen[i],
            .instance = daemon->instance,
            .token = daemon->token,
            .ledger = daemon->ledger,
            .ctx = daemon,
            .on_ready = daemon_on_route_ready,
            .on_accepted = daemon_on_accepted,
            .on_cycle = daemon_on_cycle,
            .on_fault = daemon_on_route_fault,
        };
        daemon->routes[daemon->route_count++] = route_new(&setup);
    }
    daemon->cycles_left = daemon->route_count;
}

/* Timers */

/* One timer for both, so that an idle daemon wakes once for them. */
static void daemon_on_pulse(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    if (daemon->watched)
        notify_watchdog();
    if (++daemon->pulses % daemon->pulses_a_beat)
        return;
    for (size_t i = 0; i < daemon->route_count; i++)
        route_beat(daemon->routes[i]);
}

/* Until stopping begins, the grace timer bounds the wait for Redis before the manager is told
 * that we run. */
static void daemon_on_ready_late(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    if (!daemon->told_ready)
        daemon_say_ready(daemon, "waiting for Redis");
}

/* As many pulses a heartbeat as the watchdog wants. */
static void daemon_start_pulse(struct daemon *daemon)
{
    uint64_t beat_ms = daemon->first->heartbeat.every_ms;
    uint64_t watchdog_ms = daemon->setup->once ? 0 : notify_watchdog_every_ms();
    daemon->watched = watchdog_ms > 0;
    daemon->pulses_a_beat = watchdog_ms ? (beat_ms + watchdog_ms - 1) / watchdog_ms : 1;
    uint64_t pulse_ms = beat_ms / daemon->pulses_a_beat;
    uv_timer_start(&daemon->pulse, daemon_on_pulse, pulse_ms, pulse_ms);
}

static void daemon_open_timers(struct daemon *daemon)
{
    uv_timer_t *timers[] = {&daemon->pulse, &daemon->grace};
    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++) {
        uv_timer_init(&daemon->loop, timers[i]);
        timers[i]->data = daemon;
    }
    uv_prepare_init(&daemon->loop, &daemon->rest);
    daemon->rest.data = daemon;
    daemon_start_pulse(daemon);
    uv_timer_start(&daemon->grace, daemon_on_ready_late, DAEMON_READY_MS, 0);
    lag_open(&daemon->lag, &daemon->loop);
}

/* Life */

static void daemon_name_itself(struct daemon *daemon)
{
    uint8_t random[DAEMON_TOKEN_BYTES];
    crypto_random(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(daemon->token + 2 * i, 3, "%02x", random[i]);
    if (daemon->setup->once)
        snprintf(daemon->instance, sizeof(daemon->instance), "%.60s.once-%.8s",
                 daemon->first->instance, daemon->token);
    else
        snprintf(daemon->instance, sizeof(daemon->instance), "%s", daemon->first->instance);
}

static bool daemon_open_ledger(struct daemon *daemon)
{
    const char *path = daemon->first->ledger.path;
    if (path)
        daemon->ledger = ledger_open(path, clock_unix_ms(), &daemon->fault);
    return !path || daemon->ledger;
}

static bool daemon_open(struct daemon *daemon)
{
    size_t count;
    const struct route_conf *chosen = daemon_choose(daemon, &count);
    if (count == 0)
        return fault_set(&daemon->fault, FAULT_CONF, "the route is not there any more");
    if (!links_make(daemon, chosen, count))
        return false;
    signals_ignore_pipe();
    daemon->uplink = uplink_new(&daemon->loop);
    daemon->signals = operator_watch_signals(daemon, &daemon->fault);
    daemon_open_timers(daemon);
    daemon_open_routes(daemon, chosen, count);
    bool good = daemon->signals && (daemon->setup->once || links_listen(daemon));
    log_write(LOG_INFO, "started", log_word("instance", daemon->instance),
              log_word("redis", link_name(daemon->links[0].link)),
              log_number("routes", daemon->route_count));
    links_open(daemon);
    if (!good)
        stop_with_fault(daemon, &daemon->fault);
    return true;
}

static void daemon_free_confs(struct daemon *daemon)
{
    daemon->phase = DAEMON_CLOSING;
    reload_free_retired(daemon);
    if (daemon->conf != daemon->first) {
        conf_free(daemon->conf);
        mem_free(daemon->conf);
    }
    conf_free(daemon->first);
    mem_free(daemon->first);
}

/* Until it has come to rest; what it is to start anew under, or NULL. */
static struct conf *daemon_run_conf(struct daemon *daemon, struct conf *conf)
{
    daemon->first = conf;
    daemon->conf = conf;
    daemon_name_itself(daemon);
    uv_loop_init(&daemon->loop);
    if (daemon_open_ledger(daemon) && daemon_open(daemon))
        uv_run(&daemon->loop, UV_RUN_DEFAULT);
    else
        daemon->exit_code = fault_exit_code(daemon->fault.code);
    if (uv_loop_close(&daemon->loop) != 0)
        fault_bug("daemon_run", "a handle was left open");
    beyond_free(daemon);
    daemon_free_confs(daemon);
    ledger_close(daemon->ledger);
    mem_free(daemon->routes);
    mem_free(daemon->links);
    return daemon->next;
}

int daemon_run(const struct daemon_setup *setup, struct fault *fault)
{
    struct daemon *daemon = mem_zalloc(sizeof(*daemon));
    struct conf *next = setup->conf;
    while (next) {
        *daemon = (struct daemon){.setup = setup};
        next = daemon_run_conf(daemon, next);
    }
    log_write(LOG_INFO, "stopped", log_number("exit_code", (uint64_t)daemon->exit_code));
    *fault = daemon->fault;
    int exit_code = daemon->exit_code;
    mem_free(daemon);
    return exit_code;
}
