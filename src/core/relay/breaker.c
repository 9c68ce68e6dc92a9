/*
 * breaker.c - the circuit: what bars the next POST, and what lets it through again.
 *
 * An answer that no batch would change opens it; the rest that follows ends in one probe, and a
 * flush probes at once. Too many batches in doubt bar those that never were: a gateway that
 * times out must not collect doubts.
 */

#include "parts.h"

static void breaker_tell(struct relay *relay, enum circuit_state state, enum circuit_why why)
{
    relay_tell(relay, &(struct told){.kind = TOLD_CIRCUIT,
                                     .word = circuit_word(state),
                                     .why = circuit_why_word(why)});
}

void breaker_learn(struct relay *relay, const struct flight *flight)
{
    enum circuit_why why = relay->circuit.why;
    if (!circuit_learn(&relay->circuit, flight->verdict.verdict, flight->renewed))
        return;
    if (relay->circuit.state != CIRCUIT_CLOSED)
        why = relay->circuit.why;
    breaker_tell(relay, relay->circuit.state, why);
}

void breaker_open(struct relay *relay, enum circuit_why why)
{
    if (circuit_open(&relay->circuit, why))
        breaker_tell(relay, CIRCUIT_OPEN, why);
}

void breaker_probe(struct relay *relay)
{
    if (circuit_probe(&relay->circuit))
        breaker_tell(relay, CIRCUIT_HALF_OPEN, relay->circuit.why);
}

void breaker_close(struct relay *relay)
{
    enum circuit_why why = relay->circuit.why;
    if (circuit_close(&relay->circuit))
        breaker_tell(relay, CIRCUIT_CLOSED, why);
}

static bool breaker_is_full(const struct relay *relay, uint64_t doubts)
{
    return doubts >= relay->conf->endpoint.max_unknown;
}

void breaker_see_doubts(struct relay *relay, uint64_t doubts)
{
    bool was_full = breaker_is_full(relay, relay->doubts);
    bool is_full = breaker_is_full(relay, doubts);
    relay->doubts = doubts;
    if (was_full != is_full)
        breaker_tell(relay, is_full ? CIRCUIT_OPEN : CIRCUIT_CLOSED, CIRCUIT_WHY_MAX_UNKNOWN);
}

bool breaker_bars(const struct relay *relay, const struct manifest *manifest)
{
    bool doubted = manifest && manifest->doubted;
    return !doubted && breaker_is_full(relay, relay->doubts);
}
