/*
 * test_link.c - one connection against a real Redis: what it carries, how it breaks, that it
 * comes back.
 */

#include "elrelay/edge/redis/link.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_link.h"
#include "elrelay/ground/mem.h"

static struct redis_server server = {.tcp = true};
static char tcp_url[64];
static char localhost_url[64];

static int start_server(void **state)
{
    (void)state;
    redis_server_start(&server);
    snprintf(tcp_url, sizeof(tcp_url), "redis://127.0.0.1:%d", server.port);
    snprintf(localhost_url, sizeof(localhost_url), "redis://localhost:%d", server.port);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    redis_server_stop(&server);
    return 0;
}

static void test_link_error_word_is_all_that_leaves(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *word;
    } rows[] = {
        {"WRONGTYPE Operation against a key", "WRONGTYPE"},
        {"LOADING", "LOADING"},
        {"ERR unknown command 'Smith'", "ERR"},
        {"smith, john", "ERR"},
        {"SMITH, JOHN", "ERR"},
        {"X1 a", "ERR"},
        {"", "ERR"},
        {" A", "ERR"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF x", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG x", "ERR"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = mem_copy_text(rows[i].text, strlen(rows[i].text));
        redisReply reply = {.type = REDIS_REPLY_ERROR, .str = text, .len = strlen(text)};
        struct slice word = link_error_word(&reply);
        if (!slice_is_text(word, rows[i].word))
            fail_msg("%s: %.*s", text, SLICE_ARG(word));
        reply.type = REDIS_REPLY_STRING;
        assert_int_equal(link_error_word(&reply).len, 0);
        mem_free(text);
    }
    assert_int_equal(link_error_word(NULL).len, 0);
}

static void test_link_comes_up_on_each_kind_of_url(void **state)
{
    (void)state;
    const char *const urls[] = {server.url, tcp_url, localhost_url};
    struct addrinfo *known = NULL; /* a bare Debian tree has no /etc/hosts */
    size_t count = getaddrinfo("localhost", NULL, NULL, &known) == 0 ? 3 : 2;
    if (known)
        freeaddrinfo(known);
    for (size_t i = 0; i < count; i++) {
        struct link_box box;
        link_box_init(&box, urls[i]);
        link_box_open(&box);
        assert_false(link_is_up(box.link));
        assert_false(link_box_send(&box, 0, "PING", NULL));
        link_box_wait(&box, "U");
        assert_true(link_is_up(box.link));
        assert_true(link_box_send(&box, 0, "ECHO", "hello", NULL));
        assert_true(link_box_send(&box, 0, "GET", NULL));
        link_box_wait(&box, "UAE");
        assert_true(strncmp(link_name(box.link), urls[i], strlen(urls[i])) == 0);
        link_box_free(&box);
        assert_string_equal(box.trace, "UAEC");
    }
}

static void test_link_tells_why_it_cannot_connect(void **state)
{
    (void)state;
    char refused[64];
    char missing[REDIS_PATH_MAX + 32];
    snprintf(refused, sizeof(refused), "redis://u:secret@127.0.0.1:%d/3", redis_free_port());
    snprintf(missing, sizeof(missing), "unix://%s/nothing", server.folder);
    const struct {
        const char *url;
        const char *says;
    } rows[] = {
        {refused, "cannot connect to 127.0.0.1: Connection refused"},
        {missing, "nothing: No such file or directory"},
        {"redis://nobody.invalid", "cannot resolve the host's name"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_box box;
        link_box_init(&box, rows[i].url);
        link_box_open(&box);
        link_box_wait(&box, "DDD");
        if (!strstr(box.fault.text, rows[i].says) || strstr(box.fault.text, "secret"))
            fail_msg("%s", box.fault.text);
        assert_int_equal(box.fault.code, FAULT_REDIS);
        assert_non_null(strstr(box.fault.text, link_name(box.link)));
        assert_true(box.retry_ms <= box.conf.retry_cap_ms);
        link_box_free(&box);
    }
}

/* A listener whose queue is full: further connects neither succeed nor fail. */
static int deaf_listener(int fds[4], int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fds[0], (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fds[0], 0), 0);
    assert_int_equal(getsockname(fds[0], (struct sockaddr *)&address, &len), 0);
    for (int i = 1; i < 4; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fds[i], (struct sockaddr *)&address, sizeof(address));
    }
    *port = ntohs(address.sin_port);
    return 4;
}

