/*
 * route.c - the life of a route, and what its queue tells the conductor.
 *
 * The callbacks translate and hand on; what follows from them is decided by the conductor.
 */

#include "route_parts.h"

#include "elrelay/edge/host/crash.h"
#include "elrelay/ground/mem.h"

enum { ROUTE_AGAIN_MS = 5000, ROUTE_TEXT_MAX = 1024 * 1024 };

/* The queue's news */

static void route_on_ready(void *ctx)
{
    struct route *route = ctx;
    route->ready = true;
    alarm_end(&route->unusable);
    route->setup.on_ready(route->setup.ctx, route);
    route_ledger_on_ready(route);
}

static void route_on_again(uv_timer_t *timer)
{
    struct route *route = timer->data;
    if (link_is_up(route->setup.link))
        queue_start(route->queue);
}

/* The queue is of no use for now; it is tried again after a while. */
static void route_lose_queue(struct route *route, uint64_t again_ms)
{
    if (route->ready)
        relay_on_down(route->relay);
    route->ready = false;
    uv_timer_start(&route->again, route_on_again, again_ms, 0);
}

static void route_give_up(struct route *route, const struct fault *fault, bool lasting)
{
    route_lose_queue(route, ROUTE_AGAIN_MS);
    log_write(alarm_level(&route->unusable, fault->text), "queue_unusable",
              log_word("route", route_name(route)), log_word("why", fault->text));
    route->setup.on_fault(route->setup.ctx, fault, lasting);
}

/* Whatever it is, it is Redis that a person must look at, not the configuration. */
static void route_on_fault(void *ctx, const struct fault *fault)
{
    struct route *route = ctx;
    struct fault told = *fault;
    told.code = FAULT_REDIS;
    route_give_up(route, &told, fault->code == FAULT_CONF);
}

static void route_on_name_taken(void *ctx, uint64_t wait_ms, bool renewed)
{
    struct route *route = ctx;
    struct fault fault = {0};
    fault_set(&fault, FAULT_CONF, "instance %s is alive elsewhere on route %s; %s",
              route->setup.instance, route_name(route), "give each instance its own name");
    if (renewed) {
        route_give_up(route, &fault, true);
        return;
    }
    route_lose_queue(route, wait_ms);
    log_write(LOG_WARN, "instance_name_taken", log_word("route", route_name(route)),
              log_word("instance", route->setup.instance), log_number("wait_ms", wait_ms));
}

static void route_on_missing(void *ctx, uint64_t in_ms)
{
    struct route *route = ctx;
    relay_look_again(route->relay, in_ms);
}

static void route_on_wait(void *ctx, uint64_t wait_ms)
{
    route_lose_queue(ctx, wait_ms);
}

static void route_on_done(void *ctx, enum act act, struct batch *batch, enum port_result result)
{
    struct route *route = ctx;
    CRASH_AFTER(act_word(act));
    relay_on_done(route->relay, act, batch, result);
}

static void route_on_survey(void *ctx, enum port_result result, const struct survey *survey)
{
    struct route *route = ctx;
    CRASH_AFTER(act_word(ACT_SURVEY));
    relay_on_survey(route->relay, result, survey);
}

static void route_on_list(void *ctx, enum port_result result, const struct manifest *list,
                          size_t count)
{
    struct route *route = ctx;
    CRASH_AFTER(act_word(ACT_LIST));
    relay_on_list(route->relay, result, list, count);
}

static void route_on_events(void *ctx, enum act act, struct batch *batch,
                            const struct event *events, size_t count)
{
    struct route *route = ctx;
    CRASH_AFTER(act_word(act));
    CRASH_EVENTS(act == ACT_PEEK ? events : NULL, act == ACT_PEEK ? count : 0);
    relay_on_events(route->relay, act, batch, events, count);
}

/* Life */

static void route_open_timer(struct route *route, uv_timer_t *timer)
{
    uv_timer_init(route->setup.loop, timer);
    timer->data = route;
    route->open_handles++;
}

