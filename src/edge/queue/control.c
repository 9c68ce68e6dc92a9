/*
 * control.c - listening to operators.
 *
 * One blocking XREAD over all control streams is always outstanding, so that an idle daemon
 * wakes for a message only. Where a stream was read to is remembered by us: "$" would miss what
 * is written between two reads.
 */

#include "elrelay/edge/queue/control.h"

#include <stdio.h>

#include "elrelay/edge/redis/script.h"
#include "elrelay/ground/alarm.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/mem.h"
#include "reply.h"

enum { CONTROL_AGAIN_MS = 5000 };

struct control_stream {
    struct control *control;
    char *key;
    char last[STREAM_ID_TEXT_MAX]; /* "" until the stream's end was asked for */
};

struct control {
    struct link *link;
    uv_timer_t again; /* Redis refused: ask once more */
    struct alarm refused;
    struct control_stream *streams;
    size_t count;
    size_t first; /* what the index of the first key counts as */
    void (*on_message)(void *ctx, const struct control_message *message);
    void *ctx;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

#define CONTROL_WORD(name, word) [CONTROL_##name] = word,
static const char *const control_words[] = {CONTROL_LIST(CONTROL_WORD)};

const char *control_word(enum control_type type)
{
    return control_words[type];
}

static enum control_type control_of_word(struct slice word)
{
    for (size_t i = CONTROL_UNKNOWN + 1; i < CONTROL_TYPE_COUNT; i++)
        if (slice_is_text(word, control_words[i]))
            return (enum control_type)i;
    return CONTROL_UNKNOWN;
}

static struct slice control_text(const redisReply *reply)
{
    bool text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
    return text ? (struct slice){reply->str, reply->len} : SLICE("");
}

static bool control_is_list(const redisReply *reply, size_t at_least)
{
    return reply && reply->type == REDIS_REPLY_ARRAY && reply->elements >= at_least;
}

/* [id, [field, value, ...]]: the id is noted, the message handed on unless it is an answer. */
static void control_take_entry(struct control_stream *stream, const redisReply *entry)
{
    if (!control_is_list(entry, 2) || !control_is_list(entry->element[1], 0))
        return;
    size_t at = (size_t)(stream - stream->control->streams);
    struct control_message message = {.route = stream->control->first + at};
    if (!stream_id_read(control_text(entry->element[0]), &message.id))
        return;
    stream_id_write(stream->last, message.id);
    struct slice type = SLICE("");
    const redisReply *fields = entry->element[1];
    for (size_t i = 0; i + 1 < fields->elements; i += 2)
        if (slice_is_text(control_text(fields->element[i]), "type"))
            type = control_text(fields->element[i + 1]);
    if (slice_is_text(type, "answer"))
        return;
    message.type = control_of_word(type);
    stream->control->on_message(stream->control->ctx, &message);
}

static void control_on_again(uv_timer_t *timer);

static void control_refused(struct control *control, const redisReply *reply)
{
    char word[32];
    snprintf(word, sizeof(word), "%.*s", SLICE_ARG(link_error_word(reply)));
    log_write(alarm_level(&control->refused, word), "control_refused", log_word("why", word),
              log_number("retry_ms", CONTROL_AGAIN_MS));
    uv_timer_start(&control->again, control_on_again, CONTROL_AGAIN_MS, 0);
}

static void control_listen(struct control *control);

/* [key, [entry, ...]] */
static void control_take_part(struct control *control, const redisReply *part)
{
    if (!control_is_list(part, 2) || !control_is_list(part->element[1], 0))
        return;
    for (size_t at = 0; at < control->count; at++)
        if (slice_is_text(control_text(part->element[0]), control->streams[at].key))
            for (size_t i = 0; i < part->element[1]->elements; i++)
                control_take_entry(&control->streams[at], part->element[1]->element[i]);
}

/* [[key, [entry, ...]], ...], or an error, or nil. After an error that ended the connection it
 * listens again when that is up. */
static void control_on_read(void *ctx, const redisReply *reply)
{
    struct control *control = ctx;
    if (!reply || !link_is_up(control->link))
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        control_refused(control, reply);
        return;
    }
    alarm_end(&control->refused);
    for (size_t i = 0; control_is_list(reply, i + 1); i++)
        control_take_part(control, reply->element[i]);
    control_listen(control);
}

static void control_listen(struct control *control)
{
    size_t fixed = 4;
    struct slice *args = mem_zalloc_array(fixed + 2 * control->count, sizeof(*args));
    args[0] = SLICE("XREAD");
    args[1] = SLICE("BLOCK");
    args[2] = SLICE("0");
    args[3] = SLICE("STREAMS");
    for (size_t i = 0; i < control->count; i++) {
        args[fixed + i] = slice_of(control->streams[i].key);
        args[fixed + control->count + i] = slice_of(control->streams[i].last);
    }
    struct command read = {args, fixed + 2 * control->count, LINK_NO_TIMEOUT};
    link_send(control->link, &read, control_on_read, control);
    mem_free(args);
}

static void control_find_end(struct control_stream *stream);

/* [[id, fields]], or an empty list. */
static void control_on_end(void *ctx, const redisReply *reply)
{
    struct control_stream *stream = ctx;
    if (!reply || !link_is_up(stream->control->link))
        return;
    if (!control_is_list(reply, 0)) {
        control_refused(stream->control, reply);
        return;
    }
    struct stream_id end = {0};
    if (control_is_list(reply, 1) && control_is_list(reply->element[0], 1))
        stream_id_read(control_text(reply->element[0]->element[0]), &end);
    stream_id_write(stream->last, end);
    control_find_end(stream + 1);
}

