/*
 * part.c - a batch that goes on as other batches.
 *
 * The plan is stored first, one fate for each event; from then on it is carried out chunk by
 * chunk, by us or by whoever finds it. The new batches are open when it is done.
 *
 * An event that is refused by itself may be an offender, or the endpoint refuses everything.
 * It becomes a dead letter only once the endpoint has accepted another batch since.
 */

#include "parts.h"

#include <assert.h>

bool part_may(const struct relay *relay)
{
    const struct manifest *manifest = &relay->flight->batch.manifest;
    if (manifest->count == 1)
        return manifest->refused && manifest->proved;
    return relay->circuit.state == CIRCUIT_CLOSED ||
           (relay->circuit.why == CIRCUIT_WHY_ALL_REFUSED && agenda_has_room(relay));
}

static void part_halve(struct batch *batch)
{
    uint64_t count = batch->manifest.count;
    enum fate first = count == 1 ? FATE_DEAD : FATE_FIRST;
    for (uint64_t i = 0; i < count; i++)
        buf_add_byte(&batch->fates, (char)(i < (count + 1) / 2 ? first : FATE_SECOND));
}

static uint64_t part_count(const struct batch *batch, enum fate fate)
{
    uint64_t count = 0;
    for (size_t i = 0; i < batch->fates.len; i++)
        count += batch->fates.ptr[i] == (char)fate;
    return count;
}

void part_begin(struct relay *relay, enum flow_event cause)
{
    struct flight *flight = relay->flight;
    struct batch *batch = &flight->batch;
    bool by_items = cause == FLOW_ON_ITEMS_REFUSED || cause == FLOW_ON_ITEMS_THERE;
    buf_free(&batch->fates);
    buf_init(&batch->fates, (size_t)batch->manifest.count);
    if (by_items)
        buf_add(&batch->fates, buf_slice(&flight->verdict.fates));
    else
        part_halve(batch);
    assert(batch->fates.len == batch->manifest.count);
    for (size_t i = 0; i < 2; i++) {
        batch->children[i] = (struct uuid){0};
        if (part_count(batch, i ? FATE_SECOND : FATE_FIRST))
            relay->ports.make_id(relay->ports.ctx, &batch->children[i]);
    }
    batch->split_by = cause;
    flight_change(relay, cause, ACT_SPLIT);
}

void part_on_stored(struct relay *relay)
{
    struct flight *flight = relay->flight;
    uint64_t dead = part_count(&flight->batch, FATE_DEAD);
    flight->has_verdict = false;
    origin_note(relay, &flight->batch.manifest, RECALL_RELEASED);
    relay->cycle.dead += dead;
    relay_tell(relay, &(struct told){.kind = TOLD_SPLIT,
                                     .batch = &flight->batch,
                                     .count = flight->batch.manifest.count,
                                     .dead = dead,
                                     .there = part_count(&flight->batch, FATE_THERE)});
    encoder_release_body(&flight->batch.encoder);
    flight_ask(relay, ACT_CARVE);
}

void part_on_carved(struct relay *relay)
{
    const struct manifest *manifest = &relay->flight->batch.manifest;
    if (manifest->carved < manifest->count) {
        flight_ask(relay, ACT_CARVE);
        return;
    }
    relay->listed = false; /* the new batches are open */
    flight_end(relay);
}
