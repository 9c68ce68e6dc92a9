/*
 * tick.c - the route as a whole: one thing after the other.
 *
 * tick_go_on is called after everything that happens and does at most one thing: read what is
 * open, go on with it, resume a batch that backed off, or begin a cycle that is due. Within a
 * cycle the queue is surveyed before every batch, and once more where that had to wait for a
 * place on the wire, so that `pause` and the minimum are heeded each time; a cycle is over when
 * nothing more is to be sent, or when a batch was not taken.
 */

#include "parts.h"

bool tick_is_flush(const struct relay *relay)
{
    return relay->flush_number > relay->last_cycle.number;
}

static void tick_ask(struct relay *relay, enum act act)
{
    relay->asked = true;
    relay->asked_list = act == ACT_LIST;
    relay->ports.ask(relay->ports.ctx, act, NULL);
}

static void tick_park_ready(struct relay *relay)
{
    while (hand_take(relay, FLIGHT_READY))
        flight_keep(relay);
}

/* Not before what is on its way is through: it belongs to the cycle. */
void tick_end(struct relay *relay)
{
    tick_park_ready(relay);
    relay->sated = hand_is_busy(relay);
    if (!relay->sated)
        tick_end_now(relay);
}

void tick_end_now(struct relay *relay)
{
    if (!relay->cycling)
        return;
    relay->cycling = false;
    tick_park_ready(relay);
    relay->cycle.pending |= agenda_has_doubt(relay);
    relay->cycle.kept = agenda_events(relay);
    relay->last_cycle = relay->cycle;
    if (!relay->cycle.stuck)
        relay->trouble = 0;
    if (relay->draining && relay->cycle.kept)
        relay->draining = false;
    relay_tell(relay, &(struct told){.kind = TOLD_TICK_DONE, .count = relay->cycle.accepted});
}

/* A flush tries at once what rests. What is looked for at the endpoint keeps its time. */
void tick_begin(struct relay *relay, bool scheduled)
{
    bool flush = tick_is_flush(relay);
    relay->cycling = true;
    relay->listed = false;
    if (scheduled || flush)
        relay->halves = 0;
    if (flush)
        agenda_hurry(relay);
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
    relay->early_at_ms = relay_now(relay) + conf->max_wait_ms - age;
    return false;
}

static bool tick_wants_intake(const struct relay *relay, const struct survey *survey)
{
    return survey->inbox > 0 && survey->waiting < relay->conf->batch.max_events;
}

/* A flush waits until what a missing owner left behind may be taken over: it looks again then.
 * What is on the wire comes first, since nothing that lands would be settled meanwhile. */
static bool tick_waits_for_takeover(struct relay *relay)
{
    bool is_flush = relay->flush_number >= relay->cycle.number && !relay->draining;
    if (!relay->takeover_at_ms || !is_flush || hand_is_busy(relay))
        return false;
    relay->quiet_until_ms = relay->takeover_at_ms;
    relay->listed = false;
    return true;
}

/* What is new. */
static bool tick_is_barred(const struct relay *relay)
{
    return relay_now(relay) < relay->rest_until_ms || breaker_bars(relay, NULL);
}

bool tick_may_send(const struct relay *relay)
{
    return relay->listed && relay_now(relay) >= relay->quiet_until_ms &&
           !tick_is_barred(relay) && hand_may_send(relay);
}

static bool tick_may_begin(struct relay *relay, const struct survey *survey)
{
    return (hand_may_send(relay) || hand_may_make_ready(relay)) && !tick_is_barred(relay) &&
           agenda_has_room(relay) && tick_wants_batch(relay, survey);
}

/* Where it may not go now either it is kept as any other. */
static bool tick_send_ready(struct relay *relay)
{
    if (!hand_take(relay, FLIGHT_READY))
        return false;
    bool may_go = tick_may_send(relay);
    if (may_go)
        flight_send(relay);
    else
        flight_park(relay, 0);
    return may_go;
}

/* What is kept comes first; then what is new, beside a batch that was ready and goes now. */
static void tick_begin_next(struct relay *relay, const struct survey *survey)
{
    if (agenda_send_next(relay, false))
        return;
    bool sent = tick_send_ready(relay);
    if (!hand_take(relay, FLIGHT_EMPTY))
        return;
    if (tick_wants_intake(relay, survey))
        tick_ask(relay, ACT_INTAKE);
    else if (tick_may_begin(relay, survey))
        form_begin(relay);
    else if (!sent && !agenda_send_next(relay, true) && !tick_waits_for_takeover(relay))
        tick_end(relay);
}

void tick_on_survey(struct relay *relay, const struct survey *survey)
{
    relay->cycle.paused = survey->paused;
    relay->early_at_ms = 0;
    relay->limit_bytes = survey->limit_bytes;
    relay->waiting = survey->waiting;
    relay->surveyed_ms = relay_now(relay);
    relay->surveyed_unix_ms = survey->now_unix_ms;
    relay->paused_until_ms = survey->paused ? relay_now(relay) + relay->schedule.every_ms : 0;
    breaker_see_doubts(relay, survey->doubts);
    if (!relay->cycling || !relay->listed || hand_has_unsettled(relay) || hand_is_full(relay) ||
        !hand_take(relay, FLIGHT_EMPTY))
        return; /* that comes first */
    if (survey->paused || relay_is_leaving(relay))
        tick_end(relay);
    else
        tick_begin_next(relay, survey);
}

