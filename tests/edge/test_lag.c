/*
 * test_lag.c - what a turn of the loop did is counted, wherever libuv calls it from; what it
 * waited for is not.
 */

#include "edge/host/lag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "elrelay/ground/log.h"

enum { SPIN_MS = 30, WAIT_MS = 300 };

static struct lag lag;
static uv_loop_t loop;

static void on_waited(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}

/* With a poll behind it: what is done before the first one is not counted, and a timer that was
 * due when the loop began may be. */
static int set_up(void **state)
{
    uv_timer_t first;
    (void)state;
    uv_loop_init(&loop);
    lag_open(&lag, &loop);
    uv_timer_init(&loop, &first);
    uv_timer_start(&first, on_waited, 0, 0);
    return uv_run(&loop, UV_RUN_DEFAULT);
}

static int tear_down(void **state)
{
    (void)state;
    lag_close(&lag);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static void spin(void)
{
    uint64_t until_ns = uv_hrtime() + (uint64_t)SPIN_MS * 1000000;
    while (uv_hrtime() < until_ns)
        ;
}

static void on_async(uv_async_t *async)
{
    spin();
    uv_close((uv_handle_t *)async, NULL);
}

static void on_closed(uv_handle_t *handle)
{
    (void)handle;
    spin();
}

static void on_timer(uv_timer_t *timer)
{
    spin();
    uv_close((uv_handle_t *)timer, on_closed);
}

static void test_lag_counts_by_the_first_bound_that_was_kept(void **state)
{
    static const struct {
        uint64_t busy_ms;
        size_t at;
    } rows[] = {{0, 0}, {1, 0}, {2, 1}, {50, 5}, {51, 6}, {5000, 11}, {5001, 12}};
    (void)state;
    assert_int_equal(lag_bounds_ms[5], 50);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lag_counts counts = {0};
        lag_add(&counts, rows[i].busy_ms);
        lag_add(&counts, 0);
        assert_int_equal(counts.turns[rows[i].at], rows[i].at ? 1 : 2);
        assert_int_equal(counts.busy_ms, rows[i].busy_ms);
        assert_int_equal(counts.longest_ms, rows[i].busy_ms);
    }
}

static void test_lag_counts_what_a_poll_brought(void **state)
{
    (void)state;
    uv_async_t async;
    uv_async_init(&loop, &async, on_async);
    uv_async_send(&async);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_timer_t next; /* the turn ends where the next poll begins */
    uv_timer_init(&loop, &next);
    uv_timer_start(&next, on_waited, 1, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(lag.counts.longest_ms >= SPIN_MS - 1);
}

static void test_lag_counts_what_timers_and_closes_did(void **state)
{
    (void)state;
    uv_timer_t timer;
    uv_timer_t next;
    uv_timer_init(&loop, &timer);
    uv_timer_init(&loop, &next);
    uv_timer_start(&timer, on_timer, 1, 0);
    uv_timer_start(&next, on_waited, WAIT_MS, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(lag.counts.busy_ms >= 2 * SPIN_MS - 2);
}

static void test_lag_does_not_count_what_was_waited_for(void **state)
{
    (void)state;
    uv_timer_t timer;
    uint64_t began_ns = uv_hrtime();
    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, on_waited, WAIT_MS, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uint64_t took_ms = (uv_hrtime() - began_ns) / 1000000;
    assert_true(lag.counts.busy_ms + WAIT_MS / 2 <= took_ms);
}

static void test_lag_does_not_keep_the_loop_alive(void **state)
{
    (void)state;
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
}

static void take_line(void *ctx, struct slice line)
{
    char *text = ctx;
    memcpy(text, line.ptr, line.len);
    text[line.len] = '\0';
}

static uint64_t no_time(void *ctx)
{
    (void)ctx;
    return 0;
}

static void test_lag_tells_all_of_it_in_one_line(void **state)
{
    static char line[4096];
    struct lag_counts counts = {0};
    (void)state;
    lag_add(&counts, 7);
    lag_add(&counts, 7000);
    log_open(&(struct log_sink){.write = take_line, .unix_ms = no_time, .ctx = line});
    lag_log(&counts);
    log_open(&(struct log_sink){0});
    assert_string_equal(strstr(line, " info "),
                        " info loop turns=2 busy_ms=7007 longest_ms=7000 to_1ms=0 to_2ms=0 "
                        "to_5ms=0 to_10ms=1 to_20ms=0 to_50ms=0 to_100ms=0 to_200ms=0 "
                        "to_500ms=0 to_1000ms=0 to_2000ms=0 to_5000ms=0 longer=1\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lag_counts_by_the_first_bound_that_was_kept),
        TEST(test_lag_counts_what_a_poll_brought),
        TEST(test_lag_counts_what_timers_and_closes_did),
        TEST(test_lag_does_not_count_what_was_waited_for),
        TEST(test_lag_does_not_keep_the_loop_alive),
        TEST(test_lag_tells_all_of_it_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
