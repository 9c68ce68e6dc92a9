/*
 * answer.c - what a POST came to becomes the batch's next event.
 *
 * Accepted is a fact from anybody, whatever state the batch is in by now; everything else
 * counts only while Redis still says that we are sending it. Neither does where another attempt
 * was begun since.
 */

#include "parts.h"

static const enum flow_event answer_event[VERDICT_CLASS_COUNT] = {
    [VERDICT_ACCEPTED] = FLOW_ON_ACCEPTED, [VERDICT_ITEMS] = FLOW_ON_ITEMS_REFUSED,
    [VERDICT_THERE] = FLOW_ON_ALL_THERE,   [VERDICT_ROWS] = FLOW_ON_ROWS_REFUSED,
    [VERDICT_FILE] = FLOW_ON_OURS,         [VERDICT_TOO_LARGE] = FLOW_ON_TOO_LARGE,
    [VERDICT_BUSY] = FLOW_ON_DEFERRED,     [VERDICT_NOT_SENT] = FLOW_ON_DEFERRED,
    [VERDICT_AUTH] = FLOW_ON_OURS,         [VERDICT_MISDIRECTED] = FLOW_ON_OURS,
    [VERDICT_UNKNOWN] = FLOW_ON_UNKNOWN,
};

static bool answer_may_be_late(enum flow_state state)
{
    return state == FLOW_SEALED || state == FLOW_UNKNOWN || state == FLOW_HELD;
}

bool answer_counts(const struct relay *relay)
{
    const struct flight *flight = relay->flight;
    enum flow_state state = flight->batch.manifest.state;
    bool accepted = flight->verdict.verdict == VERDICT_ACCEPTED;
    if (!flight->has_verdict || flight->batch.manifest.attempts != flight->posted)
        return false;
    if (accepted)
        return state == FLOW_SENDING || answer_may_be_late(state);
    return state == FLOW_SENDING && flight->batch.manifest.mine;
}

static struct slice answer_tracking_id(const void *ctx, size_t row)
{
    return encoder_tracking_id(ctx, row);
}

void answer_take(struct relay *relay, struct flight *flight, const struct answer *answer)
{
    struct verdict_rows rows = {.count = (size_t)flight->batch.manifest.count,
                                .tracking_id = answer_tracking_id,
                                .ctx = &flight->batch.encoder};
    verdict_free(&flight->verdict);
    verdict_read(&flight->verdict, relay->conf->endpoint.profile, answer, &rows);
    outcome_write(flight->batch.outcome, flight->verdict.verdict, answer);
    origin_note_verdict(relay, flight);
    flight->has_verdict = true;
    flight->stage = FLIGHT_STALE;
    struct told told = {.kind = TOLD_ANSWERED,
                        .batch = &flight->batch,
                        .answer = answer,
                        .verdict = &flight->verdict,
                        .count = flight->batch.manifest.count};
    relay_tell(relay, &told);
    told.kind = TOLD_COUNT_DIFFERS;
    if (flight->verdict.count_differs)
        relay_tell(relay, &told);
    breaker_learn(relay, flight);
}

static bool answer_refuses_some(const struct verdict *verdict)
{
    return memchr(verdict->fates.ptr, FATE_DEAD, verdict->fates.len) != NULL;
}

static void answer_move(struct relay *relay, enum flow_event event, enum hold hold)
{
    relay->flight->batch.hold = hold;
    flight_change(relay, event, ACT_MOVE);
}

static void answer_accept(struct relay *relay)
{
    struct flight *flight = relay->flight;
    bool late = flight->batch.manifest.state != FLOW_SENDING;
    flight->batch.receipt = flight->verdict.receipt;
    flight_change(relay, late ? FLOW_ON_LATE_ACCEPTED : FLOW_ON_ACCEPTED, ACT_ACCEPT);
}

/* Where looks at the endpoint's list have shown that a batch was not there before it was sent
 * again, a refusal of its rows is one. Else it may mean that they are there already. */
static bool answer_is_in_doubt(const struct relay *relay, enum flow_event event)
{
    const struct manifest *manifest = &relay->flight->batch.manifest;
    return manifest->doubted && (event == FLOW_ON_TOO_LARGE || !manifest->absent);
}

void answer_apply(struct relay *relay)
{
    struct flight *flight = relay->flight;
    enum flow_event event = answer_event[flight->verdict.verdict];
    bool halves = event == FLOW_ON_ROWS_REFUSED || event == FLOW_ON_TOO_LARGE;
    bool in_doubt = halves && answer_is_in_doubt(relay, event);
    flight->batch.move_refused = halves && !in_doubt && !part_may(relay);
    flight->batch.remarks = &flight->verdict.remarks;
    if (event == FLOW_ON_ACCEPTED)
        answer_accept(relay);
    else if (event == FLOW_ON_ITEMS_REFUSED)
        part_begin(relay, answer_refuses_some(&flight->verdict) ? event : FLOW_ON_ITEMS_THERE);
    else if (event == FLOW_ON_ALL_THERE)
        answer_move(relay, event, HOLD_ALREADY_THERE);
    else if (flight->batch.move_refused)
        answer_move(relay, FLOW_ON_OURS, HOLD_NONE);
    else if (in_doubt && event == FLOW_ON_TOO_LARGE)
        answer_move(relay, FLOW_ON_TOO_LARGE_DOUBTED, HOLD_TOO_LARGE);
    else if (in_doubt)
        answer_move(relay, FLOW_ON_ROWS_DOUBTED, HOLD_ROWS);
    else if (halves)
        part_begin(relay, event);
    else
        answer_move(relay, event, HOLD_NONE);
}

