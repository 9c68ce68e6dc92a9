/*
 * trail_seek.c - the events that are still in Redis, some of them a call: each is read as the
 * encoder reads it. One that it cannot read has no tracking id; it is taken for the one that is
 * looked for where the id stands in it between quotes.
 */

#include <stdio.h>
#include <string.h>

#include "cli/letters.h"
#include "cli/progress.h"
#include "cli/trail.h"
#include "elrelay/core/carry/tracker.h"

enum { SEEK_CHUNK = 100, SEEK_REPLAYED_VALUES = 6 };

struct seek {
    struct trail *trail;
    struct session *session;
    const struct keys *keys;
    struct tracker tracker;
    char after[STREAM_ID_TEXT_MAX + 1];
    uint64_t from; /* of the inbox */
    size_t got;
    uint64_t looked_at;
    struct progress progress;
};

static bool seek_stands_in(struct slice bytes, struct slice id)
{
    for (size_t at = 0; at + id.len + 2 <= bytes.len; at++) {
        const char *quote = memchr(bytes.ptr + at, '"', bytes.len - at - id.len - 1);
        if (!quote)
            return false;
        at = (size_t)(quote - bytes.ptr);
        if (quote[id.len + 1] == '"' && memcmp(quote + 1, id.ptr, id.len) == 0)
            return true;
    }
    return false;
}

static bool seek_is_it(struct seek *seek, struct slice event)
{
    struct slice id;
    if (tracker_find(&seek->tracker, event, &id))
        return slice_is(id, seek->trail->id);
    return seek_stands_in(event, seek->trail->id);
}

/* Names and values: those of other names are no events. */
static bool seek_has_it(struct seek *seek, redisReply *const *fields, size_t count)
{
    progress_show(&seek->progress, seek->looked_at, seek->looked_at);
    seek->looked_at++;
    for (size_t i = 0; i + 1 < count; i += 2)
        if (slice_is_text(reply_text(fields[i]), "event") &&
            seek_is_it(seek, reply_text(fields[i + 1])))
            return true;
    return false;
}

static void seek_take_entry(struct seek *seek, const redisReply *entry)
{
    struct stream_id id;
    const redisReply *fields = entry->elements > 1 ? entry->element[1] : NULL;
    if (!fields || fields->type != REDIS_REPLY_ARRAY ||
        !stream_id_read(reply_text(entry->element[0]), &id))
        return;
    snprintf(seek->after, sizeof(seek->after), "(%.*s",
             SLICE_ARG(reply_text(entry->element[0])));
    if (!seek_has_it(seek, fields->element, fields->elements))
        return;
    struct trail_step *step = trail_add(seek->trail, TRAIL_QUEUED, id.ms);
    stream_id_write(step->id, id);
    if (fields->elements >= SEEK_REPLAYED_VALUES)
        step->replays = reply_number(reply_field(fields, "replays"));
}

static void seek_on_entries(void *ctx, const redisReply *reply)
{
    struct seek *seek = ctx;
    seek->got = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    for (size_t i = 0; i < seek->got; i++)
        if (reply->element[i]->type == REDIS_REPLY_ARRAY)
            seek_take_entry(seek, reply->element[i]);
}

static bool seek_stream(struct seek *seek, struct fault *fault)
{
    char chunk[16];
    const char *stream = keys_name(seek->keys, KEY_STREAM);
    snprintf(chunk, sizeof(chunk), "%d", SEEK_CHUNK);
    snprintf(seek->after, sizeof(seek->after), "-");
    do {
        if (!session_ask(seek->session,
                         &(struct question){SESSION_ARGS(SLICE("XRANGE"), slice_of(stream),
                                                         slice_of(seek->after), SLICE("+"),
                                                         SLICE("COUNT"), slice_of(chunk)),
                                            .doing = "search the queue", .key = stream,
                                            .use = seek_on_entries, .ctx = seek},
                         fault))
            return false;
    } while (seek->got == SEEK_CHUNK);
    return true;
}