static void test_link_gives_a_connect_up_in_time(void **state)
{
    (void)state;
    struct link_box box;
    char url[64];
    int fds[4];
    int port = 0;
    int count = deaf_listener(fds, &port);
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", port);
    link_box_init(&box, url);
    box.conf.connect_timeout_ms = 50;
    link_box_open(&box);
    link_box_wait(&box, "DD");
    assert_non_null(strstr(box.fault.text, "redis.connect_timeout (50 ms)"));
    link_box_free(&box);
    while (count > 0)
        close(fds[--count]);
}

static void test_link_carries_any_bytes(void **state)
{
    (void)state;
    struct link_box box;
    struct slice key = SLICE("k\0\r\n\xff");
    struct slice value = SLICE("v\0w\r\n$5\r\n");
    link_box_init(&box, server.url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    struct slice set[] = {SLICE("SET"), key, value};
    struct slice get[] = {SLICE("GET"), key};
    struct slice empty[] = {SLICE("ECHO"), {NULL, 0}};
    assert_true(link_send(box.link, &(struct command){set, 3, 0}, link_box_on_reply, &box));
    assert_true(link_send(box.link, &(struct command){get, 2, 0}, link_box_on_reply, &box));
    link_box_wait(&box, "UAA");
    assert_true(slice_is(box.answer, value));
    assert_true(link_send(box.link, &(struct command){empty, 2, 0}, link_box_on_reply, &box));
    link_box_wait(&box, "UAAA");
    assert_int_equal(box.answer.len, 0);
    link_box_free(&box);
}

static void test_link_carries_large_answers_and_many_arguments(void **state)
{
    (void)state;
    enum { LARGE = 20 * 1024 * 1024 };
    struct link_box box;
    struct slice *args = mem_zalloc_array(LINK_ARGS_MAX, sizeof(*args));
    char *large = mem_zalloc(LARGE);
    memset(large, 'x', LARGE);
    large[LARGE - 1] = 'z';
    link_box_init(&box, server.url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    struct slice set[] = {SLICE("SET"), SLICE("large"), {large, LARGE}};
    assert_true(link_send(box.link, &(struct command){set, 3, 0}, link_box_on_reply, &box));
    assert_true(link_box_send(&box, 0, "GET", "large", NULL));
    link_box_wait(&box, "UAA");
    assert_true(slice_is(box.answer, (struct slice){large, LARGE}));
    args[0] = SLICE("DEL");
    for (size_t i = 1; i < LINK_ARGS_MAX; i++)
        args[i] = SLICE("large");
    assert_true(link_send(box.link, &(struct command){args, LINK_ARGS_MAX, 0},
                          link_box_on_reply, &box));
    link_box_wait(&box, "UAAA");
    link_box_free(&box);
    mem_free(large);
    mem_free(args);
}

static void down_already(struct link_box *box, char what)
{
    if (what != 'N')
        return;
    assert_false(link_is_up(box->link));
    assert_false(link_box_send(box, 0, "PING", NULL));
}

static void test_link_server_killed_and_started_again(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    box.on_event = down_already;
    link_box_open(&box);
    link_box_wait(&box, "U");
    assert_true(link_box_send(&box, LINK_NO_TIMEOUT, "BLPOP", "nothing", "0", NULL));
    assert_true(link_box_send(&box, 0, "PING", NULL));
    assert_true(link_box_send(&box, 0, "PING", NULL));
    redis_server_kill(&server);
    link_box_wait(&box, "UNNND");
    assert_false(link_box_send(&box, 0, "PING", NULL));
    redis_server_restart(&server);
    link_box_wait_up(&box);
    link_box_free(&box);
}

static void test_link_killed_by_the_server_comes_back(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, tcp_url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    redis_server_do(&server, "CLIENT KILL TYPE normal");
    link_box_wait(&box, "UDU");
    assert_non_null(strstr(box.fault.text, "Redis closed the connection"));
    link_box_free(&box);
}

static void test_link_gives_up_when_an_answer_is_late(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    redis_server_pause(&server);
    assert_true(link_box_send(&box, 0, "PING", NULL));
    assert_true(link_box_send(&box, 50, "PING", NULL));
    assert_true(link_box_send(&box, LINK_NO_TIMEOUT, "PING", NULL));
    link_box_wait(&box, "UNNND");
    assert_non_null(strstr(box.fault.text, "redis.command_timeout"));
    redis_server_resume(&server);
    link_box_wait(&box, "UNNNDU");
    link_box_free(&box);
}

static void test_link_waits_for_a_blocking_read(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    box.conf.command_timeout_ms = 20;
    link_box_open(&box);
    link_box_wait(&box, "U");
    assert_true(link_box_send(&box, LINK_NO_TIMEOUT, "BLPOP", "nothing", "0.2", NULL));
    link_box_wait(&box, "UA");
    assert_true(link_box_send(&box, LINK_NO_TIMEOUT, "BLPOP", "nothing", "0", NULL));
    assert_true(link_box_send(&box, 0, "PING", NULL));
    link_box_wait(&box, "UANND");
    link_box_free(&box);
}

static void test_link_deadline_is_that_of_the_outstanding(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    box.conf.command_timeout_ms = 400;
    link_box_open(&box);
    link_box_wait(&box, "U");
    assert_true(link_box_send(&box, 0, "BLPOP", "nothing", "0.05", NULL));
    assert_true(link_box_send(&box, 10000, "BLPOP", "nothing", "0.6", NULL));
    link_box_wait(&box, "UAA");
    link_box_free(&box);
    assert_string_equal(box.trace, "UAAC");
}

static void test_link_idle_wakes_nobody(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    link_box_open(&box);
    link_box_wait(&box, "U");
    assert_int_equal(uv_backend_timeout(&box.loop), -1);
    assert_true(link_box_send(&box, 0, "PING", NULL));
    link_box_wait(&box, "UA");
    assert_int_equal(uv_backend_timeout(&box.loop), -1);
    link_box_free(&box);
}

static void test_link_back_off_begins_anew_when_it_was_up(void **state)
{
    (void)state;
    struct link_box box;
    link_box_init(&box, server.url);
    box.conf.retry_first_ms = 1;
    box.conf.retry_cap_ms = 3600000;
    link_box_open(&box);
    for (int i = 0; i < 12; i++) {
        link_box_wait_up(&box);
        link_reset(box.link);
        box.fault.text[0] = '\0';
        link_box_wait_fault(&box, "given up by this side");
        assert_true(box.retry_ms <= 2);
    }
    link_box_free(&box);
}

static void test_link_back_off_grows_to_its_cap(void **state)
{
    (void)state;
    struct link_box box;
    char url[64];
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", redis_free_port());
    link_box_init(&box, url);
    box.conf.retry_first_ms = 1;
    box.conf.retry_cap_ms = 8;
    link_box_open(&box);
    link_box_wait(&box, "D");
    assert_true(box.retry_ms <= 2);
    link_box_wait(&box, "DDDDDDDDDDDDDDDDDDDD");
    assert_true(box.retry_ms <= 8);
    link_box_free(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_error_word_is_all_that_leaves),
        cmocka_unit_test(test_link_comes_up_on_each_kind_of_url),
        cmocka_unit_test(test_link_tells_why_it_cannot_connect),
        cmocka_unit_test(test_link_gives_a_connect_up_in_time),
        cmocka_unit_test(test_link_carries_any_bytes),
        cmocka_unit_test(test_link_carries_large_answers_and_many_arguments),
        cmocka_unit_test(test_link_server_killed_and_started_again),
        cmocka_unit_test(test_link_killed_by_the_server_comes_back),
        cmocka_unit_test(test_link_gives_up_when_an_answer_is_late),
        cmocka_unit_test(test_link_waits_for_a_blocking_read),
        cmocka_unit_test(test_link_deadline_is_that_of_the_outstanding),
        cmocka_unit_test(test_link_idle_wakes_nobody),
        cmocka_unit_test(test_link_back_off_begins_anew_when_it_was_up),
        cmocka_unit_test(test_link_back_off_grows_to_its_cap),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
