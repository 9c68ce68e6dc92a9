/*
 * survey.c - some ten questions to Redis, none of which changes anything.
 */

#include "cli/survey.h"

#include <stdio.h>
#include <string.h>

#include "cli/batches.h"
#include "cli/letters.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/number.h"

enum { SURVEY_DONE_LOOKED_AT = 20 };

struct survey {
    struct session *session;
    struct keys keys;
    struct route_survey *found;
    struct uuid done[SURVEY_DONE_LOOKED_AT];
    size_t done_count;
};

static bool survey_is_list(const redisReply *reply, size_t at_least)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements >= at_least;
}

/* {'done', paused, waiting, oldest, now, inbox} */
static void survey_on_queue(void *ctx, const redisReply *reply)
{
    struct route_survey *found = ((struct survey *)ctx)->found;
    if (!survey_is_list(reply, 6))
        return;
    found->started = true;
    found->paused = reply_number(reply->element[1]) > 0;
    found->waiting = reply_number(reply->element[2]);
    found->oldest_ms = reply_number(reply->element[3]);
    found->now_ms = reply_number(reply->element[4]);
    found->inbox = reply_number(reply->element[5]);
    if (survey_is_list(reply, 9))
        found->missing = reply_number(reply->element[8]);
}

static bool survey_ask_queue(struct survey *survey, struct fault *fault)
{
    struct slice keys[] = {slice_of(keys_name(&survey->keys, KEY_STREAM)),
                           slice_of(survey->found->route->queue.inbox)};
    return session_ask(survey->session,
                       &(struct question){.script = "survey",
                                          .keys = keys,
                                          .key_count = keys[1].len ? 2 : 1,
                                          SESSION_ARGS(slice_of(keys_prefix(&survey->keys)),
                                                       SLICE(""), SLICE("")),
                                          .doing = "ask what waits",
                                          .key = keys[0].ptr,
                                          .nothing = "NOGROUP",
                                          .use = survey_on_queue,
                                          .ctx = survey},
                       fault);
}

static void survey_on_number(void *ctx, const redisReply *reply)
{
    *(uint64_t *)ctx = reply_number(reply);
}

enum { SURVEY_WORDS_MAX = 3 };

/* A command of up to three words whose answer is a number. */
static bool survey_ask_number(struct survey *survey, const char *const words[SURVEY_WORDS_MAX],
                              uint64_t *number, struct fault *fault)
{
    struct slice args[SURVEY_WORDS_MAX];
    size_t count = 0;
    for (; count < SURVEY_WORDS_MAX && words[count]; count++)
        args[count] = slice_of(words[count]);
    return session_ask(survey->session,
                       &(struct question){.args = args,
                                          .count = count,
                                          .doing = "count what is there",
                                          .key = words[1],
                                          .use = survey_on_number,
                                          .ctx = number},
                       fault);
}

#define SURVEY_WORDS(...)                                                                      \
    (const char *const[SURVEY_WORDS_MAX])                                                      \
    {                                                                                          \
        __VA_ARGS__                                                                            \
    }

/* Before any daemon has run: all of it waits. */
static bool survey_ask_lengths(struct survey *survey, struct fault *fault)
{
    struct route_survey *found = survey->found;
    const char *inbox = found->route->queue.inbox;
    const char *stream = keys_name(&survey->keys, KEY_STREAM);
    const char *state = keys_name(&survey->keys, KEY_STATE);
    uint64_t paused = 0;
    bool done =
        survey_ask_number(survey, SURVEY_WORDS("XLEN", stream), &found->waiting, fault) &&
        (!inbox ||
         survey_ask_number(survey, SURVEY_WORDS("LLEN", inbox), &found->inbox, fault)) &&
        survey_ask_number(survey, SURVEY_WORDS("HEXISTS", state, "paused"), &paused, fault);
    found->paused = paused > 0;
    return done;
}

static void survey_on_open(void *ctx, const redisReply *reply)
{
    struct route_survey *found = ((struct survey *)ctx)->found;
    for (size_t i = 0; survey_is_list(reply, i + 1) && found->batch_count < SURVEY_BATCHES_MAX;
         i++) {
        struct survey_batch *batch = &found->batches[found->batch_count];
        *batch = (struct survey_batch){0};
        found->batch_count += uuid_parse(&batch->id, reply_text(reply->element[i]));
    }
}

static void survey_on_finished(void *ctx, const redisReply *reply)
{
    struct survey *survey = ctx;
    for (size_t i = 0;
         survey_is_list(reply, i + 1) && survey->done_count < SURVEY_DONE_LOOKED_AT; i++)
        survey->done_count += uuid_parse(&survey->done[survey->done_count],
                                         reply_text(reply->element[i]));
}

