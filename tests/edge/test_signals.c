/*
 * test_signals.c - real signals to this process, on a real loop.
 */

#include "elrelay/edge/host/signals.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DEADLINE_MS = 10000 };

struct seen {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct signals *signals;
    unsigned flushes;
    unsigned stops;
    unsigned closed;
};

static void on_flush(void *ctx)
{
    struct seen *seen = ctx;
    seen->flushes++;
}

static void on_stop(void *ctx)
{
    struct seen *seen = ctx;
    seen->stops++;
}

static void on_closed(void *ctx)
{
    struct seen *seen = ctx;
    seen->closed++;
}

static void on_deadline(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("no signal before the deadline");
}

static const struct signal_row rows[] = {
    {SIGUSR1, on_flush}, {SIGTERM, on_stop}, {SIGINT, on_stop}};

static void seen_open(struct seen *seen)
{
    struct fault fault;
    *seen = (struct seen){0};
    assert_int_equal(uv_loop_init(&seen->loop), 0);
    uv_timer_init(&seen->loop, &seen->deadline);
    uv_timer_start(&seen->deadline, on_deadline, DEADLINE_MS, 0);
    seen->signals = signals_new(&seen->loop, rows, COUNT(rows), seen, &fault);
    assert_non_null(seen->signals);
}

static void seen_close(struct seen *seen)
{
    signals_close(seen->signals, on_closed, seen);
    assert_int_equal(seen->closed, 0);
    uv_close((uv_handle_t *)&seen->deadline, NULL);
    uv_run(&seen->loop, UV_RUN_DEFAULT);
    assert_int_equal(seen->closed, 1);
    assert_int_equal(uv_loop_close(&seen->loop), 0);
}

static void test_signals_call_their_row(void **state)
{
    (void)state;
    struct seen seen;
    seen_open(&seen);
    kill(getpid(), SIGUSR1);
    while (!seen.flushes)
        uv_run(&seen.loop, UV_RUN_ONCE);
    assert_int_equal(seen.stops, 0);
    kill(getpid(), SIGTERM);
    while (seen.stops < 1)
        uv_run(&seen.loop, UV_RUN_ONCE);
    kill(getpid(), SIGINT);
    while (seen.stops < 2)
        uv_run(&seen.loop, UV_RUN_ONCE);
    assert_int_equal(seen.flushes, 1);
    seen_close(&seen);
}

static void test_signals_do_not_keep_the_loop_alive(void **state)
{
    (void)state;
    struct seen seen;
    seen_open(&seen);
    uv_unref((uv_handle_t *)&seen.deadline);
    assert_false(uv_loop_alive(&seen.loop));
    seen_close(&seen);
}

static void test_signals_give_the_default_action_back(void **state)
{
    (void)state;
    struct seen seen;
    struct sigaction action;
    seen_open(&seen);
    seen_close(&seen);
    assert_int_equal(sigaction(SIGUSR1, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, SIG_DFL);
}

static void test_signals_refuse_what_cannot_be_watched(void **state)
{
    (void)state;
    static const struct signal_row bad[] = {{SIGUSR1, on_flush}, {SIGKILL, on_stop}};
    struct fault fault = {0};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_null(signals_new(&loop, bad, COUNT(bad), NULL, &fault));
    assert_string_equal(fault.text, "signal 9 cannot be watched: invalid argument");
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_signals_make_a_broken_pipe_an_error(void **state)
{
    (void)state;
    int ends[2];
    signals_ignore_pipe();
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "a", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals_call_their_row),
        cmocka_unit_test(test_signals_do_not_keep_the_loop_alive),
        cmocka_unit_test(test_signals_give_the_default_action_back),
        cmocka_unit_test(test_signals_refuse_what_cannot_be_watched),
        cmocka_unit_test(test_signals_make_a_broken_pipe_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
