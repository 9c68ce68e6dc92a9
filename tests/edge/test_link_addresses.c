/*
 * test_link_addresses.c - a name with several addresses. The room that resolves is replaced by
 * one that knows two.
 */

#include "edge/redis/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "edge/support_link.h"
#include "elrelay/ground/mem.h"

static struct resolve_addresses known;

struct resolve {
    uv_timer_t timer;
    resolve_fn on_done; /* NULL: cancelled */
    void *ctx;
};

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void on_timer(uv_timer_t *timer)
{
    struct resolve *resolve = timer->data;
    uv_close((uv_handle_t *)timer, on_closed);
    if (resolve->on_done)
        resolve->on_done(resolve->ctx, 0, &known);
}

struct resolve *resolve_start(uv_loop_t *loop, const char *host, resolve_fn on_done, void *ctx)
{
    assert_string_equal(host, "redis.test");
    struct resolve *resolve = mem_zalloc(sizeof(*resolve));
    resolve->on_done = on_done;
    resolve->ctx = ctx;
    uv_timer_init(loop, &resolve->timer);
    resolve->timer.data = resolve;
    uv_timer_start(&resolve->timer, on_timer, 0, 0);
    return resolve;
}

void resolve_cancel(struct resolve *resolve)
{
    if (resolve)
        resolve->on_done = NULL;
}

static void test_link_tries_every_address_of_a_name(void **state)
{
    (void)state;
    static const struct resolve_addresses orders[] = {{{"127.0.0.2", "127.0.0.1"}, 2},
                                                      {{"127.0.0.1", "127.0.0.2"}, 2},
                                                      {{"::1", "127.0.0.3", "127.0.0.1"}, 3}};
    struct redis_server server = {.tcp = true};
    redis_server_start(&server);
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        char url[64];
        struct link_box box;
        known = orders[i];
        snprintf(url, sizeof(url), "redis://redis.test:%d", server.port);
        link_box_init(&box, url);
        link_box_open(&box);
        link_box_wait(&box, "U");
        redis_server_kill(&server);
        link_box_wait_fault(
            &box, known.text[known.count - 1]); /* the fault is that of the last one tried */
        redis_server_restart(&server);
        link_box_wait_up(&box);
        link_box_free(&box);
    }
    redis_server_stop(&server);
}

static void test_link_reset_leaves_the_other_addresses_alone(void **state)
{
    (void)state;
    char url[64];
    struct link_box box;
    known = (struct resolve_addresses){{"127.0.0.2", "127.0.0.1"}, 2};
    snprintf(url, sizeof(url), "redis://redis.test:%d", redis_free_port());
    link_box_init(&box, url);
    link_box_open(&box);
    uv_run(&box.loop, UV_RUN_NOWAIT); /* the first address is under way, or refused already */
    link_reset(box.link);
    link_box_wait(&box, "DD");
    link_box_free(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_tries_every_address_of_a_name),
        cmocka_unit_test(test_link_reset_leaves_the_other_addresses_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
