/*
 * test_shard.c - a route that is written once and served as several: names and keys of its
 * shards, who is meant by a name, and what is refused.
 */

#include "elrelay/core/told/shard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "elrelay/core/told/conf_build.h"
#include "elrelay/core/told/slot.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

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

enum { WRITTEN_MAX = 20 };

struct room {
    struct conf conf;
    struct fault fault;
    struct conf_build build;
};

static void set(struct room *room, struct conf_spot spot, const char *key, struct slice text)
{
    spot.setting = setting_by_key(spot.scope, slice_of(key));
    assert_non_null(spot.setting);
    if (text.len && !slice_is_text(text, "-"))
        assert_true(conf_build_set(&room->build, &spot, text));
}

/* Routes as they are written, "NAME SHARDS STREAM INBOX", - or nothing for what is not given.
 */
static bool room_build(struct room *room, const char *redis, const char *const *routes)
{
    *room = (struct room){.build = {.outside = &test_outside}};
    room->build.conf = &room->conf;
    room->build.fault = &room->fault;
    conf_build_begin(&room->build, "e.yaml");
    set(room, (struct conf_spot){.scope = SETTING_TOP}, "redis.url", slice_of(redis));
    for (size_t i = 0; i < WRITTEN_MAX && routes[i]; i++) {
        struct conf_spot spot = {.setting = setting_by_key(SETTING_TOP, SLICE("routes"))};
        struct slice words = slice_of(routes[i]);
        assert_true(conf_build_item(&room->build, &spot));
        spot.line = i + 1;
        set(room, spot, "name", slice_next_word(&words));
        set(room, spot, "shards", slice_next_word(&words));
        set(room, spot, "queue.stream", slice_next_word(&words));
        set(room, spot, "queue.inbox", slice_next_word(&words));
        set(room, spot, "endpoint.profile", SLICE("plain"));
        set(room, spot, "endpoint.url", SLICE("https://reports.example.org/"));
    }
    return conf_build_finish(&room->build);
}

static const char url[] = "redis://h";
static const char cluster[] = "redis+cluster://h";

