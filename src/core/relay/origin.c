/*
 * origin.c - what a local ledger says of a batch: whether its events were sent before.
 *
 * A Redis that came back older has forgotten batches; their events reappear. A forming batch
 * takes only events that were sent in the same one, or in none. Before a batch is sent its
 * events are asked for once more, from the bytes in hand: what was sent before is in doubt, and
 * is resolved under the id it was sent with. All of it stands in Redis and in the ledger, so
 * that it can be gone through again from any point. Without a ledger nothing is asked.
 */

#include "parts.h"

static bool origin_of_mark(const struct relay *relay, const struct mark *mark, struct uuid *old)
{
    if (relay->ports.ledger->origin(relay->ports.ctx, mark, old))
        return true;
    *old = (struct uuid){0};
    return false;
}

void origin_mark(struct relay *relay, const struct event *event)
{
    if (relay->ports.ledger)
        relay->ports.ledger->mark(relay->ports.ctx, event->bytes, &relay->flight->mark);
}

bool origin_takes(struct relay *relay)
{
    struct flight *flight = relay->flight;
    struct uuid old;
    if (!relay->ports.ledger)
        return true;
    origin_of_mark(relay, &flight->mark, &old);
    if (flight->batch.id_count == 0)
        flight->origin = old;
    return uuid_is(&old, &flight->origin);
}

void origin_keep(struct relay *relay)
{
    struct flight *flight = relay->flight;
    if (relay->ports.ledger)
        batch_add_mark(&flight->batch, &flight->mark);
}

bool origin_recall(const struct relay *relay, const struct manifest *manifest,
                   struct recall *recall)
{
    return relay->ports.ledger &&
           relay->ports.ledger->recall(relay->ports.ctx, manifest_wire_id(manifest), recall);
}

/* It was sent again, under its own id, after what Redis knows of. */
bool origin_was_sent_since(const struct manifest *manifest, const struct recall *recall)
{
    bool known = manifest->old.text[0] || uuid_is(&manifest->past, &manifest->id);
    return recall->state == RECALL_SENDING && recall->attempt > manifest->attempts && !known;
}

/* In doubt, as what the ledger says of it. */
void origin_reappear(struct relay *relay, const struct recall *recall)
{
    relay->flight->batch.recall = *recall;
    relay->flight->batch.hold = HOLD_NONE;
    flight_change(relay, FLOW_ON_REAPPEARED, ACT_MOVE);
}

bool origin_is_behind(const struct relay *relay)
{
    const struct flight *flight = relay->flight;
    const struct manifest *manifest = &flight->batch.manifest;
    enum verdict_class verdict = flight->verdict.verdict;
    return !relay->ports.ledger && flight->has_verdict && manifest->mine &&
           manifest->state == FLOW_SEALED && manifest->attempts < flight->posted &&
           (verdict == VERDICT_ACCEPTED || verdict == VERDICT_UNKNOWN ||
            verdict == VERDICT_THERE);
}

/* The process itself knows what a ledger would say. */
void origin_reappear_as_posted(struct relay *relay)
{
    struct flight *flight = relay->flight;
    struct manifest *manifest = &flight->batch.manifest;
    uint64_t posted_unix_ms = relay->surveyed_unix_ms + flight->posted_ms - relay->surveyed_ms;
    struct recall recall = {
        .state = RECALL_SENDING,
        .id = *manifest_wire_id(manifest),
        .attempt = flight->posted,
        .count = manifest->count,
        .first_unix_ms = manifest->attempts ? manifest->first_unix_ms : posted_unix_ms,
        .last_unix_ms = posted_unix_ms,
    };
    relay->ports.sha256(relay->ports.ctx, encoder_finish(&flight->batch.encoder),
                        manifest->sha256);
    memcpy(recall.body, manifest->sha256, RECALL_BODY_TEXT);
    origin_reappear(relay, &recall);
}

enum origin_kind { ORIGIN_NONE, ORIGIN_ONE, ORIGIN_MIXED };

/* The batch that all events of the one in hand were sent in before. Its own id is looked at by
 * itself, and what is past matters no more. */