static uint64_t answer_delay_ms(struct relay *relay)
{
    struct flight *flight = relay->flight;
    uint64_t delay = retry_delay_ms(&relay->conf->endpoint.retry,
                                    flight->batch.manifest.attempts,
                                    relay->ports.random(relay->ports.ctx));
    bool respect = flight->has_verdict && flight->verdict.has_retry_after;
    return retry_respect_ms(delay, respect, flight->verdict.retry_after_ms);
}

/* Kept, and out of hand until its time. */
static void answer_park(struct relay *relay, uint64_t delay_ms)
{
    struct batch *batch = &relay->flight->batch;
    relay_tell(relay, &(struct told){.kind = TOLD_WAITING,
                                     .batch = batch,
                                     .delay_ms = delay_ms,
                                     .count = batch->manifest.count});
    flight_park(relay, delay_ms);
}

/* The same, and others are tried before it: it may be the only one that is not taken. */
static void answer_park_aside(struct relay *relay, uint64_t delay_ms)
{
    struct uuid id = relay->flight->batch.manifest.id;
    answer_park(relay, delay_ms);
    struct open_batch *open = agenda_find(relay, &id);
    if (open)
        open->aside = true;
}

/* Two events refused by themselves, and nothing accepted: it is not the events. */
static void answer_set_aside(struct relay *relay)
{
    struct uuid id = relay->flight->batch.manifest.id;
    uint64_t delay_ms = answer_delay_ms(relay);
    relay->flight->batch.manifest.refused = true;
    if (relay->flight->batch.manifest.count > 1 ||
        (relay->alone.text[0] && !uuid_is(&relay->alone, &id))) {
        breaker_open(relay, CIRCUIT_WHY_ALL_REFUSED);
        relay->rest_until_ms = relay_now(relay) + delay_ms;
    }
    relay->alone = id;
    answer_park_aside(relay, relay->conf->endpoint.retry.cap_ms);
}

static void answer_on_doubt(struct relay *relay)
{
    struct flight *flight = relay->flight;
    struct manifest *manifest = &flight->batch.manifest;
    manifest->doubted = true;
    manifest->hold = flight->batch.cause == FLOW_ON_ALL_THERE ? HOLD_ALREADY_THERE : HOLD_NONE;
    if (flight->posted_ms && flight->batch.cause != FLOW_ON_REAPPEARED)
        manifest->sent_ago_ms = relay_now(relay) - flight->posted_ms;
    if (relay->circuit.state != CIRCUIT_CLOSED)
        relay->rest_until_ms = relay_now(relay) + answer_delay_ms(relay);
    bool resends = relay->conf->endpoint.on_unknown == UNKNOWN_RESEND &&
                   flight->batch.cause != FLOW_ON_REAPPEARED;
    answer_park(relay, resends ? answer_delay_ms(relay) : doubt_wait_ms(relay, manifest));
}

static void answer_on_sealed(struct relay *relay)
{
    struct flight *flight = relay->flight;
    bool refused = flight->has_verdict && flight->verdict.verdict == VERDICT_AUTH;
    if (flight->batch.cause == FLOW_ON_RESEND && hand_may_send(relay)) {
        flight_load(relay);
    } else if (flight->batch.cause == FLOW_ON_RESEND) {
        flight_park(relay, 0); /* another has taken its place */
    } else if (flight->batch.move_refused) {
        answer_set_aside(relay);
    } else if (refused && !flight->renewed && relay->circuit.state == CIRCUIT_CLOSED &&
               hand_may_send(relay)) {
        flight->renewed = true;
        flight->has_verdict = false;
        flight_load(relay); /* the credential is read anew */
    } else {
        uint64_t delay_ms = answer_delay_ms(relay);
        relay->rest_until_ms = relay_now(relay) + delay_ms;
        if (relay->circuit.state == CIRCUIT_CLOSED)
            answer_park(relay, delay_ms);
        else
            answer_park_aside(relay, delay_ms);
    }
}

/* Redis has forgotten the POST, but not we what it came to. */
static bool answer_is_known(const struct flight *flight)
{
    return flight->batch.cause == FLOW_ON_REAPPEARED && flight->has_verdict &&
           flight->verdict.verdict == VERDICT_ACCEPTED;
}

void answer_on_moved(struct relay *relay)
{
    struct flight *flight = relay->flight;
    enum flow_state state = flight->batch.manifest.state;
    flight->batch.remarks = NULL;
    origin_on_moved(relay);
    if (answer_is_known(flight)) {
        flight->batch.receipt = flight->verdict.receipt;
        flight->batch.remarks = &flight->verdict.remarks;
        flight_change(relay, FLOW_ON_FOUND, ACT_ACCEPT);
    } else if (state == FLOW_UNREPORTED) {
        flight_settle(relay);
    } else if (state == FLOW_SEALED) {
        answer_on_sealed(relay);
    } else if (state == FLOW_UNKNOWN) {
        answer_on_doubt(relay);
    } else {
        relay->cycle.pending |= state == FLOW_HELD;
        relay_tell(relay, &(struct told){
                              .kind = state == FLOW_HELD ? TOLD_HELD : TOLD_ABANDONED,
                              .batch = &flight->batch,
                              .word = state == FLOW_HELD ? hold_word(flight->batch.hold) : NULL,
                              .count = flight->batch.manifest.count});
        flight_end(relay);
    }
}
