/*
 * test_conf.c - a configuration filled value by value: defaults, origins, and what a reload may
 * change.
 */

#include "elrelay/core/told/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "elrelay/core/told/conf_build.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *test_variable(const char *name)
{
    if (strcmp(name, "HOSTNAME") == 0)
        return "relay-1";
    return strcmp(name, "A") == 0 || strcmp(name, "B") == 0 ? name : NULL;
}

static const char *test_no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static const char *test_unreadable(const char *path)
{
    return strcmp(path, "/secret") == 0 ? "Permission denied" : NULL;
}

static const struct conf_outside test_outside = {test_variable, test_unreadable};

/* A configuration being built, with a line for each value. */
struct room {
    struct conf conf;
    struct fault fault;
    struct conf_build build;
    size_t line;
};

static void room_open(struct room *room)
{
    *room = (struct room){.build = {.outside = &test_outside}};
    room->build.conf = &room->conf;
    room->build.fault = &room->fault;
    conf_build_begin(&room->build, "e.yaml");
}

static bool room_set_at(struct room *room, struct conf_spot spot, const char *key,
                        const char *text)
{
    spot.setting = setting_by_key(spot.scope, slice_of(key));
    spot.line = ++room->line;
    assert_non_null(spot.setting);
    return conf_build_set(&room->build, &spot, slice_of(text));
}

static bool room_set(struct room *room, const char *key, const char *text)
{
    return room_set_at(room, (struct conf_spot){.scope = SETTING_TOP}, key, text);
}

/* One more route, good but for what follows; spot stands at its root. */
static struct conf_spot room_add_route(struct room *room, const char *name)
{
    struct conf_spot spot = {.setting = setting_by_key(SETTING_TOP, SLICE("routes")),
                             .line = ++room->line};
    assert_true(conf_build_item(&room->build, &spot));
    assert_true(room_set_at(room, spot, "name", name));
    assert_true(
        room_set_at(room, spot, "endpoint.url", "https://reports.example.org/?code=hush"));
    room->line--; /* beside it */
    assert_true(
        room_set_at(room, spot, "endpoint.lookup.url", "https://reports.example.org/list"));
    return spot;
}

static void test_conf_defaults_are_those_of_the_table(void **state)
{
    struct room room;
    (void)state;
    room_open(&room);
    room_add_route(&room, "covid");
    assert_true(conf_build_finish(&room.build));
    const struct conf *conf = &room.conf;
    assert_string_equal(conf->redis.url, "redis://127.0.0.1:6379/0");
    assert_int_equal(conf->redis.command_timeout_ms, 10000);
    assert_string_equal(conf->instance, "relay-1");
    assert_int_equal(conf->heartbeat.life_ms, 30000);
    assert_int_equal(conf->log.level, LOG_INFO);
    assert_int_equal(conf->stop_grace_ms, 25000);
    const struct route_conf *route = conf_route(conf, "covid");
    assert_string_equal(route->queue.stream, "elrelay:{covid}:events");
    assert_int_equal(route->queue.peek_count, 40);
    assert_int_equal(route->schedule.every_ms, 120000);
    assert_int_equal(route->batch.max_events, 500);
    assert_int_equal(route->batch.max_bytes, 48000000);
    assert_int_equal(route->batch.max_wait_ms, 600000);
    assert_int_equal(route->format.header, HEADER_UNION);
    assert_string_equal(route->endpoint.profile->name, "reportstream");
    assert_int_equal(route->endpoint.timeout_ms, 300000);
    assert_int_equal(route->endpoint.retry.cap_ms, 900000);
    assert_int_equal(route->endpoint.on_unknown, UNKNOWN_LOOKUP);
    assert_int_equal(route->endpoint.lookup.settle_ms, 600000);
    assert_int_equal(route->endpoint.lookup.gap_ms, 600000);
    assert_false(route->endpoint.lookup.fallback_resends);
    assert_int_equal(route->endpoint.max_unknown, 3);
    assert_int_equal(route->endpoint.max_halves, 12);
    assert_true(route->format.line_separators_to_space);
    assert_int_equal(route->format.max_columns, route->endpoint.profile->max_columns);
    conf_free(&room.conf);
}

