/*
 * served.c - a field for each count of shards.
 */

#include "elrelay/edge/queue/served.h"

#include <stdio.h>

static void served_add_field(struct served *served, size_t shards)
{
    char *field = served->fields[served->count - 2];
    snprintf(field, SERVED_FIELD_MAX, "shards:%zu", shards);
    served->args[served->count++] = slice_of(field);
}

void served_note(struct served *served, const struct keys *keys, size_t shards)
{
    served->count = 0;
    if (shards == 1)
        return;
    served->args[0] = SLICE("HSET");
    served->args[1] = slice_of(keys_name(keys, KEY_STATE));
    served->count = 2;
    served_add_field(served, shards);
    served->args[served->count++] = SLICE("1");
}

void served_ask_for_more(struct served *served, const struct keys *keys, size_t shards)
{
    served->args[0] = SLICE("HMGET");
    served->args[1] = slice_of(keys_name(keys, KEY_STATE));
    served->count = 2;
    while (shards++ < SHARDS_MAX)
        served_add_field(served, shards);
    if (served->count == 2)
        served->count = 0;
}

size_t served_most(const redisReply *reply, size_t shards)
{
    size_t most = shards;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_STRING)
            most = shards + 1 + i;
    return most;
}
