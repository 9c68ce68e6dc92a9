/*
 * test_locate.c - which server a link goes to where others are asked, and when it leaves it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "edge/support_link.h"

static struct redis_server node = {.extra = {"--cluster-enabled", "yes"}, .tcp = true};
static struct redis_server plain = {.tcp = true};

static int start_servers(void **state)
{
    (void)state;
    static char bus[8];
    snprintf(bus, sizeof(bus), "%d", redis_free_port());
    node.extra[2] = "--cluster-port"; /* 10000 above its own port there may be none */
    node.extra[3] = bus;
    redis_server_start(&node);
    redis_server_start(&plain);
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    redis_server_stop(&node);
    redis_server_stop(&plain);
    return 0;
}

static void serve_all_slots(void)
{
    static bool done;
    redisContext *client = redis_server_client(&node);
    if (!done)
        redis_server_do(&node, "CLUSTER ADDSLOTSRANGE 0 16383");
    while (!done) {
        redisReply *reply = redisCommand(client, "CLUSTER INFO");
        done = strstr(reply->str, "cluster_state:ok") != NULL;
        freeReplyObject(reply);
    }
    redisFree(client);
}

static const char *cluster_url(char url[100], int first_port)
{
    snprintf(url, 100, "redis+cluster://127.0.0.1:%d,127.0.0.1:%d", first_port, node.port);
    return url;
}

/* Runs first, while no slot is served. */
static void test_locate_says_that_nobody_serves_the_slot(void **state)
{
    (void)state;
    char url[100];
    struct link_box box;
    link_box_init(&box, cluster_url(url, node.port));
    link_box_open(&box);
    link_box_wait_fault(&box, "knows no node that serves slot 0");
    link_box_free(&box);
}

static void test_locate_goes_on_to_the_next_host(void **state)
{
    (void)state;
    char url[100];
    const int ports[] = {redis_free_port(), plain.port, node.port};
    serve_all_slots();
    for (size_t i = 0; i < 3; i++) {
        struct link_box box;
        link_box_init(&box, cluster_url(url, ports[i]));
        link_box_open(&box);
        link_box_wait_up(&box);
        assert_true(link_box_send(&box, 0, "SET", "key", "value", NULL));
        link_box_wait(&box, "UA");
        assert_true(link_is_located(box.link));
        link_box_free(&box);
    }
}

static void test_locate_says_who_was_asked(void **state)
{
    (void)state;
    const struct {
        const char *scheme, *tail, *says;
    } rows[] = {
        {"cluster", "", "is this a cluster node?"},
        {"sentinel", "/m", "is this a Sentinel?"},
    };
    for (size_t i = 0; i < 2; i++) {
        char url[100];
        struct link_box box;
        snprintf(url, sizeof(url), "redis+%s://127.0.0.1:%d%s", rows[i].scheme, plain.port,
                 rows[i].tail);
        link_box_init(&box, url);
        link_box_open(&box);
        link_box_wait_fault(&box, rows[i].says);
        link_box_free(&box);
    }
}

static void test_locate_ends_while_it_asks(void **state)
{
    (void)state;
    char url[100];
    struct link_box box;
    redis_server_pause(&node);
    link_box_init(&box, cluster_url(url, node.port));
    link_box_open(&box);
    link_reset(box.link);
    link_box_wait(&box, "D");
    for (int turn = 0; turn < 20; turn++)
        uv_run(&box.loop, UV_RUN_NOWAIT);
    link_box_free(&box);
    redis_server_resume(&node);
}

static void test_locate_finds_anew_after_a_reset(void **state)
{
    (void)state;
    char url[100];
    struct link_box box;
    serve_all_slots();
    link_box_init(&box, cluster_url(url, node.port));
    link_box_open(&box);
    link_box_wait(&box, "U");
    link_reset(box.link);
    link_box_wait(&box, "UDU");
    link_box_free(&box);
}

static void test_locate_leaves_a_node_that_the_slot_has_left(void **state)
{
    (void)state;
    char url[100];
    struct link_box box;
    serve_all_slots();
    link_box_init(&box, cluster_url(url, node.port));
    link_box_open(&box);
    link_box_wait(&box, "U");
    redis_server_do(&node, "CLUSTER DELSLOTS 12182"); /* of "foo" */
    assert_true(link_box_send(&box, 0, "SET", "foo", "value", NULL));
    link_box_wait(&box, "UED");
    assert_non_null(strstr(box.fault.text, "nobody serves the slot"));
    redis_server_do(&node, "CLUSTER ADDSLOTS 12182");
    link_box_free(&box);
}

static void test_link_leaves_a_server_that_became_a_replica(void **state)
{
    (void)state;
    char url[100];
    struct link_box box;
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", plain.port);
    link_box_init(&box, url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    redis_server_do(&plain, "REPLICAOF 127.0.0.1 %d", redis_free_port());
    assert_true(link_box_send(&box, 0, "SET", "key", "value", NULL));
    link_box_wait(&box, "UED");
    assert_non_null(strstr(box.fault.text, "has become a replica"));
    redis_server_do(&plain, "REPLICAOF NO ONE");
    link_box_free(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locate_says_that_nobody_serves_the_slot),
        cmocka_unit_test(test_locate_goes_on_to_the_next_host),
        cmocka_unit_test(test_locate_says_who_was_asked),
        cmocka_unit_test(test_locate_ends_while_it_asks),
        cmocka_unit_test(test_locate_finds_anew_after_a_reset),
        cmocka_unit_test(test_locate_leaves_a_node_that_the_slot_has_left),
        cmocka_unit_test(test_link_leaves_a_server_that_became_a_replica),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
