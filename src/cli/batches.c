/*
 * batches.c - a table of the fields of a manifest, read whole, said in two ways.
 */

#include "cli/batches.h"

#include <stdio.h>

#include "cli/batch_page.h"
#include "cli/say.h"
#include "elrelay/core/decide/hold.h"
#include "elrelay/core/decide/verdict.h"
#include "elrelay/ground/number.h"
#include "elrelay/ground/time_text.h"

struct batch_row {
    const char *field;
    const char *key;
    const char *label;
    enum batch_kind kind;
};

#define BATCH_ROW(name, field, key, label, kind) {field, key, label, BATCH_##kind},
static const struct batch_row batch_rows[BATCH_FACT_COUNT] = {BATCH_FACT_LIST(BATCH_ROW)};

bool batches_keeps_outcome(enum flow_state state)
{
    return state == FLOW_SEALED || state == FLOW_SENDING || state == FLOW_UNKNOWN ||
           state == FLOW_HELD;
}

static void batches_on_fields(void *ctx, const redisReply *reply)
{
    struct batch_facts *facts = ctx;
    for (size_t i = 0; i < BATCH_FACT_COUNT; i++) {
        bool is_there = reply->type == REDIS_REPLY_ARRAY && i < reply->elements;
        struct slice text = is_there ? reply_text(reply->element[i]) : SLICE("");
        snprintf(facts->values[i], BATCH_FACT_MAX, "%.*s", SLICE_ARG(text));
    }
    enum flow_state state = batches_state(facts);
    if (state != FLOW_HELD)
        facts->values[BATCH_FACT_WHY][0] = '\0'; /* it was, once */
    if (!batches_keeps_outcome(state))
        facts->values[BATCH_FACT_OUTCOME][0] = '\0';
}

bool batches_read(struct session *session, const struct keys *keys, struct batch_facts *facts,
                  struct fault *fault)
{
    struct buf key;
    struct slice args[2 + BATCH_FACT_COUNT] = {SLICE("HMGET")};
    buf_init(&key, 1024);
    buf_add_format(&key, "%s%s", keys_name(keys, KEY_BATCH), facts->id.text);
    args[1] = slice_of(buf_text(&key));
    for (size_t i = 0; i < BATCH_FACT_COUNT; i++)
        args[2 + i] = slice_of(batch_rows[i].field);
    bool done = session_ask(session,
                            &(struct question){.args = args,
                                               .count = 2 + BATCH_FACT_COUNT,
                                               .doing = "read a batch's manifest",
                                               .key = args[1].ptr,
                                               .use = batches_on_fields,
                                               .ctx = facts},
                            fault);
    buf_free(&key);
    return done;
}

enum flow_state batches_state(const struct batch_facts *facts)
{
    return flow_state_of_word(slice_of(facts->values[BATCH_FACT_STATE]));
}

uint64_t batches_number(const struct batch_facts *facts, enum batch_fact fact)
{
    uint64_t number = 0;
    return number_read_u64(slice_of(facts->values[fact]), &number) ? number : 0;
}

static bool batches_tells(const struct batch_facts *facts, enum batch_fact fact)
{
    bool is_never = batch_rows[fact].kind == BATCH_TIME && !batches_number(facts, fact);
    return facts->values[fact][0] && !is_never;
}

static void batches_say_fact(const struct batch_facts *facts, enum batch_fact fact)
{
    const char *value = facts->values[fact];
    char text[SAY_MAX];
    char time[TIME_TEXT_MAX];
    char outcome[OUTCOME_TEXT_MAX];
    uint64_t number = batches_number(facts, fact);
    switch (batch_rows[fact].kind) {
    case BATCH_NUMBER:
        printf("%s\n", say_number(text, number));
        return;
    case BATCH_SIZE:
        printf("%s\n", say_size(text, number));
        return;
    case BATCH_TIME:
        time_text_write(time, number);
        printf("%s\n", time);
        return;
    case BATCH_FLAG:
        printf("yes\n");
        return;
    case BATCH_WHY:
        printf("%s: ", hold_sentence(hold_of_word(slice_of(value))));
        say_bytes(slice_of(value));
        return;
    case BATCH_OUTCOME:
        printf("%s\n", outcome_say(outcome, slice_of(value)));
        return;
    case BATCH_WORD:
        say_bytes(slice_of(value));
        return;
    }
}

