/*
 * waiting.c - some entries a call: XPENDING tells what was given back, XRANGE brings the rest.
 */

#include "cli/waiting.h"

#include <stdio.h>

#include "elrelay/edge/queue/exception.h"

enum { WAITING_CHUNK = 40, WAITING_EXCEPTION_MAX = 64 * 1024 * 1024 };

/* Values of an entry: the event alone, and one that was replayed with what is noted of that. */
enum { EVENT_VALUES = 2, REPLAYED_VALUES = 6 };

struct walk {
    const struct waiting *waiting;
    const char *stream;
    size_t left;
    struct stream_id last; /* read or delivered */
    struct stream_id given_back[WAITING_CHUNK];
    size_t given_back_count;
    size_t got; /* entries of the last answer */
    struct buf exception;
};

/* One field named event, behind it no more than what a replay notes. */
static bool walk_event(const redisReply *fields, struct slice *bytes)
{
    bool replayed = fields->elements == REPLAYED_VALUES && reply_field(fields, "replays");
    if ((fields->elements != EVENT_VALUES && !replayed) ||
        !slice_is_text(reply_text(fields->element[0]), "event"))
        return false;
    *bytes = reply_text(fields->element[1]);
    return true;
}

static bool walk_exception(struct walk *walk, const redisReply *fields, struct slice *bytes)
{
    buf_clear(&walk->exception);
    if (!exception_write(&walk->exception, fields))
        return false;
    *bytes = buf_slice(&walk->exception);
    return true;
}

static void walk_give(struct walk *walk, const struct event *event)
{
    walk->left--;
    if (!walk->waiting->on_event(walk->waiting->ctx, event))
        walk->left = 0;
}

static void walk_entry(struct walk *walk, const redisReply *entry)
{
    struct event event = {.bytes = SLICE("")};
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements < 2 ||
        !stream_id_read(reply_text(entry->element[0]), &event.id))
        return;
    const redisReply *fields = entry->element[1];
    walk->last = event.id;
    if (fields->type == REDIS_REPLY_ARRAY)
        event.has_bytes = walk->waiting->forwards ? walk_exception(walk, fields, &event.bytes)
                                                  : walk_event(fields, &event.bytes);
    walk_give(walk, &event);
}

static void walk_on_entries(void *ctx, const redisReply *reply)
{
    struct walk *walk = ctx;
    walk->got = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    for (size_t i = 0; i < walk->got && walk->left > 0; i++)
        walk_entry(walk, reply->element[i]);
}

/* XRANGE stream from to COUNT count. */
static bool walk_range(struct walk *walk, const char *from, const char *to, struct fault *fault)
{
    char count[16];
    snprintf(count, sizeof(count), "%zu",
             walk->left < WAITING_CHUNK ? walk->left : WAITING_CHUNK);
    walk->got = 0;
    return session_ask(
        walk->waiting->session,
        &(struct question){SESSION_ARGS(SLICE("XRANGE"), slice_of(walk->stream), slice_of(from),
                                        slice_of(to), SLICE("COUNT"), slice_of(count)),
                           .doing = "read what waits", .key = walk->stream,
                           .use = walk_on_entries, .ctx = walk},
        fault);
}

/* Rows of XPENDING: [id, consumer, idle, deliveries]. */
static void walk_on_given_back(void *ctx, const redisReply *reply)
{
    struct walk *walk = ctx;
    for (size_t i = 0;
         reply->type == REDIS_REPLY_ARRAY && i < reply->elements && i < WAITING_CHUNK; i++) {
        const redisReply *row = reply->element[i];
        struct stream_id *id = &walk->given_back[walk->given_back_count];
        if (row->type == REDIS_REPLY_ARRAY && row->elements > 0)
            walk->given_back_count += stream_id_read(reply_text(row->element[0]), id);
    }
}

static bool walk_ask_given_back(struct walk *walk, const char *from, struct fault *fault)
{
    char chunk[16];
    snprintf(chunk, sizeof(chunk), "%d", WAITING_CHUNK);
    walk->given_back_count = 0;
    return session_ask(
        walk->waiting->session,
        &(struct question){SESSION_ARGS(SLICE("XPENDING"), slice_of(walk->stream),
                                        SLICE("elrelay"), slice_of(from), SLICE("+"),
                                        slice_of(chunk), SLICE("free")),
                           .doing = "ask what was given back", .key = walk->stream,
                           .nothing = "NOGROUP", .use = walk_on_given_back, .ctx = walk},
        fault);
}

static bool walk_given_back(struct walk *walk, struct fault *fault)
{
    char from[STREAM_ID_TEXT_MAX + 1] = "-";
    do {
        if (!walk_ask_given_back(walk, from, fault))
            return false;
        for (size_t i = 0; i < walk->given_back_count && walk->left > 0; i++) {
            from[0] = '(';
            stream_id_write(from + 1, walk->given_back[i]);
            if (!walk_range(walk, from + 1, from + 1, fault))
                return false;
            if (walk->got == 0)
                walk_give(walk, &(struct event){.id = walk->given_back[i], .gone = true});
        }
    } while (walk->given_back_count == WAITING_CHUNK && walk->left > 0);
    return true;
}

/* Rows of XINFO GROUPS: flat arrays of fields and values. */
static void walk_on_groups(void *ctx, const redisReply *reply)
{
    struct walk *walk = ctx;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (slice_is_text(reply_text(reply_field(reply->element[i], "name")), "elrelay"))
            stream_id_read(reply_text(reply_field(reply->element[i], "last-delivered-id")),
                           &walk->last);
}

static bool walk_unread(struct walk *walk, struct fault *fault)
{
    walk->last = (struct stream_id){0};
    if (!session_ask(walk->waiting->session,
                     &(struct question){
                         SESSION_ARGS(SLICE("XINFO"), SLICE("GROUPS"), slice_of(walk->stream)),
                         .doing = "ask what was read", .key = walk->stream, .nothing = "ERR",
                         .use = walk_on_groups, .ctx = walk},
                     fault))
        return false;
    do {
        char from[STREAM_ID_TEXT_MAX + 1] = "(";
        stream_id_write(from + 1, walk->last);
        walk->got = 0;
        if (walk->left > 0 && !walk_range(walk, from, "+", fault))
            return false;
    } while (walk->got == WAITING_CHUNK && walk->left > 0);
    return true;
}

bool waiting_each(const struct waiting *waiting, struct fault *fault)
{
    struct walk walk = {.waiting = waiting,
                        .stream = keys_name(waiting->keys, KEY_STREAM),
                        .left = waiting->most};
    buf_init(&walk.exception, WAITING_EXCEPTION_MAX);
    bool done = walk_given_back(&walk, fault) && walk_unread(&walk, fault);
    buf_free(&walk.exception);
    return done;
}
