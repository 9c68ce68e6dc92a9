/*
 * peek.c - `elrelay peek`: what would be read next.
 */

#include <stdio.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/waiting.h"
#include "elrelay/core/carry/reason.h"
#include "elrelay/ground/time_text.h"

enum { PEEK_COUNT = 10 };

struct peek {
    struct session *session;
    size_t most; /* events of a route */
    size_t shown;
    bool reveal;
    struct say_json *json; /* NULL: for a person */
    uint64_t inbox;
    struct scan scan;
};

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

static enum reason peek_reason(struct peek *peek, const struct event *event)
{
    if (event->gone)
        return REASON_GONE;
    return event->has_bytes ? reason_of_scan(scan_event(&peek->scan, event->bytes))
                            : REASON_NO_EVENT;
}

static bool peek_on_event(void *ctx, const struct event *event)
{
    struct peek *peek = ctx;
    char id[STREAM_ID_TEXT_MAX];
    char time[TIME_TEXT_MAX];
    enum reason reason = peek_reason(peek, event);
    stream_id_write(id, event->id);
    time_text_write(time, event->id.ms);
    if (peek->json)
        peek_say_json(peek, id, time, event->bytes, reason);
    else
        peek_say(peek, id, time, event->bytes, reason);
    peek->shown++;
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
    keys_init(&keys, route);
    struct waiting waiting = {.session = peek->session,
                              .keys = &keys,
                              .forwards = route->type == ROUTE_FORWARD,
                              .most = peek->most,
                              .on_event = peek_on_event,
                              .ctx = peek};
    peek->shown = 0;
    peek_begin_route(peek, route->name);
    bool done = session_aim(peek->session, &keys, fault) && waiting_each(&waiting, fault) &&
                peek_inbox(peek, route->queue.inbox, fault);
    peek_end_route(peek, done && peek->shown == 0);
    keys_free(&keys);
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
    if (!choice_read_count(call, PEEK_COUNT, &peek.most, fault) ||
        !choice_read(&choice, call, fault))
        return false;
    if (call->values[OPTION_JSON])
        peek.json = &json;
    say_json_begin_routes(&json);
    peek.session = session_open(&choice, fault);
    bool done = peek.session && peek_all(&peek, &choice, fault);
    say_json_end_routes(&json, done && peek.json);
    scan_free(&peek.scan);
    session_close(peek.session);
    choice_free(&choice);
    return done;
}
