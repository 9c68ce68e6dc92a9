/*
 * test_uplink_time.c - limits of time, one by one, and the time an endpoint asks for.
 */

#include "elrelay/edge/http/uplink.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_post.h"
#include "edge/support_wire.h"
#include "elrelay/ground/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MB           ((size_t)1000 * 1000)

/* Listens, and its queue is full: a SYN gets no answer any more. */
static int listen_deaf(int filler[2], unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &at_len), 0);
    for (int i = 0; i < 2; i++) {
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(filler[i], (struct sockaddr *)&at, sizeof(at));
    }
    *port = ntohs(at.sin_port);
    return listener;
}

static void test_uplink_tells_a_connect_that_takes_too_long(void **state)
{
    (void)state;
    struct post post;
    int filler[2];
    unsigned port = 0;
    int listener = listen_deaf(filler, &port);
    post_open(&post, port);
    post.endpoint.connect_timeout_ms = 300;
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_NOT_CONNECTED);
    assert_in_range(post.answer.took_ms, 250, 5000);
    assert_true(post.ticks >= 10);
    post_close(&post);
    close(filler[0]);
    close(filler[1]);
    close(listener);
}

static void test_uplink_tells_an_accept_that_never_comes(void **state)
{
    (void)state;
    struct post post;
    int filler[2];
    unsigned port = 0;
    int listener = listen_deaf(filler, &port);
    close(accept(listener, NULL, NULL)); /* room for one in the queue */
    post_open(&post, port);
    post.endpoint.timeout_ms = 2500;
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_NO_ANSWER);
    post_close(&post);
    close(filler[0]);
    close(filler[1]);
    close(listener);
}

static void test_uplink_ends_an_upload_that_is_too_slow(void **state)
{
    (void)state;
    static const struct wire_step script[] = {HEAD, HOLD, END};
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(script);
    char *body = post_make_body(16 * MB);
    post_open(&post, wire_port(wire));
    post.endpoint.low_speed_bytes = 1000 * MB;
    post.endpoint.low_speed_time_ms = 1000;
    assert_int_equal(post_send(&post, (struct slice){body, 16 * MB})->end,
                     TRANSPORT_UPLOAD_CUT);
    assert_true(post.answer.took_ms < 10000);
    post_close(&post);
    wire_stop(wire, &seen);
    mem_free(body);
}

static void test_uplink_lets_an_endpoint_think(void **state)
{
    (void)state;
    static const struct wire_step script[] = {READ_ALL, THINK(2500), SAY(CREATED), END};
    struct post post;
    struct wire_seen seen;
    struct wire *wire = wire_start(script);
    post_open(&post, wire_port(wire));
    post.endpoint.low_speed_bytes = 1000 * MB;
    post.endpoint.low_speed_time_ms = 1000;
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_ANSWERED);
    assert_in_range(post.answer.took_ms, 2000, 20000);
    post_close(&post);
    wire_stop(wire, &seen);
}

static const struct {
    const char *name;
    const char *lines;
    bool has;
    uint64_t least_ms;
    uint64_t most_ms;
} retry_rows[] = {
    {"none", "", false, 0, 0},
    {"seconds", "Retry-After: 120\r\n", true, 120000, 120000},
    {"small letters", "retry-after:  7 \r\n", true, 7000, 7000},
    {"zero", "Retry-After: 0\r\n", true, 0, 0},
    {"too many to count", "Retry-After: 18446744073709551615\r\n", true, UINT64_MAX,
     UINT64_MAX},
    {"a date behind the answer's",
     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT\r\n",
     true, 60000, 60000},
    {"a date before the answer's",
     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:07 GMT\r\n",
     true, 0, 0},
    {"a date and no date of the answer", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", true,
     UINT64_C(86400000) * 365 * 1000, UINT64_MAX - 1},
    {"no number", "Retry-After: soon\r\n", false, 0, 0},
    {"a number below zero", "Retry-After: -1\r\n", false, 0, 0},
};

static void test_uplink_reads_retry_after(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(retry_rows); i++) {
        struct post post;
        struct wire_seen seen;
        char text[512];
        snprintf(text, sizeof(text), "HTTP/1.1 429 Busy\r\n%sContent-Length: 0\r\n\r\n",
                 retry_rows[i].lines);
        const struct wire_step script[] = {READ_ALL, SAY(text), END};
        struct wire *wire = wire_start(script);
        post_open(&post, wire_port(wire));
        const struct answer *answer = post_send(&post, SLICE("a"));
        assert_int_equal(answer->status, 429);
        if (answer->has_retry_after != retry_rows[i].has ||
            answer->retry_after_ms < retry_rows[i].least_ms ||
            answer->retry_after_ms > retry_rows[i].most_ms)
            fail_msg("%s: %d, %ju ms", retry_rows[i].name, answer->has_retry_after,
                     (uintmax_t)answer->retry_after_ms);
        post_close(&post);
        wire_stop(wire, &seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_tells_a_connect_that_takes_too_long),
        cmocka_unit_test(test_uplink_tells_an_accept_that_never_comes),
        cmocka_unit_test(test_uplink_ends_an_upload_that_is_too_slow),
        cmocka_unit_test(test_uplink_lets_an_endpoint_think),
        cmocka_unit_test(test_uplink_reads_retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
