/*
 * call.c - requests: their arguments, and what becomes of their answers.
 *
 * A request counts as outstanding until its callback has run, and the queue outlives all of
 * them. An answer that comes after queue_down is handed on as NULL: what was asked then is
 * forgotten.
 */

#include "call.h"

#include "elrelay/edge/redis/script.h"
#include "elrelay/ground/mem.h"
#include "inside.h"

struct request {
    struct queue *queue;
    uint64_t generation;
    link_reply_fn on_reply;
    void *ctx;
};

struct args *queue_args(struct queue *queue)
{
    struct args *args = &queue->args;
    args->text.max = ARGS_BYTES_MAX;
    args->count = 0;
    buf_clear(&args->text);
    return args;
}

struct args *queue_script_args(struct queue *queue)
{
    struct args *args = queue_args(queue);
    args_add_text(args, keys_prefix(&queue->keys));
    args_add_text(args, queue->setup.token);
    args_add_text(args, queue->setup.instance);
    return args;
}

void args_add(struct args *args, struct slice arg)
{
    if (args->count == ARGS_MAX || !buf_add(&args->text, arg))
        fault_bug("arguments of a call", "more than fit");
    args->ends[args->count++] = args->text.len;
}

void args_add_text(struct args *args, const char *text)
{
    args_add(args, slice_of(text));
}

void args_add_number(struct args *args, uint64_t number)
{
    char digits[24];
    struct buf text = {.ptr = digits, .cap = sizeof(digits), .max = sizeof(digits)};
    buf_add_number(&text, number);
    args_add(args, buf_slice(&text));
}

void args_add_id(struct args *args, struct stream_id id)
{
    char text[STREAM_ID_TEXT_MAX];
    size_t len = stream_id_write(text, id);
    args_add(args, (struct slice){text, len});
}

void args_add_manifest_key(struct args *args, const struct queue *queue, const char *id)
{
    struct buf key;
    buf_init(&key, 1024);
    buf_add_format(&key, "%s%s", keys_name(&queue->keys, KEY_BATCH), id);
    args_add(args, buf_slice(&key));
    buf_free(&key);
}

static void args_to_slices(const struct args *args, struct slice *slices)
{
    size_t begin = 0;
    for (size_t i = 0; i < args->count; i++) {
        slices[i] = slice_part(buf_slice(&args->text), begin, args->ends[i] - begin);
        begin = args->ends[i];
    }
}

static void request_on_reply(void *ctx, const redisReply *reply)
{
    struct request request = *(struct request *)ctx;
    struct queue *queue = request.queue;
    mem_free(ctx);
    request.on_reply(request.ctx, request.generation == queue->generation ? reply : NULL);
    queue->outstanding--;
    queue_free(queue->freed ? queue : NULL);
}

static struct request *request_new(struct queue *queue, link_reply_fn on_reply, void *ctx)
{
    struct request *request = mem_zalloc(sizeof(*request));
    *request = (struct request){queue, queue->generation, on_reply, ctx};
    queue->outstanding++;
    return request;
}

void queue_send(struct queue *queue, link_reply_fn on_reply, void *ctx)
{
    struct slice slices[ARGS_MAX];
    args_to_slices(&queue->args, slices);
    struct request *request = request_new(queue, on_reply, ctx);
    if (!link_send(queue->link, &(struct command){slices, queue->args.count, 0},
                   request_on_reply, request))
        request_on_reply(request, NULL);
}

static void call_with_keys(const char *script, const struct slice *keys, size_t key_count,
                           struct request *request)
{
    struct slice slices[ARGS_MAX];
    const struct args *args = &request->queue->args;
    args_to_slices(args, slices);
    struct script_call call = {script_by_name(script), keys, key_count, slices, args->count};
    if (!script_send(request->queue->link, &call, request_on_reply, request))
        request_on_reply(request, NULL);
}

void queue_call(struct queue *queue, const char *script, link_reply_fn on_reply, void *ctx)
{
    const char *inbox = keys_name(&queue->keys, KEY_INBOX);
    struct slice keys[] = {slice_of(keys_name(&queue->keys, KEY_STREAM)), slice_of(inbox)};
    call_with_keys(script, keys, inbox ? 2 : 1, request_new(queue, on_reply, ctx));
}

void queue_call_keyless(struct queue *queue, const char *script, link_reply_fn on_reply,
                        void *ctx)
{
    call_with_keys(script, NULL, 0, request_new(queue, on_reply, ctx));
}
