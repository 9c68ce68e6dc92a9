/*
 * test_forward_check.c - routes of type forward: what follows from the type, which settings are
 * refused with it, and where exceptions may be written.
 */

#include "elrelay/core/told/conf.h"

#include <stdio.h>

#include "elrelay/core/told/conf_build.h"
#include "elrelay/core/told/conf_check.h"
#include "unit/rows.h"

static const char *test_variable(const char *name)
{
    return strcmp(name, "HOSTNAME") == 0 ? "relay-1" : NULL;
}

static const char *test_unreadable(const char *path)
{
    (void)path;
    return NULL;
}

static const struct conf_outside test_outside = {test_variable, test_unreadable};

#define FORWARD "type=forward", "queue.stream=elrelay:{covid}:exceptions"

enum { MORE_MAX = 4 };

static const struct {
    const char *name;
    const char *url;
    const char *relay[MORE_MAX];   /* of a route covid */
    const char *forward[MORE_MAX]; /* of a route callback */
    const char *fault;             /* how it goes on behind "e.yaml: "; NULL: none */
} rows[] = {
    {"forward", "redis://h", {NULL}, {FORWARD}, NULL},
    {"in a cluster", "redis+cluster://h", {NULL}, {FORWARD}, NULL},
    {"with shards", "redis+cluster://h", {"shards=3"}, {FORWARD, "shards=3"}, NULL},
    {"a stream with another name",
     "redis://h",
     {"queue.exceptions=said"},
     {"type=forward", "queue.stream=said"},
     NULL},
    {"what follows, written out",
     "redis://h",
     {NULL},
     {FORWARD, "format.type=exception", "batch.max_events=1"},
     NULL},
    {"hold", "redis://h", {NULL}, {FORWARD, "endpoint.on_unknown=hold"}, NULL},
    {"two relays write to one stream",
     "redis://h",
     {"queue.exceptions=said"},
     {"queue.exceptions=said"},
     NULL},

    {"no stream",
     "redis://h",
     {NULL},
     {"type=forward"},
     "routes[1].queue.stream: missing; a route"},
    {"an inbox",
     "redis://h",
     {NULL},
     {FORWARD, "queue.inbox=i"},
     "routes[1].queue.inbox: a route of type forward has no inbox"},
    {"exceptions",
     "redis://h",
     {NULL},
     {FORWARD, "queue.exceptions=i"},
     "routes[1].queue.exceptions: a route of type forward writes no exceptions"},
    {"csv",
     "redis://h",
     {NULL},
     {FORWARD, "format.type=csv"},
     "routes[1].format.type: must be exception with type: forward"},
    {"columns",
     "redis://h",
     {NULL},
     {FORWARD, "format.tracking_id=x"},
     "routes[1].format.tracking_id: a route of type forward writes no columns"},
    {"another profile",
     "redis://h",
     {NULL},
     {FORWARD, "endpoint.profile=plain"},
     "routes[1].endpoint.profile: must be callback with type: forward"},
    {"several at a time",
     "redis://h",
     {NULL},
     {FORWARD, "batch.max_events=2"},
     "routes[1].batch.max_events: must be 1 with type: forward"},
    {"lookup",
     "redis://h",
     {NULL},
     {FORWARD, "endpoint.on_unknown=lookup"},
     "routes[1].endpoint.lookup.url: missing; endpoint.on_unknown: lookup needs it"},
    {"exception as a format of reports",
     "redis://h",
     {"format.type=exception"},
     {FORWARD},
     "routes[0].format.type: exception is for routes of type: forward"},
    {"callback as a profile of reports",
     "redis://h",
     {"endpoint.profile=callback"},
     {FORWARD},
     "routes[0].endpoint.profile: callback is for routes of type: forward"},
    {"exceptions sent as reports",
     "redis://h",
     {NULL},
     {"queue.stream=elrelay:{covid}:exceptions"},
     "routes[1].queue.stream: this is a stream of exceptions"},
    {"exceptions where another one reads events",
     "redis://h",
     {"queue.exceptions=elrelay:{callback}:events"},
     {NULL},
     "routes[0].queue.exceptions: events are read from this key"},
    {"exceptions where it reads events itself",
     "redis://h",
     {"queue.inbox=in", "queue.exceptions=in"},
     {NULL},
     "routes[0].queue.exceptions: events are read from this key"},
    {"exceptions among elrelay's own keys",
     "redis://h",
     {"queue.exceptions=elrelay:{covid}:dead"},
     {NULL},
     "routes[0].queue.exceptions: this key is elrelay's own"},
    {"exceptions in another slot",
     "redis+cluster://h",
     {"queue.exceptions=said"},
     {NULL},
     "routes[0].queue.exceptions: said lies in another slot than queue.stream"},
    {"two that forward the same",
     "redis://h",
     {FORWARD},
     {FORWARD},
     "routes[1].queue.stream: another route uses this key already"},
};

