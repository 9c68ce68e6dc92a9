/*
 * stop.c - the way out.
 *
 * The routes come to rest first, within the grace time; then they leave (the name is free in
 * Redis at once, not only when the heartbeat ends), and then everything is closed. What is
 * still on the wire when the grace time is over stays `sending` in Redis and is unknown at the
 * next start.
 */

#include "daemon_parts.h"

#include "elrelay/edge/host/notify.h"
#include "elrelay/ground/mem.h"

static void stop_on_closed(void *ctx)
{
    (void)ctx;
}

static void stop_close_timer(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}

static void stop_close_all(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->route_count; i++)
        route_close(daemon->routes[i], stop_on_closed, NULL);
    stop_close_timer(&daemon->pulse);
    stop_close_timer(&daemon->grace);
    uv_close((uv_handle_t *)&daemon->rest, NULL);
    lag_close(&daemon->lag);
    lag_log(&daemon->lag.counts);
    signals_close(daemon->signals, stop_on_closed, NULL);
    uplink_close(daemon->uplink, stop_on_closed, NULL);
    beyond_close(daemon);
    links_close(daemon, stop_on_closed);
}

/* The last one to leave closes the house, or the clock does: Redis may never answer. */
static void stop_on_left(void *ctx)
{
    struct daemon *daemon = ctx;
    if (daemon->leaving && --daemon->leaving == 0)
        stop_close_all(daemon);
}

static void stop_on_leave_late(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    daemon->leaving = 0;
    stop_close_all(daemon);
}

void stop_now(struct daemon *daemon)
{
    if (daemon->phase == DAEMON_CLOSING)
        return;
    daemon->phase = DAEMON_CLOSING;
    uv_prepare_stop(&daemon->rest);
    uv_timer_start(&daemon->grace, stop_on_leave_late, DAEMON_LEAVE_MS, 0);
    daemon->leaving = daemon->route_count + 1;
    for (size_t i = 0; i < daemon->route_count; i++)
        route_leave(daemon->routes[i], stop_on_left, daemon);
    stop_on_left(daemon);
}

static bool stop_is_quiet(const struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->route_count; i++)
        if (!relay_is_idle(route_relay(daemon->routes[i])))
            return false;
    return true;
}

static void stop_on_rest(uv_prepare_t *rest)
{
    struct daemon *daemon = rest->data;
    if (stop_is_quiet(daemon))
        stop_now(daemon);
}

static void stop_on_grace(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    log_write(LOG_WARN, "stop_grace_over", log_number("grace_ms", daemon->conf->stop_grace_ms));
    stop_now(daemon);
}

static void stop_rest(struct daemon *daemon, bool drain)
{
    daemon->phase = DAEMON_STOPPING;
    uv_prepare_start(&daemon->rest, stop_on_rest);
    for (size_t i = 0; i < daemon->route_count; i++)
        relay_stop(route_relay(daemon->routes[i]), drain);
    if (stop_is_quiet(daemon))
        stop_now(daemon);
}

static void stop_forget_next(struct daemon *daemon)
{
    if (!daemon->next)
        return;
    conf_free(daemon->next);
    mem_free(daemon->next);
    daemon->next = NULL;
}

void stop_begin(struct daemon *daemon, bool drain)
{
    if (daemon->phase >= DAEMON_STOPPING && !daemon->next)
        return;
    stop_forget_next(daemon);
    if (!daemon->setup->once)
        notify_stopping();
    log_write(LOG_INFO, "stopping", log_word("mode", drain ? "drain" : "finish"));
    if (daemon->phase == DAEMON_CLOSING)
        return;
    uv_timer_start(&daemon->grace, stop_on_grace, daemon->conf->stop_grace_ms, 0);
    stop_rest(daemon, drain);
}

void stop_to_start_anew(struct daemon *daemon, struct conf *conf)
{
    daemon->next = conf;
    log_write(LOG_INFO, "resting", log_number("routes", conf->route_count));
    uv_timer_stop(&daemon->grace);
    stop_rest(daemon, false);
}

void stop_with_fault(struct daemon *daemon, const struct fault *fault)
{
    if (daemon->fault.code == FAULT_NONE)
        daemon->fault = *fault;
    daemon->exit_code = fault_exit_code(fault->code);
    stop_begin(daemon, false);
}
