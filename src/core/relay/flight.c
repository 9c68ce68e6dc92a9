/*
 * flight.c - one batch on its way: sealed or taken up, sent, accepted, drained.
 *
 * Every change of state is looked up in the flow's table first. Redis stores it; only when
 * Redis has said so does the next step begin, and none is ever repeated blindly.
 */

#include "parts.h"

void flight_ask(struct relay *relay, enum act act)
{
    relay->flight->stage = FLIGHT_ASKED;
    relay->flight->act = act;
    relay->ports.ask(relay->ports.ctx, act, &relay->flight->batch);
}

void flight_change(struct relay *relay, enum flow_event cause, enum act act)
{
    enum flow_state to;
    struct fault fault = {0};
    if (!flow_step(relay->flight->batch.manifest.state, cause, &to, &fault))
        fault_bug(flow_event_words(cause), fault.text);
    relay->flight->batch.cause = cause;
    flight_ask(relay, act);
}

void flight_end(struct relay *relay)
{
    struct flight *flight = relay->flight;
    batch_clear(&flight->batch);
    flight->batch.encoder.max_bytes = relay->conf->batch.max_bytes;
    flight->stage = FLIGHT_EMPTY;
    flight->full = false;
    flight->mixed = false;
    flight->origin = (struct uuid){0};
    flight->changed = false;
    flight->renewed = false;
    flight->posted = 0;
    flight->posted_ms = 0;
    flight->has_verdict = false;
    flight->has_page = false;
    relay->sated = false;
}

/* Out of hand, whatever trouble another has. */
void flight_keep(struct relay *relay)
{
    agenda_put(relay, &relay->flight->batch.manifest, relay_now(relay));
    flight_end(relay);
}

/* Out of hand, to go on no sooner than after the delay. */
void flight_park(struct relay *relay, uint64_t delay_ms)
{
    agenda_put(relay, &relay->flight->batch.manifest, relay_now(relay) + delay_ms);
    relay->trouble = 0;
    flight_end(relay);
}

/* Sending */

static void flight_hold_changed(struct relay *relay, enum hold hold)
{
    relay->flight->batch.hold = hold;
    flight_change(relay, FLOW_ON_CHANGED_SENT, ACT_MOVE);
}

void flight_send(struct relay *relay)
{
    struct flight *flight = relay->flight;
    struct manifest *manifest = &flight->batch.manifest;
    if (relay_is_leaving(relay)) {
        flight_park(relay, 0);
        return;
    }
    struct slice body = encoder_finish(&flight->batch.encoder);
    char sha256[BATCH_SHA256_TEXT + 1];
    relay->ports.sha256(relay->ports.ctx, body, sha256);
    if (manifest->attempts && memcmp(sha256, manifest->sha256, sizeof(sha256)) != 0) {
        flight_hold_changed(relay, HOLD_BODY_CHANGED);
        return;
    }
    memcpy(manifest->sha256, sha256, sizeof(sha256));
    manifest->bytes = body.len;
    if (origin_stops(relay))
        return;
    if (!relay->conf->endpoint.profile->sends_nothing)
        flight_change(relay, FLOW_ON_SEND, ACT_SEND);
    else if (manifest->doubted) /* then it may have been taken by the endpoint of then */
        flight_hold_changed(relay, HOLD_ENDPOINT_CHANGED);
    else
        flight_change(relay, FLOW_ON_SILENT, ACT_MOVE);
}

static void flight_post(struct relay *relay)
{
    struct flight *flight = relay->flight;
    if (!origin_may_post(relay)) { /* not posted, so that it can be sealed again */
        flight->batch.move_refused = false;
        flight_change(relay, FLOW_ON_DEFERRED, ACT_MOVE);
        return;
    }
    breaker_probe(relay);
    relay->halves += flight->batch.manifest.depth > 0;
    flight->stage = FLIGHT_POSTING;
    flight->posted = flight->batch.manifest.attempts;
    flight->posted_ms = relay_now(relay);
    flight->batch.manifest.looks = 0;
    relay->ports.post(relay->ports.ctx, &flight->batch, encoder_finish(&flight->batch.encoder));
}