/* Where this stream and those behind it end now; then listens. One that was read before is read
 * on from there. */
static void control_find_end(struct control_stream *stream)
{
    struct control *control = stream->control;
    while (stream->key && stream->last[0])
        stream++;
    if (!stream->key) {
        control_listen(control);
        return;
    }
    struct slice args[] = {SLICE("XREVRANGE"), slice_of(stream->key), SLICE("+"),
                           SLICE("-"),         SLICE("COUNT"),        SLICE("1")};
    link_send(control->link, &(struct command){args, 6, 0}, control_on_end, stream);
}

static void control_on_up(void *ctx)
{
    struct control *control = ctx;
    control_find_end(control->streams);
}

static void control_on_again(uv_timer_t *timer)
{
    struct control *control = timer->data;
    if (link_is_up(control->link))
        control_on_up(control);
}

/* The daemon's main link tells of the same trouble. */
static void control_on_down(void *ctx, const struct fault *fault, uint64_t retry_ms)
{
    struct control *control = ctx;
    uv_timer_stop(&control->again);
    (void)fault;
    (void)retry_ms;
}

struct control *control_new(const struct control_setup *setup, struct fault *fault)
{
    struct control *control = mem_zalloc(sizeof(*control));
    struct link_events events = {control_on_up, control_on_down, control};
    control->link = link_new(setup->loop, setup->conf, &events, fault);
    if (!control->link) {
        mem_free(control);
        return NULL;
    }
    link_serve(control->link, setup->nothing);
    uv_timer_init(setup->loop, &control->again);
    control->again.data = control;
    /* One more, without a key, ends the row. */
    control->streams = mem_zalloc_array(setup->count + 1, sizeof(*control->streams));
    control->count = setup->count;
    control->first = setup->first;
    for (size_t i = 0; i <= setup->count; i++)
        control->streams[i].control = control;
    for (size_t i = 0; i < setup->count; i++)
        control->streams[i].key = mem_copy_text(setup->keys[i], strlen(setup->keys[i]));
    control->on_message = setup->on_message;
    control->ctx = setup->ctx;
    return control;
}

void control_open(struct control *control)
{
    link_open(control->link);
}

void control_reset(struct control *control)
{
    link_reset(control->link);
}

static void control_on_timer_closed(uv_handle_t *handle)
{
    struct control *control = handle->data;
    void (*on_closed)(void *) = control->on_closed;
    void *closed_ctx = control->closed_ctx;
    for (size_t i = 0; i < control->count; i++)
        mem_free(control->streams[i].key);
    mem_free(control->streams);
    mem_free(control);
    on_closed(closed_ctx);
}

static void control_on_link_closed(void *ctx)
{
    struct control *control = ctx;
    uv_close((uv_handle_t *)&control->again, control_on_timer_closed);
}

void control_close(struct control *control, void (*on_closed)(void *ctx), void *ctx)
{
    control->on_closed = on_closed;
    control->closed_ctx = ctx;
    link_close(control->link, control_on_link_closed, control);
}

/* Answers */

static void control_on_answered(void *ctx, const redisReply *reply)
{
    (void)ctx;
    struct fault fault = {0};
    if (!reply || reply_says(reply, "done"))
        return;
    reply_fault(reply, "answer a message", &fault);
    log_write(LOG_ERROR, "answer_refused", log_word("why", fault.text));
}

enum { CONTROL_ARGS_MAX = 40 };

struct control_args {
    struct slice list[CONTROL_ARGS_MAX];
    size_t count;
    struct buf
        text; /* numbers live here; its ceiling is its first size, so that nothing moves */
};

static void control_add(struct control_args *args, const char *field, const char *value)
{
    args->list[args->count++] = slice_of(field);
    args->list[args->count++] = slice_of(value);
}

static void control_add_number(struct control_args *args, const char *field, uint64_t number)
{
    char *start = buf_reserve(&args->text, 24);
    snprintf(start, 24, "%llu", (unsigned long long)number);
    args->text.len += 24;
    control_add(args, field, start);
}

void control_send_answer(struct link *link, const struct control_answer *answer)
{
    char to[STREAM_ID_TEXT_MAX];
    char keep[STREAM_ID_TEXT_MAX];
    stream_id_write(to, answer->message->id);
    snprintf(keep, sizeof(keep), "%d", CONTROL_KEEP);
    struct control_args args = {
        .list = {slice_of(keys_prefix(answer->keys)), SLICE(""), SLICE(""), slice_of(keep)},
        .count = 4};
    buf_init(&args.text, 256);
    control_add(&args, "type", "answer");
    control_add(&args, "to", to);
    control_add(&args, "instance", answer->instance);
    control_add(&args, "status", answer->status);
    if (answer->cycle) {
        control_add_number(&args, "batches", answer->cycle->batches);
        control_add_number(&args, "accepted", answer->cycle->accepted);
        control_add_number(&args, "unreported", answer->cycle->unreported);
        control_add_number(&args, "dead", answer->cycle->dead);
        control_add_number(&args, "kept", answer->cycle->kept);
        control_add_number(&args, "pending", answer->cycle->pending);
        control_add_number(&args, "stuck", answer->cycle->stuck);
        control_add_number(&args, "paused", answer->cycle->paused);
    }
    struct slice stream = slice_of(keys_name(answer->keys, KEY_STREAM));
    struct script_call call = {script_by_name("answer"), &stream, 1, args.list, args.count};
    script_send(link, &call, control_on_answered, NULL);
    buf_free(&args.text);
}
