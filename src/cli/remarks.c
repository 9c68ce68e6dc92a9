/*
 * remarks.c - a list in a manifest, in two ways.
 */

#include "cli/remarks.h"

#include <stdio.h>

#include "cli/say.h"
#include "elrelay/ground/json.h"

static void remarks_on_list(void *ctx, const redisReply *reply)
{
    struct json **list = ctx;
    *list = json_parse(reply_text(reply));
}

static const struct json *remarks_first(const struct json *list)
{
    return list && json_kind(list) == JSON_ARRAY ? json_first(list) : NULL;
}

static bool remark_is_error(const struct json *remark)
{
    const struct json *is_error = json_member(remark, "isError");
    return is_error && json_kind(is_error) == JSON_TRUE;
}

static void remarks_write(struct json_out *out, const struct json *list)
{
    json_out_begin_array(out, "remarks");
    for (const struct json *at = remarks_first(list); at; at = json_next(at)) {
        json_out_begin_object(out, NULL);
        json_out_bool(out, "is_error", remark_is_error(at));
        json_out_text(out, "details", json_text(json_member(at, "details")));
        json_out_end_object(out);
    }
    json_out_end_array(out);
}

static void remarks_say(const struct json *list)
{
    for (const struct json *at = remarks_first(list); at; at = json_next(at)) {
        printf("%-14s ", remark_is_error(at) ? "error" : "warning");
        say_bytes(json_text(json_member(at, "details")));
    }
}

static uint64_t remarks_count(const struct json *list)
{
    uint64_t count = 0;
    for (const struct json *at = remarks_first(list); at; at = json_next(at))
        count++;
    return count;
}

bool remarks_show(struct session *session, const struct batch_found *found, bool reveal,
                  struct json_out *json, struct fault *fault)
{
    struct json *list = NULL;
    struct buf key;
    buf_init(&key, 1024);
    buf_add_format(&key, "%s%s", keys_name(&found->keys, KEY_BATCH), found->facts.id.text);
    const char *name = buf_text(&key);
    bool done = session_ask(
        session,
        &(struct question){SESSION_ARGS(SLICE("HGET"), slice_of(name), SLICE("remarks")),
                           .doing = "read what the endpoint said", .key = name,
                           .use = remarks_on_list, .ctx = &list},
        fault);
    uint64_t count = remarks_count(list);
    if (done && reveal && json)
        remarks_write(json, list);
    else if (done && reveal)
        remarks_say(list);
    else if (done && json)
        json_out_number(json, "remarks", count);
    else if (done && count)
        printf("%-14s %llu, shown with --reveal\n", "remarks", (unsigned long long)count);
    json_free(list);
    buf_free(&key);
    return done;
}
