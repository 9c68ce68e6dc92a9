/*
 * test_uplink_conf.c - what is refused before a byte leaves, and what `check --connect` says.
 */

#include "elrelay/edge/http/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "edge/http/secret.h"
#include "edge/support_post.h"
#include "edge/support_wire.h"
#include "elrelay/ground/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(words)  ((char[]){words})

static const struct profile profile = {.name = "test", .batch_header = "payloadname"};

static const struct {
    const char *url;
    bool allow_http;
    const char *complaint; /* NULL: good */
} url_rows[] = {
    {"https://reports.example.org/api?processing=async", false, NULL},
    {"HTTPS://reports.example.org", false, NULL},
    {"http://127.0.0.1:8080/api", false, NULL},
    {"http://127.200.3.4/api", false, NULL},
    {"http://localhost/api", false, NULL},
    {"http://LocalHost/api", false, NULL},
    {"http://[::1]:8080/api", false, NULL},
    {"http://[::ffff:127.0.0.1]/api", false, NULL},
    {"http://reports.example.org/api", true, NULL},
    {"http://reports.example.org/api", false, "plain http to another machine"},
    {"http://localhost.example.org/", false, "plain http to another machine"},
    {"http://127.0.0.1.example.org/", false, "plain http to another machine"},
    {"http://128.0.0.1/", false, "plain http to another machine"},
    {"http://[2001:db8::1]/", false, "plain http to another machine"},
    {"http://[::ffff:192.0.2.1]/", false, "plain http to another machine"},
    {"http://0.0.0.0/", false, "plain http to another machine"},
    {"https://me:s3cret@reports.example.org/", false, "holds a user or password"},
    {"https://me@reports.example.org/", false, "holds a user or password"},
    {"ftp://127.0.0.1/", true, "must begin with https:// or http://"},
    {"file:///etc/passwd", true, "is no URL"},
    {"reports.example.org/api", false, "is no URL"},
    {"https://", false, "is no URL"},
    {"", false, "is no URL"},
};

static void check_refusal(const struct endpoint_conf *endpoint, const char *name,
                          const char *complaint)
{
    struct fault fault = {0};
    if (uplink_check_conf(endpoint, &fault) == (complaint != NULL))
        fail_msg("%s: %s", name, complaint ? "not refused" : fault.text);
    if (complaint && (fault.code != FAULT_CONF || !strstr(fault.text, complaint)))
        fail_msg("%s: %s", name, fault.text);
    assert_null(strstr(fault.text, "s3cret"));
}

static void test_uplink_checks_the_url(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(url_rows); i++) {
        char *url = mem_copy_text(url_rows[i].url, strlen(url_rows[i].url));
        struct endpoint_conf endpoint = {
            .profile = &profile, .url = url, .allow_http = url_rows[i].allow_http};
        check_refusal(&endpoint, url, url_rows[i].complaint);
        mem_free(url);
    }
}

static const struct {
    const char *name;
    const char *value;
    const char *complaint;
} header_rows[] = {
    {"client", "simple_report", NULL},
    {"x-api-version", "2021-09-21", NULL},
    {"x-tab", "a\tb", NULL},
    {"x-empty", "", NULL},
    {"", "a", "is no header name"},
    {"two words", "a", "is no header name"},
    {"colon:", "a", "is no header name"},
    {"x\r\ny", "a", "is no header name"},
    {"x-split", "a\r\nx-more: s3cret", "holds a control character"},
    {"x-split", "a\n", "holds a control character"},
    {"Content-Length", "5", "elrelay writes it itself"},
    {"transfer-encoding", "chunked", "elrelay writes it itself"},
    {"content-type", "text/csv; charset=utf-8", "elrelay writes it itself"},
    {"EXPECT", "100-continue", "elrelay writes it itself"},
    {"idempotency-key", "1", "elrelay writes it itself"},
    {"PayloadName", "1", "elrelay writes it itself"},
};

