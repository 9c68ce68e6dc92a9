/*
 * hand.c - the batches on their way, and which of them is in hand.
 *
 * What has landed, or was left by a broken link, comes first; then an empty place is taken. So
 * chores and takeovers go on while POSTs are on the wire, and hand_may_send says whether one
 * more may join them.
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

bool hand_has_landed(const struct relay *relay)
{
    return hand_count(relay, FLIGHT_STALE) > 0;
}

/* One POST at a time while it is not known whether the endpoint takes any, and no more at a
 * time than may be in doubt. A new configuration waits for those on the wire. */
bool hand_may_send(const struct relay *relay)
{
    const struct endpoint_conf *conf = &relay->conf->endpoint;
    size_t posting = hand_count_posting(relay);
    if (posting == 0)
        return true;
    return posting < conf->max_in_flight && !relay->next_conf &&
           relay->circuit.state == CIRCUIT_CLOSED &&
           relay->doubts + posting < conf->max_unknown;
}

static bool hand_take(struct relay *relay, enum flight_stage stage)
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
    enum flight_stage stage = relay->flight->stage;
    if (relay->asked || stage == FLIGHT_ASKED)
        return false;
    if (hand_take(relay, FLIGHT_STALE))
        return true;
    if (hand_count(relay, FLIGHT_LOOKING) > 0)
        return false;
    return stage == FLIGHT_EMPTY || hand_take(relay, FLIGHT_EMPTY);
}

/* What Redis says of the batches on their way; one that it does not list is open no more. */
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
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        if (!listed[i])
            relay->flights[i].batch.manifest.state = FLOW_NONE;
}
