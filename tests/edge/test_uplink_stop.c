/*
 * test_uplink_stop.c - requests that are cancelled, an uplink that is closed, and calls from
 * inside an answer.
 */

#include "elrelay/edge/http/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "edge/support_post.h"
#include "edge/support_wire.h"
#include "elrelay/ground/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MB           ((size_t)1000 * 1000)

static const struct wire_step taking[] = {
    READ_ALL,
    SAY(CREATED),
    END,
};

static const struct wire_step silent[] = {READ_ALL, HOLD, END};

static const struct wire_step deaf[] = {HEAD, HOLD, END};

static bool has_asked_twice(struct post *post)
{
    return post->asked >= 2;
}

static bool has_ticked_ten_times(struct post *post)
{
    return post->ticks >= 10;
}

static bool is_at_once(struct post *post)
{
    (void)post;
    return true;
}

static const struct {
    const char *name;
    const struct wire_step *script;
    size_t body_len;
    bool (*when)(struct post *post);
} cancel_rows[] = {
    {"before the loop has run", taking, 1, is_at_once},
    {"while it goes up", deaf, 16 * MB, has_ticked_ten_times},
    {"while the last chunk goes up", silent, 1, has_asked_twice},
    {"while it waits for the answer", silent, 1, has_ticked_ten_times},
};

static void check_stopped(size_t row, bool by_close)
{
    struct post post;
    struct fault fault;
    struct wire_seen seen;
    struct wire *wire = wire_start(cancel_rows[row].script);
    char *body = post_make_body(cancel_rows[row].body_len);
    post_open(&post, wire_port(wire));
    assert_true(post_try(&post, (struct slice){body, cancel_rows[row].body_len}, &fault));
    post_run_until(&post, cancel_rows[row].when);
    if (!by_close)
        uplink_cancel(post.uplink, post.request);
    post_close(&post);
    if (post.answers)
        fail_msg("%s: answered", cancel_rows[row].name);
    wire_stop(wire, &seen);
    mem_free(body);
}

static void test_uplink_cancels_at_each_stage(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cancel_rows); i++)
        check_stopped(i, false);
}

static void test_uplink_closes_at_each_stage(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cancel_rows); i++)
        check_stopped(i, true);
}

/* It would take more over the same connection. */
static const struct wire_step taking_on[] = {READ_ALL, SAY(CREATED), READ_ALL, SAY(CREATED),
                                             READ_ALL, SAY(CREATED), END};

static void on_answer_post_again(struct post *post)
{
    struct fault fault;
    if (post->answers < 3)
        assert_true(post_try(post, SLICE("again"), &fault));
}

static bool is_answered_thrice(struct post *post)
{
    return post->answers == 3;
}

static void test_uplink_can_be_used_from_inside_an_answer(void **state)
{
    (void)state;
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(taking_on);
    post_open(&post, wire_port(wire));
    post.in_answer = on_answer_post_again;
    post_send(&post, SLICE("first"));
    post_run_until(&post, is_answered_thrice);
    post_close(&post);
    wire_stop(wire, &seen);
    assert_int_equal(seen.connections, 3); /* a fresh one each */
}

static void on_uplink_closed(void *ctx)
{
    struct post *post = ctx;
    post->uplink_closed = true;
}

static void on_answer_close(struct post *post)
{
    uplink_close(post->uplink, on_uplink_closed, post);
    post->uplink = NULL;
}

static void test_uplink_can_be_closed_from_inside_an_answer(void **state)
{
    (void)state;
    struct post post;
    struct fault fault;
    struct wire_seen seen;
    struct wire_seen seen_silent;
    struct wire *wire = wire_start(taking);
    struct wire *wire_silent = wire_start(silent);
    post_open(&post, wire_port(wire_silent));
    assert_true(post_try(&post, SLICE("for ever"), &fault));
    snprintf(post.url, sizeof(post.url), "http://127.0.0.1:%u/", wire_port(wire));
    post.in_answer = on_answer_close;
    post_send(&post, SLICE("first"));
    post_close(&post);
    assert_int_equal(post.answers, 1);
    wire_stop(wire, &seen);
    wire_stop(wire_silent, &seen_silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_cancels_at_each_stage),
        cmocka_unit_test(test_uplink_closes_at_each_stage),
        cmocka_unit_test(test_uplink_can_be_used_from_inside_an_answer),
        cmocka_unit_test(test_uplink_can_be_closed_from_inside_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
