/*
 * test_uplink_get.c - a GET says what a POST says of itself but the batch, and each of its ends
 * is told; and of a POST, whether the endpoint could have it whole when it answered, and when
 * that was.
 */

#include "elrelay/edge/http/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "edge/support_post.h"
#include "edge/support_wire.h"
#include "elrelay/ground/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MB           ((size_t)1000 * 1000)
#define TEXT(words)  ((char[]){words})
#define LIST_PATH    "/api/waters/org/o/submissions?since=2026-01-01T00:00:00Z&pageSize=50"

static const struct wire_step listing[] = {
    HEAD,
    SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"),
    END,
};

/* The list stands beside the endpoint's own URL. */
static void list_url(const struct post *post, char url[POST_URL_MAX])
{
    struct slice host = slice_of(post->url);
    host.len = (size_t)(strstr(post->url, "/api/") - post->url);
    snprintf(url, POST_URL_MAX, "%.*s" LIST_PATH, SLICE_ARG(host));
}

static void test_uplink_get_sends_this_head_and_no_other(void **state)
{
    (void)state;
    char folder[POST_URL_MAX];
    char path[POST_URL_MAX + 8];
    char url[POST_URL_MAX];
    char wanted[1024];
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(listing);
    struct header_pair headers[] = {{TEXT("client"), TEXT("simple_report")}};
    folder_make(folder);
    snprintf(path, sizeof(path), "%s/key", folder);
    file_write(path, SLICE("a-key\n"));
    post_open(&post, wire_port(wire));
    post.endpoint.headers = headers;
    post.endpoint.header_count = COUNT(headers);
    post.endpoint.auth = (struct auth_conf){AUTH_KEY, TEXT("x-functions-key"), path};
    post.allowed = 0; /* nobody asks */
    list_url(&post, url);
    snprintf(wanted, sizeof(wanted),
             "GET " LIST_PATH " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: */*\r\n"
             "client: simple_report\r\nx-functions-key: a-key\r\n\r\n",
             wire_port(wire));
    assert_int_equal(post_get(&post, url)->end, TRANSPORT_ANSWERED);
    assert_true(slice_is_text(post.answer.body, "[]"));
    assert_true(post.answer.all_sent);
    post_close(&post);
    wire_stop(wire, &seen);
    assert_string_equal(seen.head, wanted);
    assert_int_equal(seen.connections, 1);
    folder_remove(folder);
}

struct get_row {
    const char *name;
    uint64_t timeout_ms; /* 0: long */
    enum transport_end end;
    unsigned status;
    struct wire_step script[8];
};

static const struct get_row get_rows[] = {
    {"listed", 0, TRANSPORT_ANSWERED, 200, {HEAD, SAY("HTTP/1.1 200 OK\r\n\r\n[]")}},
    {"barred", 0, TRANSPORT_ANSWERED, 401, {HEAD, SAY("HTTP/1.1 401 No\r\n\r\n")}},
    {"a redirect is not followed",
     0,
     TRANSPORT_ANSWERED,
     302,
     {HEAD, SAY("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")}},
    {"reset", 0, TRANSPORT_NO_ANSWER, 0, {HEAD, RESET}},
    {"silence", 300, TRANSPORT_NO_ANSWER, 0, {HEAD, HOLD}},
    {"cut",
     0,
     TRANSPORT_NO_ANSWER,
     200,
     {HEAD, SAY("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[")}},
    {"a page of 2 MiB",
     0,
     TRANSPORT_ANSWER_TOO_LARGE,
     200,
     {HEAD, SAY("HTTP/1.1 200 OK\r\n\r\n"), FLOOD("x", (size_t)2 * 1024 * 1024)}},
    {"it thinks",
     0,
     TRANSPORT_ANSWERED,
     200,
     {HEAD, THINK(2500), SAY("HTTP/1.1 200 OK\r\n\r\n[]")}},
};

static void check_get(const struct get_row *row)
{
    char url[POST_URL_MAX];
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(row->script);
    post_open(&post, wire_port(wire));
    if (row->timeout_ms)
        post.endpoint.timeout_ms = row->timeout_ms;
    post.endpoint.low_speed_bytes = 1000 * MB;
    post.endpoint.low_speed_time_ms = 1000;
    list_url(&post, url);
    const struct answer *answer = post_get(&post, url);
    if (answer->end != row->end || answer->status != row->status)
        fail_msg("%s: ended as %d with %u", row->name, (int)answer->end, answer->status);
    post_close(&post);
    assert_int_equal(post.answers, 1);
    wire_stop(wire, &seen);
    if (seen.connections != 1)
        fail_msg("%s: %zu requests", row->name, seen.connections);
}

static void test_uplink_get_tells_each_end_with_one_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(get_rows); i++)
        check_get(&get_rows[i]);
}

