/*
 * test_uplink_sent.c - what goes out: the head to the byte, the body as it is, and nothing once
 * it must not.
 */

#include "elrelay/edge/http/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_post.h"
#include "edge/support_wire.h"
#include "elrelay/ground/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MB           ((size_t)1000 * 1000)
#define TEXT(words)  ((char[]){words})

enum { LAST_CHUNK = 64 * 1024, LARGE_BODY = 48 * 1000 * 1000, MEMORY_BOUND_KB = 8 * 1024 };

static const struct wire_step taking[] = {
    READ_ALL,
    SAY(CREATED),
    END,
};

static void check_head(const struct wire_seen *seen, unsigned port, const char *lines)
{
    char wanted[2048];
    snprintf(wanted, sizeof(wanted),
             "POST /api/reports?processing=async HTTP/1.1\r\n"
             "Host: 127.0.0.1:%u\r\n"
             "Accept: */*\r\n"
             "%s\r\n",
             port, lines);
    assert_string_equal(seen->head, wanted);
}

static void test_uplink_sends_this_head_and_no_other(void **state)
{
    (void)state;
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(taking);
    char *body = post_make_body(2 * MB); /* libcurl would send Expect */
    struct header_pair headers[] = {{TEXT("client"), TEXT("simple_report")},
                                    {TEXT("x-empty"), TEXT("")}};
    unsigned port = wire_port(wire);
    post_open(&post, port);
    post.endpoint.headers = headers;
    post.endpoint.header_count = COUNT(headers);
    assert_int_equal(post_send(&post, (struct slice){body, 2 * MB})->end, TRANSPORT_ANSWERED);
    post_close(&post);
    wire_stop(wire, &seen);
    check_head(&seen, port,
               "client: simple_report\r\nx-empty:\r\nContent-Type: text/csv\r\n"
               "Idempotency-Key: " POST_BATCH_ID "\r\npayloadname: " POST_BATCH_ID "\r\n"
               "Content-Length: 2000000\r\n");
    assert_int_equal(seen.body_len, 2 * MB);
    assert_int_equal(seen.body_hash, wire_hash(WIRE_HASH_START, body, 2 * MB));
    mem_free(body);
}

static void test_uplink_sends_the_batch_header_only_where_there_is_one(void **state)
{
    (void)state;
    static const struct profile plain = {.name = "plain"};
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(taking);
    unsigned port = wire_port(wire);
    post_open(&post, port);
    post.endpoint.profile = &plain;
    assert_int_equal(post_send(&post, SLICE("abc"))->end, TRANSPORT_ANSWERED);
    post_close(&post);
    wire_stop(wire, &seen);
    check_head(&seen, port,
               "Content-Type: text/csv\r\nIdempotency-Key: " POST_BATCH_ID
               "\r\nContent-Length: 3\r\n");
}

static size_t status_kb(const char *name)
{
    char line[256];
    size_t kb = 0;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, name, strlen(name)) == 0)
            kb = strtoul(line + strlen(name), NULL, 10);
    fclose(file);
    return kb;
}

static void test_uplink_sends_a_large_body_without_a_copy(void **state)
{
    (void)state;
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(taking);
    char *body = post_make_body(LARGE_BODY);
    post_open(&post, wire_port(wire));
    file_write("/proc/self/clear_refs", SLICE("5")); /* the peak starts anew */
    size_t before_kb = status_kb("VmRSS:");
    assert_int_equal(post_send(&post, (struct slice){body, LARGE_BODY})->end,
                     TRANSPORT_ANSWERED);
    assert_in_range(status_kb("VmHWM:"), before_kb, before_kb + MEMORY_BOUND_KB);
    post_close(&post);
    wire_stop(wire, &seen);
    assert_int_equal(seen.body_len, LARGE_BODY);
    assert_int_equal(seen.body_hash, wire_hash(WIRE_HASH_START, body, LARGE_BODY));
    mem_free(body);
}

static void test_uplink_connects_nowhere_when_it_must_not_go_on(void **state)
{
    (void)state;
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(taking);
    post_open(&post, wire_port(wire));
    post.allowed = 0;
    assert_int_equal(post_send(&post, SLICE("abc"))->end, TRANSPORT_UPLOAD_STOPPED);
    assert_int_equal(post.asked, 1);
    post_close(&post);
    wire_stop(wire, &seen);
    assert_int_equal(seen.connections, 0);
}

static void test_uplink_holds_the_last_chunk_back_when_it_must_not_go_on(void **state)
{
    (void)state;
    static const size_t lens[] = {1, LAST_CHUNK, LAST_CHUNK + 1, 5 * MB};
    for (size_t i = 0; i < COUNT(lens); i++) {
        struct post post;
        struct wire_seen seen;
        struct wire *wire = wire_start(taking);
        char *body = post_make_body(lens[i]);
        post_open(&post, wire_port(wire));
        post.allowed = 1;
        assert_int_equal(post_send(&post, (struct slice){body, lens[i]})->end,
                         TRANSPORT_UPLOAD_STOPPED);
        post_close(&post);
        wire_stop(wire, &seen);
        assert_int_equal(seen.connections, 1);
        assert_int_equal(seen.body_len, lens[i] > LAST_CHUNK ? lens[i] - LAST_CHUNK : 0);
        mem_free(body);
    }
}

