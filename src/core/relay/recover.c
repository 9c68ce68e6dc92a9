/*
 * recover.c - Redis is the truth: what is open there is gone on with.
 *
 * The list is read after each start, after each broken link, after each refusal and at the
 * begin of each cycle, so that what others left behind is taken over as well. What needs no
 * endpoint (drain, abandon) comes first.
 */

#include "parts.h"

static const struct retry_conf recover_retry = {.first_ms = 1000, .cap_ms = 60000};

/* Nobody goes on with it of himself. */
static bool recover_is_closed(const struct manifest *manifest)
{
    return manifest->state == FLOW_HELD || manifest->state == FLOW_FAILED ||
           manifest->state == FLOW_COMPLETED;
}

static bool recover_is_ours(const struct manifest *manifest)
{
    return !recover_is_closed(manifest) && (manifest->mine || manifest->owner_gone);
}

static bool recover_was_moved(const struct relay *relay)
{
    const struct flight *flight = relay->flight;
    const struct manifest *manifest = &flight->batch.manifest;
    return flight->has_verdict && manifest->mine && manifest->attempts == flight->posted &&
           (manifest->state == FLOW_SEALED || manifest->state == FLOW_UNKNOWN);
}

static bool recover_is_benched(const struct relay *relay, const struct manifest *manifest)
{
    return relay->strikes >= RELAY_STRIKES && uuid_is(&manifest->id, &relay->troubled) &&
           relay_now(relay) < relay->bench_until_ms;
}

static bool recover_may_go_on(const struct relay *relay, const struct manifest *manifest)
{
    return recover_is_ours(manifest) && !recover_is_benched(relay, manifest);
}

/* The acceptance was stored, and only the reply that said so was lost. */
static bool recover_was_accepted(const struct relay *relay)
{
    const struct flight *flight = relay->flight;
    return flight->has_verdict && flight->verdict.verdict == VERDICT_ACCEPTED &&
           flight->batch.manifest.state == FLOW_ACCEPTED;
}

/* What is not listed any more, or not ours, leaves the agenda. */
static void recover_sweep(struct relay *relay, const bool kept[RELAY_LIST_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < relay->agenda_count; i++)
        if (kept[i])
            relay->agenda[count++] = relay->agenda[i];
    relay->agenda_count = count;
}

/* A batch that has not changed keeps its time. */
static void recover_note(struct relay *relay, const struct manifest *manifest, bool *kept)
{
    struct open_batch *open = agenda_find(relay, &manifest->id);
    bool doubted = manifest->state == FLOW_UNKNOWN;
    if (open && open->manifest.ver == manifest->ver)
        open->manifest = *manifest;
    else
        open = agenda_put(relay, manifest,
                          relay_now(relay) + (doubted ? doubt_wait_ms(relay, manifest) : 0));
    if (open && kept)
        kept[open - relay->agenda] = true;
}

/* The batch in hand has landed, or was in hand when the link broke or a door was closed. */
static void recover_flight(struct relay *relay)
{
    struct flight *flight = relay->flight;
    const struct manifest known = flight->batch.manifest;
    if (answer_counts(relay))
        answer_apply(relay);
    else if (recover_was_accepted(relay))
        flight_settle(relay);
    else if (recover_was_moved(relay))
        answer_on_moved(relay);
    else if (origin_is_behind(relay))
        origin_reappear_as_posted(relay);
    else if (known.state == FLOW_SENDING && known.mine && known.attempts > flight->posted)
        flight_change(relay, FLOW_ON_DEFERRED, ACT_MOVE); /* marked, but surely not posted */
    else {
        if (known.state == FLOW_NONE && flight->has_verdict)
            relay_tell(relay, &(struct told){.kind = TOLD_VANISHED,
                                             .batch = &flight->batch,
                                             .count = flight->batch.id_count});
        flight_end(relay);
        if (known.state != FLOW_NONE && recover_may_go_on(relay, &known))
            recover_note(relay, &known, NULL);
    }
}

void recover_look_at(struct relay *relay, uint64_t at_ms)
{
    if (!relay->takeover_at_ms || at_ms < relay->takeover_at_ms)
        relay->takeover_at_ms = at_ms;
}

void recover_on_list(struct relay *relay, const struct manifest *list, size_t count)
{
    bool kept[RELAY_LIST_MAX] = {false};
    relay->listed = true;
    relay->takeover_at_ms = 0;
    hand_on_list(relay, list, count);
    for (size_t i = 0; i < count; i++) {
        bool on_its_way = hand_flight_of(relay, &list[i].id) != NULL;
        relay->cycle.pending |= list[i].state == FLOW_HELD;
        if (list[i].owner_gone_in_ms && !recover_is_closed(&list[i]))
            recover_look_at(relay, relay_now(relay) + list[i].owner_gone_in_ms);
        if (!on_its_way && recover_may_go_on(relay, &list[i]))
            recover_note(relay, &list[i], kept);
    }
    recover_sweep(relay, kept);
    if (relay->flight->stage == FLIGHT_STALE)
        recover_flight(relay);
}

static void recover_count_strike(struct relay *relay)
{
    const struct uuid *id = &relay->flight->batch.manifest.id;
    relay->strikes = uuid_is(id, &relay->troubled) ? relay->strikes + 1 : 1;
    relay->troubled = *id;
    relay->bench_until_ms = relay_now(relay) + relay->schedule.every_ms;
}

void recover_after_trouble(struct relay *relay, enum act act)
{
    if (act != ACT_SURVEY && act != ACT_LIST && act != ACT_INTAKE)
        recover_count_strike(relay);
    bool asked_since = relay->listed || act == ACT_LIST; /* since the last trouble */
    if (!relay->cycling && asked_since && tick_is_flush(relay))
        tick_begin(relay, false); /* and ends below: whoever waits for a flush is told */
    relay->cycle.stuck = true;
    relay->listed = false;
    relay->trouble++;
    uint64_t delay_ms = retry_delay_ms(&recover_retry, (uint32_t)relay->trouble,
                                       relay->ports.random(relay->ports.ctx));
    relay->quiet_until_ms = relay_now(relay) + delay_ms;
    relay_tell(relay, &(struct told){.kind = TOLD_STUCK, .act = act, .delay_ms = delay_ms});
    tick_end_now(relay);
}