/* What a profile adds stays away from what a person wrote. */
static void test_conf_takes_the_default_of_the_profile(void **state)
{
    static const struct {
        const char *profile;
        const char *given; /* NULL: not given */
        enum unknown_policy wanted;
    } rows[] = {
        {"reportstream", NULL, UNKNOWN_LOOKUP},     {"plain", NULL, UNKNOWN_RESEND},
        {"reportstream", "lookup", UNKNOWN_LOOKUP}, {"plain", "lookup", UNKNOWN_LOOKUP},
        {"reportstream", "resend", UNKNOWN_RESEND}, {"plain", "hold", UNKNOWN_HOLD},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct room room;
        room_open(&room);
        room_add_route(&room, "first"); /* another one's choice is not ours */
        struct conf_spot spot = room_add_route(&room, "covid");
        assert_true(room_set_at(&room, spot, "endpoint.profile", rows[i].profile));
        if (rows[i].given)
            assert_true(room_set_at(&room, spot, "endpoint.on_unknown", rows[i].given));
        assert_true(conf_build_finish(&room.build));
        assert_int_equal(room.conf.routes[0].endpoint.on_unknown, UNKNOWN_LOOKUP);
        assert_int_equal(room.conf.routes[1].endpoint.on_unknown, rows[i].wanted);
        conf_free(&room.conf);
    }
}

static void test_conf_default_without_its_variable_must_be_given(void **state)
{
    static const struct conf_outside bare = {test_no_variable, test_unreadable};
    struct room room;
    (void)state;
    for (size_t given = 0; given < 2; given++) {
        room_open(&room);
        conf_free(&room.conf);
        room.build.outside = &bare;
        conf_build_begin(&room.build, "e.yaml");
        room_add_route(&room, "covid");
        if (given)
            assert_true(room_set(&room, "instance", "one"));
        assert_int_equal(conf_build_finish(&room.build), given);
        if (!given)
            assert_string_equal(room.fault.text, "e.yaml: instance: missing; it must be given");
        conf_free(&room.conf);
    }
}

static void test_conf_fault_names_file_line_and_key(void **state)
{
    struct room room;
    (void)state;
    room_open(&room);
    assert_false(room_set(&room, "redis.ca_file", "/secret"));
    assert_string_equal(room.fault.text,
                        "e.yaml:1: redis.ca_file: /secret cannot be read: Permission denied");
    struct conf_spot spot = room_add_route(&room, "covid");
    assert_false(room_set_at(&room, spot, "batch.min_events", "many"));
    assert_string_equal(
        room.fault.text,
        "e.yaml:5: routes[0].batch.min_events: must be a whole number from 1 to 10000");
    spot = (struct conf_spot){.scope = SETTING_TOP, .line = 9};
    assert_false(conf_build_find(&room.build, &spot, SLICE("instances")));
    assert_string_equal(room.fault.text,
                        "e.yaml:9: instances: unknown setting; did you mean instance?");
    assert_int_equal(room.fault.code, FAULT_CONF);
    conf_free(&room.conf);
}

static void test_conf_find_moves_from_section_to_section(void **state)
{
    struct room room;
    struct conf_spot spot = {0};
    (void)state;
    room_open(&room);
    assert_true(conf_build_find(&room.build, &spot, SLICE("redis")));
    assert_true(conf_build_find(&room.build, &spot, SLICE("retry")));
    assert_true(conf_build_find(&room.build, &spot, SLICE("cap")));
    assert_string_equal(spot.setting->key, "redis.retry.cap");
    conf_free(&room.conf);
}

/* What conf_each shows: three texts a line. */
struct shown {
    struct buf text;
    size_t lines;
};

