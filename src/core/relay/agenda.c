/*
 * agenda.c - the open batches that nobody has in hand, and which of them is next.
 *
 * A chore needs no endpoint and is done at once. What goes to the endpoint waits for a cycle,
 * which heeds `pause`, and for its time. Doubts are resolved first; then what was split most
 * often, so that an offending event is cornered before others are tried. What is aside comes
 * after all others, and what was tried least goes first: no batch bars the rest.
 */

#include "parts.h"

enum { AGENDA_PROBES = 2, AGENDA_PARTS = 32 };

struct open_batch *agenda_find(struct relay *relay, const struct uuid *id)
{
    for (size_t i = 0; i < relay->agenda_count; i++)
        if (uuid_is(&relay->agenda[i].manifest.id, id))
            return &relay->agenda[i];
    return NULL;
}

/* NULL where there is no room: the next list brings it again. */
struct open_batch *agenda_put(struct relay *relay, const struct manifest *manifest,
                              uint64_t due_ms)
{
    struct open_batch *open = agenda_find(relay, &manifest->id);
    if (!open && relay->agenda_count == RELAY_LIST_MAX)
        return NULL;
    if (!open)
        open = &relay->agenda[relay->agenda_count++];
    *open = (struct open_batch){.manifest = *manifest, .due_ms = due_ms};
    return open;
}

static void agenda_take(struct relay *relay, struct open_batch *open)
{
    struct manifest manifest = open->manifest;
    *open = relay->agenda[--relay->agenda_count];
    flight_take_up(relay, &manifest);
}

static bool agenda_is_chore(const struct relay *relay, const struct manifest *manifest)
{
    switch (manifest->state) {
    case FLOW_SEALED:
        return !relay_is_leaving(relay) &&
               (!manifest->mine || (manifest->doubted && manifest->elsewhere));
    case FLOW_SENDING:
        return !relay_is_leaving(relay);
    case FLOW_UNKNOWN:
        return !relay_is_leaving(relay) && (!manifest->mine || doubt_is_chore(relay, manifest));
    case FLOW_ACCEPTED:
    case FLOW_UNREPORTED:
    case FLOW_FORMING:
    case FLOW_TERMINATED:
    case FLOW_SPLIT:
        return true;
    case FLOW_NONE:
    case FLOW_COMPLETED:
    case FLOW_HELD:
    case FLOW_FAILED:
    case FLOW_STATE_COUNT:
        break;
    }
    return false;
}

bool agenda_do_chore(struct relay *relay)
{
    for (size_t i = 0; i < relay->agenda_count; i++) {
        if (agenda_is_chore(relay, &relay->agenda[i].manifest)) {
            agenda_take(relay, &relay->agenda[i]);
            return true;
        }
    }
    return false;
}

/* UINT64_MAX: not until something else happens. */
static uint64_t agenda_ready_ms(const struct relay *relay, const struct open_batch *open)
{
    const struct manifest *manifest = &open->manifest;
    bool looks = manifest->state == FLOW_UNKNOWN &&
                 relay->conf->endpoint.on_unknown == UNKNOWN_LOOKUP;
    bool probes = open->aside && relay->circuit.state != CIRCUIT_CLOSED;
    uint64_t due_ms = probes ? 0 : open->due_ms;
    if (looks)
        return due_ms;
    if (breaker_bars(relay, manifest))
        return UINT64_MAX;
    if (manifest->depth && relay->halves >= relay->conf->endpoint.max_halves)
        return UINT64_MAX;
    return due_ms > relay->rest_until_ms ? due_ms : relay->rest_until_ms;
}

uint64_t agenda_due_ms(const struct relay *relay)
{
    uint64_t due_ms = UINT64_MAX;
    for (size_t i = 0; i < relay->agenda_count; i++) {
        uint64_t ready_ms = agenda_ready_ms(relay, &relay->agenda[i]);
        due_ms = ready_ms < due_ms ? ready_ms : due_ms;
    }
    return due_ms;
}

static bool agenda_goes_before(const struct open_batch *one, const struct open_batch *other)
{
    bool one_doubts = one->manifest.state == FLOW_UNKNOWN;
    bool other_doubts = other->manifest.state == FLOW_UNKNOWN;
    if (one->aside != other->aside)
        return other->aside;
    if (one_doubts != other_doubts)
        return one_doubts;
    if (!one->aside && one->manifest.depth != other->manifest.depth)
        return one->manifest.depth > other->manifest.depth;
    if (one->manifest.attempts != other->manifest.attempts)
        return one->manifest.attempts < other->manifest.attempts;
    return memcmp(one->manifest.id.text, other->manifest.id.text, UUID_TEXT_LEN) < 0;
}

bool agenda_send_next(struct relay *relay, bool also_aside)
{
    uint64_t now = relay_now(relay);
    struct open_batch *next = NULL;
    if (!hand_may_send(relay))
        return false;
    for (size_t i = 0; i < relay->agenda_count; i++) {
        struct open_batch *open = &relay->agenda[i];
        if (open->aside && !also_aside)
            continue;
        if (agenda_ready_ms(relay, open) <= now && (!next || agenda_goes_before(open, next)))
            next = open;
    }
    if (next)
        agenda_take(relay, next);
    return next != NULL;
}

/* Whether another batch may be sealed: while the circuit is not closed they only pile up, but
 * for those that show whether it is the endpoint. */
bool agenda_has_room(const struct relay *relay)
{
    size_t most = relay->circuit.why == CIRCUIT_WHY_ALL_REFUSED ? AGENDA_PARTS : AGENDA_PROBES;
    return relay->circuit.state == CIRCUIT_CLOSED || relay->agenda_count < most;
}

bool agenda_has_doubt(const struct relay *relay)
{
    for (size_t i = 0; i < relay->agenda_count; i++)
        if (relay->agenda[i].manifest.state == FLOW_UNKNOWN)
            return true;
    return false;
}

/* Events of batches that are sealed, or may have been taken: what is kept. */
uint64_t agenda_events(const struct relay *relay)
{
    uint64_t count = 0;
    for (size_t i = 0; i < relay->agenda_count; i++) {
        const struct manifest *manifest = &relay->agenda[i].manifest;
        if (manifest->state == FLOW_SEALED || manifest->state == FLOW_UNKNOWN)
            count += manifest->count;
    }
    return count;
}

void agenda_hurry(struct relay *relay)
{
    relay->rest_until_ms = 0;
    for (size_t i = 0; i < relay->agenda_count; i++) {
        struct open_batch *open = &relay->agenda[i];
        if (open->manifest.state == FLOW_SEALED ||
            relay->conf->endpoint.on_unknown == UNKNOWN_RESEND)
            open->due_ms = 0;
    }
}

/* What was refused by itself before is tried once more: now it is known not to be the
 * endpoint. */
void agenda_on_accepted(struct relay *relay)
{
    relay->alone = (struct uuid){0};
    for (size_t i = 0; i < relay->agenda_count; i++) {
        struct open_batch *open = &relay->agenda[i];
        open->manifest.proved |= open->manifest.refused;
        if (open->aside && open->manifest.refused)
            open->due_ms = 0;
        open->aside = false;
    }
}
