/*
 * ports.c - the ports of a conductor, each tied to the edge behind it.
 */

#include "route_parts.h"

#include "elrelay/edge/host/clock.h"
#include "elrelay/edge/host/crash.h"
#include "elrelay/edge/host/crypto.h"
#include "tell.h"

void ports_describe(struct route *route)
{
    const struct route_conf *conf = relay_conf(route->relay);
    const struct format_conf *format = &conf->format;
    buf_clear(&route->format_text);
    buf_add_format(&route->format_text, "%s header=%d crlf=%d separators=%d\n",
                   format->format->name, (int)format->header, format->crlf,
                   format->line_separators_to_space);
    for (size_t i = 0; i < format->column_count; i++) {
        const struct column_conf *column = &format->columns[i];
        buf_add_format(&route->format_text, "%s path=%s default=%s pattern=%s required=%d\n",
                       column->name, column->path ? column->path : "",
                       column->fallback ? column->fallback : "",
                       column->pattern ? column->pattern : "", column->required);
        for (size_t n = 0; n < column->value_count; n++)
            buf_add_format(&route->format_text, "  %s=%s\n", column->values[n].from,
                           column->values[n].to);
    }
    buf_clear(&route->endpoint_text);
    buf_add_format(&route->endpoint_text, "%s %s %s", conf->endpoint.profile->name,
                   conf->endpoint.url ? conf->endpoint.url : "",
                   conf->endpoint.lookup.url ? conf->endpoint.lookup.url : "");
    if (route->queue)
        queue_set_terms(route->queue, buf_text(&route->format_text),
                        buf_text(&route->endpoint_text), conf->endpoint.max_unknown,
                        conf->receipts.keep_ms);
}

static void route_ask(void *ctx, enum act act, struct batch *batch)
{
    struct route *route = ctx;
    bool tells = act == ACT_SEAL || act == ACT_SEND || act == ACT_SPLIT || act == ACT_MOVE;
    if (tells || act == ACT_LIST || act == ACT_SURVEY)
        ports_describe(route); /* the configuration may be another one than last time */
    CRASH_BEFORE(act_word(act));
    queue_ask(route->queue, act, batch);
}

static bool wire_may_go_on(void *ctx)
{
    const struct wire *wire = ctx;
    return queue_lease_holds(wire->route->queue, wire->batch);
}

static void wire_on_answer(void *ctx, const struct answer *answer)
{
    struct wire *wire = ctx;
    struct relay *relay = wire->route->relay;
    struct batch *batch = wire->batch;
    bool looking = wire->looking;
    *wire = (struct wire){0};
    if (looking)
        relay_on_page(relay, batch, answer);
    else
        relay_on_answer(relay, batch, answer);
}

/* One a turn: what follows from its answer may take the wire anew. */
static void route_on_later(uv_timer_t *timer)
{
    struct route *route = timer->data;
    for (size_t i = 0; i < ROUTE_WIRES_MAX; i++) {
        struct wire *wire = &route->wires[i];
        if (!wire->batch || wire->request)
            continue;
        uv_timer_start(&route->later, route_on_later, 0, 0);
        wire_on_answer(wire, &(struct answer){.end = TRANSPORT_NOT_BEGUN});
        return;
    }
}

static void wire_not_begun(struct wire *wire, const char *event, const struct fault *fault)
{
    struct route *route = wire->route;
    log_write(LOG_ERROR, event, log_word("route", route_name(route)),
              log_word("why", fault->text));
    uv_timer_start(&route->later, route_on_later, 0, 0);
}

/* The conductor has no more on its way than there are wires. */
static struct wire *route_wire(struct route *route, struct batch *batch, bool looking)
{
    struct wire *wire = route->wires;
    while (wire->batch)
        wire++;
    *wire = (struct wire){.route = route, .batch = batch, .looking = looking};
    return wire;
}

static void route_post(void *ctx, struct batch *batch, struct slice body)
{
    struct route *route = ctx;
    const struct route_conf *conf = relay_conf(route->relay);
    struct wire *wire = route_wire(route, batch, false);
    struct request_setup setup = {
        .endpoint = &conf->endpoint,
        .content_type = conf->format.format->content_type,
        .batch_id = manifest_wire_id(&batch->manifest)->text,
        .body = body,
        .may_go_on = wire_may_go_on,
        .on_answer = wire_on_answer,
        .ctx = wire,
    };
    struct fault fault = {0};
    if (!uplink_post(route->setup.uplink, &setup, &wire->request, &fault))
        wire_not_begun(wire, "post_not_begun", &fault);
}

static void route_get(void *ctx, struct batch *batch, const char *url)
{
    struct route *route = ctx;
    struct wire *wire = route_wire(route, batch, true);
    struct request_setup setup = {
        .endpoint = &relay_conf(route->relay)->endpoint,
        .on_answer = wire_on_answer,
        .ctx = wire,
    };
    struct fault fault = {0};
    if (!uplink_get(route->setup.uplink, &setup, url, &wire->request, &fault))
        wire_not_begun(wire, "look_not_begun", &fault);
}

void ports_cut(struct route *route)
{
    for (size_t i = 0; i < ROUTE_WIRES_MAX; i++) {
        if (route->wires[i].request)
            uplink_cancel(route->setup.uplink, route->wires[i].request);
        route->wires[i] = (struct wire){0};
    }
}

static void route_make_id(void *ctx, struct uuid *id)
{
    (void)ctx;
    uint8_t random[UUID_RANDOM_BYTES];
    crypto_random(random, sizeof(random));
    uuid_make(id, clock_unix_ms(), random);
}

static void route_sha256(void *ctx, struct slice bytes, char hex[BATCH_SHA256_TEXT + 1])
{
    (void)ctx;
    crypto_sha256(bytes, hex);
}

static uint32_t route_random(void *ctx)
{
    (void)ctx;
    return crypto_random_u32();
}

static uint64_t route_steady_ms(void *ctx)
{
    (void)ctx;
    return clock_steady_ms();
}

static void route_on_due(uv_timer_t *timer)
{
    struct route *route = timer->data;
    relay_on_timer(route->relay);
}

/* From now on, not from when this turn of the loop began. */
static void route_arm(void *ctx, uint64_t delay_ms)
{
    struct route *route = ctx;
    uint64_t now_ms = uv_hrtime() / 1000000;
    uint64_t began_ms = uv_now(route->setup.loop);
    uint64_t since_ms = now_ms > began_ms ? now_ms - began_ms : 0;
    uv_timer_start(&route->due, route_on_due, since_ms + (delay_ms ? delay_ms : 1), 0);
}

static void route_tell(void *ctx, const struct told *told)
{
    struct route *route = ctx;
    tell_log(route_name(route), route->relay, told);
    if (told->kind == TOLD_ACCEPTED)
        route->setup.on_accepted(route->setup.ctx, route, told->count);
    if (told->kind == TOLD_CIRCUIT)
        queue_note_circuit(route->queue, told->word, told->why);
    if (told->kind == TOLD_TICK_DONE)
        route->setup.on_cycle(route->setup.ctx, route, relay_last_cycle(route->relay));
}

struct relay_ports ports_of(struct route *route)
{
    return (struct relay_ports){
        .ctx = route,
        .ask = route_ask,
        .post = route_post,
        .get = route_get,
        .make_id = route_make_id,
        .sha256 = route_sha256,
        .random = route_random,
        .steady_ms = route_steady_ms,
        .arm = route_arm,
        .tell = route_tell,
        .ledger = route_ledger_ports(route),
    };
}