static void test_uplink_reads_the_secret_at_each_post(void **state)
{
    (void)state;
    static const struct {
        enum auth_type type;
        const char *secret;
        const char *line;
    } rows[] = {
        {AUTH_KEY, "first-key", "x-functions-key: first-key\r\n"},
        {AUTH_KEY, "second-key\n", "x-functions-key: second-key\r\n"},
        {AUTH_KEY, " with spaces \r\n", "x-functions-key:  with spaces \r\n"},
        {AUTH_BEARER, "a.token\n", "Authorization: Bearer a.token\r\n"},
    };
    char folder[POST_URL_MAX];
    char path[POST_URL_MAX + 8];
    struct post post;
    folder_make(folder);
    snprintf(path, sizeof(path), "%s/key", folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct wire_seen seen;
        struct wire *wire = wire_start(taking);
        post_open(&post, wire_port(wire));
        post.endpoint.auth = (struct auth_conf){rows[i].type, TEXT("x-functions-key"), path};
        file_write(path, slice_of(rows[i].secret));
        assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_ANSWERED);
        post_close(&post);
        wire_stop(wire, &seen);
        assert_non_null(strstr(seen.head, rows[i].line));
    }
    folder_remove(folder);
}

static void test_uplink_sends_nothing_without_its_secret(void **state)
{
    (void)state;
    struct post post;
    struct fault fault;
    struct wire_seen seen;
    struct wire *wire = wire_start(taking);
    post_open(&post, wire_port(wire));
    post.endpoint.auth = (struct auth_conf){AUTH_BEARER, NULL, TEXT("/nonexistent/key")};
    assert_false(post_try(&post, SLICE("a"), &fault));
    assert_int_equal(fault.code, FAULT_CONF);
    assert_string_equal(fault.text,
                        "endpoint.auth.secret_file: "
                        "/nonexistent/key cannot be read: No such file or directory");
    post_close(&post);
    assert_int_equal(post.answers, 0);
    wire_stop(wire, &seen);
    assert_int_equal(seen.connections, 0);
}

static void test_uplink_ignores_the_environments_proxies(void **state)
{
    (void)state;
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(taking);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    post_open(&post, wire_port(wire));
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_ANSWERED);
    post_close(&post);
    wire_stop(wire, &seen);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void test_uplink_goes_through_the_configured_proxy(void **state)
{
    (void)state;
    static const char request_line[] =
        "POST http://reports.test/api HTTP/1.1\r\nHost: reports.test\r\n";
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(taking);
    char proxy[64];
    char url[] = "http://reports.test/api"; /* never resolved here */
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", wire_port(wire));
    setenv("no_proxy", "*", 1);
    post_open(&post, wire_port(wire));
    post.endpoint.url = url;
    post.endpoint.proxy = proxy;
    post.endpoint.allow_http = true;
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_ANSWERED);
    post_close(&post);
    wire_stop(wire, &seen);
    unsetenv("no_proxy");
    assert_memory_equal(seen.head, request_line, strlen(request_line));
}

static void test_uplink_shows_a_proxy_no_header_of_ours(void **state)
{
    (void)state;
    static const struct wire_step refusing[] = {
        HEAD, SAY("HTTP/1.1 407 No\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"), END};
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(refusing);
    struct header_pair headers[] = {{TEXT("client"), TEXT("simple_report")}};
    char proxy[64];
    char url[] = "https://reports.test/api";
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", wire_port(wire));
    post_open(&post, wire_port(wire));
    post.endpoint.url = url;
    post.endpoint.proxy = proxy;
    post.endpoint.headers = headers;
    post.endpoint.header_count = COUNT(headers);
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_NOT_CONNECTED);
    assert_false(post.answer.has_retry_after);
    post_close(&post);
    wire_stop(wire, &seen);
    assert_string_equal(seen.head,
                        "CONNECT reports.test:443 HTTP/1.1\r\nHost: reports.test:443\r\n"
                        "Proxy-Connection: Keep-Alive\r\n\r\n");
}

/* 192.0.2.1 is TEST-NET-1 (RFC 5737): were it tried, the connect would hang until its timeout.
 */
static void test_uplink_keeps_plain_http_on_this_machine_whatever_the_proxy(void **state)
{
    (void)state;
    struct post post;
    char proxy[] = "http://192.0.2.1:8080";
    post_open(&post, 1);
    post.endpoint.proxy = proxy;
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_NOT_CONNECTED);
    assert_int_equal(post.asked, 0);
    post_close(&post);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_sends_a_large_body_without_a_copy),
        cmocka_unit_test(test_uplink_sends_this_head_and_no_other),
        cmocka_unit_test(test_uplink_sends_the_batch_header_only_where_there_is_one),
        cmocka_unit_test(test_uplink_connects_nowhere_when_it_must_not_go_on),
        cmocka_unit_test(test_uplink_holds_the_last_chunk_back_when_it_must_not_go_on),
        cmocka_unit_test(test_uplink_reads_the_secret_at_each_post),
        cmocka_unit_test(test_uplink_sends_nothing_without_its_secret),
        cmocka_unit_test(test_uplink_ignores_the_environments_proxies),
        cmocka_unit_test(test_uplink_goes_through_the_configured_proxy),
        cmocka_unit_test(test_uplink_shows_a_proxy_no_header_of_ours),
        cmocka_unit_test(test_uplink_keeps_plain_http_on_this_machine_whatever_the_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
