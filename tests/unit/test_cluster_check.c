/*
 * test_cluster_check.c - names of keys in a cluster and elsewhere: which tag they give the
 * others, and which are refused.
 */

#include "elrelay/core/told/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "elrelay/core/told/conf_build.h"

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

static const struct row {
    const char *url;
    const char *keys[2][2]; /* of two routes: stream and inbox; NULL: not given */
    const char *wanted;     /* tag and stream of the first; or a part of the fault */
} rows[] = {
    {"redis+cluster://h", {{NULL, NULL}}, "a elrelay:{a}:events"},
    {"redis+cluster://h", {{"lab:events", NULL}}, "lab:events lab:events"},
    {"redis+cluster://h", {{"{lab}:events", NULL}}, "lab {lab}:events"},
    {"redis+cluster://h", {{"{lab}:e", "in:{lab}"}}, "lab {lab}:e"},
    {"redis+cluster://h", {{"lab", "{lab}:inbox"}}, "lab lab"},
    {"redis+cluster://h", {{NULL, "test-events"}}, "test-events elrelay:{test-events}:events"},
    {"redis+cluster://h", {{NULL, "{lab}:in"}}, "lab elrelay:{lab}:events"},
    {"redis+cluster://h", {{"a{b", NULL}}, "a{b a{b"},
    {"redis+cluster://h", {{"{{x}", NULL}}, "{x {{x}"},
    {"redis://h", {{"lab:events", "test-events"}}, "a lab:events"},
    {"redis+sentinel://h/m", {{NULL, "a}b"}}, "a elrelay:{a}:events"},

    {"redis+cluster://h",
     {{"lab:events", "test-events"}},
     "routes[0].queue.inbox: test-events lies in another slot than queue.stream lab:events, "
     "and in a cluster both must lie in one; name it {lab:events}:inbox"},
    {"redis+cluster://h", {{"a}b", NULL}}, "routes[0].queue.stream: in a cluster this key"},
    {"redis+cluster://h", {{"{}b", NULL}}, "routes[0].queue.stream: in a cluster this key"},
    {"redis+cluster://h", {{NULL, "a}b"}}, "routes[0].queue.inbox: in a cluster this key"},
    {"redis+cluster://h",
     {{"{lab}:x", NULL}, {"{lab}:y", NULL}},
     "routes[1].name: in a cluster the keys of this route would be those of route a, "
     "elrelay:{lab}:"},
    {"redis+cluster://h", {{NULL, NULL}, {NULL, "{a}:in"}}, "routes[1].name: in a cluster"},
};

static void set(struct conf_build *build, struct conf_spot spot, const char *key,
                const char *text)
{
    spot.setting = setting_by_key(spot.scope, slice_of(key));
    if (text)
        assert_true(conf_build_set(build, &spot, slice_of(text)));
}

static void add_route(struct conf_build *build, const char *name, const char *const keys[2])
{
    struct conf_spot spot = {.setting = setting_by_key(SETTING_TOP, SLICE("routes"))};
    assert_true(conf_build_item(build, &spot));
    set(build, spot, "name", name);
    set(build, spot, "endpoint.profile", "plain");
    set(build, spot, "endpoint.url", "https://reports.example.org/");
    set(build, spot, "queue.stream", keys[0]);
    set(build, spot, "queue.inbox", keys[1]);
}

static void test_cluster_check_gives_tags_and_refuses_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        struct conf conf = {0};
        struct fault fault = {0};
        struct conf_build build = {.outside = &test_outside, .conf = &conf, .fault = &fault};
        conf_build_begin(&build, "e.yaml");
        set(&build, (struct conf_spot){.scope = SETTING_TOP}, "redis.url", row->url);
        add_route(&build, "a", row->keys[0]);
        add_route(&build, "b", row->keys[1]);
        char got[FAULT_TEXT_MAX];
        if (conf_build_finish(&build))
            snprintf(got, sizeof(got), "%s %s", conf.routes[0].queue.tag,
                     conf.routes[0].queue.stream);
        else
            snprintf(got, sizeof(got), "%s", fault.text);
        bool whole = fault.code == FAULT_NONE;
        if (whole ? strcmp(got, row->wanted) != 0 : !strstr(got, row->wanted))
            fail_msg("row %zu: %s", i, got);
        conf_free(&conf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cluster_check_gives_tags_and_refuses_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