void flight_load(struct relay *relay)
{
    struct flight *flight = relay->flight;
    encoder_clear(&flight->batch.encoder);
    flight->changed = false;
    flight->batch.mark_count = 0;
    if (flight->batch.encoder.max_bytes < flight->batch.manifest.bytes)
        flight->batch.encoder.max_bytes = (size_t)flight->batch.manifest.bytes;
    flight_ask(relay, ACT_LOAD);
}

void flight_on_load(struct relay *relay, const struct event *events, size_t count)
{
    struct flight *flight = relay->flight;
    struct blame blame;
    for (size_t i = 0; i < count && !flight->changed; i++) {
        flight->changed = !events[i].has_bytes ||
                          encoder_add(&flight->batch.encoder, events[i].bytes, &blame) !=
                              ENCODE_TAKEN;
        if (flight->changed)
            return;
        origin_mark(relay, &events[i]);
        origin_keep(relay);
    }
}

static void flight_on_loaded(struct relay *relay)
{
    struct flight *flight = relay->flight;
    struct manifest *manifest = &flight->batch.manifest;
    if (!flight->changed && flight->batch.encoder.count == manifest->count)
        flight_send(relay);
    else if (manifest->attempts)
        flight_hold_changed(relay, HOLD_BODY_CHANGED);
    else
        flight_change(relay, FLOW_ON_CHANGED_UNSENT, ACT_MOVE);
}

/* Settling */

static void flight_note_accepted(struct relay *relay)
{
    struct flight *flight = relay->flight;
    if (flight->has_verdict) /* what is found later says nothing of how the endpoint is now */
        agenda_on_accepted(relay);
    flight->has_verdict = false;
    relay->cycle.batches++;
    relay->cycle.accepted += flight->batch.manifest.count;
}

static void flight_note_unreported(struct relay *relay)
{
    breaker_close(relay); /* whatever opened it, nothing goes there any more */
    relay->cycle.unreported += relay->flight->batch.manifest.count;
}

void flight_settle(struct relay *relay)
{
    struct batch *batch = &relay->flight->batch;
    bool unreported = batch->manifest.state == FLOW_UNREPORTED;
    if (unreported)
        flight_note_unreported(relay);
    else
        flight_note_accepted(relay);
    relay_tell(relay, &(struct told){.kind = unreported ? TOLD_UNREPORTED : TOLD_ACCEPTED,
                                     .batch = batch,
                                     .count = batch->manifest.count});
    encoder_release_body(&batch->encoder);
    flight_ask(relay, ACT_DRAIN);
}

static void flight_on_drained(struct relay *relay)
{
    struct batch *batch = &relay->flight->batch;
    if (batch->manifest.drained < batch->manifest.count) {
        flight_ask(relay, ACT_DRAIN);
        return;
    }
    if (!batch->manifest.old.text[0] && batch->manifest.state == FLOW_ACCEPTED)
        origin_note(relay, &batch->manifest, RECALL_ACCEPTED);
    relay_tell(relay, &(struct told){
                          .kind = TOLD_DONE, .batch = batch, .count = batch->manifest.count});
    relay->trouble = 0;
    flight_end(relay);
}

static void flight_on_abandoned(struct relay *relay)
{
    if (relay->flight->batch.manifest.attempts) /* a person has ended it */
        origin_note(relay, &relay->flight->batch.manifest, RECALL_RELEASED);
    relay_tell(relay, &(struct told){.kind = TOLD_ABANDONED, .batch = &relay->flight->batch});
    flight_end(relay);
    if (relay_is_leaving(relay))
        tick_end(relay);
}

static void flight_on_sealed(struct relay *relay)
{
    struct batch *batch = &relay->flight->batch;
    relay_tell(relay, &(struct told){
                          .kind = TOLD_SEALED, .batch = batch, .count = batch->manifest.count});
    if (!relay->cycling || relay->cycle.paused || hand_has_refusal(relay))
        flight_keep(relay);
    else if (tick_may_send(relay))
        flight_send(relay);
    else {
        relay->flight->stage = FLIGHT_READY;
        relay->sated = false;
    }
}