static void test_uplink_get_tells_a_refused_port(void **state)
{
    (void)state;
    char url[POST_URL_MAX];
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start((const struct wire_step[]){END});
    unsigned port = wire_port(wire);
    wire_stop(wire, &seen);
    post_open(&post, port);
    list_url(&post, url);
    assert_int_equal(post_get(&post, url)->end, TRANSPORT_NOT_CONNECTED);
    post_close(&post);
}

static void test_uplink_get_goes_where_a_post_may_go(void **state)
{
    (void)state;
    struct post post;
    struct fault fault = {0};
    post_open(&post, 1);
    assert_false(post_try_get(&post, "http://reports.example.org/list", &fault));
    assert_int_equal(fault.code, FAULT_CONF);
    assert_false(post_try_get(&post, "https://me:s3cret@reports.example.org/", &fault));
    post.endpoint.auth = (struct auth_conf){AUTH_BEARER, NULL, TEXT("/nonexistent/key")};
    assert_false(post_try_get(&post, post.url, &fault));
    post_close(&post);
    assert_int_equal(post.answers, 0);
}

static bool post_has_turned(struct post *post)
{
    return post->ticks > 5;
}

static void test_uplink_get_is_cancelled(void **state)
{
    (void)state;
    static const struct wire_step silent[] = {HEAD, HOLD, END};
    struct post post;
    struct fault fault = {0};
    struct wire_seen seen;
    struct wire *wire = wire_start(silent);
    post_open(&post, wire_port(wire));
    assert_true(post_try_get(&post, post.url, &fault));
    post_run_until(&post, post_has_turned);
    uplink_cancel(post.uplink, post.request);
    assert_true(post_try_get(&post, post.url, &fault)); /* cut by the close */
    post_close(&post);
    assert_int_equal(post.answers, 0);
    wire_stop(wire, &seen);
}

static const struct {
    const char *name;
    size_t body_len;
    bool all_sent;
    struct wire_step script[5]; /* what is left is END */
} sent_rows[] = {
    {"taken", 1000, true, {READ_ALL, SAY(CREATED)}},
    {"a large one taken", 8 * MB, true, {READ_ALL, SAY(CREATED)}},
    {"late", 8 * MB, true, {READ_ALL, SAY("HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n")}},
    {"413 at once",
     8 * MB,
     false,
     {HEAD, SAY("HTTP/1.1 413 Big\r\nContent-Length: 0\r\n\r\n"), HOLD}},
    {"401 at once",
     8 * MB,
     false,
     {HEAD, SAY("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"), HOLD}},
    {"408 in the middle",
     8 * MB,
     false,
     {HEAD, READ_SOME(1000000), SAY("HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"), HOLD}},
};

static void test_uplink_tells_whether_the_endpoint_could_have_all_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sent_rows); i++) {
        struct post post;
        struct wire_seen seen;
        struct wire *wire = wire_start(sent_rows[i].script);
        char *body = post_make_body(sent_rows[i].body_len);
        post_open(&post, wire_port(wire));
        post_send(&post, (struct slice){body, sent_rows[i].body_len});
        assert_int_equal(post.answer.end, TRANSPORT_ANSWERED);
        if (post.answer.all_sent != sent_rows[i].all_sent)
            fail_msg("%s", sent_rows[i].name);
        post_close(&post);
        wire_stop(wire, &seen);
        mem_free(body);
    }
}

static const struct {
    const char *line;
    uint64_t unix_ms;
} date_rows[] = {
    {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", UINT64_C(784111777000)},
    {"date:  Sun, 06 Nov 1994 08:49:37 GMT \r\n", UINT64_C(784111777000)},
    {"Date: yesterday\r\n", 0},
    {"Date: Mon, 06 Nov 1994 08:49:37 GMT\r\n", 0}, /* it was a Sunday */
    {"Date:\r\n", 0},
    {"", 0},
};

static void test_uplink_tells_the_answers_date(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(date_rows); i++) {
        struct wire_step script[] = {HEAD, SAY("HTTP/1.1 200 OK\r\n"), SAY(date_rows[i].line),
                                     SAY("\r\n[]"), END};
        struct post post;
        struct wire_seen seen;
        struct wire *wire = wire_start(script);
        post_open(&post, wire_port(wire));
        assert_int_equal(post_get(&post, post.url)->end, TRANSPORT_ANSWERED);
        assert_int_equal(post.answer.date_unix_ms, date_rows[i].unix_ms);
        post_close(&post);
        wire_stop(wire, &seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_get_sends_this_head_and_no_other),
        cmocka_unit_test(test_uplink_get_tells_each_end_with_one_request),
        cmocka_unit_test(test_uplink_get_tells_a_refused_port),
        cmocka_unit_test(test_uplink_get_goes_where_a_post_may_go),
        cmocka_unit_test(test_uplink_get_is_cancelled),
        cmocka_unit_test(test_uplink_tells_whether_the_endpoint_could_have_all_of_it),
        cmocka_unit_test(test_uplink_tells_the_answers_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
