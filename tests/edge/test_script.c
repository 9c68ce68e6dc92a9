/*
 * test_script.c - scripts by SHA-1, and by their text where Redis has forgotten them. The table
 * is this test's own.
 */

#include "elrelay/edge/redis/script.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_link.h"

static const char text_count[] = "#!lua flags=allow-oom\nreturn redis.call('INCR', KEYS[1])\n";
static const char text_fail[] =
    "#!lua\nredis.call('INCR', KEYS[1])\nreturn redis.error_reply('STATE is ' .. ARGV[1])\n";
static const char text_join[] =
    "#!lua\nreturn table.concat(KEYS, '+') .. '=' .. table.concat(ARGV, '+')\n";

const struct script script_table[] = {
    {"count", text_count, sizeof(text_count) - 1, "2c68a9f15aa669eb422ae50d79ffe5c1df0fa82f"},
    {"fail", text_fail, sizeof(text_fail) - 1, "30195a8081b791a275fd6449e351f2b060214da4"},
    {"join", text_join, sizeof(text_join) - 1, "b163e532e40a1fca290b7f95deb3a2c218910331"},
};
const size_t script_count = sizeof(script_table) / sizeof(script_table[0]);

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

static void open_box(struct link_box *box)
{
    redis_server_do(&server, "FLUSHALL");
    redis_server_do(&server, "SCRIPT FLUSH");
    link_box_init(box, server.url);
    link_box_open(box);
    link_box_wait(box, "U");
}

static bool call(struct link_box *box, const char *name, struct slice key)
{
    struct slice arg = SLICE("here");
    struct script_call call = {script_by_name(name), &key, 1, &arg, 1};
    return script_send(box->link, &call, link_box_on_reply, box);
}

static void test_script_by_name_finds_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < script_count; i++)
        assert_ptr_equal(script_by_name(script_table[i].name), &script_table[i]);
}

static void test_script_by_name_aborts_on_an_unknown_one(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        script_by_name("nobody");
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_script_runs_once_known_or_not(void **state)
{
    (void)state;
    struct link_box box;
    open_box(&box);
    assert_true(call(&box, "count", SLICE("k")));
    link_box_wait(&box, "UA");
    assert_int_equal(redis_server_do(&server, "EXISTS k"), 1);
    assert_int_equal(redis_server_do(&server, "INCRBY k 0"), 1);
    assert_true(call(&box, "count", SLICE("k")));
    link_box_wait(&box, "UAA");
    redis_server_do(&server, "SCRIPT FLUSH");
    assert_true(call(&box, "count", SLICE("k")));
    assert_true(call(&box, "count", SLICE("k")));
    link_box_wait(&box, "UAAAA");
    assert_int_equal(redis_server_do(&server, "INCRBY k 0"), 4);
    link_box_free(&box);
}

static void test_script_hands_up_its_own_errors(void **state)
{
    (void)state;
    struct link_box box;
    open_box(&box);
    assert_true(call(&box, "fail", SLICE("k")));
    link_box_wait(&box, "UE");
    assert_true(slice_is_text(box.answer, "STATE is here"));
    assert_true(call(&box, "fail", SLICE("k")));
    link_box_wait(&box, "UEE");
    assert_int_equal(redis_server_do(&server, "INCRBY k 0"), 2);
    link_box_free(&box);
}

static void test_script_copies_keys_and_arguments(void **state)
{
    (void)state;
    struct link_box box;
    open_box(&box);
    char bytes[] = "a\0b";
    struct slice keys[] = {{bytes, 3}, SLICE("k2")};
    struct slice args[] = {SLICE(""), {NULL, 0}, {bytes, 3}};
    struct script_call join = {script_by_name("join"), keys, 2, args, 3};
    assert_true(script_send(box.link, &join, link_box_on_reply, &box));
    memset(bytes, 'x', sizeof(bytes));
    memset(keys, 0, sizeof(keys));
    memset(args, 0, sizeof(args));
    link_box_wait(&box, "UA");
    assert_true(slice_is(box.answer, SLICE("a\0b+k2=++a\0b")));
    struct script_call nothing = {.script = script_by_name("join")};
    assert_true(script_send(box.link, &nothing, link_box_on_reply, &box));
    link_box_wait(&box, "UAA");
    assert_true(slice_is_text(box.answer, "="));
    link_box_free(&box);
}

static void test_script_outcome_unknown_when_the_link_breaks(void **state)
{
    (void)state;
    struct link_box box;
    open_box(&box);
    redis_server_pause(&server);
    assert_true(call(&box, "count", SLICE("k")));
    assert_true(call(&box, "count", SLICE("k")));
    link_reset(box.link);
    assert_false(call(&box, "count", SLICE("k")));
    link_box_wait(&box, "UNND");
    redis_server_resume(&server);
    link_box_free(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script_by_name_finds_each),
        cmocka_unit_test(test_script_by_name_aborts_on_an_unknown_one),
        cmocka_unit_test(test_script_runs_once_known_or_not),
        cmocka_unit_test(test_script_hands_up_its_own_errors),
        cmocka_unit_test(test_script_copies_keys_and_arguments),
        cmocka_unit_test(test_script_outcome_unknown_when_the_link_breaks),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
