/*
 * tick.c - the route as a whole: one thing after the other.
 *
 * tick_go_on is called after everything that happens and does at most one thing: read what is
 * open, go on with it, resume a batch that backed off, or begin a cycle that is due. Within a
 * cycle the queue is surveyed before every batch, so that `pause` and the minimum are heeded
 * each time; a cycle is over when nothing more is to be sent, or when a batch was not taken.
 */

#include "parts.h"

bool tick_is_flush(const struct relay *relay)
{
    return relay->flush_number > relay->last_cycle.number;
}

static uint64_t tick_now(const struct relay *relay)
{
    return relay->ports.steady_ms(relay->ports.ctx);
}

static void tick_ask(struct relay *relay, enum act act)
{
    relay->asked = true;
    relay->ports.ask(relay->ports.ctx, act, NULL);
}

void tick_end(struct relay *relay)
{
    if (!relay->cycling)
        return;
    relay->cycling = false;
    relay->last_cycle = relay->cycle;
    if (!relay->cycle.stuck)
        relay->trouble = 0;
    if (relay->draining && relay->cycle.kept)
        relay->draining = false;
    relay_tell(relay, &(struct told){.kind = TOLD_TICK_DONE, .count = relay->cycle.accepted});
}

void tick_begin(struct relay *relay)
{
    relay->cycling = true;
    relay->listed = false;
    relay->cycle = (struct cycle){.number = relay->last_cycle.number + 1};
}

/* May another batch be begun: are there enough events, or is the oldest old enough? */
static bool tick_wants_batch(struct relay *relay, const struct survey *survey)
{
    const struct batch_conf *conf = &relay->conf->batch;
    if (survey->waiting == 0)
        return false;
    if (survey->waiting >= conf->min_events || relay->flush_number >= relay->cycle.number)
        return true;
    uint64_t age = survey->now_unix_ms > survey->oldest_unix_ms
                       ? survey->now_unix_ms - survey->oldest_unix_ms
                       : 0;
    if (age >= conf->max_wait_ms)
        return true;
    relay->early_at_ms = tick_now(relay) + conf->max_wait_ms - age;
    return false;
}

static bool tick_wants_intake(const struct relay *relay, const struct survey *survey)
{
    return survey->inbox > 0 && survey->waiting < relay->conf->batch.max_events;
}

/* A flush waits until what a missing owner left behind may be taken over: it looks again then.
 */
static bool tick_waits_for_takeover(struct relay *relay)
{
    bool is_flush = relay->flush_number >= relay->cycle.number && !relay->draining;
    if (!relay->takeover_at_ms || !is_flush)
        return false;
    relay->quiet_until_ms = relay->takeover_at_ms;
    relay->listed = false;
    return true;
}

void tick_on_survey(struct relay *relay, const struct survey *survey)
{
    relay->cycle.paused = survey->paused;
    relay->early_at_ms = 0;
    if (survey->paused) {
        if (relay->flight.stage == FLIGHT_WAITING)
            relay->flight.retry_at_ms = tick_now(relay) + relay->schedule.every_ms;
        tick_end(relay);
    } else if (relay_is_leaving(relay)) {
        tick_end(relay);
    } else if (relay->flight.stage == FLIGHT_WAITING) {
        flight_retry(relay);
    } else if (tick_wants_intake(relay, survey)) {
        tick_ask(relay, ACT_INTAKE);
    } else if (tick_wants_batch(relay, survey)) {
        flight_begin(relay);
    } else if (!tick_waits_for_takeover(relay)) {
        tick_end(relay);
    }
}

static uint64_t tick_until(uint64_t at_ms, uint64_t now)
{
    return at_ms > now ? at_ms - now : 0;
}

static void tick_arm(struct relay *relay, uint64_t now)
{
    uint64_t wait = schedule_wait_ms(&relay->schedule, now);
    if (relay->early_at_ms && relay->early_at_ms < now + wait)
        wait = tick_until(relay->early_at_ms, now);
    if (relay->takeover_at_ms && relay->takeover_at_ms < now + wait)
        wait = tick_until(relay->takeover_at_ms, now);
    if (relay->flight.stage == FLIGHT_WAITING)
        wait = tick_until(relay->flight.retry_at_ms, now);
    if (relay->quiet_until_ms > now)
        wait = relay->quiet_until_ms - now;
    relay->ports.arm(relay->ports.ctx, wait);
}

/* scheduled: a tick of the schedule has just passed. */
static bool tick_is_due(const struct relay *relay, uint64_t now, bool scheduled)
{
    if (relay_is_leaving(relay))
        return false;
    if (tick_is_flush(relay))
        return true;
    if (relay->draining)
        return false;
    if (relay->flight.stage == FLIGHT_WAITING)
        return now >= relay->flight.retry_at_ms;
    bool early = relay->early_at_ms && now >= relay->early_at_ms;
    bool takeover = relay->takeover_at_ms && now >= relay->takeover_at_ms;
    return scheduled || early || takeover;
}

/* A body that is made stays as it is; rows not yet written are written under the new
 * configuration. */
static void tick_take_conf(struct relay *relay, uint64_t now)
{
    enum flight_stage stage = relay->flight.stage;
    if (!relay->next_conf || (stage != FLIGHT_EMPTY && stage != FLIGHT_WAITING))
        return;
    relay->conf = relay->next_conf;
    relay->next_conf = NULL;
    relay->encoder_is_old = true;
    if (!relay->flight.batch.encoder.finished)
        flight_renew_encoder(relay);
    schedule_change(&relay->schedule, &relay->conf->schedule, now);
}

void tick_go_on(struct relay *relay)
{
    const struct flight *flight = &relay->flight;
    uint64_t now = tick_now(relay);
    tick_take_conf(relay, now);
    if (!relay->up || relay->asked || flight->stage == FLIGHT_ASKED ||
        flight->stage == FLIGHT_POSTING)
        return;
    if (relay->quiet_until_ms > now) {
        tick_arm(relay, now);
        return;
    }
    if (relay->listed && flight->stage == FLIGHT_EMPTY && recover_next(relay) &&
        relay->flight.stage == FLIGHT_ASKED)
        return;
    if (relay->listed && !relay->cycling &&
        tick_is_due(relay, now, schedule_take(&relay->schedule, now)))
        tick_begin(relay);
    if (!relay->listed)
        tick_ask(relay, ACT_LIST);
    else if (relay->cycling)
        tick_ask(relay, ACT_SURVEY);
    else if (!relay->stopping) /* then nothing is due any more, and 0 ms would come at once */
        tick_arm(relay, now);
}