void batches_say(const struct batch_facts *facts)
{
    printf("%-14s %s\n", "id", facts->id.text);
    for (size_t i = 0; i < BATCH_FACT_COUNT; i++) {
        if (!batches_tells(facts, (enum batch_fact)i))
            continue;
        printf("%-14s ", batch_rows[i].label);
        batches_say_fact(facts, (enum batch_fact)i);
    }
}

void batches_json_outcome(struct json_out *out, const char *outcome)
{
    char text[OUTCOME_TEXT_MAX];
    if (!outcome[0])
        return;
    json_out_text(out, "outcome", slice_of(outcome));
    json_out_text(out, "outcome_sentence", slice_of(outcome_say(text, slice_of(outcome))));
}

static void batches_json_fact(struct json_out *out, const struct batch_facts *facts,
                              enum batch_fact fact)
{
    const struct batch_row *row = &batch_rows[fact];
    const char *value = facts->values[fact];
    char time[TIME_TEXT_MAX];
    uint64_t number = batches_number(facts, fact);
    switch (row->kind) {
    case BATCH_NUMBER:
    case BATCH_SIZE:
        json_out_number(out, row->key, number);
        return;
    case BATCH_TIME:
        time_text_write(time, number);
        json_out_text(out, row->key, slice_of(time));
        return;
    case BATCH_FLAG:
        json_out_bool(out, row->key, true);
        return;
    case BATCH_WHY:
        json_out_text(out, row->key, slice_of(value));
        json_out_text(out, "sentence", slice_of(hold_sentence(hold_of_word(slice_of(value)))));
        return;
    case BATCH_OUTCOME:
        batches_json_outcome(out, value);
        return;
    case BATCH_WORD:
        json_out_text(out, row->key, slice_of(value));
        return;
    }
}

void batches_json(struct json_out *out, const struct batch_facts *facts)
{
    json_out_text(out, "id", slice_of(facts->id.text));
    for (size_t i = 0; i < BATCH_FACT_COUNT; i++) {
        if (i == BATCH_FACT_ACCEPTED)
            json_out_begin_object(out, "receipt");
        if (batches_tells(facts, (enum batch_fact)i))
            batches_json_fact(out, facts, (enum batch_fact)i);
    }
    json_out_end_object(out);
}

bool batches_each(const struct batches_walk *walk, enum key set, bool from_end,
                  struct fault *fault)
{
    struct batch_page page;
    batch_page_begin(&page, walk->keys, set, from_end);
    while (!page.is_last) {
        if (!batch_page_next(&page, walk->session, fault))
            return false;
        for (size_t i = 0; i < page.count; i++) {
            struct batch_facts facts = {.id = page.ids[i]};
            if (!batches_read(walk->session, walk->keys, &facts, fault))
                return false;
            if (!walk->on_batch(walk->ctx, &facts))
                return true;
        }
    }
    return true;
}

bool batches_read_id(const struct cli_call *call, struct uuid *id, struct fault *fault)
{
    return uuid_parse(id, slice_of(call->operands[0])) ||
           fault_set(fault, FAULT_USAGE,
                     "ID looks like 0195f0a0-0000-7000-8000-000000000001; "
                     "`elrelay batch list` shows them");
}

bool batches_find(struct session *session, const struct choice *choice,
                  struct batch_found *found, struct fault *fault)
{
    for (size_t i = 0; i < choice->count; i++) {
        found->route = &choice->routes[i];
        keys_init(&found->keys, found->route);
        bool done = session_aim(session, &found->keys, fault) &&
                    batches_read(session, &found->keys, &found->facts, fault);
        if (done && batches_state(&found->facts) != FLOW_NONE)
            return true;
        keys_free(&found->keys);
        if (!done)
            return false;
    }
    return fault_set(fault, FAULT_GENERAL,
                     "there is no such batch; `elrelay batch list` shows those there are");
}
