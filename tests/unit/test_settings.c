/*
 * test_settings.c - the settings table is whole, and each row keeps its word.
 */

#include "elrelay/core/told/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "elrelay/core/told/conf.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Room for any of the three structs a row may stand in. */
union base {
    struct conf top;
    struct route_conf route;
    struct column_conf column;
};

static const char *test_row_text(const struct setting *setting, const union base *base)
{
    static struct buf out;
    buf_free(&out);
    buf_init(&out, 4096);
    setting_write(setting, base, &out);
    return buf_text(&out);
}

static void test_settings_rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        size_t len = strlen(setting->sentence);
        assert_true(len > 10);
        assert_ptr_equal(setting_by_key(setting->scope, slice_of(setting->key)), setting);
        const struct setting *section = setting_section(setting);
        assert_true(!strchr(setting->key, '.') || section);
        assert_true(!section || (section < setting && section->type == SETTING_SECTION));
        assert_ptr_equal(setting_find(setting->scope, section, setting_name(setting)), setting);
    }
}

static void test_settings_every_default_holds_its_own_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        union base base = {0};
        if (!setting->fallback)
            continue;
        if (!setting_read(setting, &base, slice_of(setting->fallback)))
            fail_msg("%s", setting->key);
        union base again = {0};
        assert_true(setting_read(setting, &again, slice_of(test_row_text(setting, &base))));
        assert_true(setting_is_same(setting, &base, &again));
        assert_false(setting_is_empty(setting, &base));
        setting_clear(setting, &base);
        setting_clear(setting, &again);
    }
}

static void assert_number(const struct setting *setting, uint64_t number, bool good)
{
    union base base = {0};
    struct buf text;
    buf_init(&text, 64);
    buf_add_number(&text, number);
    if (setting->type == SETTING_DURATION)
        buf_add_text(&text, "ms");
    else if (setting->type == SETTING_SIZE)
        buf_add_text(&text, "B");
    if (setting_read(setting, &base, buf_slice(&text)) != good)
        fail_msg("%s: %s", setting->key, buf_text(&text));
    buf_free(&text);
}

static void test_settings_numbers_hold_their_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        if (!setting->max)
            continue;
        assert_true(setting->min < setting->max);
        assert_number(setting, setting->min, true);
        assert_number(setting, setting->max, true);
        assert_number(setting, setting->min - 1, false);
        assert_number(setting, setting->max + 1, false);
    }
}

struct word_row {
    const char *key;
    const char *text;
    enum setting_scope scope;
    bool good;
};

