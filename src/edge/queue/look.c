/*
 * look.c - the route as a whole: survey, list, intake.
 *
 * A heartbeat that is missing may only mean that Redis was away. So an owner counts as gone
 * when Redis has answered us for a whole life of it, and it is missing all the same; one that
 * went under our own name is gone at once, since the name is ours now.
 */

#include "ask.h"

#include <stdio.h>

#include "elrelay/edge/host/clock.h"
#include "elrelay/ground/mem.h"
#include "reply.h"

enum { LIST_FOREIGN_MS = 3600 * 1000 };
enum { LIST_PAGE = 100, LIST_HEAD = 4, INTAKE_BYTES = 2000000, INTAKE_ELEMENTS = 500 };

/* Survey */

/* Once for each number. */
static void survey_tell_missing(struct queue *queue, uint64_t missing)
{
    if (missing && missing != queue->taken_away)
        log_write(LOG_ERROR, "events_missing", log_word("route", queue->setup.route),
                  log_number("events", missing),
                  log_word("why", "deleted or trimmed by somebody else; "
                                  "`elrelay check --repair` takes note of it"));
    queue->taken_away = missing;
}

static void survey_on_reply(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_goes_on(ask, reply))
        return;
    const struct queue_events events = ask->queue->events;
    survey_tell_missing(ask->queue, reply_number_at(reply, 8));
    struct survey survey = {
        .paused = reply_number_at(reply, 1) > 0,
        .waiting = reply_number_at(reply, 2),
        .oldest_unix_ms = reply_number_at(reply, 3),
        .now_unix_ms = reply_number_at(reply, 4),
        .inbox = reply_number_at(reply, 5),
        .doubts = reply_number_at(reply, 6),
        .limit_bytes = reply_number_at(reply, 7),
    };
    ask_free(ask);
    events.on_survey(events.ctx, PORT_DONE, &survey);
}

static void survey_ask(struct ask *ask)
{
    struct args *args = queue_script_args(ask->queue);
    args_add_text(args, ask->queue->setup.endpoint_text);
    ask_call(ask, "survey", survey_on_reply);
}

const ask_step look_survey_steps[] = {survey_ask, NULL};

/* List */

/* Until the row's owner counts as gone; UINT64_MAX while it lives. */
static uint64_t list_gone_in_ms(const struct queue *queue, const redisReply *row)
{
    struct slice owner = reply_slice_at(row, 8);
    if (slice_is_text(owner, "former"))
        return 0;
    if (!slice_is_text(owner, "gone"))
        return UINT64_MAX;
    uint64_t steady_ms = queue_steady_ms(queue);
    uint64_t life_ms = queue->setup.heartbeat->life_ms;
    return steady_ms < life_ms ? life_ms - steady_ms : 0;
}

static uint64_t list_ago_ms(uint64_t now_ms, uint64_t then_ms)
{
    return then_ms && then_ms < now_ms ? now_ms - then_ms : 0;
}

/* What it went through, with the times that the whole list came with. */
static void list_take_past(const redisReply *list, const redisReply *row,
                           struct manifest *manifest)
{
    uint64_t now_ms = reply_number_at(list, 1);
    uint64_t accepted_ms = reply_number_at(list, 2);
    uint64_t refused_ms = reply_number_at(row, 17);
    manifest->doubted = reply_number_at(row, 10) > 0;
    manifest->looks = (uint32_t)reply_number_at(row, 11);
    manifest->first_unix_ms = reply_number_at(row, 12);
    manifest->sent_ago_ms = list_ago_ms(now_ms, reply_number_at(row, 13));
    manifest->looked_ago_ms = list_ago_ms(now_ms, reply_number_at(row, 14));
    manifest->depth = (uint32_t)reply_number_at(row, 15);
    manifest->carved = reply_number_at(row, 16);
    manifest->refused = refused_ms > 0;
    manifest->proved = refused_ms > 0 && accepted_ms > refused_ms;
    manifest->elsewhere = reply_number_at(row, 19) > 0;
    manifest->absent = reply_number_at(row, 20) > 0;
    uuid_parse(&manifest->old, reply_slice_at(row, 21));
    manifest->old_count = reply_number_at(row, 22);
    manifest->old_whole = reply_number_at(row, 23) > 0;
    uuid_parse(&manifest->past, reply_slice_at(row, 24));
    if (manifest->state == FLOW_HELD || manifest->state == FLOW_UNKNOWN)
        manifest->hold = hold_of_word(reply_slice_at(row, 18));
}

static void list_note_lost(struct ask *ask, struct slice id)
{
    if (ask->lost++ == 0)
        snprintf(ask->first_lost, sizeof(ask->first_lost), "%.*s", SLICE_ARG(id));
}

/* The next list has those that were held meanwhile; what stays is not told again and again. */
static void list_tell_lost(struct ask *ask)
{
    struct queue *queue = ask->queue;
    if (ask->lost)
        log_write(alarm_level(&queue->lost, ask->first_lost), "manifest_lost",
                  log_word("route", queue->setup.route), log_word("batch", ask->first_lost),
                  log_number("batches", ask->lost),
                  log_word("why", "something else stands under its key, or nothing; "
                                  "`elrelay held list` shows what a person must decide"));
    else
        alarm_end(&queue->lost);
}

