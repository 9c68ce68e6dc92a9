/*
 * test_link_close.c - giving a link up or closing it for good, at each stage and from inside
 * each callback.
 */

#include "elrelay/edge/redis/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "edge/support_link.h"

static struct redis_server server;

static int start_server(void **state)
{
    (void)state;
    redis_server_start(&server);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    redis_server_stop(&server);
    return 0;
}

/* What is done, and at which letter of the trace. */
static struct {
    char at;
    void (*act)(struct link_box *box);
    int times;
} plan;

static void follow_plan(struct link_box *box, char what)
{
    if (what != plan.at || plan.times == 0)
        return;
    plan.times--;
    plan.act(box);
    assert_false(link_box_send(box, 0, "PING", NULL));
    assert_false(link_is_up(box->link));
}

static void reset(struct link_box *box)
{
    link_reset(box->link);
    link_reset(box->link);
}

static void reset_and_close(struct link_box *box)
{
    link_reset(box->link);
    link_box_close(box);
}

static void open_with_plan(struct link_box *box, char at, void (*act)(struct link_box *))
{
    plan.at = at;
    plan.act = act;
    plan.times = 1;
    link_box_init(box, server.url);
    box->on_event = follow_plan;
    link_box_open(box);
}

static void test_link_closed_before_and_after_open(void **state)
{
    (void)state;
    struct link_box box;
    struct fault fault;
    link_box_init(&box, server.url);
    box.link = link_new(&box.loop, &box.conf, &(struct link_events){.ctx = &box}, &fault);
    assert_non_null(box.link);
    link_reset(box.link);
    link_box_free(&box);
    assert_string_equal(box.trace, "C");
    link_close(NULL, NULL, NULL);
}

static void test_link_closed_while_resolving(void **state)
{
    (void)state;
    static const char *const hosts[] = {"redis://localhost:1", "redis://nobody.invalid:1"};
    for (size_t i = 0; i < 2; i++) {
        struct link_box box;
        link_box_init(&box, hosts[i]);
        link_box_open(&box);
        link_box_free(&box);
        assert_string_equal(box.trace, "C");
    }
}

static void test_link_reset_while_resolving(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, "redis://localhost:1");
    link_box_open(&box);
    reset(&box);
    link_box_wait(&box, "DD");
    link_box_free(&box);
}

static void test_link_closed_while_connecting_or_logging_in(void **state)
{
    (void)state;
    redis_server_pause(&server); /* the system still accepts; nobody answers */
    for (int turns = 0; turns < 4; turns++) {
        struct link_box box;
        link_box_init(&box, server.url);
        link_box_open(&box);
        for (int i = 0; i < turns; i++)
            uv_run(&box.loop, UV_RUN_NOWAIT);
        link_box_free(&box);
        assert_string_equal(box.trace, "C");
    }
    redis_server_resume(&server);
}

static void test_link_login_has_a_time(void **state)
{
    (void)state;
    struct link_box box;
    redis_server_pause(&server);
    link_box_init(&box, server.url);
    box.conf.connect_timeout_ms = 30;
    link_box_open(&box);
    link_box_wait(&box, "DD");
    assert_non_null(strstr(box.fault.text, "redis.connect_timeout (30 ms)"));
    redis_server_resume(&server);
    box.conf.connect_timeout_ms = 10000;
    link_box_wait_up(&box);
    link_box_free(&box);
}

static void test_link_closed_during_back_off(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, "unix:///nothing/here");
    box.conf.retry_first_ms = box.conf.retry_cap_ms = 3600000;
    link_box_open(&box);
    link_box_wait(&box, "D");
    link_box_free(&box);
    assert_string_equal(box.trace, "DC");
}

static void test_link_closed_with_commands_outstanding(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    for (int i = 0; i < 3; i++)
        assert_true(link_box_send(&box, LINK_NO_TIMEOUT, "BLPOP", "nothing", "0", NULL));
    link_box_close(&box);
    assert_string_equal(box.trace, "U");
    link_box_free(&box);
    assert_string_equal(box.trace, "UNNNC");
}

static void test_link_reset_with_commands_outstanding(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    assert_true(link_box_send(&box, 0, "PING", NULL));
    assert_true(link_box_send(&box, 0, "BLPOP", "nothing", "0", NULL));
    link_reset(box.link);
    assert_false(link_box_send(&box, 0, "PING", NULL));
    assert_string_equal(box.trace, "U");
    link_box_wait(&box, "UNNDU");
    link_box_free(&box);
}

static void send_three(struct link_box *box)
{
    for (int i = 0; i < 3; i++)
        assert_true(link_box_send(box, 0, "PING", NULL));
}

static void test_link_closed_from_inside_each_callback(void **state)
{
    (void)state;
    static const struct {
        char at;
        const char *trace;
    } rows[] = {{'U', "UC"}, {'A', "UANNC"}, {'N', "UNNNC"}, {'D', "UNNNDC"}};
    void (*const acts[])(struct link_box *) = {link_box_close, reset_and_close};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * 2; i++) {
        struct link_box box;
        open_with_plan(&box, rows[i / 2].at, acts[i % 2]);
        link_box_wait(&box, "U");
        if (rows[i / 2].at != 'U')
            send_three(&box);
        if (rows[i / 2].at == 'N' || rows[i / 2].at == 'D')
            link_reset(box.link);
        link_box_wait(&box, rows[i / 2].trace);
        link_box_free(&box);
        assert_string_equal(box.trace, rows[i / 2].trace);
    }
}

static void test_link_reset_from_inside_each_callback(void **state)
{
    (void)state;
    static const struct {
        char at;
        const char *trace;
    } rows[] = {{'U', "UDU"}, {'A', "UANNDU"}, {'N', "UNNNDU"}, {'D', "UNNNDU"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_box box;
        open_with_plan(&box, rows[i].at, reset);
        link_box_wait(&box, "U");
        if (rows[i].at != 'U')
            send_three(&box);
        if (rows[i].at == 'N' || rows[i].at == 'D')
            link_reset(box.link);
        link_box_wait(&box, rows[i].trace);
        link_box_free(&box);
    }
}

static void test_link_sends_from_inside_an_answer(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    send_three(&box);
    link_box_wait(&box, "UA");
    send_three(&box);
    link_box_wait(&box, "UAAAAAA");
    link_box_free(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_closed_before_and_after_open),
        cmocka_unit_test(test_link_closed_while_resolving),
        cmocka_unit_test(test_link_reset_while_resolving),
        cmocka_unit_test(test_link_closed_while_connecting_or_logging_in),
        cmocka_unit_test(test_link_login_has_a_time),
        cmocka_unit_test(test_link_closed_during_back_off),
        cmocka_unit_test(test_link_closed_with_commands_outstanding),
        cmocka_unit_test(test_link_reset_with_commands_outstanding),
        cmocka_unit_test(test_link_closed_from_inside_each_callback),
        cmocka_unit_test(test_link_reset_from_inside_each_callback),
        cmocka_unit_test(test_link_sends_from_inside_an_answer),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
