/*
 * answer.c - what a POST came to becomes the batch's next event.
 *
 * Accepted is a fact from anybody, whatever state the batch is in by now; everything else
 * counts only while Redis still says that we are sending it. Neither does where another attempt
 * was begun since.
 */

#include "parts.h"

static const enum flow_event answer_event[VERDICT_CLASS_COUNT] = {
    [VERDICT_ACCEPTED] = FLOW_ON_ACCEPTED, [VERDICT_ITEMS] = FLOW_ON_OURS,
    [VERDICT_THERE] = FLOW_ON_OURS,        [VERDICT_ROWS] = FLOW_ON_OURS,
    [VERDICT_FILE] = FLOW_ON_OURS,         [VERDICT_TOO_LARGE] = FLOW_ON_OURS,
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
    const struct flight *flight = &relay->flight;
    enum flow_state state = flight->batch.manifest.state;
    bool accepted = flight->verdict.verdict == VERDICT_ACCEPTED;
    if (!flight->has_verdict || flight->batch.manifest.attempts != flight->posted)
        return false;
    if (accepted)
        return state == FLOW_SENDING || answer_may_be_late(state);
    return state == FLOW_SENDING && flight->batch.manifest.mine;
}

void answer_apply(struct relay *relay)
{
    struct flight *flight = &relay->flight;
    bool accepted = flight->verdict.verdict == VERDICT_ACCEPTED;
    enum flow_event event = answer_event[flight->verdict.verdict];
    if (accepted)
        flight->batch.receipt = flight->verdict.receipt;
    if (flight->batch.manifest.state != FLOW_SENDING)
        event = FLOW_ON_LATE_ACCEPTED;
    flight_change(relay, event, accepted ? ACT_ACCEPT : ACT_MOVE);
}

static uint64_t answer_delay_ms(struct relay *relay)
{
    struct flight *flight = &relay->flight;
    uint64_t delay = retry_delay_ms(&relay->conf->endpoint.retry,
                                    flight->batch.manifest.attempts,
                                    relay->ports.random(relay->ports.ctx));
    bool respect = flight->has_verdict && flight->verdict.has_retry_after;
    return retry_respect_ms(delay, respect, flight->verdict.retry_after_ms);
}

void answer_on_moved(struct relay *relay)
{
    struct flight *flight = &relay->flight;
    enum flow_state state = flight->batch.manifest.state;
    if (state == FLOW_SEALED && flight->batch.cause == FLOW_ON_RESEND) {
        flight_retry(relay);
        return;
    }
    if (state == FLOW_SEALED || state == FLOW_UNKNOWN) {
        uint64_t delay_ms = answer_delay_ms(relay);
        flight->has_verdict = false;
        flight_wait(relay, delay_ms);
        return;
    }
    relay->cycle.pending |= state == FLOW_HELD;
    relay_tell(relay, &(struct told){.kind = state == FLOW_HELD ? TOLD_HELD : TOLD_ABANDONED,
                                     .batch = &flight->batch,
                                     .count = flight->batch.manifest.count});
    flight_end(relay);
}
