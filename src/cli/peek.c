/*
 * peek.c - `elrelay peek`: what would be read next, read without the group.
 *
 * Events that were given back come first, as the daemon takes them; then what the group has not
 * read yet. A snapshot: a daemon at work may take them in between.
 */

#include <stdio.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/session.h"
#include "elrelay/core/carry/event.h"
#include "elrelay/core/carry/reason.h"
#include "elrelay/edge/queue/exception.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/time_text.h"

enum { PEEK_COUNT = 10, PEEK_CHUNK = 100, PEEK_EXCEPTION_MAX = 64 * 1024 * 1024 };

struct peek {
    struct session *session;
    const char *stream;
    size_t left; /* that may still be shown */
    bool reveal;
    struct say_json *json; /* NULL: for a person */
    struct stream_id last; /* read or delivered */
    struct stream_id given_back[PEEK_CHUNK];
    size_t given_back_count;
    size_t got; /* entries of the last answer */
    uint64_t inbox;
    struct scan scan;
    struct buf exception; /* route of type forward: the entry as it is sent */
    bool forwards;
};

/* The one field "event" of an entry; false where it has another shape. */
static bool peek_event(const redisReply *fields, struct slice *bytes)
{
    if (fields->type != REDIS_REPLY_ARRAY || fields->elements != 2 ||
        !slice_is_text(reply_text(fields->element[0]), "event"))
        return false;
    *bytes = reply_text(fields->element[1]);
    return true;
}

static bool peek_exception(struct peek *peek, const redisReply *fields, struct slice *bytes)
{
    buf_clear(&peek->exception);
    if (!exception_write(&peek->exception, fields))
        return false;
    *bytes = buf_slice(&peek->exception);
    return true;
}

static void peek_say(struct peek *peek, const char *id, const char *time, struct slice bytes,
                     enum reason reason)
{
    char size[SAY_MAX];
    char keys[SAY_MAX];
    printf("  %-20s  %s  %8s  %s\n", id, time, say_size(size, bytes.len),
           reason == REASON_NONE ? say_count(keys, peek->scan.count, "key", "s")
                                 : reason_word(reason));
    if (peek->reveal && bytes.len > 0)
        say_bytes(bytes);
}

static void peek_say_json(struct peek *peek, const char *id, const char *time,
                          struct slice bytes, enum reason reason)
{
    struct json_out *out = &peek->json->out;
    json_out_begin_object(out, NULL);
    json_out_text(out, "id", slice_of(id));
    json_out_text(out, "time", slice_of(time));
    json_out_number(out, "bytes", bytes.len);
    if (reason == REASON_NONE)
        json_out_number(out, "keys", peek->scan.count);
    else
        json_out_text(out, "reason", slice_of(reason_word(reason)));
    if (peek->reveal)
        say_json_bytes(out, "event", bytes);
    json_out_end_object(out);
}

static void peek_entry(struct peek *peek, const redisReply *entry)
{
    struct slice bytes = SLICE("");
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements < 2 ||
        !stream_id_read(reply_text(entry->element[0]), &peek->last))
        return;
    enum reason reason = REASON_NO_EVENT;
    if (peek->forwards ? peek_exception(peek, entry->element[1], &bytes)
                       : peek_event(entry->element[1], &bytes))
        reason = reason_of_scan(scan_event(&peek->scan, bytes));
    char id[STREAM_ID_TEXT_MAX];
    char time[TIME_TEXT_MAX];
    stream_id_write(id, peek->last);
    time_text_write(time, peek->last.ms);
    if (peek->json)
        peek_say_json(peek, id, time, bytes, reason);
    else
        peek_say(peek, id, time, bytes, reason);
    peek->left--;
}

static void peek_on_entries(void *ctx, const redisReply *reply)
{
    struct peek *peek = ctx;
    peek->got = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    for (size_t i = 0; i < peek->got && peek->left > 0; i++)
        peek_entry(peek, reply->element[i]);
}

/* XRANGE stream from to COUNT count. */
static bool peek_range(struct peek *peek, const char *from, const char *to, struct fault *fault)
{
    char count[16];
    snprintf(count, sizeof(count), "%zu", peek->left < PEEK_CHUNK ? peek->left : PEEK_CHUNK);
    return session_ask(
        peek->session,
        &(struct question){SESSION_ARGS(SLICE("XRANGE"), slice_of(peek->stream), slice_of(from),
                                        slice_of(to), SLICE("COUNT"), slice_of(count)),
                           .doing = "read what waits", .key = peek->stream,
                           .use = peek_on_entries, .ctx = peek},
        fault);
}

/* Rows of XPENDING: [id, consumer, idle, deliveries]. */
static void peek_on_given_back(void *ctx, const redisReply *reply)
{
    struct peek *peek = ctx;
    for (size_t i = 0;
         reply->type == REDIS_REPLY_ARRAY && i < reply->elements && i < PEEK_CHUNK; i++) {
        const redisReply *row = reply->element[i];
        struct stream_id *id = &peek->given_back[peek->given_back_count];
        if (row->type == REDIS_REPLY_ARRAY && row->elements > 0)
            peek->given_back_count += stream_id_read(reply_text(row->element[0]), id);
    }
}

