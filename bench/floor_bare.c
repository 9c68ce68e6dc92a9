/*
 * floor_bare.c - the bare floor: read, POST, XACK, XDEL, and nothing that makes it safe.
 */

#include "floor.h"

#include <stdio.h>

#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/mem.h"

enum { BARE_COMMAND_ARGS = 3 }; /* at most so many stand before the ids */

static struct slice number_text(char *text, size_t size, size_t number)
{
    snprintf(text, size, "%zu", number);
    return slice_of(text);
}

static void bare_send(struct floor *floor, const struct command *command,
                      link_reply_fn on_reply, void *ctx)
{
    if (!link_send(floor->link, command, on_reply, ctx))
        floor_give_up("Redis is gone");
}

/* Read */

/* An array of entries, each an id and its fields; NULL where there is none. */
static const redisReply *read_entries(const redisReply *reply)
{
    bool found = reply && reply->type == REDIS_REPLY_ARRAY;
    if (!found && (!reply || reply->type != REDIS_REPLY_NIL))
        floor_give_up("Redis refused to read");
    return found ? reply->element[0]->element[1] : NULL;
}

static void read_on_reply(void *ctx, const redisReply *reply)
{
    struct slot *slot = ctx;
    const redisReply *entries = read_entries(reply);
    slot->busy = entries != NULL;
    if (!entries)
        return;
    for (size_t i = 0; i < entries->elements; i++) {
        const redisReply *id = entries->element[i]->element[0];
        char *text = slot->texts + i * STREAM_ID_TEXT_MAX;
        snprintf(text, STREAM_ID_TEXT_MAX, "%s", id->str);
        slot->arguments[BARE_COMMAND_ARGS + i] = (struct slice){text, id->len};
    }
    slot->batch.id_count = entries->elements;
    floor_post(slot);
}

static void bare_next(struct slot *slot)
{
    char count[32];
    const struct slice args[] = {
        SLICE("XREADGROUP"),
        SLICE("GROUP"),
        SLICE("elrelay"),
        slice_of(slot->consumer),
        SLICE("COUNT"),
        number_text(count, sizeof(count), slot->floor->route->batch.max_events),
        SLICE("STREAMS"),
        slice_of(slot->floor->stream),
        SLICE(">"),
    };
    floor_begin(slot);
    struct command command = {.args = args, .count = sizeof(args) / sizeof(args[0])};
    bare_send(slot->floor, &command, read_on_reply, slot);
}

/* Acknowledge and remove, in one go */

static void ack_on_reply(void *ctx, const redisReply *reply)
{
    (void)ctx;
    if (!reply || reply->type != REDIS_REPLY_INTEGER)
        floor_give_up("Redis refused XACK");
}

static void del_on_reply(void *ctx, const redisReply *reply)
{
    if (!reply || reply->type != REDIS_REPLY_INTEGER)
        floor_give_up("Redis refused XDEL");
    bare_next(ctx);
}

static void bare_on_taken(struct slot *slot)
{
    struct slice *args = slot->arguments;
    struct slice key = slice_of(slot->floor->stream);
    args[0] = SLICE("XACK");
    args[1] = key;
    args[2] = SLICE("elrelay");
    struct command ack = {.args = args, .count = 3 + slot->batch.id_count};
    bare_send(slot->floor, &ack, ack_on_reply, slot);
    args[1] = SLICE("XDEL");
    args[2] = key;
    struct command del = {.args = args + 1, .count = 2 + slot->batch.id_count};
    bare_send(slot->floor, &del, del_on_reply, slot);
}

/* Its group */

static void group_on_reply(void *ctx, const redisReply *reply)
{
    (void)ctx;
    if (!reply || (reply->type == REDIS_REPLY_ERROR &&
                   !slice_is_text(link_error_word(reply), "BUSYGROUP")))
        floor_give_up("Redis refused the group");
    floor_say_ready();
}

static void bare_on_up(struct floor *floor)
{
    const struct slice args[] = {SLICE("XGROUP"),  SLICE("CREATE"), slice_of(floor->stream),
                                 SLICE("elrelay"), SLICE("0"),      SLICE("MKSTREAM")};
    struct command command = {.args = args, .count = sizeof(args) / sizeof(args[0])};
    bare_send(floor, &command, group_on_reply, floor);
}

static void bare_open(struct floor *floor)
{
    static struct keys keys; /* the name is borrowed until the end */
    keys_init(&keys, floor->route);
    floor->stream = keys_name(&keys, KEY_STREAM);
    size_t most = floor->route->batch.max_events;
    for (size_t i = 0; i < floor->slot_count; i++) {
        floor->slots[i].texts = mem_zalloc_array(most, STREAM_ID_TEXT_MAX);
        floor->slots[i].arguments = mem_zalloc_array(most + BARE_COMMAND_ARGS,
                                                     sizeof(struct slice));
    }
}

const struct floor_kind floor_bare = {
    .open = bare_open,
    .on_up = bare_on_up,
    .next = bare_next,
    .on_taken = bare_on_taken,
};