static void test_show(void *ctx, const char *key, const char *value, const char *origin)
{
    struct shown *shown = ctx;
    buf_add_format(&shown->text, "%s|%s|%s\n", key, value, origin);
    shown->lines++;
}

static void test_conf_profile_limits_are_kept(void **state)
{
    static const struct profile small = {.name = "small", .max_rows = 499, .max_bytes = 1000};
    static const char *const rows[][3] = {
        {"batch.max_events", "500",
         "e.yaml:4: routes[0].batch.max_events: must be at most 499, "},
        {"batch.max_events", "499",
         "e.yaml:1: routes[0].batch.max_bytes: must be at most 1kB, "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct room room;
        room_open(&room);
        struct conf_spot spot = room_add_route(&room, "covid");
        room.conf.written[0].endpoint.profile = &small;
        assert_true(room_set_at(&room, spot, rows[i][0], rows[i][1]));
        assert_false(conf_build_finish(&room.build));
        const char *why = strstr(room.fault.text, "the limit of profile small");
        assert_non_null(why);
        assert_int_equal(strlen(rows[i][2]), why - room.fault.text);
        assert_memory_equal(room.fault.text, rows[i][2], strlen(rows[i][2]));
        conf_free(&room.conf);
    }
}

static void test_conf_each_shows_values_with_their_origin(void **state)
{
    static const char *const wanted[] = {
        "redis.url|redis://u:***@h:1/0|environment A, e.yaml:4\n",
        "redis.password_file||default\n",
        "redis.connect_timeout|5s|default\n",
        "instance|A-B|environment A, B, e.yaml:5\n",
        "log.level|info|default\n",
        "routes[0].name|covid|e.yaml:2\n",
        "routes[0].batch.max_bytes|48MB|default\n",
        "routes[0].endpoint.profile|reportstream|default\n",
        "routes[0].endpoint.url|https://reports.example.org/?code=***|e.yaml:3\n",
        "routes[0].endpoint.allow_http|false|default\n",
        "routes[0].endpoint.headers.client|simple_report|e.yaml:6\n",
        "routes[0].endpoint.headers.x-key|***|environment A, e.yaml:7\n",
        "routes[0].format.header|fixed|e.yaml:8\n",
        "routes[0].format.columns[1].name|sex|e.yaml:11\n",
        "routes[0].format.columns[1].values.f|F|e.yaml:12\n",
        "routes[0].format.columns[1].required|false|default\n",
    };
    struct room room;
    struct shown shown = {0};
    (void)state;
    room_open(&room);
    buf_init(&shown.text, 65536);
    struct conf_spot route = room_add_route(&room, "covid");
    assert_true(room_set(&room, "redis.url", "redis://u:hush${A}@h:1/0"));
    assert_true(room_set(&room, "instance", "${A}-${B}"));
    struct conf_spot spot = route;
    spot.setting = setting_by_key(SETTING_ROUTE, SLICE("endpoint.headers"));
    spot.line = ++room.line;
    assert_true(conf_build_pair(&room.build, &spot, SLICE("client"), SLICE("simple_report")));
    spot.line = ++room.line;
    assert_true(conf_build_pair(&room.build, &spot, SLICE("x-key"), SLICE("hush${A}")));
    assert_true(room_set_at(&room, route, "format.header", "fixed"));
    for (size_t i = 0; i < 2; i++) {
        spot = route;
        spot.setting = setting_by_key(SETTING_ROUTE, SLICE("format.columns"));
        spot.line = ++room.line;
        assert_true(conf_build_item(&room.build, &spot));
        assert_true(room_set_at(&room, spot, "name", i ? "sex" : "id"));
        room.line -= i == 0;
    }
    spot.setting = setting_by_key(SETTING_COLUMN, SLICE("values"));
    spot.line = ++room.line;
    assert_true(conf_build_pair(&room.build, &spot, SLICE("f"), SLICE("F")));
    assert_true(conf_build_finish(&room.build));
    conf_each(&room.conf, test_show, &shown);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        if (!strstr(buf_text(&shown.text), wanted[i]))
            fail_msg("%s not in\n%s", wanted[i], buf_text(&shown.text));
    assert_null(strstr(buf_text(&shown.text), "hush"));
    buf_free(&shown.text);
    conf_free(&room.conf);
}

static void test_conf_each_shows_every_setting(void **state)
{
    struct room room;
    struct shown shown = {0};
    size_t wanted = 0;
    (void)state;
    room_open(&room);
    buf_init(&shown.text, 65536);
    room_add_route(&room, "covid");
    assert_true(conf_build_finish(&room.build));
    conf_each(&room.conf, test_show, &shown);
    for (size_t i = 0; i < setting_count; i++)
        wanted += setting_table[i].scope != SETTING_COLUMN &&
                  setting_table[i].type != SETTING_SECTION &&
                  setting_table[i].type != SETTING_LIST && setting_table[i].type != SETTING_MAP;
    assert_int_equal(shown.lines, wanted);
    buf_free(&shown.text);
    conf_free(&room.conf);
}

struct restart_row {
    const char *key;
    const char *text;
    bool restart;
};

static void test_conf_restart_key_names_what_a_reload_cannot_take(void **state)
{
    static const struct restart_row rows[] = {
        {"redis.url", "redis://other", true},
        {"redis.url", "redis://127.0.0.1:6379/0", false},
        {"redis.password_file", "/p", true},
        {"redis.connect_timeout", "6s", true},
        {"redis.connect_timeout", "5000ms", false},
        {"redis.retry.cap", "6s", true},
        {"instance", "other", true},
        {"instance", "${HOSTNAME}", false},
        {"log.level", "debug", false},
        {"heartbeat.every", "5s", false},
        {"on_stop", "drain", false},
        {"stop_grace", "5s", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct room old;
        struct room new;
        room_open(&old);
        room_open(&new);
        room_add_route(&new, "another");
        assert_true(room_set(&new, rows[i].key, rows[i].text));
        const char *key = conf_restart_key(&old.conf, &new.conf);
        assert_string_equal(key ? key : "", rows[i].restart ? rows[i].key : "");
        conf_free(&old.conf);
        assert_string_equal(new.conf.written[0].name, "another");
        conf_free(&new.conf);
    }
}

static void test_conf_free_takes_empty_and_half_built_ones(void **state)
{
    struct conf conf = {0};
    struct room room;
    (void)state;
    conf_free(&conf);
    room_open(&room);
    struct conf_spot spot = room_add_route(&room, "covid");
    assert_false(room_set_at(&room, spot, "schedule.every", "soon"));
    conf_free(&room.conf);
    assert_memory_equal(&room.conf, &conf, sizeof(conf));
    conf_free(&room.conf);
}

static void test_conf_build_ends_at_its_ceiling(void **state)
{
    struct room room;
    size_t taken = 0;
    (void)state;
    room_open(&room);
    while (room_set(&room, "instance", "a") && taken <= CONF_VALUES_MAX)
        taken++;
    assert_int_equal(taken, CONF_VALUES_MAX);
    assert_non_null(strstr(room.fault.text, "more than 20000 values in one file"));
    conf_free(&room.conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_defaults_are_those_of_the_table),
        cmocka_unit_test(test_conf_takes_the_default_of_the_profile),
        cmocka_unit_test(test_conf_default_without_its_variable_must_be_given),
        cmocka_unit_test(test_conf_fault_names_file_line_and_key),
        cmocka_unit_test(test_conf_find_moves_from_section_to_section),
        cmocka_unit_test(test_conf_profile_limits_are_kept),
        cmocka_unit_test(test_conf_each_shows_values_with_their_origin),
        cmocka_unit_test(test_conf_each_shows_every_setting),
        cmocka_unit_test(test_conf_restart_key_names_what_a_reload_cannot_take),
        cmocka_unit_test(test_conf_free_takes_empty_and_half_built_ones),
        cmocka_unit_test(test_conf_build_ends_at_its_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
