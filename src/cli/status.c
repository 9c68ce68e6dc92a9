/*
 * status.c - `elrelay status`: the survey of each route, for a person or as JSON.
 */

#include <stdio.h>

#include "cli/batches.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/say.h"
#include "cli/trouble.h"
#include "elrelay/core/decide/circuit.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/time_text.h"

#define STATUS_INDENT "                 "

static uint64_t status_age(const struct route_survey *found, uint64_t then_ms)
{
    return found->now_ms > then_ms ? found->now_ms - then_ms : 0;
}

static void status_say_waiting(const struct route_survey *found)
{
    char text[SAY_MAX];
    printf("  waiting        %s", say_count(text, found->waiting, "event", "s"));
    if (found->oldest_ms > 0)
        printf(", the oldest for %s", say_age(text, status_age(found, found->oldest_ms)));
    printf("\n");
    if (found->route->queue.inbox)
        printf("  inbox          %s\n", say_count(text, found->inbox, "event", "s"));
    if (found->missing > 0)
        printf("  missing        %s, deleted or trimmed by somebody else\n",
               say_count(text, found->missing, "event", "s"));
    if (found->leased > 0)
        printf("  being read     %s\n", say_count(text, found->leased, "event", "s"));
    if (found->foreign > 0)
        printf("  foreign        %s, read by another program with the group elrelay; "
               "given back when it rests for an hour\n",
               say_count(text, found->foreign, "event", "s"));
}

static void status_say_batches(const struct route_survey *found)
{
    char text[SAY_MAX];
    char tries[SAY_MAX];
    char age[SAY_MAX];
    char outcome[OUTCOME_TEXT_MAX];
    if (found->open == 0)
        printf("  open batches   none\n");
    for (size_t i = 0; i < found->batch_count; i++) {
        const struct survey_batch *batch = &found->batches[i];
        printf("  %-13s  %s  %-8s  %s, %s, for %s\n", i ? "" : "open batches", batch->id.text,
               flow_state_word(batch->state), say_count(text, batch->events, "event", "s"),
               say_count(tries, batch->attempts, "attempt", "s"),
               say_age(age, status_age(found, batch->since_ms)));
        if (*outcome_say(outcome, slice_of(batch->outcome)))
            printf(STATUS_INDENT "last outcome: %s\n", outcome);
        trouble_say_batch(batch, STATUS_INDENT);
    }
    if (found->open > found->batch_count)
        printf("  %-13s  and %s more\n", "",
               say_number(text, found->open - found->batch_count));
}

static void status_say_dead(const struct route_survey *found)
{
    char text[SAY_MAX];
    printf("  dead letters   %s", found->dead ? say_number(text, found->dead) : "none");
    for (size_t i = 0, said = 0; i < REASON_COUNT; i++)
        if (found->reasons[i] > 0)
            printf("%s%s %s", said++ ? ", " : ": ", i ? reason_word((enum reason)i) : "other",
                   say_number(text, found->reasons[i]));
    if (found->dead > found->dead_seen)
        printf(" (of the newest %s)", say_number(text, found->dead_seen));
    printf("\n");
}

static void status_say_last(const struct route_survey *found)
{
    char time[TIME_TEXT_MAX];
    char text[SAY_MAX];
    if (found->last_accepted.accepted_ms == 0) {
        printf("  last accepted  nothing yet\n");
        return;
    }
    time_text_write(time, found->last_accepted.accepted_ms);
    printf("  last accepted  %s  %s, batch %s\n", time,
           say_count(text, found->last_accepted.events, "event", "s"),
           found->last_accepted.id.text);
}

static void status_say_limit(const struct route_survey *found)
{
    char text[SAY_MAX];
    say_size(text, found->limit_bytes);
    if (found->limit_bytes > 0)
        printf("  body limit     %s, learned from the endpoint for a day\n", text);
}

static void status_say_alive(const struct alive *alive)
{
    const char *between = "  daemons        ";
    for (size_t i = 0; i < alive->count; i++)
        if (alive->list[i].lives) {
            printf("%s%s", between, alive->list[i].name);
            between = ", ";
        }
    printf("%s\n", alive_count(alive, false) ? "" : "  daemons        none alive");
}

