/*
 * support_queue.c - the conductor's side of a queue, in small.
 */

#include "edge/support_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "elrelay/ground/mem.h"

static const struct format_conf queue_box_format;

static void on_ready(void *ctx)
{
    struct queue_box *box = ctx;
    box->ready++;
}

static void on_fault(void *ctx, const struct fault *fault)
{
    struct queue_box *box = ctx;
    box->fault = *fault;
    box->faults++;
}

static void on_name_taken(void *ctx, uint64_t wait_ms, bool renewed)
{
    struct queue_box *box = ctx;
    box->wait_ms = wait_ms;
    box->renewed = renewed;
    box->taken++;
}

static void on_wait(void *ctx, uint64_t wait_ms)
{
    struct queue_box *box = ctx;
    box->wait_ms = wait_ms;
    box->waits++;
}

static void note(struct queue_box *box, enum act act, enum port_result result)
{
    box->act = act;
    box->result = result;
    box->answers++;
}

static void on_missing(void *ctx, uint64_t in_ms)
{
    struct queue_box *box = ctx;
    box->missing++;
    box->missing_in_ms = in_ms;
}

static void on_done(void *ctx, enum act act, struct batch *batch, enum port_result result)
{
    (void)batch;
    note(ctx, act, result);
}

static void on_survey(void *ctx, enum port_result result, const struct survey *survey)
{
    struct queue_box *box = ctx;
    box->survey = *survey;
    note(box, ACT_SURVEY, result);
}

static void on_list(void *ctx, enum port_result result, const struct manifest *list,
                    size_t count)
{
    struct queue_box *box = ctx;
    mem_free(box->list);
    box->list = mem_zalloc_array(count, sizeof(*list));
    if (count)
        memcpy(box->list, list, count * sizeof(*list));
    box->list_count = count;
    note(box, ACT_LIST, result);
}

static void keep_event(struct queue_box *box, const struct event *event)
{
    assert_true(box->event_count < QUEUE_BOX_EVENTS_MAX);
    box->ids[box->event_count] = event->id;
    box->has_bytes[box->event_count] = event->has_bytes;
    box->gone[box->event_count] = event->gone;
    box->event_count++;
    mem_free(box->last_room);
    box->last_room = mem_copy_text(event->bytes.ptr, event->bytes.len);
    box->last = (struct slice){box->last_room, event->bytes.len};
}

static void on_events(void *ctx, enum act act, struct batch *batch, const struct event *events,
                      size_t count)
{
    (void)batch;
    struct queue_box *box = ctx;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        keep_event(box, &events[i]);
        bytes += events[i].bytes.len;
    }
    box->largest_bytes = bytes > box->largest_bytes ? bytes : box->largest_bytes;
    box->largest_chunk = count > box->largest_chunk ? count : box->largest_chunk;
    if (act == ACT_PEEK)
        note(box, act, PORT_DONE);
}

static void on_link(struct link_box *link, char what)
{
    struct queue_box *box = (struct queue_box *)(void *)link;
    if (what == 'U')
        queue_start(box->queue);
    if (what == 'D' && box->queue)
        queue_down(box->queue);
}

void queue_box_init(struct queue_box *box, const struct redis_server *server,
                    const char *instance, char token)
{
    static char tokens[256][QUEUE_TOKEN_LEN + 1];
    char *text = tokens[(unsigned char)token];
    memset(text, token, QUEUE_TOKEN_LEN);
    memset(box, 0, sizeof(*box));
    link_box_init(&box->link, server->url);
    box->link.on_event = on_link;
    static char inbox[] = "inbox";
    box->conf = (struct queue_conf){.inbox = inbox, .peek_count = 250};
    box->heartbeat = (struct heartbeat_conf){.every_ms = 10000, .life_ms = 30000};
    box->setup = (struct queue_setup){
        .route = "r",
        .conf = &box->conf,
        .instance = instance,
        .heartbeat = &box->heartbeat,
        .redis = &box->link.conf,
        .token = text,
        .format_text = "csv",
        .endpoint_text = "http://127.0.0.1/",
        .max_unknown = 3,
        .keep_ms = 3600000,
    };
}

static bool has_started(void *ctx)
{
    const struct queue_box *box = ctx;
    return box->ready + box->faults + box->taken + box->waits > 0;
}

void queue_box_open(struct queue_box *box)
{
    struct queue_events events = {box,     on_ready,  on_fault, on_name_taken, on_missing,
                                  on_done, on_survey, on_list,  on_events,     on_wait};
    link_box_open(&box->link);
    box->queue = queue_new(box->link.link, &box->setup, &events);
    assert_true(redis_wait(&box->link.loop, has_started, box));
}

