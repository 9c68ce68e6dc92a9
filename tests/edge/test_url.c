/*
 * test_url.c - what redis.url may say, and what each fault says.
 */

#include "edge/redis/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct good {
    const char *text;
    const char *host, *path, *user, *password;
    unsigned port, db;
    bool tls;
    const char *name;
} good_table[] = {
    {"redis://h", "h", NULL, NULL, NULL, 6379, 0, false, "redis://h:6379/0"},
    {"redis://h/", "h", NULL, NULL, NULL, 6379, 0, false, "redis://h:6379/0"},
    {"redis://127.0.0.1:1/15", "127.0.0.1", NULL, NULL, NULL, 1, 15, false,
     "redis://127.0.0.1:1/15"},
    {"redis://h:65535", "h", NULL, NULL, NULL, 65535, 0, false, "redis://h:65535/0"},
    {"rediss://a.b-c_d:7/2", "a.b-c_d", NULL, NULL, NULL, 7, 2, true, "rediss://a.b-c_d:7/2"},
    {"redis://[::1]", "::1", NULL, NULL, NULL, 6379, 0, false, "redis://[::1]:6379/0"},
    {"redis://[::1]:7/1", "::1", NULL, NULL, NULL, 7, 1, false, "redis://[::1]:7/1"},
    {"redis://[fe80::1%25eth0]:7", "fe80::1%eth0", NULL, NULL, NULL, 7, 0, false,
     "redis://[fe80::1%eth0]:7/0"},
    {"redis://u:p@h", "h", NULL, "u", "p", 6379, 0, false, "redis://h:6379/0"},
    {"redis://:p@h", "h", NULL, NULL, "p", 6379, 0, false, "redis://h:6379/0"},
    {"redis://u@h", "h", NULL, "u", NULL, 6379, 0, false, "redis://h:6379/0"},
    {"redis://u:@h", "h", NULL, "u", "", 6379, 0, false, "redis://h:6379/0"},
    {"redis://u%3a:p%40%2F%25@h", "h", NULL, "u:", "p@/%", 6379, 0, false, "redis://h:6379/0"},
    {"redis://u:p@q:r@h", "h", NULL, "u", "p@q:r", 6379, 0, false, "redis://h:6379/0"},
    {"unix:///run/redis.sock", NULL, "/run/redis.sock", NULL, NULL, 0, 0, false,
     "unix:///run/redis.sock?db=0"},
    {"unix:///a%20b?db=3", NULL, "/a b", NULL, NULL, 0, 3, false, "unix:///a b?db=3"},
    {"unix://u:p@/s", NULL, "/s", "u", "p", 0, 0, false, "unix:///s?db=0"},
};

static const struct bad {
    const char *text;
    const char *says;
} bad_table[] = {
    {"", "must begin with"},
    {"h:6379", "must begin with"},
    {"http://h", "must begin with"},
    {"REDIS://h", "must begin with"},
    {"redis+sentinel://h", "write redis+sentinel://HOST:PORT,HOST:PORT/NAME"},
    {"redis+sentinel://h/", "write redis+sentinel://HOST:PORT,HOST:PORT/NAME"},
    {"redis+sentinel://h//1", "write redis+sentinel://HOST:PORT,HOST:PORT/NAME"},
    {"redis+sentinel://h/m/x", "number of a database"},
    {"redis+sentinel://h/m/1/2", "number of a database"},
    {"redis+sentinel://h/m%", "master's name has a %"},
    {"redis+sentinel:///m", "the host"},
    {"redis+sentinel://h,/m", "the host"},
    {"redis+sentinel://,h/m", "the host"},
    {"redis+sentinel://h,h:0/m", "the port"},
    {"redis+sentinel://::1/m", "the host"},
    {"redis+cluster://", "the host"},
    {"redis+cluster://h/0", "a cluster has no databases"},
    {"redis+cluster://h?db=0", "a cluster has no databases"},
    {"redis+cluster://u:secret@a,b c", "the host"},
    {"redis+cluster://a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "more than 16 hosts"},
    {"redis://", "the host"},
    {"redis://:6379", "the host"},
    {"redis://secret@", "the host"},
    {"redis://a b", "the host"},
    {"redis://h%0A", "the host"},
    {"redis://[h]", "the host"},
    {"redis://[::1", "bracket"},
    {"redis://::1", "the host"},
    {"redis://a:1:2", "the port"},
    {"redis://h:0", "the port"},
    {"redis://h:65536", "the port"},
    {"redis://h:", "the port"},
    {"redis://h:1x", "the port"},
    {"redis://h:99999999999999999999", "the port"},
    {"redis://h:18446744073709551617", "the port"},
    {"redis://[::1]7", "the port"},
    {"redis://h/x", "number of a database"},
    {"redis://h/-1", "number of a database"},
    {"redis://h/1/2", "number of a database"},
    {"redis://h/4294967296", "number of a database"},
    {"redis://h?db=1", "number of a database"},
    {"redis://h#1", "number of a database"},
    {"redis://u:secret%2@h", "password has a %"},
    {"redis://u:secret%zz@h", "password has a %"},
    {"redis://u:secret%00@h", "password has a %"},
    {"redis://%u:secret@h", "user has a %"},
    {"unix://", "unix:///path"},
    {"unix:///", "unix:///path"},
    {"unix://h/s", "unix:///path"},
    {"unix:///s?db=", "?db=N"},
    {"unix:///s?db=x", "?db=N"},
    {"unix:///s?timeout=1", "?db=N"},
};

static void is_text(const char *got, const char *wanted)
{
    if (wanted)
        assert_string_equal(got, wanted);
    else
        assert_null(got);
}

static void test_url_reads_every_part(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good_table) / sizeof(good_table[0]); i++) {
        const struct good *row = &good_table[i];
        struct redis_url url;
        struct fault fault = {.code = FAULT_NONE};
        if (!redis_url_parse(&url, row->text, &fault))
            fail_msg("%s: %s", row->text, fault.text);
        is_text(url.host, row->host);
        is_text(url.path, row->path);
        is_text(url.user, row->user);
        is_text(url.password, row->password);
        is_text(url.name, row->name);
        assert_int_equal(url.port, row->port);
        assert_int_equal(url.db, row->db);
        assert_int_equal(url.tls, row->tls);
        redis_url_free(&url);
    }
}

