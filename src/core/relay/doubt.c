/*
 * doubt.c - a batch that may or may not have been taken.
 *
 * The endpoint's list is looked at once it has settled, and again after a gap; found, the
 * receipt is adopted, and only what two looks did not find is sent again, the same bytes under
 * the same id. Where the list cannot tell, the fallback decides. Other endpoints are resent to,
 * or a person is asked, as on_unknown says.
 */

#include "parts.h"

enum { DOUBT_LOOKS = 2, DOUBT_URL_MAX = 16 * 1024 };

static bool doubt_looks(const struct relay *relay)
{
    return relay->conf->endpoint.on_unknown == UNKNOWN_LOOKUP;
}

static uint64_t doubt_left(uint64_t wait_ms, uint64_t ago_ms)
{
    return wait_ms > ago_ms ? wait_ms - ago_ms : 0;
}

/* From the time at which the manifest was read. */
uint64_t doubt_wait_ms(struct relay *relay, const struct manifest *manifest)
{
    const struct lookup_conf *conf = &relay->conf->endpoint.lookup;
    struct recall recall;
    if (!doubt_looks(relay) || manifest->hold == HOLD_ALREADY_THERE)
        return 0;
    if (origin_recall(relay, manifest, &recall) && recall.state == RECALL_ACCEPTED)
        return 0;
    return manifest->looks ? doubt_left(conf->gap_ms, manifest->looked_ago_ms)
                           : doubt_left(conf->settle_ms, manifest->sent_ago_ms);
}

/* Sent before under another id: without a list only the same bytes under that id are safe. */
static bool doubt_must_ask(const struct relay *relay, const struct manifest *manifest)
{
    bool resends = relay->conf->endpoint.on_unknown == UNKNOWN_RESEND && manifest->old_whole;
    return !doubt_looks(relay) && !resends;
}

static enum hold doubt_needs_person(const struct relay *relay, const struct manifest *manifest)
{
    if (manifest->elsewhere)
        return HOLD_ENDPOINT_CHANGED;
    if (manifest->hold == HOLD_ALREADY_THERE && !doubt_looks(relay))
        return HOLD_ALREADY_THERE;
    if (manifest->old.text[0] && doubt_must_ask(relay, manifest))
        return HOLD_REAPPEARED;
    return relay->conf->endpoint.on_unknown == UNKNOWN_HOLD ? HOLD_POLICY : HOLD_NONE;
}

bool doubt_is_chore(const struct relay *relay, const struct manifest *manifest)
{
    return doubt_needs_person(relay, manifest) != HOLD_NONE;
}

void doubt_hold(struct relay *relay, enum hold hold)
{
    relay->flight->batch.hold = hold;
    flight_change(relay, FLOW_ON_HOLD, ACT_MOVE);
}

static struct lookup_for doubt_wanted(const struct relay *relay, const struct flight *flight)
{
    const struct manifest *manifest = &flight->batch.manifest;
    bool old = manifest->old.text[0] != '\0';
    return (struct lookup_for){.batch_id = slice_of(manifest_wire_id(manifest)->text),
                               .count = old ? manifest->old_count : manifest->count,
                               .first_unix_ms = manifest->first_unix_ms,
                               .now_unix_ms = relay->surveyed_unix_ms + relay_now(relay) -
                                              relay->surveyed_ms};
}

static void doubt_get(struct relay *relay, struct flight *flight)
{
    struct lookup_for wanted = doubt_wanted(relay, flight);
    struct buf url;
    buf_init(&url, DOUBT_URL_MAX);
    lookup_write_url(&url, &relay->conf->endpoint.lookup, &wanted, &flight->page);
    flight->stage = FLIGHT_LOOKING;
    relay->ports.get(relay->ports.ctx, &flight->batch, buf_text(&url));
    buf_free(&url);
}

/* Surely absent: it goes again, under its own id. */
static void doubt_send_again(struct relay *relay)
{
    relay->flight->batch.move_absent = true;
    flight_change(relay, FLOW_ON_RESEND, ACT_MOVE);
}

static void doubt_found(struct relay *relay, const struct receipt *receipt, bool recalled)
{
    struct batch *batch = &relay->flight->batch;
    batch->receipt = *receipt;
    batch->recalled = recalled;
    origin_note(relay, &batch->manifest, RECALL_ACCEPTED);
    flight_change(relay, FLOW_ON_FOUND, ACT_ACCEPT);
}