static void test_uplink_checks_the_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(header_rows); i++) {
        struct header_pair pair = {
            mem_copy_text(header_rows[i].name, strlen(header_rows[i].name)),
            mem_copy_text(header_rows[i].value, strlen(header_rows[i].value))};
        struct endpoint_conf endpoint = {.profile = &profile,
                                         .url = TEXT("https://a.test/"),
                                         .headers = &pair,
                                         .header_count = 1};
        check_refusal(&endpoint, header_rows[i].name, header_rows[i].complaint);
        mem_free(pair.name);
        mem_free(pair.value);
    }
}

static const struct {
    const char *name;
    struct slice bytes;
    size_t filler; /* so many further letters behind the bytes */
    const char *complaint;
} secret_rows[] = {
    {"a word", {"s3cret", 6}, 0, NULL},
    {"with a line end", {"s3cret\n", 7}, 0, NULL},
    {"with a line end of another system", {"s3cret\r\n", 8}, 0, NULL},
    {"as large as it may be", {"", 0}, SECRET_MAX, NULL},
    {"larger than that", {"", 0}, SECRET_MAX + 1, "is larger than 64 KiB"},
    {"empty", {"", 0}, 0, "is empty"},
    {"a line end alone", {"\n", 1}, 0, "is empty"},
    {"two line ends", {"s3cret\n\n", 8}, 0, "holds a line break"},
    {"two lines", {"s3cret\nx: y", 11}, 0, "holds a line break"},
    {"a bare CR", {"s3cret\r", 7}, 0, "holds a line break"},
    {"a NUL", {"s3cret\0more", 11}, 0, "holds a line break or another control character"},
};

static void check_secret(size_t row, const char *path)
{
    struct auth_conf auths[] = {{AUTH_KEY, TEXT("x-functions-key"), NULL},
                                {AUTH_BEARER, NULL, NULL}};
    size_t len = secret_rows[row].bytes.len;
    char *bytes = mem_zalloc(len + secret_rows[row].filler);
    memcpy(bytes, secret_rows[row].bytes.ptr, len);
    memset(bytes + len, 'x', secret_rows[row].filler);
    file_write(path, (struct slice){bytes, len + secret_rows[row].filler});
    mem_free(bytes);
    for (size_t i = 0; i < COUNT(auths); i++) {
        char *secret_file = mem_copy_text(path, strlen(path));
        struct endpoint_conf endpoint = {
            .profile = &profile, .url = TEXT("https://a.test/"), .auth = auths[i]};
        endpoint.auth.secret_file = secret_file;
        check_refusal(&endpoint, secret_rows[row].name, secret_rows[row].complaint);
        mem_free(secret_file);
    }
}

static void test_uplink_checks_the_secret(void **state)
{
    (void)state;
    char folder[POST_URL_MAX];
    char path[POST_URL_MAX + 8];
    folder_make(folder);
    snprintf(path, sizeof(path), "%s/key", folder);
    for (size_t i = 0; i < COUNT(secret_rows); i++)
        check_secret(i, path);
    folder_remove(folder);
}

static void test_uplink_refuses_a_secret_header_that_is_ours(void **state)
{
    (void)state;
    struct endpoint_conf endpoint = {
        .profile = &profile,
        .url = TEXT("https://a.test/"),
        .auth = {AUTH_KEY, TEXT("Content-Length"), TEXT("/dev/null")}};
    check_refusal(&endpoint, "auth", "elrelay writes it itself");
}

static const struct {
    const char *name;
    struct wire_step script[4];
    bool good;
    const char *text;
} probe_rows[] = {
    {"an answer",
     {HEAD, SAY("HTTP/1.1 405 No\r\nContent-Length: 6\r\n\r\nleaked")},
     true,
     "resolved 127.0.0.1, answered 405"},
    {"a redirect is not followed",
     {HEAD, SAY("HTTP/1.1 302 No\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n")},
     true,
     "resolved 127.0.0.1, answered 302"},
    {"no answer",
     {HEAD},
     false,
     "connected, but no whole answer came: Server returned nothing (no headers, no data); "
     "it may want a client certificate (cert_file)"},
    {"an answer without an end",
     {HEAD, SAY("HTTP/1.1 200 OK\r\n\r\n"), FLOOD("leaked", (size_t)2 * 1024 * 1024)},
     false,
     "connected, but no whole answer came: Failed writing received data to disk/application; "
     "it may want a client certificate (cert_file)"},
};