/* ZRANGE or ZREVRANGE key 0 last. */
static bool survey_ask_ids(struct survey *survey, const char *command, const char *key,
                           struct fault *fault)
{
    bool open = strcmp(command, "ZRANGE") == 0;
    char last[16];
    snprintf(last, sizeof(last), "%d", (open ? SURVEY_BATCHES_MAX : SURVEY_DONE_LOOKED_AT) - 1);
    return session_ask(survey->session,
                       &(struct question){SESSION_ARGS(slice_of(command), slice_of(key),
                                                       SLICE("0"), slice_of(last)),
                                          .doing = "list the batches", .key = key,
                                          .use = open ? survey_on_open : survey_on_finished,
                                          .ctx = survey},
                       fault);
}

static void survey_on_batch(void *ctx, const redisReply *reply)
{
    struct survey_batch *batch = ctx;
    if (!survey_is_list(reply, 8))
        return;
    batch->state = flow_state_of_word(reply_text(reply->element[0]));
    batch->events = reply_number(reply->element[1]);
    batch->attempts = reply_number(reply->element[2]);
    batch->since_ms = reply_number(reply->element[3]);
    batch->accepted_ms = reply_number(reply->element[4]);
    snprintf(batch->owner, sizeof(batch->owner), "%.*s",
             SLICE_ARG(reply_text(reply->element[7])));
    if (batch->state == FLOW_HELD)
        batch->why = hold_of_word(reply_text(reply->element[5]));
    if (batches_keeps_outcome(batch->state))
        snprintf(batch->outcome, sizeof(batch->outcome), "%.*s",
                 SLICE_ARG(reply_text(reply->element[6])));
}

static bool survey_ask_batch(struct survey *survey, struct survey_batch *batch,
                             struct fault *fault)
{
    char key[256];
    snprintf(key, sizeof(key), "%s%s", keys_name(&survey->keys, KEY_BATCH), batch->id.text);
    return session_ask(
        survey->session,
        &(struct question){SESSION_ARGS(SLICE("HMGET"), slice_of(key), SLICE("state"),
                                        SLICE("n"), SLICE("attempts"), SLICE("since"),
                                        SLICE("accepted"), SLICE("why"), SLICE("outcome"),
                                        SLICE("owner")),
                           .doing = "read a batch's manifest", .key = key,
                           .use = survey_on_batch, .ctx = batch},
        fault);
}

/* Open batches and, of those, the one accepted last; else of the ones that are finished. */
static bool survey_ask_batches(struct survey *survey, struct fault *fault)
{
    struct route_survey *found = survey->found;
    const char *open = keys_name(&survey->keys, KEY_OPEN);
    const char *held = keys_name(&survey->keys, KEY_HELD);
    const char *doubt = keys_name(&survey->keys, KEY_DOUBT);
    bool done = survey_ask_number(survey, SURVEY_WORDS("ZCARD", open), &found->open, fault) &&
                survey_ask_number(survey, SURVEY_WORDS("ZCARD", held), &found->held, fault) &&
                survey_ask_number(survey, SURVEY_WORDS("ZCARD", doubt), &found->doubt, fault) &&
                survey_ask_ids(survey, "ZRANGE", open, fault) &&
                survey_ask_ids(survey, "ZREVRANGE", keys_name(&survey->keys, KEY_DONE), fault);
    for (size_t i = 0; done && i < found->batch_count; i++) {
        done = survey_ask_batch(survey, &found->batches[i], fault);
        if (found->batches[i].accepted_ms > found->last_accepted.accepted_ms)
            found->last_accepted = found->batches[i];
    }
    for (size_t i = 0; done && i < survey->done_count && found->last_accepted.accepted_ms == 0;
         i++) {
        struct survey_batch batch = {.id = survey->done[i]};
        done = survey_ask_batch(survey, &batch, fault);
        found->last_accepted = batch;
    }
    return done;
}

static bool survey_is_foreign(struct slice consumer)
{
    return !slice_is_text(consumer, "free") && !slice_is_text(slice_part(consumer, 0, 2), "b:");
}

/* [total, first, last, [[consumer, count], ...]]: what is pending under a forming batch is
 * leased. */
static void survey_on_pending(void *ctx, const redisReply *reply)
{
    struct route_survey *found = ((struct survey *)ctx)->found;
    if (!survey_is_list(reply, 4) || reply->element[3]->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i < reply->element[3]->elements; i++) {
        const redisReply *row = reply->element[3]->element[i];
        if (!survey_is_list(row, 2))
            continue;
        struct slice consumer = reply_text(row->element[0]);
        if (survey_is_foreign(consumer))
            found->foreign += reply_number(row->element[1]);
        for (size_t at = 0; at < found->batch_count; at++)
            if (found->batches[at].state == FLOW_FORMING && consumer.len > 2 &&
                slice_is_text(slice_part(consumer, 2, consumer.len),
                              found->batches[at].id.text))
                found->leased += reply_number(row->element[1]);
    }
}