static enum origin_kind origin_of_batch(const struct relay *relay, struct uuid *old)
{
    const struct batch *batch = &relay->flight->batch;
    const struct manifest *manifest = &batch->manifest;
    for (size_t i = 0; i < batch->mark_count; i++) {
        struct uuid one;
        origin_of_mark(relay, &batch->marks[i], &one);
        if (uuid_is(&one, &manifest->past) || uuid_is(&one, &manifest->id))
            one = (struct uuid){0};
        if (i > 0 && !uuid_is(&one, old))
            return ORIGIN_MIXED;
        *old = one;
    }
    return batch->mark_count && old->text[0] ? ORIGIN_ONE : ORIGIN_NONE;
}

static bool origin_is_own(const struct relay *relay, struct recall *recall)
{
    const struct manifest *manifest = &relay->flight->batch.manifest;
    return origin_recall(relay, manifest, recall) &&
           (recall->state == RECALL_ACCEPTED || origin_was_sent_since(manifest, recall));
}

/* Whether the batch in hand must not be sent as it is; then something else was asked for. */
bool origin_stops(struct relay *relay)
{
    struct batch *batch = &relay->flight->batch;
    struct uuid old = {0};
    struct recall recall;
    if (!relay->ports.ledger || batch->manifest.old.text[0])
        return false;
    if (origin_is_own(relay, &recall)) {
        origin_reappear(relay, &recall);
        return true;
    }
    enum origin_kind kind = origin_of_batch(relay, &old);
    if (kind == ORIGIN_ONE && relay->ports.ledger->recall(relay->ports.ctx, &old, &recall)) {
        origin_reappear(relay, &recall);
    } else if (kind == ORIGIN_MIXED && batch->manifest.attempts == 0) {
        flight_change(relay, FLOW_ON_CHANGED_UNSENT, ACT_MOVE);
    } else if (kind == ORIGIN_MIXED) {
        batch->hold = HOLD_REAPPEARED;
        flight_change(relay, FLOW_ON_CHANGED_SENT, ACT_MOVE);
    } else {
        return false;
    }
    return true;
}

bool origin_may_post(struct relay *relay)
{
    return !relay->ports.ledger ||
           relay->ports.ledger->sending(relay->ports.ctx, &relay->flight->batch);
}

void origin_note(struct relay *relay, const struct manifest *manifest, enum recall_state state)
{
    if (relay->ports.ledger)
        relay->ports.ledger->note(relay->ports.ctx, manifest_wire_id(manifest), state);
}

/* Noted as it comes, whatever Redis says of the batch by now. That one attempt was not taken
 * says nothing of one before it that is in doubt. */
void origin_note_verdict(struct relay *relay, const struct flight *flight)
{
    const struct manifest *manifest = &flight->batch.manifest;
    switch (flight->verdict.verdict) {
    case VERDICT_ACCEPTED:
        origin_note(relay, manifest, RECALL_ACCEPTED);
        break;
    case VERDICT_ITEMS:
    case VERDICT_ROWS:
    case VERDICT_FILE:
    case VERDICT_TOO_LARGE:
    case VERDICT_BUSY:
    case VERDICT_NOT_SENT:
    case VERDICT_AUTH:
    case VERDICT_MISDIRECTED:
        if (!manifest->doubted)
            origin_note(relay, manifest, RECALL_NOT_TAKEN);
        break;
    case VERDICT_THERE:
    case VERDICT_UNKNOWN:
    case VERDICT_CLASS_COUNT:
        break;
    }
}

/* What Redis stored of it with the move. */
void origin_on_moved(struct relay *relay)
{
    struct batch *batch = &relay->flight->batch;
    struct manifest *manifest = &batch->manifest;
    const struct recall *recall = &batch->recall;
    uint64_t now = relay->surveyed_unix_ms + relay_now(relay) - relay->surveyed_ms;
    if (batch->cause == FLOW_ON_RESEND && batch->move_absent && manifest->old.text[0]) {
        manifest->past = manifest->old;
        manifest->old = (struct uuid){0};
    } else if (batch->cause == FLOW_ON_REAPPEARED) {
        manifest->old = recall->id;
        manifest->old_count = recall->count;
        manifest->old_whole = batch_is_recalled_whole(batch);
        manifest->looks = 0;
        manifest->first_unix_ms = recall->first_unix_ms;
        manifest->sent_ago_ms = now > recall->last_unix_ms ? now - recall->last_unix_ms : 0;
        relay_tell(relay, &(struct told){.kind = TOLD_REAPPEARED,
                                         .batch = batch,
                                         .count = manifest->count,
                                         .word = recall->id.text});
    }
}
