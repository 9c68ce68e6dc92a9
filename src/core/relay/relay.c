/*
 * relay.c - the doors of the conductor.
 *
 * Each call from outside is noted and handed to the part that knows; then tick_go_on looks what
 * can be done next.
 */

#include "parts.h"

#include "elrelay/ground/mem.h"

#define ACT_WORD(name, word, sentence) [ACT_##name] = word,
static const char *const act_words[] = {ACT_LIST(ACT_WORD)};

#define TOLD_WORD(name, word) [TOLD_##name] = word,
static const char *const told_words[] = {TOLD_LIST(TOLD_WORD)};

const char *act_word(enum act act)
{
    return act_words[act];
}

const char *told_word(enum told_kind kind)
{
    return told_words[kind];
}

struct relay *relay_new(const struct route_conf *conf, const struct relay_ports *ports)
{
    struct relay *relay = mem_zalloc(sizeof(*relay));
    relay->conf = conf;
    relay->ports = *ports;
    relay->flight = relay->flights;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        batch_init(&relay->flights[i].batch, &conf->format, conf->batch.max_bytes);
    schedule_init(&relay->schedule, &conf->schedule, ports->steady_ms(ports->ctx));
    return relay;
}

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++) {
        verdict_free(&relay->flights[i].verdict);
        lookup_page_free(&relay->flights[i].page);
        batch_free(&relay->flights[i].batch);
    }
    mem_free(relay);
}

void relay_tell(struct relay *relay, const struct told *told)
{
    relay->ports.tell(relay->ports.ctx, told);
}

void relay_on_up(struct relay *relay)
{
    relay->up = true;
    relay->listed = false;
    relay->sated = false;
    relay->quiet_until_ms = 0;
    tick_go_on(relay);
}

void relay_on_down(struct relay *relay)
{
    relay->up = false;
    relay->asked = false;
    relay->asked_list = false;
    relay->listed = false;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        if (relay->flights[i].stage == FLIGHT_ASKED)
            relay->flights[i].stage = FLIGHT_STALE;
}

void relay_on_timer(struct relay *relay)
{
    relay->sated = false;
    tick_go_on(relay);
}

void relay_look_again(struct relay *relay, uint64_t in_ms)
{
    recover_look_at(relay, relay_now(relay) + in_ms);
    tick_go_on(relay);
}

uint64_t relay_flush(struct relay *relay)
{
    relay->flush_number = relay->last_cycle.number + (relay->cycling ? 2 : 1);
    uint64_t number = relay->flush_number;
    relay->sated = false;
    tick_go_on(relay);
    return number;
}

void relay_stop(struct relay *relay, bool drain)
{
    relay->stopping = true;
    relay->draining = drain;
    if (drain)
        relay->flush_number = relay->last_cycle.number + (relay->cycling ? 2 : 1);
    relay->quiet_until_ms = 0; /* what has landed may not be kept for longer than the grace */
    relay->sated = false;
    tick_go_on(relay);
}

static bool relay_flight_rests(const struct flight *flight)
{
    return flight->stage == FLIGHT_EMPTY || flight->stage == FLIGHT_LOOKING ||
           flight->stage == FLIGHT_READY ||
           (flight->stage == FLIGHT_STALE && !flight->has_verdict);
}

bool relay_is_idle(const struct relay *relay)
{
    bool resting = true;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        resting &= relay_flight_rests(&relay->flights[i]);
    bool drains = relay->draining && tick_is_flush(relay);
    return resting && !drains && !relay->asked && (!relay->up || !relay->cycling);
}

bool relay_is_posting(const struct relay *relay)
{
    return hand_count_posting(relay) > 0;
}

void relay_reload(struct relay *relay, const struct route_conf *conf)
{
    relay->next_conf = conf;
    tick_go_on(relay);
}

bool relay_uses(const struct relay *relay, const struct route_conf *conf)
{
    return relay->conf == conf || relay->next_conf == conf;
}

const struct route_conf *relay_conf(const struct relay *relay)
{
    return relay->conf;
}

const struct cycle *relay_last_cycle(const struct relay *relay)
{
    return &relay->last_cycle;
}

/* True where the answer tells that something was done; trouble is seen to here, once for all
 * acts. NULL: it is about the route. */
static bool relay_was_done(struct relay *relay, enum act act, struct batch *batch,
                           enum port_result result)
{
    if (batch) {
        relay->flight = relay_flight(batch);
        relay->flight->stage = FLIGHT_STALE; /* until its part says how it goes on */
    } else {
        relay->asked = false;
        relay->asked_list = false;
    }
    if (result == PORT_DONE)
        return true;
    recover_after_trouble(relay, act);
    return false;
}

void relay_on_done(struct relay *relay, enum act act, struct batch *batch,
                   enum port_result result)
{
    if (relay_was_done(relay, act, batch, result) && batch)
        flight_on_done(relay, act);
    tick_go_on(relay);
}

void relay_on_survey(struct relay *relay, enum port_result result, const struct survey *survey)
{
    if (relay_was_done(relay, ACT_SURVEY, NULL, result))
        tick_on_survey(relay, survey);
    tick_go_on(relay);
}

void relay_on_list(struct relay *relay, enum port_result result, const struct manifest *list,
                   size_t count)
{
    if (relay_was_done(relay, ACT_LIST, NULL, result))
        recover_on_list(relay, list, count);
    tick_go_on(relay);
}

void relay_on_events(struct relay *relay, enum act act, struct batch *batch,
                     const struct event *events, size_t count)
{
    if (act == ACT_LOAD) {
        relay->flight = relay_flight(batch);
        flight_on_load(relay, events, count);
        return;
    }
    if (relay_was_done(relay, act, batch, PORT_DONE))
        form_on_peek(relay, events, count);
    tick_go_on(relay);
}

void relay_on_page(struct relay *relay, struct batch *batch, const struct answer *answer)
{
    struct flight *flight = relay_flight(batch);
    flight->stage = FLIGHT_STALE;
    if (relay->up && relay->listed && batch->manifest.state == FLOW_UNKNOWN)
        doubt_read_page(relay, flight, answer);
    tick_go_on(relay);
}

void relay_on_answer(struct relay *relay, struct batch *batch, const struct answer *answer)
{
    relay->sated = false;
    answer_take(relay, relay_flight(batch), answer);
    tick_go_on(relay);
}
