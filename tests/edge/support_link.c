/*
 * support_link.c - each callback of the link becomes a letter.
 */

#include "edge/support_link.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "elrelay/ground/mem.h"

static void note(struct link_box *box, char what)
{
    assert_true(box->trace_len + 1 < sizeof(box->trace));
    box->trace[box->trace_len++] = what;
    if (box->on_event)
        box->on_event(box, what);
}

static void on_up(void *ctx)
{
    note(ctx, 'U');
}

static void on_down(void *ctx, const struct fault *fault, uint64_t retry_ms)
{
    struct link_box *box = ctx;
    box->fault = *fault;
    box->retry_ms = retry_ms;
    assert_false(link_is_up(box->link));
    note(box, 'D');
}

static void on_closed(void *ctx)
{
    struct link_box *box = ctx;
    box->link = NULL;
    note(box, 'C');
}

static void keep_answer(struct link_box *box, const redisReply *reply)
{
    mem_free(box->answer_room);
    box->answer_room = mem_copy_text(reply->str, reply->str ? reply->len : 0);
    box->answer = (struct slice){box->answer_room, reply->str ? reply->len : 0};
}

void link_box_on_reply(void *ctx, const redisReply *reply)
{
    struct link_box *box = ctx;
    if (!reply) {
        note(box, 'N');
        return;
    }
    keep_answer(box, reply);
    note(box, reply->type == REDIS_REPLY_ERROR ? 'E' : 'A');
}

void link_box_init(struct link_box *box, const char *url)
{
    signal(SIGPIPE, SIG_IGN);
    *box = (struct link_box){.conf = {.connect_timeout_ms = 60000,
                                      .command_timeout_ms = 60000,
                                      .retry_first_ms = 2,
                                      .retry_cap_ms = 20}};
    box->conf.url = mem_copy_text(url, strlen(url));
    assert_int_equal(uv_loop_init(&box->loop), 0);
}

void link_box_open(struct link_box *box)
{
    struct fault fault = {.code = FAULT_NONE};
    struct link_events events = {.on_up = on_up, .on_down = on_down, .ctx = box};
    box->link = link_new(&box->loop, &box->conf, &events, &fault);
    if (!box->link)
        fail_msg("%s", fault.text);
    link_open(box->link);
}

bool link_box_send(struct link_box *box, uint64_t timeout_ms, ...)
{
    struct slice args[16];
    size_t count = 0;
    va_list words;
    va_start(words, timeout_ms);
    for (const char *word = va_arg(words, const char *); word;
         word = va_arg(words, const char *))
        args[count++] = slice_of(word);
    va_end(words);
    return link_send(box->link, &(struct command){args, count, timeout_ms}, link_box_on_reply,
                     box);
}

static bool trace_begins(void *ctx)
{
    struct link_box *box = ctx;
    return strncmp(box->trace, box->wanted, strlen(box->wanted)) == 0;
}

void link_box_wait(struct link_box *box, const char *trace)
{
    box->wanted = trace;
    if (!redis_wait(&box->loop, trace_begins, box))
        fail_msg("wanted %s, got %s (%s)", trace, box->trace, box->fault.text);
}

static bool is_up(void *ctx)
{
    struct link_box *box = ctx;
    return link_is_up(box->link);
}

void link_box_wait_up(struct link_box *box)
{
    if (!redis_wait(&box->loop, is_up, box))
        fail_msg("not up: %s (%s)", box->trace, box->fault.text);
}

static bool fault_says(void *ctx)
{
    struct link_box *box = ctx;
    return strstr(box->fault.text, box->wanted) != NULL;
}

void link_box_wait_fault(struct link_box *box, const char *says)
{
    box->wanted = says;
    if (!redis_wait(&box->loop, fault_says, box))
        fail_msg("wanted %s, got %s (%s)", says, box->trace, box->fault.text);
}

void link_box_close(struct link_box *box)
{
    box->closing = true;
    link_close(box->link, on_closed, box);
}

static bool is_closed(void *ctx)
{
    struct link_box *box = ctx;
    return strchr(box->trace, 'C') != NULL;
}

void link_box_free(struct link_box *box)
{
    if (box->link && !box->closing)
        link_box_close(box);
    if (box->closing)
        assert_true(redis_wait(&box->loop, is_closed, box));
    assert_int_equal(uv_run(&box->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&box->loop), 0);
    mem_free(box->answer_room);
    mem_free(box->conf.url);
}
