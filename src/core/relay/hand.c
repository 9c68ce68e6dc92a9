/*
 * hand.c - the batches on their way, and which of them is in hand next.
 *
 * What has landed, or was left by a broken link, comes first; then an empty place is taken,
 * unless something is on its way to the wire. So chores and takeovers go on while POSTs are on
 * the wire, and while what was accepted is settled; hand_may_send says whether one more POST
 * may join them, hand_may_make_ready whether one may be made ready to.
 */

#include "parts.h"

static bool hand_is_on_its_way(const struct flight *flight, const struct uuid *id)
{
    return flight->stage != FLIGHT_EMPTY && uuid_is(&flight->batch.manifest.id, id);
}

struct flight *hand_flight_of(struct relay *relay, const struct uuid *id)
{
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        if (hand_is_on_its_way(&relay->flights[i], id))
            return &relay->flights[i];
    return NULL;
}

static size_t hand_count(const struct relay *relay, enum flight_stage stage)
{
    size_t count = 0;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        count += relay->flights[i].stage == stage;
    return count;
}

size_t hand_count_posting(const struct relay *relay)
{
    return hand_count(relay, FLIGHT_POSTING);
}

static size_t hand_count_asked(const struct relay *relay, enum act act)
{
    size_t count = 0;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        count += relay->flights[i].stage == FLIGHT_ASKED && relay->flights[i].act == act;
    return count;
}

/* Redis seals, marks, accepts and drains a batch while the next one is converted, where more is
 * known to wait; not where a new configuration does, which is taken between batches. */
bool hand_is_full(const struct relay *relay)
{
    size_t beside = hand_count_asked(relay, ACT_SEAL) + hand_count_asked(relay, ACT_SEND) +
                    hand_count_asked(relay, ACT_ACCEPT) + hand_count_asked(relay, ACT_DRAIN);
    bool more = relay->waiting > 0 && !relay->next_conf;
    return hand_count(relay, FLIGHT_ASKED) > (more ? beside : 0);
}

bool hand_is_asked(const struct relay *relay)
{
    return hand_count(relay, FLIGHT_ASKED) > 0;
}

bool hand_is_busy(const struct relay *relay)
{
    return hand_count_posting(relay) > 0 || hand_is_asked(relay) ||
           hand_count(relay, FLIGHT_STALE) > 0;
}

/* Nothing follows for others from an acceptance, so that it need not come first. */
bool hand_has_unsettled(const struct relay *relay)
{
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++) {
        const struct flight *flight = &relay->flights[i];
        bool accepted = flight->has_verdict && flight->verdict.verdict == VERDICT_ACCEPTED;
        if (flight->stage == FLIGHT_STALE && !accepted)
            return true;
    }
    return false;
}

/* A POST was not taken, and what follows from that is not stored yet: a rest, it may be. */
bool hand_has_refusal(const struct relay *relay)
{
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++) {
        const struct flight *flight = &relay->flights[i];
        bool landed = flight->stage == FLIGHT_STALE || flight->stage == FLIGHT_ASKED;
        if (landed && flight->has_verdict && flight->verdict.verdict != VERDICT_ACCEPTED)
            return true;
    }
    return false;
}

/* On the wire, or as good as that. */
static size_t hand_count_bound(const struct relay *relay)
{
    return hand_count_posting(relay) + hand_count_asked(relay, ACT_LOAD) +
           hand_count_asked(relay, ACT_SEAL) + hand_count_asked(relay, ACT_SEND);
}

/* One POST at a time while it is not known whether the endpoint takes any, and no more at a
 * time than may be in doubt. A new configuration waits for those on the wire. */
bool hand_may_send(const struct relay *relay)
{
    const struct endpoint_conf *conf = &relay->conf->endpoint;
    size_t bound = hand_count_bound(relay);
    if (bound == 0)
        return true;
    return bound < conf->max_in_flight && !relay->next_conf &&
           relay->circuit.state == CIRCUIT_CLOSED && relay->doubts + bound < conf->max_unknown;
}

/* Of all bodies that are kept. */
static size_t hand_bytes(const struct relay *relay)
{
    size_t bytes = 0;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        bytes += encoder_size(&relay->flights[i].batch.encoder);
    return bytes;
}

/* Only while all is well, for a batch that is kept goes before any that is new; and not beside
 * large bodies: two of batch.max_bytes would be more than is promised of memory. */
bool hand_may_make_ready(const struct relay *relay)
{
    const struct endpoint_conf *conf = &relay->conf->endpoint;
    size_t bound = hand_count_bound(relay);
    return bound > 0 && bound + hand_count(relay, FLIGHT_READY) <= conf->max_in_flight &&
           hand_bytes(relay) <= relay->conf->batch.max_bytes / 2 && relay->waiting > 0 &&
           relay->agenda_count == 0 && !relay->next_conf &&
           relay->circuit.state == CIRCUIT_CLOSED && relay->doubts + bound < conf->max_unknown;
}

bool hand_take(struct relay *relay, enum flight_stage stage)
{
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++) {
        if (relay->flights[i].stage == stage) {
            relay->flight = &relay->flights[i];
            return true;
        }
    }
    return false;
}

bool hand_choose(struct relay *relay)
{
    if (relay->asked_list)
        return false;
    if (hand_take(relay, FLIGHT_STALE))
        return true;
    if (relay->asked || hand_is_full(relay) || hand_count(relay, FLIGHT_LOOKING) > 0)
        return false;
    return hand_take(relay, FLIGHT_EMPTY);
}

void hand_on_list(struct relay *relay, const struct manifest *list, size_t count)
{
    bool listed[RELAY_FLIGHTS_MAX] = {false};
    for (size_t i = 0; i < count; i++) {
        struct flight *flight = hand_flight_of(relay, &list[i].id);
        if (!flight)
            continue;
        flight->batch.manifest = list[i];
        listed[flight - relay->flights] = true;
    }
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++) {
        struct flight *flight = &relay->flights[i];
        if (!listed[i])
            flight->batch.manifest.state = FLOW_NONE;
        bool good = flight->batch.manifest.state == FLOW_SEALED && flight->batch.manifest.mine;
        if (flight->stage == FLIGHT_READY && !good)
            flight->stage = FLIGHT_STALE;
    }
}