static bool peek_ask_given_back(struct peek *peek, const char *from, struct fault *fault)
{
    char chunk[16];
    snprintf(chunk, sizeof(chunk), "%d", PEEK_CHUNK);
    peek->given_back_count = 0;
    return session_ask(
        peek->session,
        &(struct question){SESSION_ARGS(SLICE("XPENDING"), slice_of(peek->stream),
                                        SLICE("elrelay"), slice_of(from), SLICE("+"),
                                        slice_of(chunk), SLICE("free")),
                           .doing = "ask what was given back", .key = peek->stream,
                           .nothing = "NOGROUP", .use = peek_on_given_back, .ctx = peek},
        fault);
}

static bool peek_given_back(struct peek *peek, struct fault *fault)
{
    char from[STREAM_ID_TEXT_MAX + 1] = "-";
    do {
        if (!peek_ask_given_back(peek, from, fault))
            return false;
        for (size_t i = 0; i < peek->given_back_count && peek->left > 0; i++) {
            from[0] = '(';
            stream_id_write(from + 1, peek->given_back[i]);
            if (!peek_range(peek, from + 1, from + 1, fault))
                return false;
        }
    } while (peek->given_back_count == PEEK_CHUNK && peek->left > 0);
    return true;
}

/* Rows of XINFO GROUPS: flat arrays of fields and values. */
static void peek_on_groups(void *ctx, const redisReply *reply)
{
    struct peek *peek = ctx;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (slice_is_text(reply_text(reply_field(reply->element[i], "name")), "elrelay"))
            stream_id_read(reply_text(reply_field(reply->element[i], "last-delivered-id")),
                           &peek->last);
}

static bool peek_unread(struct peek *peek, struct fault *fault)
{
    peek->last = (struct stream_id){0};
    if (!session_ask(peek->session,
                     &(struct question){
                         SESSION_ARGS(SLICE("XINFO"), SLICE("GROUPS"), slice_of(peek->stream)),
                         .doing = "ask what was read", .key = peek->stream, .nothing = "ERR",
                         .use = peek_on_groups, .ctx = peek},
                     fault))
        return false;
    do {
        char from[STREAM_ID_TEXT_MAX + 1] = "(";
        stream_id_write(from + 1, peek->last);
        peek->got = 0;
        if (peek->left > 0 && !peek_range(peek, from, "+", fault))
            return false;
    } while (peek->got == PEEK_CHUNK && peek->left > 0);
    return true;
}

static void peek_on_inbox(void *ctx, const redisReply *reply)
{
    struct peek *peek = ctx;
    peek->inbox = reply_number(reply);
}

static bool peek_inbox(struct peek *peek, const char *inbox, struct fault *fault)
{
    peek->inbox = 0;
    return !inbox ||
           session_ask(peek->session,
                       &(struct question){SESSION_ARGS(SLICE("LLEN"), slice_of(inbox)),
                                          .doing = "count the inbox", .key = inbox,
                                          .use = peek_on_inbox, .ctx = peek},
                       fault);
}

static void peek_begin_route(struct peek *peek, const char *name)
{
    if (!peek->json) {
        printf("%s:\n", name);
        return;
    }
    json_out_begin_object(&peek->json->out, NULL);
    json_out_text(&peek->json->out, "route", slice_of(name));
    json_out_begin_array(&peek->json->out, "events");
}

static void peek_end_route(struct peek *peek, bool none_waits)
{
    if (peek->json) {
        json_out_end_array(&peek->json->out);
        json_out_number(&peek->json->out, "inbox", peek->inbox);
        json_out_end_object(&peek->json->out);
        return;
    }
    if (none_waits)
        printf("  nothing waits on the stream\n");
    if (peek->inbox > 0) {
        char text[SAY_MAX];
        printf("  %s in the inbox\n", say_count(text, peek->inbox, "event", "s"));
    }
}

static bool peek_route(struct peek *peek, const struct route_conf *route, struct fault *fault)
{
    struct keys keys;
    size_t count = peek->left;
    keys_init(&keys, route);
    peek->stream = keys_name(&keys, KEY_STREAM);
    peek->forwards = route->type == ROUTE_FORWARD;
    peek_begin_route(peek, route->name);
    bool done = session_aim(peek->session, &keys, fault) && peek_given_back(peek, fault) &&
                peek_unread(peek, fault) && peek_inbox(peek, route->queue.inbox, fault);
    peek_end_route(peek, done && peek->left == count);
    keys_free(&keys);
    peek->left = count;
    return done;
}

static bool peek_all(struct peek *peek, const struct choice *choice, struct fault *fault)
{
    bool done = true;
    for (size_t i = 0; done && i < choice->count; i++)
        done = peek_route(peek, &choice->routes[i], fault);
    return done;
}

bool peek_events(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    struct say_json json = {0};
    struct peek peek = {.reveal = call->values[OPTION_REVEAL] != NULL};
    buf_init(&peek.exception, PEEK_EXCEPTION_MAX);
    if (!choice_read_count(call, PEEK_COUNT, &peek.left, fault) ||
        !choice_read(&choice, call, fault))
        return false;
    if (call->values[OPTION_JSON])
        peek.json = &json;
    say_json_begin_routes(&json);
    peek.session = session_open(&choice, fault);
    bool done = peek.session && peek_all(&peek, &choice, fault);
    say_json_end_routes(&json, done && peek.json);
    scan_free(&peek.scan);
    buf_free(&peek.exception);
    session_close(peek.session);
    choice_free(&choice);
    return done;
}
