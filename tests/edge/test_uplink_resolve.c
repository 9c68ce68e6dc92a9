/*
 * test_uplink_resolve.c - names: unresolved, slow, and never in the way of the loop.
 *
 * getaddrinfo is this file's own, so that a name server can be as bad as it likes.
 */

#include "elrelay/edge/http/uplink.h"

#include <netdb.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "edge/support_post.h"

static atomic_bool resolver_hangs;
static atomic_int resolver_busy;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)node;
    (void)service;
    (void)hints;
    *found = NULL;
    resolver_busy++;
    while (resolver_hangs)
        poll(NULL, 0, 1);
    resolver_busy--;
    return EAI_NONAME;
}

static void open_to_name(struct post *post)
{
    post_open(post, 1);
    post->endpoint.allow_http = true;
    snprintf(post->url, sizeof(post->url), "http://reports.test/api");
}

static bool resolver_is_asked(struct post *post)
{
    (void)post;
    return resolver_busy > 0;
}

static void let_resolver_end(void)
{
    resolver_hangs = false;
    while (resolver_busy)
        poll(NULL, 0, 1);
}

static void test_uplink_tells_an_unknown_name(void **state)
{
    (void)state;
    struct post post;
    open_to_name(&post);
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_NAME_UNRESOLVED);
    assert_int_equal(post.asked, 0);
    post_close(&post);
}

static void test_uplink_gives_a_hanging_resolver_up_in_time(void **state)
{
    (void)state;
    struct post post;
    open_to_name(&post);
    post.endpoint.connect_timeout_ms = 300;
    resolver_hangs = true;
    assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_NAME_UNRESOLVED);
    assert_in_range(post.answer.took_ms, 250, 5000);
    assert_true(post.ticks >= 10);
    assert_true(post.longest_gap_ms < 1000);
    post_close(&post);
    let_resolver_end();
}

static void test_uplink_cancels_while_the_resolver_hangs(void **state)
{
    (void)state;
    struct post post;
    struct fault fault;
    open_to_name(&post);
    resolver_hangs = true;
    assert_true(post_try(&post, SLICE("a"), &fault));
    post_run_until(&post, resolver_is_asked);
    uplink_cancel(post.uplink, post.request);
    post_close(&post);
    assert_int_equal(post.answers, 0);
    assert_true(resolver_busy > 0);
    let_resolver_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_tells_an_unknown_name),
        cmocka_unit_test(test_uplink_gives_a_hanging_resolver_up_in_time),
        cmocka_unit_test(test_uplink_cancels_while_the_resolver_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
