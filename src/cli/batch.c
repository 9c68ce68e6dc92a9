/*
 * batch.c - `elrelay batch list`, `batch show` and `held list`.
 */

#include <stdio.h>

#include "cli/batches.h"
#include "cli/commands.h"
#include "cli/remarks.h"
#include "cli/say.h"
#include "elrelay/core/decide/hold.h"
#include "elrelay/core/decide/verdict.h"
#include "elrelay/ground/time_text.h"

enum { BATCH_COUNT = 50 };

struct batch_list {
    const char *state; /* NULL: any */
    const char *name;  /* what JSON calls the list */
    const char *none;  /* what is said of an empty one */
    size_t max;
    size_t shown;
    size_t sum;            /* of all routes */
    struct json_out *json; /* NULL: for a person */
};

static void batch_say_row(const struct batch_facts *facts)
{
    char events[SAY_MAX];
    char attempts[SAY_MAX];
    char time[TIME_TEXT_MAX];
    char outcome[OUTCOME_TEXT_MAX];
    enum hold why = hold_of_word(slice_of(facts->values[BATCH_FACT_WHY]));
    outcome_say(outcome, slice_of(facts->values[BATCH_FACT_OUTCOME]));
    time_text_write(time, batches_number(facts, BATCH_FACT_SINCE));
    printf("  %s  %-10s  %s, %s, since %s\n", facts->id.text,
           flow_state_word(batches_state(facts)),
           say_count(events, batches_number(facts, BATCH_FACT_EVENTS), "event", "s"),
           say_count(attempts, batches_number(facts, BATCH_FACT_ATTEMPTS), "attempt", "s"),
           time);
    if (why != HOLD_NONE)
        printf("    %s: %s\n", hold_word(why), hold_sentence(why));
    if (outcome[0])
        printf("    last outcome: %s\n", outcome);
}

static bool batch_list_one(void *ctx, const struct batch_facts *facts)
{
    struct batch_list *list = ctx;
    const char *state = flow_state_word(batches_state(facts));
    if (list->state && strcmp(list->state, state) != 0)
        return true;
    list->shown++;
    if (list->json) {
        json_out_begin_object(list->json, NULL);
        batches_json(list->json, facts);
        json_out_end_object(list->json);
    } else {
        batch_say_row(facts);
    }
    return list->shown < list->max;
}

/* Receipts expire a little before they leave the list of finished batches. */
static bool batch_list_finished(void *ctx, const struct batch_facts *facts)
{
    return batches_state(facts) == FLOW_NONE || batch_list_one(ctx, facts);
}

static bool batch_walk_held(struct batch_list *list, struct batches_walk *walk,
                            struct fault *fault)
{
    (void)list;
    return batches_each(walk, KEY_HELD, false, fault);
}

static bool batch_walk_all(struct batch_list *list, struct batches_walk *walk,
                           struct fault *fault)
{
    if (!batches_each(walk, KEY_OPEN, false, fault))
        return false;
    walk->on_batch = batch_list_finished;
    return list->shown >= list->max || batches_each(walk, KEY_DONE, true, fault);
}

typedef bool (*batch_walk_fn)(struct batch_list *list, struct batches_walk *walk,
                              struct fault *fault);

static bool batch_list_route(struct session *session, const struct route_conf *route,
                             struct batch_list *list, batch_walk_fn walk_all,
                             struct fault *fault)
{
    struct keys keys;
    keys_init(&keys, route);
    list->shown = 0;
    if (list->json) {
        json_out_begin_object(list->json, NULL);
        json_out_text(list->json, "route", slice_of(route->name));
        json_out_begin_array(list->json, list->name);
    } else {
        printf("%s:\n", route->name);
    }
    struct batches_walk walk = {session, &keys, batch_list_one, list};
    bool done = session_aim(session, &keys, fault) && walk_all(list, &walk, fault);
    if (list->json) {
        json_out_end_array(list->json);
        json_out_end_object(list->json);
    } else if (done && list->shown == 0) {
        printf("  %s\n", list->none);
    }
    list->sum += list->shown;
    keys_free(&keys);
    return done;
}

static bool batch_list_routes(const struct cli_call *call, struct batch_list *list,
                              batch_walk_fn walk_all, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    if (!choice_read(&choice, call, fault))
        return false;
    list->json = call->values[OPTION_JSON] ? &json.out : NULL;
    say_json_begin_routes(&json);
    struct session *session = session_open(&choice, fault);
    bool done = session != NULL;
    for (size_t i = 0; done && i < choice.count; i++)
        done = batch_list_route(session, &choice.routes[i], list, walk_all, fault);
    say_json_end_routes(&json, done && list->json);
    list->json = NULL;
    session_close(session);
    choice_free(&choice);
    return done;
}

bool batch_list(const struct cli_call *call, struct fault *fault)
{
    struct batch_list list = {.name = "batches", .none = "no batches"};
    list.state = call->values[OPTION_STATE];
    if (!choice_read_count(call, BATCH_COUNT, &list.max, fault))
        return false;
    if (list.state)
        list.none = "no batches in this state";
    return batch_list_routes(call, &list, batch_walk_all, fault);
}

bool held_list(const struct cli_call *call, struct fault *fault)
{
    struct batch_list list = {.name = "held", .none = "nothing is held", .max = SIZE_MAX};
    bool done = batch_list_routes(call, &list, batch_walk_held, fault);
    if (!done || list.sum == 0)
        return done;
    if (!call->values[OPTION_JSON])
        printf("decide with: elrelay held accept|resend|terminate ID --reason TEXT\n");
    return fault_set(fault, FAULT_PENDING, "a batch is held");
}

static bool batch_show_found(struct session *session, const struct batch_found *found,
                             const struct cli_call *call, struct fault *fault)
{
    struct say_json json = {0};
    bool reveal = call->values[OPTION_REVEAL] != NULL;
    if (!call->values[OPTION_JSON]) {
        printf("%-14s %s\n", "route", found->route->name);
        batches_say(&found->facts);
        return remarks_show(session, found, reveal, NULL, fault);
    }
    say_json_begin(&json);
    json_out_begin_object(&json.out, NULL);
    json_out_text(&json.out, "route", slice_of(found->route->name));
    batches_json(&json.out, &found->facts);
    bool done = remarks_show(session, found, reveal, &json.out, fault);
    json_out_end_object(&json.out);
    say_json_end(&json, done);
    return done;
}

bool batch_show(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct batch_found found = {0};
    if (!batches_read_id(call, &found.facts.id, fault) || !choice_read(&choice, call, fault))
        return false;
    struct session *session = session_open(&choice, fault);
    bool done = session && batches_find(session, &choice, &found, fault) &&
                batch_show_found(session, &found, call, fault);
    keys_free(&found.keys);
    session_close(session);
    choice_free(&choice);
    return done;
}