void queue_box_start(struct queue_box *box, const struct redis_server *server,
                     const char *instance, char token)
{
    queue_box_init(box, server, instance, token);
    queue_box_open(box);
    if (box->faults)
        fail_msg("%s", box->fault.text);
    assert_int_equal(box->ready, 1);
}

struct count_wait {
    const size_t *count;
    size_t wanted;
};

static bool has_count(void *ctx)
{
    const struct count_wait *wait = ctx;
    return *wait->count >= wait->wanted;
}

void queue_box_wait_count(struct queue_box *box, const size_t *count, size_t wanted)
{
    struct count_wait wait = {count, wanted};
    assert_true(redis_wait(&box->link.loop, has_count, &wait));
}

void queue_box_put(struct queue_box *box, enum act act, struct batch *batch)
{
    box->event_count = 0;
    box->largest_chunk = 0;
    box->largest_bytes = 0;
    box->answers = 0;
    queue_ask(box->queue, act, batch);
    assert_int_equal(box->answers, 0);
}

void queue_box_wait(struct queue_box *box)
{
    queue_box_wait_count(box, &box->answers, 1);
    assert_int_equal(box->answers, 1);
}

enum port_result queue_box_ask(struct queue_box *box, enum act act, struct batch *batch)
{
    queue_box_put(box, act, batch);
    queue_box_wait(box);
    assert_int_equal(box->act, act);
    return box->result;
}

void queue_box_free(struct queue_box *box)
{
    queue_free(box->queue);
    box->queue = NULL;
    link_box_free(&box->link);
    mem_free(box->list);
    mem_free(box->last_room);
}

void queue_box_fill(struct queue_box *box, struct batch *batch, size_t most)
{
    do {
        size_t room = most - batch->id_count;
        batch->want = room < 250 ? room : 250;
        assert_int_equal(queue_box_ask(box, ACT_PEEK, batch), PORT_DONE);
        for (size_t i = 0; i < box->event_count; i++)
            batch_add_id(batch, box->ids[i]);
    } while (box->event_count && batch->id_count < most);
}

static void receive(struct queue_box *box, struct batch *batch)
{
    memset(batch->manifest.sha256, 'a', BATCH_SHA256_TEXT);
    batch->manifest.bytes = 10;
    assert_int_equal(queue_box_ask(box, ACT_SEND, batch), PORT_DONE);
}

void queue_box_bring(struct queue_box *box, struct batch *batch, char letter,
                     enum flow_state state)
{
    batch_init(batch, &queue_box_format, 1000);
    memcpy(batch->manifest.id.text, "00000000-0000-7000-8000-000000000000", UUID_TEXT_LEN + 1);
    batch->manifest.id.text[UUID_TEXT_LEN - 1] = letter;
    assert_int_equal(queue_box_ask(box, ACT_BEGIN, batch), PORT_DONE);
    if (state == FLOW_FORMING)
        return;
    queue_box_fill(box, batch, 10000);
    assert_int_equal(queue_box_ask(box, ACT_SEAL, batch), PORT_DONE);
    if (state == FLOW_SEALED)
        return;
    receive(box, batch);
    if (state == FLOW_SENDING)
        return;
    batch->receipt = (struct receipt){.status = 201, .submission_id = 7};
    assert_int_equal(queue_box_ask(box, ACT_ACCEPT, batch), PORT_DONE);
}

void queue_box_enqueue(const struct redis_server *server, size_t count, size_t size)
{
    redisContext *client = redis_server_client(server);
    char *event = mem_zalloc(size + 32);
    for (size_t i = 0; i < count; i++) {
        int len = snprintf(event, 32, "{\"n\":%zu}", i);
        memset(event + len, ' ', size);
        redisAppendCommand(client, "XADD elrelay:{r}:events * event %b", event,
                           size + (size_t)len);
    }
    for (size_t i = 0; i < count; i++) {
        redisReply *reply = NULL;
        assert_int_equal(redisGetReply(client, (void **)&reply), REDIS_OK);
        assert_int_equal(reply->type, REDIS_REPLY_STRING);
        freeReplyObject(reply);
    }
    mem_free(event);
    redisFree(client);
}

char *queue_box_text(const struct redis_server *server, const char *format, ...)
{
    redisContext *client = redis_server_client(server);
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(client, format, args);
    va_end(args);
    bool has = reply && reply->str;
    char *text = has ? mem_copy_text(reply->str, reply->len) : mem_copy_text("", 0);
    freeReplyObject(reply);
    redisFree(client);
    return text;
}