static bool list_take_row(struct ask *ask, const redisReply *row, struct manifest *manifest)
{
    struct queue *queue = ask->queue;
    struct slice sha256 = reply_slice_at(row, 7);
    uint64_t gone_in_ms = list_gone_in_ms(queue, row);
    *manifest = (struct manifest){
        .state = flow_state_of_word(reply_slice_at(row, 1)),
        .ver = reply_number_at(row, 2),
        .attempts = (uint32_t)reply_number_at(row, 3),
        .count = reply_number_at(row, 4),
        .drained = reply_number_at(row, 5),
        .bytes = reply_number_at(row, 6),
        .mine = slice_is_text(reply_slice_at(row, 8), "mine"),
        .owner_gone = gone_in_ms == 0,
        .owner_gone_in_ms = gone_in_ms == UINT64_MAX ? 0 : gone_in_ms,
    };
    if (sha256.len == BATCH_SHA256_TEXT)
        memcpy(manifest->sha256, sha256.ptr, BATCH_SHA256_TEXT);
    bool has_id = uuid_parse(&manifest->id, reply_slice_at(row, 0));
    if (has_id && manifest->state != FLOW_NONE)
        return true;
    list_note_lost(ask, reply_slice_at(row, 0));
    return false;
}

static void list_end(struct ask *ask)
{
    const struct queue_events events = ask->queue->events;
    struct manifest *list = ask->list;
    size_t count = ask->list_count;
    list_tell_lost(ask);
    ask->list = NULL;
    ask_free(ask);
    events.on_list(events.ctx, PORT_DONE, list, count);
    mem_free(list);
}

/* Where the next page begins. */
static void list_note_last(struct ask *ask, const redisReply *reply)
{
    struct slice score = reply_slice_at(reply, LIST_HEAD - 1);
    struct slice id = reply_slice_at(reply->element[reply->elements - 1], 0);
    snprintf(ask->last_score, sizeof(ask->last_score), "%.*s", SLICE_ARG(score));
    snprintf(ask->last_id, sizeof(ask->last_id), "%.*s", SLICE_ARG(id));
}

static void list_on_page(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_goes_on(ask, reply))
        return;
    size_t rows = reply->elements - LIST_HEAD;
    ask->list = mem_resize(ask->list, ask->list_count + rows, sizeof(*ask->list));
    for (size_t i = 0; i < rows; i++) {
        const redisReply *row = reply->element[LIST_HEAD + i];
        struct manifest *manifest = &ask->list[ask->list_count];
        ask->list_count += list_take_row(ask, row, manifest);
        list_take_past(reply, row, manifest);
    }
    list_note_last(ask, reply);
    if (rows == LIST_PAGE)
        ask_again(ask);
    else
        ask_next(ask);
}

static void list_page(struct ask *ask)
{
    struct args *args = queue_script_args(ask->queue);
    args_add_text(args, ask->last_score[0] ? ask->last_score : "-inf");
    args_add_text(args, ask->last_id);
    args_add_number(args, LIST_PAGE);
    args_add_text(args, ask->queue->setup.endpoint_text);
    ask_call(ask, "list", list_on_page);
}

/* What no batch names goes back with each list, so that nothing is left lying for long. */
static void list_on_tidied(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (!ask_goes_on(ask, reply))
        return;
    uint64_t strays = reply_number_at(reply, 1);
    if (strays)
        log_write(LOG_WARN, "strays_given_back", log_word("route", ask->queue->setup.route),
                  log_number("events", strays));
    uint64_t released = reply_number_at(reply, 3);
    if (released)
        log_write(LOG_ERROR, "foreign_consumers", log_word("route", ask->queue->setup.route),
                  log_number("consumers", released),
                  log_word("why",
                           "another program read events with our consumer group; they are "
                           "given back, and it must be kept away from the stream"));
    list_end(ask);
}

static void list_tidy(struct ask *ask)
{
    args_add_number(queue_script_args(ask->queue), LIST_FOREIGN_MS);
    ask_call(ask, "tidy", list_on_tidied);
}

const ask_step look_list_steps[] = {list_page, list_tidy, NULL};

/* Intake */

static void intake_on_moved(void *ctx, const redisReply *reply)
{
    struct ask *ask = ctx;
    if (ask_goes_on(ask, reply))
        ask_next(ask);
}

static void intake_move(struct ask *ask)
{
    struct args *args = queue_script_args(ask->queue);
    args_add_text(args, ask->queue->setup.conf->inbox_end == INBOX_RIGHT ? "right" : "left");
    args_add_number(args, INTAKE_BYTES);
    args_add_number(args, INTAKE_ELEMENTS);
    ask_call(ask, "inbox", intake_on_moved);
}

const ask_step look_intake_steps[] = {intake_move, NULL};
