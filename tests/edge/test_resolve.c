/*
 * test_resolve.c - names become addresses on the loop, and a request may be let go at any time.
 */

#include "edge/redis/resolve.h"

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct found {
    int calls;
    int status;
    struct resolve_addresses addresses;
};

static void on_done(void *ctx, int status, const struct resolve_addresses *addresses)
{
    struct found *found = ctx;
    found->calls++;
    found->status = status;
    found->addresses = *addresses;
}

static struct found resolve(const char *host, bool cancel)
{
    uv_loop_t loop;
    struct found found = {.calls = 0};
    assert_int_equal(uv_loop_init(&loop), 0);
    struct resolve *request = resolve_start(&loop, host, on_done, &found);
    assert_non_null(request);
    assert_int_equal(found.calls, 0);
    if (cancel)
        resolve_cancel(request);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    return found;
}

static void test_resolve_gives_addresses_as_numbers(void **state)
{
    (void)state;
    static const char *const hosts[][2] = {{"127.0.0.1", "127.0.0.1"},
                                           {"::1", "::1"},
                                           {"0:0:0:0:0:0:0:1", "::1"},
                                           {"127.1", "127.0.0.1"}};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct found found = resolve(hosts[i][0], false);
        assert_int_equal(found.calls, 1);
        assert_int_equal(found.status, 0);
        assert_int_equal(found.addresses.count, 1);
        assert_string_equal(found.addresses.text[0], hosts[i][1]);
    }
}

static void test_resolve_finds_localhost(void **state)
{
    (void)state;
    struct addrinfo *known = NULL;
    if (getaddrinfo("localhost", NULL, NULL, &known) != 0)
        skip(); /* a bare Debian tree has no /etc/hosts */
    freeaddrinfo(known);
    struct found found = resolve("localhost", false);
    assert_int_equal(found.status, 0);
    assert_true(found.addresses.count > 0);
}

static void test_resolve_tells_an_unknown_name(void **state)
{
    (void)state;
    struct found found = resolve("nobody.invalid", false);
    assert_int_equal(found.calls, 1);
    assert_true(found.status < 0);
    assert_int_equal(found.addresses.count, 0);
}

static void test_resolve_cancelled_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(resolve("127.0.0.1", true).calls, 0);
    assert_int_equal(resolve("nobody.invalid", true).calls, 0);
    resolve_cancel(NULL);
}

static void test_resolve_refuses_what_is_no_name(void **state)
{
    (void)state;
    char host[2000];
    uv_loop_t loop;
    memset(host, 'h', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_null(resolve_start(&loop, host, on_done, NULL));
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve_gives_addresses_as_numbers),
        cmocka_unit_test(test_resolve_finds_localhost),
        cmocka_unit_test(test_resolve_tells_an_unknown_name),
        cmocka_unit_test(test_resolve_cancelled_says_nothing),
        cmocka_unit_test(test_resolve_refuses_what_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