/* What each daemon waits for before it sends. */
static void status_say_durability(const struct alive *alive)
{
    const char *between = "  durability     ";
    for (size_t i = 0; i < alive->count; i++)
        if (alive->list[i].lives && alive->list[i].durability[0]) {
            printf("%s%s: %s", between, alive->list[i].name, alive->list[i].durability);
            between = ", ";
        }
    if (between[0] == ',')
        printf("\n");
}

static void status_say(const struct route_survey *found)
{
    bool lost = survey_group_is_lost(found);
    bool silent = found->route->endpoint.profile->sends_nothing;
    printf("%s%s%s%s\n", found->route->name, found->paused ? ": paused" : "",
           silent ? ": sends nothing (profile none)" : "",
           found->started || lost ? "" : " (no daemon has run yet)");
    if (lost)
        printf(
            "  group          has vanished while batches were open: stop all daemons and run "
            "`elrelay check --repair`\n");
    status_say_waiting(found);
    status_say_batches(found);
    status_say_dead(found);
    status_say_last(found);
    status_say_limit(found);
    status_say_alive(&found->alive);
    trouble_say_circuits(found, STATUS_INDENT);
    status_say_durability(&found->alive);
    trouble_say_ledgers(found, STATUS_INDENT);
    putchar('\n');
}

static void status_json_batch(struct json_out *out, const char *key,
                              const struct survey_batch *batch)
{
    char time[TIME_TEXT_MAX];
    json_out_begin_object(out, key);
    json_out_text(out, "id", slice_of(batch->id.text));
    json_out_text(out, "state", slice_of(flow_state_word(batch->state)));
    json_out_number(out, "events", batch->events);
    json_out_number(out, "attempts", batch->attempts);
    time_text_write(time, batch->since_ms);
    json_out_text(out, "since", slice_of(time));
    time_text_write(time, batch->accepted_ms);
    if (batch->accepted_ms > 0)
        json_out_text(out, "accepted", slice_of(time));
    if (batch->why != HOLD_NONE) {
        json_out_text(out, "why", slice_of(hold_word(batch->why)));
        json_out_text(out, "sentence", slice_of(hold_sentence(batch->why)));
    }
    json_out_bool(out, "in_doubt", batch->state == FLOW_UNKNOWN || batch->orphan);
    batches_json_outcome(out, batch->outcome);
    json_out_end_object(out);
}

static void status_json_circuit(struct json_out *out, const struct alive_daemon *daemon)
{
    char time[TIME_TEXT_MAX];
    time_text_write(time, daemon->since_ms);
    json_out_begin_object(out, NULL);
    json_out_text(out, "daemon", slice_of(daemon->name));
    json_out_text(out, "state", slice_of(daemon->circuit));
    json_out_text(out, "why", slice_of(daemon->why));
    json_out_text(out, "sentence",
                  slice_of(circuit_why_sentence(circuit_why_of_word(slice_of(daemon->why)))));
    json_out_text(out, "since", slice_of(time));
    json_out_end_object(out);
}

