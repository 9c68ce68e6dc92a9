/*
 * operator.c - what people ask of a running daemon, by signal or on the control stream.
 *
 * Each signal and each message is a row. A flush is answered when the cycle that did it has
 * ended.
 */

#include "daemon_parts.h"

#include <signal.h>
#include <stdio.h>

#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/mem.h"

static void operator_flush_all(void *ctx)
{
    struct daemon *daemon = ctx;
    log_write(LOG_INFO, "flush", log_word("by", "signal"));
    for (size_t i = 0; i < daemon->route_count; i++)
        relay_flush(route_relay(daemon->routes[i]));
}

static void operator_log_status(void *ctx)
{
    struct daemon *daemon = ctx;
    for (size_t i = 0; i < daemon->route_count; i++)
        route_log_status(daemon->routes[i]);
    lag_log(&daemon->lag.counts);
}

static void operator_reload(void *ctx)
{
    struct daemon *daemon = ctx;
    reload_conf(daemon);
}

static void operator_stop(void *ctx)
{
    struct daemon *daemon = ctx;
    stop_begin(daemon, daemon->conf->on_stop == STOP_DRAIN);
}

static const struct signal_row operator_signals[] = {
    {SIGUSR1, operator_flush_all}, {SIGUSR2, operator_log_status}, {SIGHUP, operator_reload},
    {SIGTERM, operator_stop},      {SIGINT, operator_stop},
};

struct signals *operator_watch_signals(struct daemon *daemon, struct fault *fault)
{
    size_t count = sizeof(operator_signals) / sizeof(operator_signals[0]);
    return signals_new(&daemon->loop, operator_signals, count, daemon, fault);
}

/* Messages */

static void operator_answer(struct daemon *daemon, const struct control_message *message,
                            const char *status, const struct cycle *cycle)
{
    struct keys keys;
    keys_init(&keys, &daemon->first->routes[message->route]);
    struct control_answer answer = {
        .message = message,
        .keys = &keys,
        .instance = daemon->instance,
        .status = status,
        .cycle = cycle,
    };
    control_send_answer(links_of_route(daemon, message->route)->link, &answer);
    keys_free(&keys);
}

static void operator_on_flush(struct daemon *daemon, const struct control_message *message)
{
    if (daemon->asked_count == DAEMON_ASKED_MAX || daemon->phase >= DAEMON_STOPPING) {
        operator_answer(daemon, message, "refused", NULL);
        return;
    }
    struct daemon_asked *asked = &daemon->asked[daemon->asked_count++];
    *asked = (struct daemon_asked){*message, UINT64_MAX};
    asked->cycle = relay_flush(route_relay(daemon->routes[message->route]));
}

/* `paused` itself stands in Redis and is read before every batch; a message only makes the
 * daemon look. */
static void operator_on_pause(struct daemon *daemon, const struct control_message *message)
{
    operator_answer(daemon, message, "done", NULL);
}

static void operator_on_resume(struct daemon *daemon, const struct control_message *message)
{
    relay_flush(route_relay(daemon->routes[message->route]));
    operator_answer(daemon, message, "done", NULL);
}

static void operator_on_unknown(struct daemon *daemon, const struct control_message *message)
{
    operator_answer(daemon, message, "refused", NULL);
}

static void (*const operator_messages[CONTROL_TYPE_COUNT])(struct daemon *,
                                                           const struct control_message *) = {
    [CONTROL_UNKNOWN] = operator_on_unknown,
    [CONTROL_FLUSH] = operator_on_flush,
    [CONTROL_PAUSE] = operator_on_pause,
    [CONTROL_RESUME] = operator_on_resume,
};

void operator_on_message(void *ctx, const struct control_message *message)
{
    struct daemon *daemon = ctx;
    char id[STREAM_ID_TEXT_MAX];
    stream_id_write(id, message->id);
    log_write(message->type == CONTROL_UNKNOWN ? LOG_WARN : LOG_INFO, "message",
              log_word("route", route_name(daemon->routes[message->route])), log_word("id", id),
              log_word("type", message->type == CONTROL_UNKNOWN ? "unknown"
                                                                : control_word(message->type)));
    operator_messages[message->type](daemon, message);
}

static void operator_answer_flushes(struct daemon *daemon, size_t route,
                                    const struct cycle *cycle)
{
    size_t kept = 0;
    for (size_t i = 0; i < daemon->asked_count; i++) {
        struct daemon_asked *asked = &daemon->asked[i];
        if (asked->message.route == route && cycle->number >= asked->cycle)
            operator_answer(daemon, &asked->message, "done", cycle);
        else
            daemon->asked[kept++] = *asked;
    }
    daemon->asked_count = kept;
}

void operator_on_cycle(struct daemon *daemon, struct route *route, const struct cycle *cycle)
{
    size_t at = 0;
    while (daemon->routes[at] != route)
        at++;
    operator_answer_flushes(daemon, at, cycle);
    bool is_next = cycle->number > 1; /* while others have not ended their first */
    if (!daemon->setup->once || is_next)
        return;
    int code = daemon_exit_code(cycle);
    if (code > daemon->exit_code)
        daemon->exit_code = code;
    if (daemon->setup->on_cycle)
        daemon->setup->on_cycle(daemon->setup->ctx, route_name(route), cycle);
    if (daemon->cycles_left && --daemon->cycles_left == 0)
        stop_begin(daemon, false);
}
