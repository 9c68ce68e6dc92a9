/*
 * floor_scripts.c - the floor: every script the daemon runs for a batch, in the daemon's order.
 *
 * Survey, begin, peek, seal, send, POST, accept, drain; the sha256 of the body is made too.
 * Only the conversion is left out, and the conductor.
 */

#include "floor.h"

#include <stddef.h>
#include <stdio.h>

#include "elrelay/edge/host/crypto.h"

static struct slot *slot_of(struct batch *batch)
{
    void *slot = (char *)batch - offsetof(struct slot, batch);
    return slot;
}

static void slot_ask(struct slot *slot, enum act act)
{
    queue_ask(slot->floor->queue, act, &slot->batch);
}

/* Survey: it is about the route, so that its answer does not name a batch. */

static void survey_next(struct floor *floor)
{
    for (size_t i = 0; i < floor->slot_count && !floor->surveying; i++)
        if (floor->slots[i].wants_survey)
            floor->surveying = &floor->slots[i];
    if (floor->surveying)
        queue_ask(floor->queue, ACT_SURVEY, NULL);
}

static void scripts_next(struct slot *slot)
{
    slot->wants_survey = true;
    if (!slot->floor->surveying)
        survey_next(slot->floor);
}

static void on_survey(void *ctx, enum port_result result, const struct survey *survey)
{
    struct floor *floor = ctx;
    struct slot *slot = floor->surveying;
    if (result != PORT_DONE)
        floor_give_up("a survey was refused");
    floor->surveying = NULL;
    slot->wants_survey = false;
    slot->busy = survey->waiting > 0;
    if (slot->busy) {
        floor_begin(slot);
        slot_ask(slot, ACT_BEGIN);
    }
    survey_next(floor);
}

/* A batch, step by step */

static void slot_peek(struct slot *slot)
{
    const struct route_conf *route = slot->floor->route;
    size_t room = route->batch.max_events - slot->batch.id_count;
    size_t chunk = route->queue.peek_count;
    slot->batch.want = chunk < room ? chunk : room;
    slot_ask(slot, ACT_PEEK);
}

static void on_events(void *ctx, enum act act, struct batch *batch, const struct event *events,
                      size_t count)
{
    (void)ctx;
    (void)act;
    struct slot *slot = slot_of(batch);
    for (size_t i = 0; i < count; i++)
        batch_add_id(batch, events[i].id);
    batch->manifest.count = batch->id_count;
    if (count && batch->id_count < slot->floor->route->batch.max_events)
        slot_peek(slot);
    else
        slot_ask(slot, batch->id_count ? ACT_SEAL : ACT_ABANDON);
}

static void slot_send(struct slot *slot)
{
    crypto_sha256(slot->floor->body, slot->batch.manifest.sha256);
    slot->batch.manifest.bytes = slot->floor->body.len;
    slot_ask(slot, ACT_SEND);
}

static bool scripts_may_go_on(void *ctx)
{
    const struct slot *slot = ctx;
    return queue_lease_holds(slot->floor->queue, &slot->batch);
}

static void scripts_on_taken(struct slot *slot)
{
    slot_ask(slot, ACT_ACCEPT);
}

static void slot_drain(struct slot *slot)
{
    if (slot->batch.manifest.drained < slot->batch.manifest.count)
        slot_ask(slot, ACT_DRAIN);
    else
        scripts_next(slot);
}

static void on_done(void *ctx, enum act act, struct batch *batch, enum port_result result)
{
    static void (*const after[ACT_COUNT])(struct slot *) = {
        [ACT_BEGIN] = slot_peek,   [ACT_SEAL] = slot_send,   [ACT_SEND] = floor_post,
        [ACT_ACCEPT] = slot_drain, [ACT_DRAIN] = slot_drain, [ACT_ABANDON] = scripts_next,
    };
    (void)ctx;
    if (result != PORT_DONE)
        floor_give_up(act_word(act));
    after[act](slot_of(batch));
}

/* The queue */

static void on_ready(void *ctx)
{
    (void)ctx;
    floor_say_ready();
}

static void on_fault(void *ctx, const struct fault *fault)
{
    (void)ctx;
    floor_give_up(fault->text);
}

static void on_name_taken(void *ctx, uint64_t wait_ms, bool renewed)
{
    (void)ctx;
    (void)wait_ms;
    (void)renewed;
    floor_give_up("another one lives under its name");
}

static void on_missing(void *ctx, uint64_t in_ms)
{
    (void)ctx;
    (void)in_ms;
}

static void on_again(uv_timer_t *timer)
{
    struct floor *floor = timer->data;
    queue_start(floor->queue);
}

static void on_wait(void *ctx, uint64_t wait_ms)
{
    struct floor *floor = ctx;
    uv_timer_start(&floor->again, on_again, wait_ms, 0);
}

static void on_beat(uv_timer_t *timer)
{
    struct floor *floor = timer->data;
    queue_beat(floor->queue);
}

static void scripts_open(struct floor *floor)
{
    uint8_t random[QUEUE_TOKEN_LEN / 2];
    crypto_random(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(floor->token + 2 * i, 3, "%02x", random[i]);
    const struct queue_setup setup = {
        .route = floor->route->name,
        .conf = &floor->route->queue,
        .instance = floor->conf.instance,
        .heartbeat = &floor->conf.heartbeat,
        .redis = &floor->conf.redis,
        .token = floor->token,
        .format_text = "csv",
        .endpoint_text = floor->route->endpoint.url,
        .max_unknown = floor->route->endpoint.max_unknown,
        .ledger = "none",
    };
    const struct queue_events events = {
        .ctx = floor,
        .on_ready = on_ready,
        .on_fault = on_fault,
        .on_name_taken = on_name_taken,
        .on_missing = on_missing,
        .on_done = on_done,
        .on_survey = on_survey,
        .on_events = on_events,
        .on_wait = on_wait,
    };
    floor->queue = queue_new(floor->link, &setup, &events);
    uint64_t every_ms = floor->conf.heartbeat.every_ms;
    uv_timer_init(&floor->loop, &floor->again);
    uv_timer_init(&floor->loop, &floor->beat);
    floor->again.data = floor;
    floor->beat.data = floor;
    uv_timer_start(&floor->beat, on_beat, every_ms, every_ms);
}

static void scripts_on_up(struct floor *floor)
{
    queue_start(floor->queue);
}

const struct floor_kind floor_scripts = {
    .open = scripts_open,
    .on_up = scripts_on_up,
    .next = scripts_next,
    .may_go_on = scripts_may_go_on,
    .on_taken = scripts_on_taken,
};