static void set(struct conf_build *build, struct conf_spot spot, const char *line)
{
    struct slice text = slice_of(line);
    size_t len = strcspn(line, "=");
    spot.setting = setting_by_key(spot.scope, slice_part(text, 0, len));
    assert_non_null(spot.setting);
    assert_true(conf_build_set(build, &spot, slice_part(text, len + 1, text.len)));
}

static void add_route(struct conf_build *build, const char *name, const char *url,
                      const char *const more[MORE_MAX])
{
    struct conf_spot spot = {.setting = setting_by_key(SETTING_TOP, SLICE("routes"))};
    assert_true(conf_build_item(build, &spot));
    set(build, spot, name);
    set(build, spot, url);
    for (size_t i = 0; i < MORE_MAX && more[i]; i++)
        set(build, spot, more[i]);
}

static bool build_row(struct conf_build *build, size_t i)
{
    static const char *const held[MORE_MAX] = {"endpoint.on_unknown=hold"};
    conf_build_begin(build, "e.yaml");
    struct conf_spot top = {.setting = setting_by_key(SETTING_TOP, SLICE("redis.url"))};
    assert_true(conf_build_set(build, &top, slice_of(rows[i].url)));
    add_route(build, "name=covid", "endpoint.url=https://e.org/a", rows[i].relay);
    add_route(build, "name=callback", "endpoint.url=https://e.org/b", rows[i].forward);
    for (size_t at = 0; at < 2; at++)
        if (build->conf->written[at].type == ROUTE_RELAY) {
            struct conf_spot spot = {.scope = SETTING_ROUTE, .route = at};
            set(build, spot, held[0]); /* a list needs a client */
        }
    return conf_build_finish(build);
}

static void test_forward_is_checked_as_the_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct conf conf = {0};
        struct fault fault = {0};
        struct conf_build build = {.outside = &test_outside, .conf = &conf, .fault = &fault};
        bool good = build_row(&build, i);
        const char *wanted = rows[i].fault ? rows[i].fault : "";
        const char *got = good ? "" : fault.text + strlen("e.yaml: ");
        if (good == (rows[i].fault != NULL) || strncmp(got, wanted, strlen(wanted)) != 0)
            fail_msg("%s: %s", rows[i].name, fault.text);
        conf_free(&conf);
    }
}

static void test_forward_brings_what_follows_from_it(void **state)
{
    (void)state;
    struct conf conf = {0};
    struct fault fault = {0};
    struct conf_build build = {.outside = &test_outside, .conf = &conf, .fault = &fault};
    assert_true(build_row(&build, 0));
    const struct route_conf *route = &conf.routes[1];
    assert_int_equal(route->batch.max_events, 1);
    assert_int_equal(route->endpoint.on_unknown, UNKNOWN_RESEND);
    assert_string_equal(route->format.format->content_type, "application/json");
    assert_string_equal(route->endpoint.profile->name, "callback");
    assert_null(route->queue.exceptions);
    assert_null(route->queue.space);
    assert_string_equal(conf.routes[0].queue.exceptions, route->queue.stream);
    conf_free(&conf);
}

static void test_forward_in_a_cluster_has_the_tag_of_what_it_reads(void **state)
{
    (void)state;
    struct conf conf = {0};
    struct fault fault = {0};
    struct conf_build build = {.outside = &test_outside, .conf = &conf, .fault = &fault};
    assert_true(build_row(&build, 2));
    assert_int_equal(conf.route_count, 6);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(conf.routes[i].queue.exceptions, conf.routes[3 + i].queue.stream);
        assert_string_equal(conf.routes[i].queue.tag, conf.routes[3 + i].queue.tag);
        assert_string_equal(conf.routes[3 + i].queue.space, "forward:callback:");
    }
    conf_free(&conf);
}

static void count_warning(void *ctx, const char *key, const char *text)
{
    assert_string_equal(key, "routes[1].queue.stream");
    assert_non_null(strstr(text, "no route of this file"));
    ++*(size_t *)ctx;
}

static void test_forward_of_a_stream_that_nobody_writes_is_warned_of(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct conf conf = {0};
        struct fault fault = {0};
        struct conf_build build = {.outside = &test_outside, .conf = &conf, .fault = &fault};
        size_t count = 0;
        build_row(&build, i);
        conf_each_warning(&conf, count_warning, &count);
        assert_int_equal(count, 0);
        conf.written[1].queue.stream[0] = '-';
        conf_each_warning(&conf, count_warning, &count);
        assert_int_equal(count, 1);
        conf_free(&conf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward_is_checked_as_the_row_says),
        cmocka_unit_test(test_forward_brings_what_follows_from_it),
        cmocka_unit_test(test_forward_in_a_cluster_has_the_tag_of_what_it_reads),
        cmocka_unit_test(test_forward_of_a_stream_that_nobody_writes_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