static void status_json_durability(struct json_out *out, const struct alive *alive)
{
    json_out_begin_array(out, "durability");
    for (size_t i = 0; i < alive->count; i++) {
        if (!alive->list[i].lives)
            continue;
        json_out_begin_object(out, NULL);
        json_out_text(out, "daemon", slice_of(alive->list[i].name));
        json_out_text(out, "in_force", slice_of(alive->list[i].durability));
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

static void status_json_ledgers(struct json_out *out, const struct alive *alive)
{
    json_out_begin_array(out, "ledgers");
    for (size_t i = 0; i < alive->count; i++) {
        const struct alive_daemon *daemon = &alive->list[i];
        if (!daemon->lives)
            continue;
        json_out_begin_object(out, NULL);
        json_out_text(out, "daemon", slice_of(daemon->name));
        json_out_text(out, "state", slice_of(daemon->ledger[0] ? daemon->ledger : "none"));
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

static void status_json_lists(struct json_out *out, const struct route_survey *found)
{
    json_out_begin_array(out, "batches");
    for (size_t i = 0; i < found->batch_count; i++)
        status_json_batch(out, NULL, &found->batches[i]);
    json_out_end_array(out);
    json_out_begin_object(out, "dead_by_reason");
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (found->reasons[i] > 0)
            json_out_number(out, i ? reason_word((enum reason)i) : "other", found->reasons[i]);
    json_out_end_object(out);
    json_out_begin_array(out, "daemons");
    for (size_t i = 0; i < found->alive.count; i++)
        if (found->alive.list[i].lives)
            json_out_text(out, NULL, slice_of(found->alive.list[i].name));
    json_out_end_array(out);
    status_json_durability(out, &found->alive);
    json_out_begin_array(out, "circuits");
    for (size_t i = 0; i < found->alive.count; i++)
        if (found->alive.list[i].circuit[0])
            status_json_circuit(out, &found->alive.list[i]);
    json_out_end_array(out);
    status_json_ledgers(out, &found->alive);
}

static void status_json(struct json_out *out, const struct route_survey *found)
{
    json_out_begin_object(out, NULL);
    json_out_text(out, "route", slice_of(found->route->name));
    json_out_bool(out, "started", found->started);
    json_out_bool(out, "paused", found->paused);
    json_out_bool(out, "sends_nothing", found->route->endpoint.profile->sends_nothing);
    json_out_bool(out, "needs_person", survey_needs_person(found));
    json_out_number(out, "waiting", found->waiting);
    json_out_number(out, "oldest_ms",
                    found->oldest_ms ? status_age(found, found->oldest_ms) : 0);
    json_out_number(out, "inbox", found->inbox);
    json_out_number(out, "leased", found->leased);
    json_out_number(out, "foreign", found->foreign);
    json_out_number(out, "missing", found->missing);
    json_out_bool(out, "group_lost", survey_group_is_lost(found));
    json_out_number(out, "open", found->open);
    json_out_number(out, "held", found->held);
    json_out_number(out, "doubt", found->doubt);
    json_out_number(out, "dead", found->dead);
    json_out_number(out, "limit_bytes", found->limit_bytes);
    status_json_lists(out, found);
    if (found->last_accepted.accepted_ms > 0)
        status_json_batch(out, "last_accepted", &found->last_accepted);
    else
        json_out_null(out, "last_accepted");
    json_out_end_object(out);
}

/* How many routes need a person. */
struct status {
    struct facts facts;
    struct route_survey found;
    size_t needing;
    struct json_out *json; /* NULL: for a person */
};

static bool status_all(struct status *status, struct session *session,
                       const struct choice *choice, struct fault *fault)
{
    if (!facts_read(session, &status->facts, fault))
        return false;
    for (size_t i = 0; i < choice->count; i++) {
        if (!survey_read(session, &choice->routes[i], &status->found, fault))
            return false;
        status->needing += survey_needs_person(&status->found);
        if (status->json)
            status_json(status->json, &status->found);
        else
            status_say(&status->found);
    }
    if (!status->json)
        printf("redis %s: %s\n", status->facts.version,
               durability_power_loss(&status->facts.durability));
    return true;
}

static void status_json_end(struct say_json *json, const struct status *status, bool wanted)
{
    json_out_end_array(&json->out);
    json_out_begin_object(&json->out, "redis");
    json_out_text(&json->out, "version", slice_of(status->facts.version));
    if (status->facts.durability.is_known)
        json_out_bool(&json->out, "appendonly", status->facts.durability.has_aof);
    else
        json_out_null(&json->out, "appendonly");
    json_out_text(&json->out, "appendfsync", slice_of(status->facts.appendfsync));
    json_out_text(&json->out, "power_loss",
                  slice_of(durability_power_loss(&status->facts.durability)));
    json_out_end_object(&json->out);
    json_out_end_object(&json->out);
    say_json_end(json, wanted);
}

bool status_show(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    if (!choice_read(&choice, call, fault))
        return false;
    struct status *status = mem_zalloc(sizeof(*status));
    status->json = call->values[OPTION_JSON] ? &json.out : NULL;
    say_json_begin_routes(&json);
    struct session *session = session_open(&choice, fault);
    bool done = session && status_all(status, session, &choice, fault);
    status_json_end(&json, status, done && status->json);
    size_t needing = status->needing;
    session_close(session);
    mem_free(status);
    choice_free(&choice);
    if (done && needing > 0)
        return fault_set(fault, FAULT_PENDING,
                         "a batch is held or in doubt, or the group is lost");
    return done;
}