/* What the ledger knows needs no look and no person. True where that was enough. */
static bool doubt_recall(struct relay *relay)
{
    const struct manifest *manifest = &relay->flight->batch.manifest;
    struct recall recall;
    if (!origin_recall(relay, manifest, &recall))
        return false;
    if (recall.state == RECALL_ACCEPTED)
        doubt_found(relay, &(struct receipt){0}, true);
    else if (manifest->old.text[0] && recall.state == RECALL_NOT_TAKEN)
        doubt_send_again(relay);
    else if (manifest->old.text[0] && recall.elsewhere)
        doubt_hold(relay, HOLD_ENDPOINT_CHANGED);
    else if (origin_was_sent_since(manifest, &recall))
        origin_reappear(relay, &recall);
    else
        return false;
    return true;
}

void doubt_resolve(struct relay *relay)
{
    struct flight *flight = relay->flight;
    if (doubt_recall(relay))
        return;
    enum hold hold = doubt_needs_person(relay, &flight->batch.manifest);
    if (hold != HOLD_NONE) {
        doubt_hold(relay, hold);
    } else if (!doubt_looks(relay)) {
        flight_change(relay, FLOW_ON_RESEND, ACT_MOVE);
    } else {
        lookup_page_free(&flight->page);
        lookup_page_init(&flight->page);
        doubt_get(relay, flight);
    }
}

static void doubt_fall_back(struct relay *relay)
{
    bool there = relay->flight->batch.manifest.hold == HOLD_ALREADY_THERE;
    if (relay->flight->batch.manifest.old.text[0])
        doubt_hold(relay, HOLD_REAPPEARED);
    else if (relay->conf->endpoint.lookup.fallback_resends && !there)
        flight_change(relay, FLOW_ON_RESEND, ACT_MOVE);
    else
        doubt_hold(relay, there ? HOLD_ALREADY_THERE : HOLD_CANNOT_TELL);
}

static void doubt_wait(struct relay *relay)
{
    uint64_t delay_ms = relay->conf->endpoint.lookup.gap_ms;
    relay_tell(relay, &(struct told){.kind = TOLD_WAITING,
                                     .batch = &relay->flight->batch,
                                     .delay_ms = delay_ms,
                                     .count = relay->flight->batch.manifest.count});
    flight_park(relay, delay_ms);
}

void doubt_on_looked(struct relay *relay)
{
    struct manifest *manifest = &relay->flight->batch.manifest;
    manifest->looked_ago_ms = 0;
    if (manifest->hold == HOLD_ALREADY_THERE)
        doubt_hold(relay, HOLD_ALREADY_THERE);
    else if (manifest->looks < DOUBT_LOOKS)
        doubt_wait(relay);
    else {
        origin_note(relay, manifest, RECALL_NOT_TAKEN);
        doubt_send_again(relay);
    }
}

/* As it comes, while another batch may be in hand. */
void doubt_read_page(struct relay *relay, struct flight *flight, const struct answer *answer)
{
    struct lookup_for wanted = doubt_wanted(relay, flight);
    lookup_read(&flight->page, &wanted, answer);
    if (flight->page.result == LOOKUP_MORE) {
        doubt_get(relay, flight);
        return;
    }
    flight->has_page = true;
    relay_tell(relay, &(struct told){.kind = TOLD_LOOKED,
                                     .batch = &flight->batch,
                                     .answer = answer,
                                     .count = wanted.count,
                                     .word = lookup_word(flight->page.result)});
}

/* What was read last of the batch in hand, where that is still looked for. */
bool doubt_has_page(const struct relay *relay)
{
    const struct manifest *manifest = &relay->flight->batch.manifest;
    return relay->flight->has_page && manifest->state == FLOW_UNKNOWN && manifest->mine;
}

void doubt_on_page(struct relay *relay)
{
    struct flight *flight = relay->flight;
    flight->has_page = false;
    switch (flight->page.result) {
    case LOOKUP_FOUND:
        doubt_found(relay, &flight->page.receipt, false);
        break;
    case LOOKUP_DIFFERS:
        doubt_hold(relay, HOLD_COUNT_DIFFERS);
        break;
    case LOOKUP_ABSENT:
        flight_ask(relay, ACT_LOOKED);
        break;
    case LOOKUP_AGAIN:
        doubt_wait(relay);
        break;
    case LOOKUP_BARRED:
    case LOOKUP_MORE:
    case LOOKUP_RESULT_COUNT:
        doubt_fall_back(relay);
        break;
    }
}