static void check_probe(size_t row)
{
    struct post post;
    struct wire_seen seen;
    struct fault fault = {0};
    char text[128];
    char folder[POST_URL_MAX];
    char path[POST_URL_MAX + 8];
    struct wire *wire = wire_start(probe_rows[row].script);
    folder_make(folder);
    snprintf(path, sizeof(path), "%s/key", folder);
    file_write(path, SLICE("s3cret\n"));
    post_open(&post, wire_port(wire));
    post.endpoint.auth = (struct auth_conf){AUTH_BEARER, NULL, path};
    assert_int_equal(uplink_probe(&post.endpoint, text, sizeof(text), &fault),
                     probe_rows[row].good);
    assert_string_equal(probe_rows[row].good ? text : fault.text, probe_rows[row].text);
    post_close(&post);
    wire_stop(wire, &seen);
    folder_remove(folder);
    assert_memory_equal(seen.head, "OPTIONS /api/reports?processing=async HTTP/1.1\r\n", 48);
    assert_non_null(strstr(seen.head, "Authorization: Bearer s3cret\r\n"));
    assert_null(strstr(seen.head, "Content-Length"));
    assert_int_equal(seen.connections, 1);
}

static void test_uplink_probe_says_what_was_proved(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(probe_rows); i++)
        check_probe(i);
}

static void test_uplink_probe_says_why_it_cannot_connect(void **state)
{
    (void)state;
    struct fault fault = {0};
    char text[128];
    struct wire_seen seen;
    struct wire *wire = wire_start((const struct wire_step[]){END});
    struct post post;
    post_open(&post, wire_port(wire));
    wire_stop(wire, &seen);
    assert_false(uplink_probe(&post.endpoint, text, sizeof(text), &fault));
    assert_int_equal(fault.code, FAULT_ENDPOINT);
    char want[FAULT_TEXT_MAX];
    snprintf(want, sizeof(want), "not connected: %s; check url, proxy and firewall",
             curl_easy_strerror(CURLE_COULDNT_CONNECT));
    assert_string_equal(fault.text, want);
    post_close(&post);
}

static void test_uplink_goes_nowhere_with_profile_none(void **state)
{
    (void)state;
    static const struct profile none = {.name = "none", .sends_nothing = true};
    char text[128];
    struct wire_seen seen;
    struct wire *wire = wire_start((const struct wire_step[]){END});
    struct post post;
    post_open(&post, wire_port(wire)); /* with a URL that could be reached */
    post.endpoint.profile = &none;
    for (int way = 0; way < 3; way++) {
        struct fault fault = {0};
        assert_false(way == 0   ? post_try(&post, SLICE("body"), &fault)
                     : way == 1 ? post_try_get(&post, post.endpoint.url, &fault)
                                : uplink_probe(&post.endpoint, text, sizeof(text), &fault));
        assert_int_equal(fault.code, FAULT_CONF);
        assert_string_equal(fault.text, "endpoint.profile: none sends nothing");
    }
    post_close(&post);
    wire_stop(wire, &seen);
    assert_int_equal(seen.connections, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_checks_the_url),
        cmocka_unit_test(test_uplink_checks_the_headers),
        cmocka_unit_test(test_uplink_checks_the_secret),
        cmocka_unit_test(test_uplink_refuses_a_secret_header_that_is_ours),
        cmocka_unit_test(test_uplink_probe_says_what_was_proved),
        cmocka_unit_test(test_uplink_probe_says_why_it_cannot_connect),
        cmocka_unit_test(test_uplink_goes_nowhere_with_profile_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
