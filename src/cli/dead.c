/*
 * dead.c - `elrelay dead list` and `elrelay dead show`.
 */

#include <stdio.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/letters.h"
#include "cli/say.h"
#include "elrelay/ground/time_text.h"

enum { DEAD_COUNT = 50 };

struct dead {
    const struct route_conf *route;
    enum reason reason; /* REASON_NONE: any */
    size_t max;
    size_t shown;
    bool reveal;
    bool found;
    struct json_out *json; /* NULL: for a person */
};

static void dead_write_time(char text[TIME_TEXT_MAX], const struct letter_facts *letter)
{
    time_text_write(text, letter->at_ms);
}

static void dead_json_facts(struct json_out *out, const struct letter_facts *letter)
{
    char time[TIME_TEXT_MAX];
    dead_write_time(time, letter);
    json_out_text(out, "id", slice_of(letter->id));
    json_out_text(out, "time", slice_of(time));
    json_out_text(out, "reason", slice_of(reason_word(letter->reason)));
    json_out_text(out, "entry", slice_of(letter->entry));
    json_out_text(out, "stage", slice_of(letter->stage));
    json_out_text(out, "batch", slice_of(letter->batch));
    json_out_number(out, "attempts", letter->attempts);
    json_out_number(out, "replays", letter->replays);
    json_out_number(out, "bytes", letter->bytes);
}

static bool dead_list_one(void *ctx, const struct letter_facts *letter)
{
    struct dead *dead = ctx;
    if (dead->reason != REASON_NONE && letter->reason != dead->reason)
        return true;
    dead->shown++;
    if (dead->json) {
        json_out_begin_object(dead->json, NULL);
        dead_json_facts(dead->json, letter);
        json_out_end_object(dead->json);
    } else {
        char time[TIME_TEXT_MAX];
        char size[SAY_MAX];
        dead_write_time(time, letter);
        printf("  %-20s  %s  %8s  %s\n", letter->id, time, say_size(size, letter->bytes),
               reason_word(letter->reason));
    }
    return dead->shown < dead->max;
}

static bool dead_list_route(struct session *session, struct dead *dead, struct fault *fault)
{
    struct keys keys;
    keys_init(&keys, dead->route);
    dead->shown = 0;
    if (dead->json) {
        json_out_begin_object(dead->json, NULL);
        json_out_text(dead->json, "route", slice_of(dead->route->name));
        json_out_begin_array(dead->json, "dead");
    } else {
        printf("%s:\n", dead->route->name);
    }
    bool done = session_aim(session, &keys, fault) &&
                letters_read(session, &keys, dead_list_one, dead, fault);
    if (dead->json) {
        json_out_end_array(dead->json);
        json_out_end_object(dead->json);
    } else if (done && dead->shown == 0) {
        printf("  no dead letters%s\n", dead->reason == REASON_NONE ? "" : " with this reason");
    }
    keys_free(&keys);
    return done;
}

bool dead_list(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    struct dead dead = {.json = call->values[OPTION_JSON] ? &json.out : NULL,
                        .reason = choice_reason(call)};
    if (!choice_read_count(call, DEAD_COUNT, &dead.max, fault) ||
        !choice_read(&choice, call, fault))
        return false;
    say_json_begin_routes(&json);
    struct session *session = session_open(&choice, fault);
    bool done = session != NULL;
    for (size_t i = 0; done && i < choice.count; i++) {
        dead.route = &choice.routes[i];
        done = dead_list_route(session, &dead, fault);
    }
    say_json_end_routes(&json, done && dead.json);
    session_close(session);
    choice_free(&choice);
    return done;
}

static void dead_say_fields(const struct letter_facts *letter)
{
    for (size_t i = 0; i + 1 < letter->field_count; i += 2) {
        printf("\n");
        say_bytes(reply_text(letter->fields[i]));
        say_bytes(reply_text(letter->fields[i + 1]));
    }
}

static void dead_say(const struct dead *dead, const struct letter_facts *letter)
{
    char time[TIME_TEXT_MAX];
    char entered[TIME_TEXT_MAX] = "";
    char size[SAY_MAX];
    struct stream_id entry;
    dead_write_time(time, letter);
    if (stream_id_read(slice_of(letter->entry), &entry))
        time_text_write(entered, entry.ms);
    printf("id        %s\nreason    %s: %s\n", letter->id, reason_word(letter->reason),
           reason_sentence(letter->reason));
    if (letter->offset > 0)
        printf("at byte   %llu\n", (unsigned long long)letter->offset + 1);
    if (letter->column > 0 && letter->column <= dead->route->format.column_count)
        printf("column    %s\n", dead->route->format.columns[letter->column - 1].name);
    printf("set aside %s\n"
           "entry     %s, of %s\n"
           "stage     %s\n"
           "batch     %s\n"
           "attempts  %llu\n"
           "replays   %llu\n"
           "size      %s\n",
           time, letter->entry, entered, letter->stage, letter->batch,
           (unsigned long long)letter->attempts, (unsigned long long)letter->replays,
           say_size(size, letter->bytes));
    if (dead->reveal)
        dead_say_fields(letter);
    else
        printf("\nits content is shown with --reveal\n");
}

static void dead_say_json(const struct dead *dead, const struct letter_facts *letter)
{
    json_out_begin_object(dead->json, NULL);
    dead_json_facts(dead->json, letter);
    json_out_text(dead->json, "sentence", slice_of(reason_sentence(letter->reason)));
    json_out_number(dead->json, "offset", letter->offset);
    json_out_number(dead->json, "column", letter->column);
    if (dead->reveal) {
        json_out_begin_array(dead->json, "fields");
        for (size_t i = 0; i + 1 < letter->field_count; i += 2) {
            json_out_begin_object(dead->json, NULL);
            say_json_bytes(dead->json, "name", reply_text(letter->fields[i]));
            say_json_bytes(dead->json, "value", reply_text(letter->fields[i + 1]));
            json_out_end_object(dead->json);
        }
        json_out_end_array(dead->json);
    }
    json_out_end_object(dead->json);
}

static bool dead_show_one(void *ctx, const struct letter_facts *letter)
{
    struct dead *dead = ctx;
    dead->found = true;
    if (dead->json)
        dead_say_json(dead, letter);
    else
        dead_say(dead, letter);
    return false;
}

static bool dead_show_id(struct dead *dead, const struct choice *choice, const char *id,
                         struct fault *fault)
{
    struct session *session = session_open(choice, fault);
    struct keys keys;
    keys_init(&keys, dead->route);
    bool done = session &&
                letters_read_one(session, &keys,
                                 &(struct letters_wish){id, dead_show_one, dead}, fault);
    keys_free(&keys);
    session_close(session);
    if (done && !dead->found)
        return fault_set(
            fault, FAULT_GENERAL,
            "route %s has no dead letter with this id; `elrelay dead list` shows them",
            dead->route->name);
    return done;
}

bool dead_show(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    struct stream_id id;
    if (!stream_id_read(slice_of(call->operands[0]), &id))
        return fault_set(fault, FAULT_USAGE,
                         "ID looks like 1764000000000-0; `elrelay dead list` shows them");
    if (!choice_read_shard(&choice, call, fault))
        return false;
    struct dead dead = {.route = choice.routes,
                        .reveal = call->values[OPTION_REVEAL] != NULL,
                        .json = call->values[OPTION_JSON] ? &json.out : NULL};
    say_json_begin(&json);
    bool done = dead_show_id(&dead, &choice, call->operands[0], fault);
    say_json_end(&json, done && dead.json);
    choice_free(&choice);
    return done;
}