/* Taking up */

/* A batch of ours that is open, by its state. */
static void flight_go_on(struct relay *relay)
{
    const struct manifest *manifest = &relay->flight->batch.manifest;
    switch (manifest->state) {
    case FLOW_ACCEPTED:
    case FLOW_UNREPORTED:
        flight_ask(relay, ACT_DRAIN);
        break;
    case FLOW_SPLIT:
        flight_ask(relay, ACT_CARVE);
        break;
    case FLOW_FORMING:
        flight_change(relay, FLOW_ON_OWNER_GONE, ACT_ABANDON);
        break;
    case FLOW_TERMINATED:
        flight_ask(relay, ACT_ABANDON);
        break;
    case FLOW_SENDING:
        flight_change(relay, FLOW_ON_UNKNOWN, ACT_MOVE);
        break;
    case FLOW_SEALED:
        if (manifest->doubted && manifest->elsewhere)
            flight_hold_changed(relay, HOLD_ENDPOINT_CHANGED);
        else
            flight_load(relay);
        break;
    case FLOW_UNKNOWN:
        doubt_resolve(relay);
        break;
    case FLOW_NONE:
    case FLOW_COMPLETED:
    case FLOW_HELD:
    case FLOW_FAILED:
    case FLOW_STATE_COUNT:
        flight_end(relay);
        break;
    }
}

/* These are gone on with by anybody. */
static bool flight_needs_owner(enum flow_state state)
{
    return state == FLOW_SEALED || state == FLOW_SENDING || state == FLOW_UNKNOWN;
}

void flight_take_up(struct relay *relay, const struct manifest *manifest)
{
    flight_end(relay);
    relay->flight->batch.manifest = *manifest;
    relay->flight->posted = manifest->attempts; /* for all that this flight knows */
    if (manifest->mine || !flight_needs_owner(manifest->state))
        flight_go_on(relay);
    else if (manifest->state == FLOW_UNKNOWN)
        flight_ask(relay, ACT_ADOPT);
    else
        flight_change(relay, FLOW_ON_OWNER_GONE, ACT_ADOPT);
}

/* What it needs of the endpoint waits for the cycle, which heeds `pause`. */
static void flight_on_adopted(struct relay *relay)
{
    struct manifest *manifest = &relay->flight->batch.manifest;
    bool doubted = manifest->state == FLOW_UNKNOWN;
    manifest->doubted |= doubted;
    relay_tell(relay, &(struct told){.kind = TOLD_ADOPTED,
                                     .batch = &relay->flight->batch,
                                     .count = manifest->count});
    flight_park(relay, doubted ? doubt_wait_ms(relay, manifest) : 0);
}

void flight_on_done(struct relay *relay, enum act act)
{
    switch (act) {
    case ACT_BEGIN:
        form_fill_more(relay);
        break;
    case ACT_BURY:
        form_on_buried(relay);
        break;
    case ACT_SEAL:
        flight_on_sealed(relay);
        break;
    case ACT_LOAD:
        flight_on_loaded(relay);
        break;
    case ACT_SEND:
        flight_post(relay);
        break;
    case ACT_MOVE:
        answer_on_moved(relay);
        break;
    case ACT_ACCEPT:
        flight_settle(relay);
        break;
    case ACT_DRAIN:
        flight_on_drained(relay);
        break;
    case ACT_LOOKED:
        doubt_on_looked(relay);
        break;
    case ACT_SPLIT:
        part_on_stored(relay);
        break;
    case ACT_CARVE:
        part_on_carved(relay);
        break;
    case ACT_ADOPT:
        flight_on_adopted(relay);
        break;
    case ACT_ABANDON:
        flight_on_abandoned(relay);
        break;
    case ACT_SURVEY:
    case ACT_LIST:
    case ACT_INTAKE:
    case ACT_PEEK:
    case ACT_COUNT:
        fault_bug("an answer about a batch", act_word(act));
    }
}
