/*
 * calls.c - a list that grows at its end and is answered at its head.
 */

#include "edge/redis/calls.h"

#include <assert.h>

#include "elrelay/ground/mem.h"

void calls_add(struct calls *calls, link_reply_fn on_reply, void *ctx, uint64_t deadline_ms)
{
    struct call *call = mem_zalloc(sizeof(*call));
    *call = (struct call){.on_reply = on_reply, .ctx = ctx, .deadline_ms = deadline_ms};
    if (calls->last)
        calls->last->next = call;
    else
        calls->first = call;
    calls->last = call;
    calls->timed += deadline_ms != LINK_NO_TIMEOUT;
}

bool calls_take(struct calls *calls, struct call *call)
{
    if (!calls->first)
        return false;
    *call = *calls->first;
    mem_free(calls->first);
    calls->first = call->next;
    if (!calls->first)
        calls->last = NULL;
    calls->timed -= call->deadline_ms != LINK_NO_TIMEOUT;
    return true;
}

uint64_t calls_deadline_ms(const struct calls *calls)
{
    uint64_t first_ms = LINK_NO_TIMEOUT;
    for (const struct call *call = calls->first; call; call = call->next)
        if (call->deadline_ms < first_ms)
            first_ms = call->deadline_ms;
    return first_ms;
}

void command_lay_out(struct command_room *room, const struct command *command)
{
    size_t count = command->count;
    assert(count > 0 && count <= LINK_ARGS_MAX);
    if (count > room->cap) {
        room->argv = mem_resize(room->argv, count, sizeof(*room->argv));
        room->lens = mem_resize(room->lens, count, sizeof(*room->lens));
        room->cap = count;
    }
    for (size_t i = 0; i < count; i++) {
        room->argv[i] = command->args[i].len ? command->args[i].ptr : "";
        room->lens[i] = command->args[i].len;
    }
}

void command_room_free(struct command_room *room)
{
    mem_free(room->argv);
    mem_free(room->lens);
    *room = (struct command_room){0};
}