static void test_shard_names_and_keys(void **state)
{
    static const struct {
        const char *url;
        const char *route;
        const char *wanted; /* of each shard: name, tag, stream, inbox */
    } rows[] = {
        {url, "a", "a a elrelay:{a}:events -;"},
        {url, "a 1 s i", "a a s i;"},
        {url, "a 2", "a.0 a elrelay:{a}:events -;a.1 a.1 elrelay:{a.1}:events -;"},
        {url, "a 2 s i", "a.0 a s i;a.1 a.1 s.1 i.1;"},
        {url, "a 2 {x}s i:{}", "a.0 a {x}s i:{};a.1 a.1 {x.1}s i:{}.1;"},
        {cluster, "a 2", "a.0 a elrelay:{a}:events -;a.1 a.1 elrelay:{a.1}:events -;"},
        {cluster, "a 2 - i", "a.0 i elrelay:{i}:events i;a.1 i.1 elrelay:{i.1}:events i.1;"},
        {cluster, "a 2 {x}s {x}i", "a.0 x {x}s {x}i;a.1 x.1 {x.1}s {x.1}i;"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct room room;
        char got[500] = "";
        size_t used = 0;
        assert_true(room_build(&room, rows[i].url, (const char *const[]){rows[i].route, NULL}));
        for (size_t k = 0; k < room.conf.route_count; k++) {
            const struct route_conf *shard = &room.conf.routes[k];
            const struct queue_conf *queue = &shard->queue;
            used += (size_t)snprintf(got + used, sizeof(got) - used, "%s %s %s %s;",
                                     shard->name, queue->tag, queue->stream,
                                     queue->inbox ? queue->inbox : "-");
            assert_int_equal(shard->shard, k);
            assert_string_equal(shard->endpoint.url, "https://reports.example.org/");
        }
        assert_string_equal(got, rows[i].wanted);
        conf_free(&room.conf);
    }
}

/* Else a cluster would have no use of them. */
static void test_shard_slots_differ(void **state)
{
    struct room room;
    (void)state;
    assert_true(room_build(&room, cluster, (const char *const[]){"a 64", NULL}));
    assert_int_equal(room.conf.route_count, SHARDS_MAX);
    for (size_t i = 0; i < SHARDS_MAX; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(slot_of(slice_of(room.conf.routes[i].queue.stream)),
                                 slot_of(slice_of(room.conf.routes[j].queue.stream)));
    conf_free(&room.conf);
}

static void test_shard_choose_finds_who_is_meant(void **state)
{
    static const char *const routes[] = {"a 3", "b", "a.b.7 2", "a.5", NULL};
    static const struct {
        const char *name;
        const char *wanted; /* the first one; NULL: none */
        size_t count;
        bool beyond;
    } rows[] = {
        {"a", "a.0", 3, false},         {"a.0", "a.0", 1, false},
        {"a.2", "a.2", 1, false},       {"a.3", "a.3", 1, true},
        {"a.63", "a.63", 1, true},      {"a.64", NULL, 0, false},
        {"a.5", "a.5", 1, false},       {"a.", NULL, 0, false},
        {"a.x", NULL, 0, false},        {"b", "b", 1, false},
        {"b.0", "b", 1, false},         {"b.1", "b.1", 1, true},
        {"a.b.7", "a.b.7.0", 2, false}, {"a.b.7.1", "a.b.7.1", 1, false},
        {"c", NULL, 0, false},          {".1", NULL, 0, false},
    };
    struct room room;
    (void)state;
    assert_true(room_build(&room, url, routes));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t count = 99;
        const struct route_conf *found = shard_choose(&room.conf, rows[i].name, &count);
        assert_int_equal(count, rows[i].count);
        assert_string_equal(found ? found->name : "none",
                            rows[i].wanted ? rows[i].wanted : "none");
        assert_int_equal(found && shard_is_beyond(found), rows[i].beyond);
    }
    conf_free(&room.conf);
}

#define X10    "xxxxxxxxxx"
#define NAME61 X10 X10 X10 X10 X10 X10 "x"

static void test_shard_refuses(void **state)
{
    static const struct {
        const char *url;
        const char *routes[WRITTEN_MAX];
        const char *wanted; /* NULL: nothing is wrong */
    } rows[] = {
        {url,
         {"a 2", "a.1"},
         "e.yaml:2: routes[1].name: a.1 names two routes: shards of route NAME are called "
         "NAME.K; rename this one"},
        {url, {"a.0", "a 2"}, "e.yaml:2: routes[1].name: a.0 names two routes"},
        {url, {"a 2", "a.2"}, NULL},
        {url, {"a", "a.0"}, NULL},
        {url,
         {"a 2 s", "b - s.1"},
         "e.yaml:2: routes[1].queue.stream: another route uses this key already"},
        {url, {"a 2 s s.1"}, "e.yaml:1: routes[0].queue.stream: another route"},
        {url, {NAME61 " 2"}, NULL},
        {url,
         {NAME61 "x 2"},
         "e.yaml:1: routes[0].name: with shards it may have 61 characters"},
        {url, {NAME61 "xxx"}, NULL},
        {cluster,
         {"a 2 {x}s {x}i", "b - {x.1}s"},
         "e.yaml:2: routes[1].name: in a cluster the keys of this route would be those of "
         "route a.1, elrelay:{x.1}:"},
        {cluster,
         {"a 2 {x}s {y}i"},
         "e.yaml:1: routes[0].queue.inbox: {y}i lies in another slot"},
        {url,
         {"a 64", "b 64", "c 64", "d 64", "e 64", "f 64", "g 64", "h 64", "i 64", "j 64",
          "k 64", "l 64", "m 64", "n 64", "o 64", "p 63", "q 2"},
         "e.yaml:17: routes[16].shards: more than 1024 routes would be served"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct room room;
        bool built = room_build(&room, rows[i].url, rows[i].routes);
        if (built ? rows[i].wanted != NULL
                  : !rows[i].wanted ||
                        strncmp(room.fault.text, rows[i].wanted, strlen(rows[i].wanted)) != 0)
            fail_msg("row %zu: %s", i, built ? "nothing is wrong" : room.fault.text);
        conf_free(&room.conf);
    }
}

static void test_show(void *ctx, const char *key, const char *value, const char *origin)
{
    struct buf *shown = ctx;
    if (strncmp(key, "routes[0].name", 14) == 0 || strncmp(key, "routes[0].queue.s", 17) == 0)
        buf_add_format(shown, "%s %s %s\n", key, value, origin);
}

static void test_shard_shows_what_is_its_own(void **state)
{
    struct room room;
    struct buf shown;
    (void)state;
    buf_init(&shown, 4096);
    assert_true(room_build(&room, url, (const char *const[]){"a 2", "b", NULL}));
    conf_each(&room.conf, test_show, &shown);
    assert_string_equal(buf_text(&shown), "routes[0].name a e.yaml:1\n"
                                          "routes[0].name[0] a.0 e.yaml:1\n"
                                          "routes[0].name[1] a.1 e.yaml:1\n"
                                          "routes[0].queue.stream elrelay:{a}:events default\n"
                                          "routes[0].queue.stream[1] elrelay:{a.1}:events "
                                          "default\n");
    buf_free(&shown);
    conf_free(&room.conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shard_names_and_keys),
        cmocka_unit_test(test_shard_slots_differ),
        cmocka_unit_test(test_shard_choose_finds_who_is_meant),
        cmocka_unit_test(test_shard_refuses),
        cmocka_unit_test(test_shard_shows_what_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