static bool survey_ask_pending(struct survey *survey, struct fault *fault)
{
    const char *stream = keys_name(&survey->keys, KEY_STREAM);
    return session_ask(
        survey->session,
        &(struct question){SESSION_ARGS(SLICE("XPENDING"), slice_of(stream), SLICE("elrelay")),
                           .doing = "ask what is leased", .key = stream, .nothing = "NOGROUP",
                           .use = survey_on_pending, .ctx = survey},
        fault);
}

static bool survey_on_letter(void *ctx, const struct letter_facts *letter)
{
    struct route_survey *found = ctx;
    found->reasons[letter->reason]++;
    found->dead_seen++;
    return found->dead_seen < SURVEY_LETTERS_MAX;
}

static bool survey_ask_letters(struct survey *survey, struct fault *fault)
{
    struct route_survey *found = survey->found;
    return survey_ask_number(survey, SURVEY_WORDS("XLEN", keys_name(&survey->keys, KEY_DEAD)),
                             &found->dead, fault) &&
           letters_read(survey->session, &survey->keys, survey_on_letter, found, fault);
}

/* "ENDPOINT BYTES UNTIL", as the scripts write it. */
static void survey_on_limit(void *ctx, const redisReply *reply)
{
    struct route_survey *found = ctx;
    struct slice text = reply_text(reply);
    uint64_t until_ms = 0;
    slice_next_word(&text);
    struct slice bytes = slice_next_word(&text);
    if (!number_read_u64(bytes, &found->limit_bytes) || !number_read_u64(text, &until_ms) ||
        found->now_ms >= until_ms)
        found->limit_bytes = 0;
}

static bool survey_ask_limit(struct survey *survey, struct fault *fault)
{
    const char *state = keys_name(&survey->keys, KEY_STATE);
    return session_ask(
        survey->session,
        &(struct question){SESSION_ARGS(SLICE("HGET"), slice_of(state), SLICE("limit")),
                           .doing = "ask for the limit of bodies", .key = state,
                           .use = survey_on_limit, .ctx = survey->found},
        fault);
}

static bool survey_ask_daemons(struct survey *survey, struct fault *fault)
{
    struct route_survey *found = survey->found;
    bool done = alive_read(survey->session, &survey->keys, &found->alive, fault) &&
                alive_read_notes(survey->session, &survey->keys, &found->alive, fault);
    for (size_t i = 0; done && i < found->batch_count; i++) {
        struct survey_batch *batch = &found->batches[i];
        batch->orphan = batch->state == FLOW_SENDING && !alive_has(&found->alive, batch->owner);
        found->doubt += batch->orphan;
    }
    return done;
}

bool survey_read(struct session *session, const struct route_conf *route,
                 struct route_survey *found, struct fault *fault)
{
    *found = (struct route_survey){.route = route};
    struct survey survey = {.session = session, .found = found};
    keys_init(&survey.keys, route);
    bool done = session_aim(session, &survey.keys, fault) && survey_ask_queue(&survey, fault) &&
                (found->started || survey_ask_lengths(&survey, fault)) &&
                survey_ask_batches(&survey, fault) && survey_ask_pending(&survey, fault) &&
                survey_ask_letters(&survey, fault) && survey_ask_limit(&survey, fault) &&
                survey_ask_daemons(&survey, fault);
    keys_free(&survey.keys);
    return done || fault_add_context(fault, "route %s", route->name);
}

bool survey_read_trouble(struct session *session, const struct route_conf *route,
                         struct route_survey *found, struct fault *fault)
{
    *found = (struct route_survey){.route = route};
    struct survey survey = {.session = session, .found = found};
    keys_init(&survey.keys, route);
    bool done = session_aim(session, &survey.keys, fault) && survey_ask_queue(&survey, fault) &&
                survey_ask_batches(&survey, fault) && survey_ask_daemons(&survey, fault);
    keys_free(&survey.keys);
    return done;
}

bool survey_group_is_lost(const struct route_survey *found)
{
    for (size_t i = 0; !found->started && i < found->batch_count; i++)
        if (found->batches[i].state != FLOW_FORMING)
            return true;
    return false;
}

bool survey_needs_person(const struct route_survey *found)
{
    for (size_t i = 0; i < found->batch_count; i++)
        if (found->batches[i].state == FLOW_HELD || found->batches[i].state == FLOW_UNKNOWN ||
            found->batches[i].state == FLOW_FAILED)
            return true;
    return found->held > 0 || found->doubt > 0 || survey_group_is_lost(found);
}
