/*
 * form.c - a batch that is forming: events are read and converted until no more fit. Invalid
 * ones are set aside together, so that the next read need not wait for it.
 */

#include "parts.h"

enum { FORM_LETTERS = 250 };

void form_begin(struct relay *relay)
{
    flight_end(relay);
    relay->ports.make_id(relay->ports.ctx, &relay->flight->batch.manifest.id);
    flight_change(relay, FLOW_ON_DUE, ACT_BEGIN);
}

static size_t form_chunk(const struct relay *relay, size_t room)
{
    size_t chunk = relay->conf->queue.peek_count;
    return chunk < room ? chunk : room;
}

/* What is read ahead, and then does not fit, was read for nothing. */
static void form_peek(struct relay *relay)
{
    struct batch *batch = &relay->flight->batch;
    size_t room = relay->conf->batch.max_events - batch->id_count;
    batch->want = form_chunk(relay, room);
    batch->want_next = relay->bound_by_bytes ? 0 : form_chunk(relay, room - batch->want);
    flight_ask(relay, ACT_PEEK);
}

void form_fill_more(struct relay *relay)
{
    struct flight *flight = relay->flight;
    if (relay_is_leaving(relay)) {
        flight_change(relay, FLOW_ON_OWNER_GONE, ACT_ABANDON);
    } else if (!flight->full) {
        form_peek(relay);
    } else if (flight->batch.id_count == 0) {
        flight_change(relay, FLOW_ON_EMPTIED, ACT_ABANDON);
    } else {
        flight->batch.manifest.count = flight->batch.id_count;
        flight_change(relay, FLOW_ON_FILLED, ACT_SEAL);
    }
}

/* Only a guess of the row's size: where it errs the endpoint says so again. */
static bool form_is_at_limit(const struct relay *relay, const struct event *event)
{
    const struct encoder *encoder = &relay->flight->batch.encoder;
    return relay->limit_bytes && encoder->count &&
           encoder_size(encoder) + event->bytes.len > relay->limit_bytes;
}

static void form_take_event(struct relay *relay, const struct event *event)
{
    struct flight *flight = relay->flight;
    struct blame blame = {.reason = event->gone ? REASON_GONE : REASON_NO_EVENT};
    enum encode_result result = ENCODE_INVALID;
    if (event->has_bytes)
        origin_mark(relay, event);
    if (event->has_bytes && !origin_takes(relay)) {
        flight->mixed = true;
        return;
    }
    if (event->has_bytes && form_is_at_limit(relay, event))
        result = ENCODE_FULL;
    else if (event->has_bytes)
        result = encoder_add(&flight->batch.encoder, event->bytes, &blame);
    switch (result) {
    case ENCODE_TAKEN:
        batch_add_id(&flight->batch, event->id);
        origin_keep(relay);
        break;
    case ENCODE_FULL:
        flight->full = true;
        relay->bound_by_bytes = true;
        break;
    case ENCODE_INVALID:
        batch_add_letter(&flight->batch, event, blame);
        break;
    }
}

void form_on_peek(struct relay *relay, const struct event *events, size_t count)
{
    struct flight *flight = relay->flight;
    flight->full = count == 0;
    relay->waiting -= count && count < relay->waiting ? count : relay->waiting;
    for (size_t i = 0; i < count && !flight->full; i++)
        form_take_event(relay, &events[i]);
    if (flight->batch.id_count >= relay->conf->batch.max_events)
        relay->bound_by_bytes = false;
    if (flight->batch.id_count >= relay->conf->batch.max_events || flight->mixed)
        flight->full = true;
    bool many = flight->batch.letter_count >= FORM_LETTERS;
    if (flight->batch.letter_count && (many || flight->full || relay_is_leaving(relay)))
        flight_ask(relay, ACT_BURY);
    else
        form_fill_more(relay);
}

void form_on_buried(struct relay *relay)
{
    struct batch *batch = &relay->flight->batch;
    relay->cycle.dead += batch->letter_count;
    relay_tell(relay,
               &(struct told){.kind = TOLD_DEAD, .batch = batch, .count = batch->letter_count});
    batch_clear_letters(batch);
    form_fill_more(relay);
}
