/*
 * route_ledger.c - what a conductor asks of the ledger, and what Redis has forgotten.
 *
 * At each start of the queue the batches that may have been taken, as the ledger says, are held
 * against Redis. Where it knows less it has come back older, and the events of those batches
 * are looked for from then on; else there is nothing to look for.
 */

#include "route_parts.h"

#include "elrelay/edge/host/clock.h"
#include "elrelay/ground/mem.h"

_Static_assert(LEDGER_KEEP_MS <= RECEIPTS_KEEP_LEDGER_MS, "receipts outlive what we know");

static uint64_t route_ledger_endpoint(struct route *route)
{
    ports_describe(route);
    return ledger_tag(route->setup.ledger, buf_text(&route->endpoint_text));
}

static void route_ledger_mark(void *ctx, struct slice event, struct mark *mark)
{
    const struct route *route = ctx;
    ledger_mark(route->setup.ledger, event, mark);
}

static bool route_ledger_origin(void *ctx, const struct mark *mark, struct uuid *old)
{
    const struct route *route = ctx;
    return ledger_index_find(route->index, mark, old);
}

static bool route_ledger_recall(void *ctx, const struct uuid *id, struct recall *recall)
{
    struct route *route = ctx;
    return ledger_recall(route->setup.ledger, id, route_ledger_endpoint(route), recall);
}

static bool route_ledger_sending(void *ctx, const struct batch *batch)
{
    struct route *route = ctx;
    struct ledger *ledger = route->setup.ledger;
    bool written = ledger_sending(
        ledger, &(struct ledger_send){.id = manifest_wire_id(&batch->manifest),
                                      .attempt = batch->manifest.attempts,
                                      .sha256 = batch->manifest.sha256,
                                      .marks = batch->marks,
                                      .count = batch->mark_count,
                                      .route = route->ledger_tag,
                                      .endpoint = route_ledger_endpoint(route),
                                      .now_unix_ms = clock_unix_ms()});
    queue_note_ledger(route->queue, ledger_word(ledger_state(ledger)));
    return written;
}

static void route_ledger_note(void *ctx, const struct uuid *id, enum recall_state state)
{
    struct route *route = ctx;
    ledger_note(route->setup.ledger, id, state, clock_unix_ms());
    queue_note_ledger(route->queue, ledger_word(ledger_state(route->setup.ledger)));
}

const struct ledger_ports *route_ledger_ports(const struct route *route)
{
    static const struct ledger_ports ports = {route_ledger_mark, route_ledger_origin,
                                              route_ledger_recall, route_ledger_sending,
                                              route_ledger_note};
    return route->setup.ledger ? &ports : NULL;
}

static void route_ledger_forget(struct route *route)
{
    mem_free(route->sent);
    route->sent = NULL;
    route->sent_count = 0;
}

static void route_ledger_on_recalled(void *ctx, const struct recalled *rows)
{
    struct route *route = ctx;
    struct uuid *ids = mem_zalloc_array(route->sent_count, sizeof(*ids));
    size_t count = 0;
    for (size_t i = 0; i < route->sent_count; i++)
        if (recall_is_forgotten(&route->sent[i], rows[i].state, rows[i].attempts))
            ids[count++] = route->sent[i].id;
    if (count) {
        route->index = ledger_index_new(route->setup.ledger, ids, count);
        log_write(LOG_WARN, "redis_has_forgotten", log_word("route", route_name(route)),
                  log_number("batches", count),
                  log_number("events", ledger_index_count(route->index)));
    }
    mem_free(ids);
    route_ledger_forget(route);
    relay_on_up(route->relay);
}

void route_ledger_on_ready(struct route *route)
{
    route_ledger_free(route);
    route->sent = ledger_list(route->setup.ledger, route->ledger_tag, clock_unix_ms(),
                              &route->sent_count);
    if (!route->sent) {
        relay_on_up(route->relay);
        return;
    }
    struct uuid *ids = mem_zalloc_array(route->sent_count, sizeof(*ids));
    for (size_t i = 0; i < route->sent_count; i++)
        ids[i] = route->sent[i].id;
    queue_recall(route->queue, ids, route->sent_count, route_ledger_on_recalled, route);
    mem_free(ids);
}

void route_ledger_free(struct route *route)
{
    route_ledger_forget(route);
    ledger_index_free(route->index);
    route->index = NULL;
}