static uint64_t tick_until(uint64_t at_ms, uint64_t now)
{
    return at_ms > now ? at_ms - now : 0;
}

/* When something that is open may go to the endpoint. */
static uint64_t tick_agenda_ms(const struct relay *relay)
{
    uint64_t due_ms = agenda_due_ms(relay);
    return due_ms > relay->paused_until_ms ? due_ms : relay->paused_until_ms;
}

static void tick_arm(struct relay *relay, uint64_t now)
{
    uint64_t wait = schedule_wait_ms(&relay->schedule, now);
    if (relay->early_at_ms && relay->early_at_ms < now + wait)
        wait = tick_until(relay->early_at_ms, now);
    if (relay->takeover_at_ms && relay->takeover_at_ms < now + wait)
        wait = tick_until(relay->takeover_at_ms, now);
    uint64_t due_ms = tick_agenda_ms(relay);
    if (due_ms < now + wait)
        wait = tick_until(due_ms, now);
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
    bool due = now >= tick_agenda_ms(relay) && agenda_due_ms(relay) != UINT64_MAX;
    bool early = relay->early_at_ms && now >= relay->early_at_ms;
    return scheduled || due || early;
}

/* Between batches: those on their way go on as they were begun. */
static void tick_take_conf(struct relay *relay, uint64_t now)
{
    if (!relay->next_conf)
        return;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++)
        if (relay->flights[i].stage != FLIGHT_EMPTY)
            return;
    relay->conf = relay->next_conf;
    relay->next_conf = NULL;
    relay->bound_by_bytes = false;
    for (size_t i = 0; i < RELAY_FLIGHTS_MAX; i++) {
        struct encoder *encoder = &relay->flights[i].batch.encoder;
        encoder_free(encoder);
        encoder_init(encoder, &relay->conf->format, relay->conf->batch.max_bytes);
    }
    schedule_change(&relay->schedule, &relay->conf->schedule, now);
}

/* Nothing is begun until a POST lands, or one of these times comes. */
static void tick_wait(struct relay *relay, uint64_t now)
{
    uint64_t due_ms = UINT64_MAX;
    if (hand_may_send(relay)) {
        uint64_t agenda_ms = tick_agenda_ms(relay);
        due_ms = now + schedule_wait_ms(&relay->schedule, now);
        if (agenda_ms > now && agenda_ms < due_ms)
            due_ms = agenda_ms;
    }
    if (relay->takeover_at_ms && relay->takeover_at_ms < due_ms)
        due_ms = relay->takeover_at_ms;
    if (due_ms != UINT64_MAX)
        relay->ports.arm(relay->ports.ctx, tick_until(due_ms, now));
}

/* A tick of the schedule within a cycle, while there is room beside what is on the wire: a POST
 * that hangs does not keep new events from their time. */
static void tick_pass(struct relay *relay, uint64_t now)
{
    bool flies = relay->cycling && hand_count_posting(relay) > 0 && hand_may_send(relay);
    if (!flies || !schedule_take(&relay->schedule, now))
        return;
    relay->halves = 0;
    relay->sated = false;
}

/* True where it was seen to: a batch that has landed, or a chore. */
static bool tick_do_next(struct relay *relay)
{
    if (!relay->listed)
        return false;
    if (doubt_has_page(relay))
        doubt_on_page(relay);
    if (relay->flight->stage == FLIGHT_EMPTY)
        return agenda_do_chore(relay);
    if (relay->flight->stage == FLIGHT_ASKED)
        return true;
    if (answer_counts(relay))
        answer_apply(relay);
    else
        relay->listed = false;
    return relay->listed;
}

/* A list is read when nobody else asks: their answers come here, too. */
static void tick_ask_next(struct relay *relay, uint64_t now, bool waits)
{
    if (!relay->listed && !hand_is_asked(relay))
        tick_ask(relay, ACT_LIST);
    else if (!relay->listed)
        return;
    else if (waits)
        tick_wait(relay, now);
    else if (relay->cycling)
        tick_ask(relay, ACT_SURVEY);
    else if (!relay->stopping) /* then nothing is due any more, and 0 ms would come at once */
        tick_arm(relay, now);
}

void tick_go_on(struct relay *relay)
{
    uint64_t now = relay_now(relay);
    tick_take_conf(relay, now);
    if (!relay->up || !hand_choose(relay))
        return;
    if (relay->quiet_until_ms > now) {
        tick_arm(relay, now);
        return;
    }
    if (tick_do_next(relay) || relay->asked)
        return;
    tick_pass(relay, now);
    bool waits = relay->sated || !(hand_may_send(relay) || hand_may_make_ready(relay));
    if (relay->takeover_at_ms && now >= relay->takeover_at_ms)
        relay->listed = false;
    bool scheduled = !waits && relay->listed && !relay->cycling &&
                     schedule_take(&relay->schedule, now);
    if (!waits && relay->listed && !relay->cycling && tick_is_due(relay, now, scheduled))
        tick_begin(relay, scheduled);
    tick_ask_next(relay, now, waits);
}