static void route_open_queue(struct route *route)
{
    struct queue_setup setup = {
        .route = route->setup.route->name,
        .conf = &route->setup.route->queue,
        .type = route->setup.route->type,
        .instance = route->setup.instance,
        .heartbeat = &route->setup.conf->heartbeat,
        .redis = &route->setup.conf->redis,
        .token = route->setup.token,
        .format_text = buf_text(&route->format_text),
        .endpoint_text = buf_text(&route->endpoint_text),
        .max_unknown = route->setup.route->endpoint.max_unknown,
        .keep_ms = route->setup.route->receipts.keep_ms,
        .ledger = ledger_word(ledger_state(route->setup.ledger)),
    };
    struct queue_events events = {
        .ctx = route,
        .on_ready = route_on_ready,
        .on_fault = route_on_fault,
        .on_name_taken = route_on_name_taken,
        .on_missing = route_on_missing,
        .on_done = route_on_done,
        .on_survey = route_on_survey,
        .on_list = route_on_list,
        .on_events = route_on_events,
        .on_wait = route_on_wait,
    };
    route->queue = queue_new(route->setup.link, &setup, &events);
}

struct route *route_new(const struct route_setup *setup)
{
    struct route *route = mem_zalloc(sizeof(*route));
    route->setup = *setup;
    /* the first shard goes on with what was known of the route without shards */
    route->ledger_tag = ledger_tag(
        setup->ledger, setup->route->shard ? setup->route->name : setup->route->whole->name);
    const struct relay_ports ports = ports_of(route);
    route->relay = relay_new(setup->route, &ports);
    route_open_timer(route, &route->due);
    route_open_timer(route, &route->later);
    route_open_timer(route, &route->again);
    buf_init(&route->format_text, ROUTE_TEXT_MAX);
    buf_init(&route->endpoint_text, ROUTE_TEXT_MAX);
    ports_describe(route);
    route_open_queue(route);
    return route;
}

void route_on_up(struct route *route)
{
    queue_start(route->queue);
}

void route_on_down(struct route *route)
{
    route->ready = false;
    uv_timer_stop(&route->again);
    queue_down(route->queue);
    relay_on_down(route->relay);
}

void route_beat(struct route *route)
{
    if (route->ready)
        queue_beat(route->queue);
}

struct relay *route_relay(struct route *route)
{
    return route->relay;
}

const char *route_name(const struct route *route)
{
    return relay_conf(route->relay)->name;
}

bool route_is_ready(const struct route *route)
{
    return route->ready;
}

void route_log_status(struct route *route)
{
    const struct cycle *cycle = relay_last_cycle(route->relay);
    log_write(LOG_INFO, "status", log_word("route", route_name(route)),
              log_word("redis", route->ready ? "ready" : "not_ready"),
              log_word("wire", relay_is_posting(route->relay) ? "posting" : "quiet"),
              log_number("cycle", cycle->number), log_number("batches", cycle->batches),
              log_number("accepted", cycle->accepted),
              log_number("unreported", cycle->unreported), log_number("dead", cycle->dead),
              log_number("kept", cycle->kept), log_number("paused", cycle->paused));
}

void route_leave(struct route *route, void (*on_gone)(void *ctx), void *ctx)
{
    if (link_is_up(route->setup.link))
        queue_leave(route->queue, on_gone, ctx);
    else
        on_gone(ctx);
}

static void route_on_handle_closed(uv_handle_t *handle)
{
    struct route *route = handle->data;
    if (--route->open_handles)
        return;
    void (*on_closed)(void *) = route->on_closed;
    void *closed_ctx = route->closed_ctx;
    queue_free(route->queue);
    relay_free(route->relay);
    route_ledger_free(route);
    buf_free(&route->format_text);
    buf_free(&route->endpoint_text);
    mem_free(route);
    on_closed(closed_ctx);
}

void route_close(struct route *route, void (*on_closed)(void *ctx), void *ctx)
{
    route->on_closed = on_closed;
    route->closed_ctx = ctx;
    ports_cut(route);
    uv_close((uv_handle_t *)&route->due, route_on_handle_closed);
    uv_close((uv_handle_t *)&route->later, route_on_handle_closed);
    uv_close((uv_handle_t *)&route->again, route_on_handle_closed);
}
