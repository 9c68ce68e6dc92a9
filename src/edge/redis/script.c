/*
 * script.c - EVALSHA, and EVAL once where Redis does not know the script.
 */

#include "elrelay/edge/redis/script.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "elrelay/ground/mem.h"

enum { SCRIPT_HEAD = 3 }; /* EVALSHA SHA1 KEY_COUNT */

/* A call on its way: what is sent, in one piece of memory with the bytes behind it. */
struct script_request {
    struct link *link;
    const struct script *script;
    link_reply_fn on_reply;
    void *ctx;
    size_t count;
    char key_count[8];
    struct slice args[];
};

static int script_compare(const void *name, const void *script)
{
    return strcmp(name, ((const struct script *)script)->name);
}

const struct script *script_by_name(const char *name)
{
    const struct script *script = bsearch(name, script_table, script_count,
                                          sizeof(script_table[0]), script_compare);
    if (!script) {
        fprintf(stderr, "elrelay: there is no script named %s\n", name);
        abort();
    }
    return script;
}

static char *script_copy_args(struct slice *to, const struct slice *args, size_t count,
                              char *room)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (struct slice){room, args[i].len};
        if (args[i].len)
            memcpy(room, args[i].ptr, args[i].len);
        room += args[i].len;
    }
    return room;
}

static size_t script_sum_lens(const struct slice *args, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += args[i].len;
    return sum;
}

static struct script_request *script_request_new(struct link *link,
                                                 const struct script_call *call)
{
    struct slice nothing = slice_of(call->key_count ? link_key(link) : NULL);
    size_t key_count = call->key_count + (nothing.len > 0);
    size_t count = SCRIPT_HEAD + key_count + call->arg_count;
    size_t bytes = script_sum_lens(call->keys, call->key_count) + nothing.len +
                   script_sum_lens(call->args, call->arg_count);
    struct script_request *request = mem_zalloc(sizeof(*request) +
                                                count * sizeof(struct slice) + bytes);
    request->link = link;
    request->script = call->script;
    request->count = count;
    struct slice *args = &request->args[SCRIPT_HEAD];
    char *room = (char *)&request->args[count];
    room = script_copy_args(args, call->keys, call->key_count, room);
    room = script_copy_args(args + call->key_count, &nothing, key_count - call->key_count,
                            room);
    script_copy_args(args + key_count, call->args, call->arg_count, room);
    snprintf(request->key_count, sizeof(request->key_count), "%zu", key_count);
    request->args[2] = slice_of(request->key_count);
    return request;
}

static void script_finish(struct script_request *request, const redisReply *reply)
{
    link_reply_fn on_reply = request->on_reply;
    void *ctx = request->ctx;
    mem_free(request);
    on_reply(ctx, reply);
}

static void script_on_eval(void *ctx, const redisReply *reply)
{
    script_finish(ctx, reply);
}

static void script_on_evalsha(void *ctx, const redisReply *reply)
{
    struct script_request *request = ctx;
    if (!slice_is_text(link_error_word(reply), "NOSCRIPT")) {
        script_finish(request, reply);
        return;
    }
    request->args[0] = SLICE("EVAL");
    request->args[1] = (struct slice){request->script->text, request->script->text_len};
    if (!link_send(request->link, &(struct command){request->args, request->count, 0},
                   script_on_eval, request))
        script_finish(request, NULL);
}

bool script_send(struct link *link, const struct script_call *call, link_reply_fn on_reply,
                 void *ctx)
{
    struct script_request *request = script_request_new(link, call);
    request->on_reply = on_reply;
    request->ctx = ctx;
    request->args[0] = SLICE("EVALSHA");
    request->args[1] = slice_of(call->script->sha1);
    if (link_send(link, &(struct command){request->args, request->count, 0}, script_on_evalsha,
                  request))
        return true;
    mem_free(request);
    return false;
}
