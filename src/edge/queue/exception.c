/*
 * exception.c - from the fields of an entry to an object, in the order that consumers know.
 */

#include "elrelay/edge/queue/exception.h"

#include "elrelay/ground/json_out.h"
#include "reply.h"

enum { EXCEPTION_FIELDS = 4, REPLAY_FIELDS = 2, EXCEPTION_OWN_BYTES = 96, ESCAPED_MAX = 6 };

static bool exception_has_fields(const redisReply *fields, size_t count)
{
    return fields && fields->type == REDIS_REPLY_ARRAY && fields->elements == 2 * count;
}

/* The value; NULL where the field is not there, or twice. */
static const redisReply *exception_field(const redisReply *fields, const char *name)
{
    const redisReply *value = NULL;
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        if (!slice_is_text(reply_slice_at(fields, i), name))
            continue;
        if (value)
            return NULL;
        value = reply_at(fields, i + 1);
    }
    return value;
}

/* Behind its own fields stands no more than what a replay notes. */
static bool exception_has_shape(const redisReply *fields)
{
    if (exception_has_fields(fields, EXCEPTION_FIELDS))
        return true;
    return exception_has_fields(fields, EXCEPTION_FIELDS + REPLAY_FIELDS) &&
           exception_field(fields, "replays") && exception_field(fields, "attempts");
}

size_t exception_room(const redisReply *fields)
{
    size_t bytes = EXCEPTION_OWN_BYTES;
    if (!fields || fields->type != REDIS_REPLY_ARRAY)
        return 0;
    for (size_t i = 0; i < fields->elements; i++)
        bytes += ESCAPED_MAX * reply_slice_at(fields, i).len;
    return bytes;
}

bool exception_write(struct buf *text, const redisReply *fields)
{
    if (!exception_has_shape(fields))
        return false;
    const redisReply *id = exception_field(fields, "testEventInternalId");
    const redisReply *error = exception_field(fields, "isError");
    const redisReply *details = exception_field(fields, "details");
    const redisReply *queue = exception_field(fields, "queueName");
    bool is_error = slice_is_text(reply_slice(error), "true");
    if (!id || !details || !queue ||
        (!is_error && !slice_is_text(reply_slice(error), "false")) ||
        !buf_reserve(text, exception_room(fields)))
        return false;
    struct json_out out = {.buf = text};
    json_out_begin_object(&out, NULL);
    json_out_text(&out, "testEventInternalId", reply_slice(id));
    json_out_bool(&out, "isError", is_error);
    json_out_text(&out, "details", reply_slice(details));
    json_out_text(&out, "queueName", reply_slice(queue));
    json_out_end_object(&out);
    return true;
}