static void seek_on_elements(void *ctx, const redisReply *reply)
{
    struct seek *seek = ctx;
    seek->got = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    for (size_t i = 0; i < seek->got; i++)
        if (seek_is_it(seek, reply_text(reply->element[i])))
            trail_add(seek->trail, TRAIL_INBOX, UINT64_MAX);
}

/* Its elements have no times: they stand behind all others. */
static bool seek_inbox(struct seek *seek, struct fault *fault)
{
    const char *inbox = keys_name(seek->keys, KEY_INBOX);
    seek->got = inbox ? SEEK_CHUNK : 0;
    while (seek->got == SEEK_CHUNK) {
        char from[24];
        char to[24];
        snprintf(from, sizeof(from), "%llu", (unsigned long long)seek->from);
        seek->from += SEEK_CHUNK;
        snprintf(to, sizeof(to), "%llu", (unsigned long long)seek->from - 1);
        if (!session_ask(seek->session,
                         &(struct question){SESSION_ARGS(SLICE("LRANGE"), slice_of(inbox),
                                                         slice_of(from), slice_of(to)),
                                            .doing = "search the inbox", .key = inbox,
                                            .use = seek_on_elements, .ctx = seek},
                         fault))
            return false;
    }
    return true;
}

static bool seek_take_letter(void *ctx, const struct letter_facts *letter)
{
    struct seek *seek = ctx;
    if (!seek_has_it(seek, letter->fields, letter->field_count))
        return true;
    struct trail_step *step = trail_add(seek->trail, TRAIL_DEAD, letter->at_ms);
    snprintf(step->id, sizeof(step->id), "%s", letter->id);
    uuid_parse(&step->batch, slice_of(letter->batch));
    step->reason = letter->reason;
    step->there = true;
    return true;
}

/* [[id, consumer, idle, deliveries]]: `free` or b:ID. */
static void seek_on_pending(void *ctx, const redisReply *reply)
{
    struct trail_step *step = ctx;
    const redisReply *row = reply->type == REDIS_REPLY_ARRAY && reply->elements
                                ? reply->element[0]
                                : NULL;
    if (!row || row->type != REDIS_REPLY_ARRAY || row->elements < 2)
        return;
    struct slice consumer = reply_text(row->element[1]);
    step->given_back = slice_is_text(consumer, "free");
    if (slice_is_text(slice_part(consumer, 0, 2), "b:"))
        uuid_parse(&step->batch, slice_part(consumer, 2, consumer.len));
}

static bool seek_owners(struct seek *seek, struct fault *fault)
{
    const char *stream = keys_name(seek->keys, KEY_STREAM);
    for (size_t i = 0; i < seek->trail->count; i++) {
        struct trail_step *step = &seek->trail->steps[i];
        if (step->kind == TRAIL_QUEUED &&
            !session_ask(seek->session,
                         &(struct question){
                             SESSION_ARGS(SLICE("XPENDING"), slice_of(stream), SLICE("elrelay"),
                                          slice_of(step->id), slice_of(step->id), SLICE("1")),
                             .doing = "ask what is leased", .key = stream, .nothing = "NOGROUP",
                             .use = seek_on_pending, .ctx = step},
                         fault))
            return false;
    }
    return true;
}

bool trail_seek(struct trail *trail, struct session *session, const struct keys *keys,
                struct fault *fault)
{
    struct seek seek = {.trail = trail, .session = session, .keys = keys};
    tracker_init(&seek.tracker, &trail->route->format);
    progress_begin(&seek.progress, trail->route->name, 0);
    bool done = seek_inbox(&seek, fault) && seek_stream(&seek, fault) &&
                seek_owners(&seek, fault) &&
                letters_read(session, keys, seek_take_letter, &seek, fault);
    progress_end(&seek.progress);
    tracker_free(&seek.tracker);
    return done;
}