static void test_url_refuses_and_never_quotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_table) / sizeof(bad_table[0]); i++) {
        const struct bad *row = &bad_table[i];
        struct redis_url url;
        struct fault fault = {.code = FAULT_NONE};
        if (redis_url_parse(&url, row->text, &fault) || !strstr(fault.text, row->says))
            fail_msg("%s: %s", row->text, fault.text);
        assert_int_equal(fault.code, FAULT_CONF);
        assert_null(strstr(fault.text, "secret"));
        assert_null(url.host);
        assert_null(url.password);
    }
}

static void test_url_has_ceilings(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        size_t longest;
    } rows[] = {{"redis://", REDIS_URL_HOST_MAX}, {"unix:///", REDIS_URL_PATH_MAX - 1}};
    for (size_t i = 0; i < 2; i++) {
        char text[400];
        struct redis_url url;
        struct fault fault = {.code = FAULT_NONE};
        int prefix = snprintf(text, sizeof(text), "%s", rows[i].prefix);
        memset(text + prefix, 'h', rows[i].longest + 1);
        text[(size_t)prefix + rows[i].longest + 1] = '\0';
        assert_false(redis_url_parse(&url, text, &fault));
        text[(size_t)prefix + rows[i].longest] = '\0';
        assert_true(redis_url_parse(&url, text, &fault));
        assert_true(strlen(url.name) > rows[i].longest);
        redis_url_free(&url);
    }
}

static const struct located {
    const char *text;
    enum redis_finder finder;
    const char *service, *password;
    size_t db;
    const char *name;
    struct {
        const char *host;
        unsigned port;
    } asked[3];
} located_table[] = {
    {"redis+sentinel://h/m",
     FINDER_SENTINEL,
     "m",
     NULL,
     0,
     "redis+sentinel://h:26379/m/0",
     {{"h", 26379}}},
    {"redis+sentinel://u:p%2C@h:1,[::1],k:3/my%20m/7",
     FINDER_SENTINEL,
     "my m",
     "p,",
     7,
     "redis+sentinel://h:1,[::1]:26379,k:3/my m/7",
     {{"h", 1}, {"::1", 26379}, {"k", 3}}},
    {"redis+cluster://h",
     FINDER_CLUSTER,
     NULL,
     NULL,
     0,
     "redis+cluster://h:6379",
     {{"h", 6379}}},
    {"redis+cluster://:p@[::1]:7,h/",
     FINDER_CLUSTER,
     NULL,
     "p",
     0,
     "redis+cluster://[::1]:7,h:6379",
     {{"::1", 7}, {"h", 6379}}},
};

static void test_url_reads_hosts_to_ask(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(located_table) / sizeof(located_table[0]); i++) {
        const struct located *row = &located_table[i];
        struct redis_url url;
        struct fault fault = {.code = FAULT_NONE};
        if (!redis_url_parse(&url, row->text, &fault))
            fail_msg("%s: %s", row->text, fault.text);
        assert_int_equal(url.finder, row->finder);
        is_text(url.service, row->service);
        is_text(url.password, row->password);
        is_text(url.name, row->name);
        is_text(url.host, NULL);
        assert_int_equal(url.db, row->db);
        for (size_t at = 0; at < 3 && row->asked[at].host; at++) {
            assert_true(at < url.asked_count);
            is_text(url.asked[at].host, row->asked[at].host);
            assert_int_equal(url.asked[at].port, row->asked[at].port);
        }
        redis_url_free(&url);
    }
}

static void test_url_shows_as_many_hosts_as_fit(void **state)
{
    (void)state;
    char text[5000] = "redis+cluster://";
    struct redis_url url;
    struct fault fault = {.code = FAULT_NONE};
    for (int host = 0; host < REDIS_URL_HOSTS_MAX; host++) {
        size_t len = strlen(text);
        memset(text + len, 'a' + host, 100);
        text[len + 100] = host + 1 < REDIS_URL_HOSTS_MAX ? ',' : '\0';
    }
    assert_true(redis_url_parse(&url, text, &fault));
    assert_int_equal(url.asked_count, REDIS_URL_HOSTS_MAX);
    assert_string_equal(url.name + strlen(url.name) - 9, ":6379,...");
    redis_url_free(&url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_reads_every_part),
        cmocka_unit_test(test_url_refuses_and_never_quotes),
        cmocka_unit_test(test_url_has_ceilings),
        cmocka_unit_test(test_url_reads_hosts_to_ask),
        cmocka_unit_test(test_url_shows_as_many_hosts_as_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
