/*
 * test_link_login.c - passwords, ACL users, databases, a Redis that is still loading; and what
 * the faults say.
 */

#include "elrelay/edge/redis/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_link.h"

static struct redis_server server = {
    .extra = {"--requirepass",
              "right horse",
              "--user",
              "reader",
              "on",
              ">reader-word",
              "~*",
              "&*",
              "+@all",
              "--user",
              "mute",
              "on",
              ">mute-word",
              "~*",
              "&*",
              "+@all",
              "-ping",
              "--user",
              "fixed",
              "on",
              ">fixed-word",
              "~*",
              "&*",
              "+@all",
              "-select",
              "--user",
              "gone",
              "off",
              ">gone-word",
              "~*",
              "&*",
              "+@all"},
};
static char password_path[REDIS_PATH_MAX + 16];

static void write_password(const char *text)
{
    FILE *file = fopen(password_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int start_server(void **state)
{
    (void)state;
    redis_server_start(&server);
    snprintf(password_path, sizeof(password_path), "%s/password", server.folder);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    redis_server_stop(&server);
    return 0;
}

/* A box whose URL has this in front of the socket's path and this behind it. */
static void open_box(struct link_box *box, const char *user, const char *query, bool with_file)
{
    char url[REDIS_PATH_MAX + 128];
    snprintf(url, sizeof(url), "unix://%s%s%s", user, server.socket_path, query);
    link_box_init(box, url);
    box->conf.password_file = with_file ? password_path : NULL;
    link_box_open(box);
}

static void test_link_login_is_granted(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        const char *file; /* NULL: none */
    } rows[] = {
        {":right%20horse@", NULL},     {"", "right horse"},
        {"", "right horse\n"},         {"", "right horse\r\n"},
        {":wrong@", "right horse"},    {"default:right%20horse@", NULL},
        {"reader:reader-word@", NULL}, {"reader@", "reader-word\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_box box;
        if (rows[i].file)
            write_password(rows[i].file);
        open_box(&box, rows[i].user, "", rows[i].file != NULL);
        link_box_wait(&box, "U");
        link_box_free(&box);
        assert_string_equal(box.trace, "UC");
    }
}

static void test_link_login_refusals_say_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        const char *query;
        const char *file; /* NULL: none */
        const char *says[2];
    } rows[] = {
        {"", "", NULL, {"PING was refused with NOAUTH", "redis.password_file"}},
        {":wrong-word@", "", NULL, {"AUTH was refused with WRONGPASS", "redis.password_file"}},
        {"", "", "wrong-word", {"AUTH was refused with WRONGPASS", "redis.password_file"}},
        {"", "", "right horse\n\n", {"WRONGPASS", "redis.password_file"}},
        {"", "", " right horse", {"WRONGPASS", "redis.password_file"}},
        {"gone:gone-word@", "", NULL, {"WRONGPASS", "switched off"}},
        {"nobody:nobody-word@", "", NULL, {"WRONGPASS", "redis.url"}},
        {"mute:mute-word@", "", NULL, {"PING was refused with NOPERM", "+ping"}},
        {"fixed:fixed-word@", "?db=1", NULL, {"SELECT was refused with NOPERM", "+select"}},
        {"reader:reader-word@", "?db=99", NULL, {"SELECT was refused with ERR", "database"}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_box box;
        if (rows[i].file)
            write_password(rows[i].file);
        open_box(&box, rows[i].user, rows[i].query, rows[i].file != NULL);
        link_box_wait(&box, "DD");
        if (!strstr(box.fault.text, rows[i].says[0]) ||
            !strstr(box.fault.text, rows[i].says[1]))
            fail_msg("%s: %s", rows[i].user, box.fault.text);
        assert_int_equal(box.fault.code, FAULT_REDIS);
        assert_null(strstr(box.fault.text, "-word"));
        assert_null(strstr(box.fault.text, "horse"));
        link_box_free(&box);
    }
}

static void test_link_reads_the_password_at_each_connect(void **state)
{
    (void)state;
    struct link_box box;
    write_password("wrong");
    open_box(&box, "", "", true);
    link_box_wait(&box, "D");
    unlink(password_path);
    link_box_wait_fault(&box, "cannot be read: No such file");
    write_password("right horse\n");
    link_box_wait_up(&box);
    link_box_free(&box);
}

static void test_link_uses_the_database_of_its_url(void **state)
{
    (void)state;
    struct link_box box;
    open_box(&box, "reader:reader-word@", "?db=3", false);
    link_box_wait(&box, "U");
    assert_true(link_box_send(&box, 0, "SET", "only", "three", NULL));
    assert_true(link_box_send(&box, 0, "SELECT", "0", NULL));
    assert_true(link_box_send(&box, 0, "GET", "only", NULL));
    link_box_wait(&box, "UAAA");
    assert_int_equal(box.answer.len, 0);
    assert_true(link_box_send(&box, 0, "SELECT", "3", NULL));
    assert_true(link_box_send(&box, 0, "GET", "only", NULL));
    link_box_wait(&box, "UAAAAA");
    assert_true(slice_is_text(box.answer, "three"));
    link_box_free(&box);
}

static void test_link_new_refuses_what_cannot_work(void **state)
{
    (void)state;
    char missing[] = "/nothing/here";
    char folder[] = "/";
    struct {
        const char *url;
        char *password_file;
        const char *says;
    } rows[] = {
        {"redis://h:0", NULL, "the port"},
        {"redis+sentinel://h", NULL, "needs the name of the master"},
        {"redis://u@h", NULL, "names a user without a password"},
        {"redis://h", missing, "/nothing/here cannot be read: No such file"},
        {"redis://h", folder, "/ cannot be read: Is a directory"},
        {"redis://h", password_path, "more than 1024 bytes"},
        {link_can_tls() ? "redis://" : "rediss://h", NULL,
         link_can_tls() ? "host" : "hiredis_ssl"},
    };
    char text[2000];
    memset(text, 'p', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    write_password(text);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_box box;
        struct fault fault = {.code = FAULT_NONE};
        link_box_init(&box, rows[i].url);
        box.conf.password_file = rows[i].password_file;
        assert_null(link_new(&box.loop, &box.conf, &(struct link_events){.ctx = NULL}, &fault));
        if (!strstr(fault.text, rows[i].says))
            fail_msg("%s", fault.text);
        assert_int_equal(fault.code, FAULT_CONF);
        link_box_free(&box);
    }
}

static void test_link_stays_down_while_redis_loads(void **state)
{
    (void)state;
    struct redis_server slow = {.extra = {NULL}};
    struct link_box box;
    redis_server_start(&slow);
    redis_server_do(&slow, "EVAL %s 0", "for i = 1, 300 do redis.call('SET', 'k' .. i, i) end");
    redis_server_do(&slow, "SET last 1");
    redis_server_do(&slow, "SAVE");
    redis_server_kill(&slow);
    static const char *const delayed[] = {"--key-load-delay", "3000",
                                          "--loading-process-events-interval-bytes", "1024"};
    memcpy(slow.extra, delayed, sizeof(delayed));
    redis_server_run(&slow);
    link_box_init(&box, slow.url);
    link_box_open(&box);
    link_box_wait_fault(&box, "PING was refused with LOADING: Redis is still loading");
    box.conf.retry_first_ms = box.conf.retry_cap_ms = 100;
    link_box_wait_up(&box);
    box.trace_len = 0;
    assert_true(link_box_send(&box, 0, "GET", "last", NULL));
    link_box_wait(&box, "A");
    assert_true(slice_is_text(box.answer, "1"));
    link_box_free(&box);
    redis_server_stop(&slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_login_is_granted),
        cmocka_unit_test(test_link_login_refusals_say_what_to_do),
        cmocka_unit_test(test_link_reads_the_password_at_each_connect),
        cmocka_unit_test(test_link_uses_the_database_of_its_url),
        cmocka_unit_test(test_link_new_refuses_what_cannot_work),
        cmocka_unit_test(test_link_stays_down_while_redis_loads),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