static void test_settings_choices_take_their_words_alone(void **state)
{
    static const struct word_row rows[] = {
        {"log.format", "text", SETTING_TOP, true},
        {"log.format", "json", SETTING_TOP, true},
        {"log.format", "JSON", SETTING_TOP, false},
        {"log.level", "warn", SETTING_TOP, true},
        {"log.level", "warning", SETTING_TOP, false},
        {"log.level", "", SETTING_TOP, false},
        {"on_stop", "drain", SETTING_TOP, true},
        {"queue.inbox_end", "right", SETTING_ROUTE, true},
        {"queue.inbox_end", "both", SETTING_ROUTE, false},
        {"format.header", "fixed", SETTING_ROUTE, true},
        {"format.type", "csv", SETTING_ROUTE, true},
        {"format.type", "xml", SETTING_ROUTE, false},
        {"format.line_end", "crlf", SETTING_ROUTE, true},
        {"endpoint.profile", "plain", SETTING_ROUTE, true},
        {"endpoint.profile", "reportstream", SETTING_ROUTE, true},
        {"endpoint.profile", "other", SETTING_ROUTE, false},
        {"endpoint.allow_http", "true", SETTING_ROUTE, true},
        {"endpoint.allow_http", "yes", SETTING_ROUTE, false},
        {"endpoint.auth.type", "bearer", SETTING_ROUTE, true},
        {"required", "true", SETTING_COLUMN, true},
        {"required", "1", SETTING_COLUMN, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct setting *setting = setting_by_key(rows[i].scope, slice_of(rows[i].key));
        union base base = {0};
        assert_non_null(setting);
        if (setting_read(setting, &base, slice_of(rows[i].text)) != rows[i].good)
            fail_msg("%s: %s", rows[i].key, rows[i].text);
        if (rows[i].good)
            assert_string_equal(test_row_text(setting, &base), rows[i].text);
    }
}

static void test_settings_words_stand_in_the_order_of_their_enum(void **state)
{
    struct conf conf = {0};
    struct route_conf route = {0};
    (void)state;
    setting_read(setting_by_key(SETTING_TOP, SLICE("log.level")), &conf, SLICE("error"));
    setting_read(setting_by_key(SETTING_TOP, SLICE("log.format")), &conf, SLICE("json"));
    setting_read(setting_by_key(SETTING_TOP, SLICE("on_stop")), &conf, SLICE("drain"));
    setting_read(setting_by_key(SETTING_ROUTE, SLICE("queue.inbox_end")), &route,
                 SLICE("right"));
    setting_read(setting_by_key(SETTING_ROUTE, SLICE("format.header")), &route, SLICE("fixed"));
    setting_read(setting_by_key(SETTING_ROUTE, SLICE("format.line_end")), &route,
                 SLICE("crlf"));
    setting_read(setting_by_key(SETTING_ROUTE, SLICE("endpoint.auth.type")), &route,
                 SLICE("bearer"));
    setting_read(setting_by_key(SETTING_ROUTE, SLICE("endpoint.profile")), &route,
                 SLICE("plain"));
    assert_int_equal(conf.log.level, LOG_ERROR);
    assert_int_equal(conf.log.format, LOG_JSON);
    assert_int_equal(conf.on_stop, STOP_DRAIN);
    assert_int_equal(route.queue.inbox_end, INBOX_RIGHT);
    assert_int_equal(route.format.header, HEADER_FIXED);
    assert_true(route.format.crlf);
    assert_int_equal(route.endpoint.auth.type, AUTH_BEARER);
    assert_ptr_equal(route.endpoint.profile, profile_by_name(SLICE("plain")));
}

static void test_settings_texts_are_owned_and_empty_is_none(void **state)
{
    const struct setting *setting = setting_by_key(SETTING_ROUTE, SLICE("queue.inbox"));
    struct route_conf route = {0};
    (void)state;
    assert_true(setting_is_empty(setting, &route));
    assert_true(setting_read(setting, &route, SLICE("one")));
    assert_true(setting_read(setting, &route, SLICE("two")));
    assert_string_equal(route.queue.inbox, "two");
    assert_false(setting_read(setting, &route, SLICE("a\0b")));
    assert_string_equal(route.queue.inbox, "two");
    assert_true(setting_read(setting, &route, SLICE("")));
    assert_null(route.queue.inbox);
    assert_true(setting_read(setting, &route, SLICE("three")));
    setting_clear(setting, &route);
    assert_null(route.queue.inbox);
}

static void test_settings_maps_hold_pairs_and_mask_secrets(void **state)
{
    const struct setting *setting = setting_by_key(SETTING_ROUTE, SLICE("endpoint.headers"));
    struct route_conf route = {0};
    struct buf out;
    (void)state;
    buf_init(&out, 64);
    assert_true(setting_add_pair(setting, &route, SLICE("client"), SLICE("simple_report")));
    assert_true(setting_add_pair(setting, &route, SLICE("x-key"), SLICE("hush")));
    assert_false(setting_add_pair(setting, &route, SLICE("a"), SLICE("\0")));
    assert_int_equal(route.endpoint.header_count, 2);
    assert_string_equal(route.endpoint.headers[1].name, "x-key");
    assert_string_equal(route.endpoint.headers[1].value, "hush");
    assert_string_equal(setting_pair_name(setting, &route, 0), "client");
    setting_write_pair(setting, &route, 0, &out);
    assert_string_equal(buf_text(&out), "simple_report");
    buf_clear(&out);
    setting_write_pair(setting, &route, 1, &out);
    assert_string_equal(buf_text(&out), "***");
    setting_clear(setting, &route);
    assert_int_equal(route.endpoint.header_count, 0);
    buf_free(&out);
}

struct nearest_row {
    enum setting_scope scope;
    const char *section;
    const char *name;
    const char *wanted; /* NULL: nothing */
};

static void test_settings_nearest_name_is_found(void **state)
{
    static const struct nearest_row rows[] = {
        {SETTING_ROUTE, "batch", "max_event", "batch.max_events"},
        {SETTING_ROUTE, "batch", "MAX_WAIT", NULL},
        {SETTING_ROUTE, "schedule", "evrey", "schedule.every"},
        {SETTING_ROUTE, "endpoint.auth", "secretfile", "endpoint.auth.secret_file"},
        {SETTING_ROUTE, NULL, "max_events", "batch.max_events"},
        {SETTING_ROUTE, "endpoint", "header", "endpoint.headers"},
        {SETTING_TOP, NULL, "route", "routes"},
        {SETTING_TOP, NULL, "log_level", NULL},
        {SETTING_TOP, "redis", "passwordfile", "redis.password_file"},
        {SETTING_COLUMN, NULL, "nmae", "name"},
        {SETTING_COLUMN, NULL, "patern", "pattern"},
        {SETTING_TOP, NULL, "durability", "redis.durability"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct setting *section =
            rows[i].section ? setting_by_key(rows[i].scope, slice_of(rows[i].section)) : NULL;
        const struct setting *near = setting_nearest(rows[i].scope, section,
                                                     slice_of(rows[i].name));
        const char *key = near ? near->key : "nothing";
        assert_string_equal(key, rows[i].wanted ? rows[i].wanted : "nothing");
    }
}

static void test_settings_describe_tells_limits_with_units(void **state)
{
    static const struct {
        enum setting_scope scope;
        const char *key;
        const char *wanted;
    } rows[] = {
        {SETTING_TOP, "redis", "a mapping of settings"},
        {SETTING_TOP, "redis.url", "a text"},
        {SETTING_TOP, "redis.ca_file", "the path of a file"},
        {SETTING_TOP, "log.level", "debug, info, warn or error"},
        {SETTING_TOP, "routes", "a list of mappings"},
        {SETTING_ROUTE, "schedule.every", "a duration from 1s to 1d (ms, s, m, h, d)"},
        {SETTING_ROUTE, "queue.peek_count", "a whole number from 1 to 40"},
        {SETTING_ROUTE, "batch.max_bytes",
         "a size from 1kB to 1GB (B, kB, MB, GB, KiB, MiB, GiB)"},
        {SETTING_ROUTE, "endpoint.allow_http", "false or true"},
        {SETTING_ROUTE, "endpoint.profile", "reportstream, plain, callback or none"},
        {SETTING_ROUTE, "endpoint.headers", "a mapping of names to texts"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;
        buf_init(&out, 256);
        setting_describe(setting_by_key(rows[i].scope, slice_of(rows[i].key)), &out);
        assert_string_equal(buf_text(&out), rows[i].wanted);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_rows_are_whole),
        cmocka_unit_test(test_settings_every_default_holds_its_own_limits),
        cmocka_unit_test(test_settings_numbers_hold_their_limits),
        cmocka_unit_test(test_settings_choices_take_their_words_alone),
        cmocka_unit_test(test_settings_words_stand_in_the_order_of_their_enum),
        cmocka_unit_test(test_settings_texts_are_owned_and_empty_is_none),
        cmocka_unit_test(test_settings_maps_hold_pairs_and_mask_secrets),
        cmocka_unit_test(test_settings_nearest_name_is_found),
        cmocka_unit_test(test_settings_describe_tells_limits_with_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
