/*
 * test_conf_file.c - what a YAML file becomes, and how each bad one is refused: with file, line
 * and key.
 */

#include "elrelay/edge/host/conf_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "edge/support_conf.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static void test_conf_file_refuses_what_is_no_document(void **state)
{
    static const struct bad_row rows[] = {
        {"empty", "", "e.yaml: the file is empty; at least one route must be given"},
        {"comments", "# nothing\n\n", "e.yaml: the file is empty"},
        {"null", "~\n", "e.yaml: the file is empty"},
        {"a text", "\nhello\n", "e.yaml:2: must be a mapping of settings at its top"},
        {"a list", "- a\n- b\n", "e.yaml:1: must be a mapping of settings at its top"},
        {"not YAML", "log:\n  level: info\n format: text\n",
         "e.yaml:3: not YAML: did not find expected key, while parsing a block mapping"},
        {"open quote", "instance: \"a\n", "e.yaml:2: not YAML: found unexpected end of stream"},
        {"open flow", "log: {level: info\nroutes: []\n", "e.yaml:2: not YAML: did not find"},
        {"tab", "log:\n\tlevel: info\n",
         "e.yaml:2: not YAML: found character that cannot start"},
        {"unknown alias", "log: *nobody\n", "e.yaml:1: not YAML: found undefined alias"},
        {"not UTF-8", "instance: a\nlog: \xff\n",
         "e.yaml:2: not YAML: invalid leading UTF-8 octet"},
        {"control character", "instance: a\n\nlog: \x01\n",
         "e.yaml:3: not YAML: control characters are not allowed"},
        {"two documents", ROUTE "---\ninstance: b\n",
         "e.yaml:6: a second document begins here"},
        {"bad second document", ROUTE "---\n{\n", "e.yaml:8: not YAML"},
        {"key is a list", "? [a]\n: b\n",
         "e.yaml:1: the name of a setting must be a plain text"},
        {"key is a mapping", "log:\n  {a: b}: c\n",
         "e.yaml:2: log: the name of a setting must be a plain text"},
    };
    (void)state;
    conf_support_refuses(rows, COUNT_OF(rows));
}

static void test_conf_file_refuses_unknown_and_repeated_names(void **state)
{
    static const struct bad_row rows[] = {
        {"near", ROUTE "  batch:\n    min_events: 2\n    max_event: 5\n",
         "e.yaml:8: routes[0].batch.max_event: unknown setting; did you mean max_events?"},
        {"in another section", ROUTE "  max_events: 5\n",
         "e.yaml:6: routes[0].max_events: unknown setting; did you mean batch.max_events?"},
        {"not near", "admin: {listen: 1}\n" ROUTE,
         "e.yaml:1: admin: unknown setting; elrelay.yaml(5) lists all"},
        {"top", "route: []\n", "e.yaml:1: route: unknown setting; did you mean routes?"},
        {"dotted", ROUTE "  batch.max_events: 5\n",
         "e.yaml:6: routes[0].batch.max_events: unknown"},
        {"case", "Instance: a\n",
         "e.yaml:1: Instance: unknown setting; did you mean instance?"},
        {"empty name", "\"\": a\n", "e.yaml:1: unknown setting"},
        {"variable in a name", "${NAME}: a\n", "e.yaml:1: ${NAME}: unknown setting"},
        {"column", ROUTE "  format:\n    columns:\n    - name: a\n    - nam: b\n",
         "e.yaml:9: routes[0].format.columns[1].nam: unknown setting; did you mean name?"},
        {"second route", ROUTE "- name: b\n  endpoint: {uri: x}\n",
         "e.yaml:7: routes[1].endpoint.uri: unknown setting; did you mean url?"},
        {"alias of itself", "routes:\n- &r\n  format:\n    columns: [*r]\n",
         "e.yaml:3: routes[0].format.columns[0].format: unknown setting"},
        {"section in itself", "redis: &r\n  retry: *r\n",
         "e.yaml:2: redis.retry.retry: unknown setting"},
        {"twice", "instance: a\nlog: {}\ninstance: b\n",
         "e.yaml:3: instance: given twice, first on line 1; keep one"},
        {"twice in a section", "redis:\n  url: a\n  'url': b\n",
         "e.yaml:3: redis.url: given twice, first on line 2; keep one"},
        {"twice in a map", ROUTE "    headers:\n      client: a\n      client: b\n",
         "e.yaml:8: routes[0].endpoint.headers.client: given twice, first on line 7; keep one"},
    };
    (void)state;
    conf_support_refuses(rows, COUNT_OF(rows));
}

static void test_conf_file_refuses_wrong_types(void **state)
{
    static const struct bad_row rows[] = {
        {"list for a text", "instance: [a]\n", "e.yaml:1: instance: must be a text"},
        {"mapping for a duration", "stop_grace: {a: b}\n",
         "e.yaml:1: stop_grace: must be a duration from 0s to 1h (ms, s, m, h, d)"},
        {"text for a section", "redis: hello\n",
         "e.yaml:1: redis: must be a mapping of settings"},
        {"list for a section", "log:\n- level\n",
         "e.yaml:1: log: must be a mapping of settings"},
        {"mapping for routes", "routes: {name: a}\n",
         "e.yaml:1: routes: must be a list of mappings"},
        {"text for routes", "routes: a\n", "e.yaml:1: routes: must be a list of mappings"},
        {"text for a route", "routes:\n- {name: a}\n- b\n",
         "e.yaml:3: routes: must be a list of mappings"},
        {"nothing for a route", "routes:\n-\n", "e.yaml:2: routes: must be a list of mappings"},
        {"text for headers", ROUTE "    headers: a\n",
         "e.yaml:6: routes[0].endpoint.headers: must be a mapping of names to texts"},
        {"list for a header", ROUTE "    headers: {a: [b]}\n",
         "e.yaml:6: routes[0].endpoint.headers.a: must be a text"},
        {"nothing for a header", ROUTE "    headers:\n      a:\n",
         "e.yaml:7: routes[0].endpoint.headers.a: has no value; "
         "give one or take the setting out"},
        {"name of a header is a list",
         ROUTE "    headers:\n      x: y\n      ? [a]\n      : b\n",
         "e.yaml:8: routes[0].endpoint.headers: the name of a setting must be a plain text"},
        {"nothing for a text", "instance:\n",
         "e.yaml:1: instance: has no value; give one or take"},
        {"null for a text", "instance: ~\n", "e.yaml:1: instance: has no value"},
        {"NUL in a text", "instance: \"a\\0b\"\n", "e.yaml:1: instance: holds a NUL character"},
        {"NUL in a header", ROUTE "    headers: {a: \"\\0\"}\n",
         "e.yaml:6: routes[0].endpoint.headers.a: holds a NUL character"},
        {"NUL in a header's name", ROUTE "    headers: {\"a\\0\": a}\n",
         "e.yaml:6: routes[0].endpoint.headers.a"},
    };
    (void)state;
    conf_support_refuses(rows, COUNT_OF(rows));
}

static void test_conf_file_refuses_bad_values(void **state)
{
    static const struct bad_row rows[] = {
        {"number above", ROUTE "  queue: {peek_count: 41}\n",
         "e.yaml:6: routes[0].queue.peek_count: must be a whole number from 1 to 40"},
        {"number below", ROUTE "  queue: {peek_count: 0}\n",
         "e.yaml:6: routes[0].queue.peek_count: must be a whole number from 1 to 40"},
        {"negative", ROUTE "  batch: {min_events: -1}\n",
         "e.yaml:6: routes[0].batch.min_events: must be a whole number from 1 to 10000"},
        {"fraction", ROUTE "  batch: {min_events: 1.0}\n",
         "e.yaml:6: routes[0].batch.min_events: must be a whole number"},
        {"no unit", ROUTE "  schedule: {every: 120}\n",
         "e.yaml:6: routes[0].schedule.every: "
         "must be a duration from 1s to 1d (ms, s, m, h, d)"},
        {"too short", ROUTE "  schedule: {every: 999ms}\n",
         "e.yaml:6: routes[0].schedule.every: must be"},
        {"too long", ROUTE "  schedule: {every: 25h}\n",
         "e.yaml:6: routes[0].schedule.every: must be"},
        {"size", ROUTE "  batch: {max_bytes: 48mb}\n",
         "e.yaml:6: routes[0].batch.max_bytes: must be a size from 1kB to 1GB (B, kB, MB"},
        {"choice", "log: {level: trace}\n",
         "e.yaml:1: log.level: must be debug, info, warn or error"},
        {"boolean", ROUTE "    allow_http: yes\n",
         "e.yaml:6: routes[0].endpoint.allow_http: must be false or true"},
        {"profile", "routes: [{endpoint: {profile: other}}]\n",
         "e.yaml:1: routes[0].endpoint.profile: must be reportstream, plain, callback or none"},
        {"empty number", ROUTE "  batch: {min_events: ''}\n",
         "e.yaml:6: routes[0].batch.min_events: must"},
        {"variable", "instance: ${NOBODY}\n",
         "e.yaml:1: instance: the environment variable NOBODY is not set; "
         "set it, or write ${NOBODY:-DEFAULT}"},
        {"variable in a header", ROUTE "    headers: {x-who: \"${NOBODY}\"}\n",
         "e.yaml:6: routes[0].endpoint.headers.x-who: "
         "the environment variable NOBODY is not set"},
        {"variable is no structure", "log: ${INJECT}\n", "e.yaml:1: log: must be a mapping"},
        {"open variable", "instance: ${NAME\n", "e.yaml:1: instance: a ${ without its }"},
        {"secret file",
         ROUTE "    auth:\n      type: bearer\n      secret_file: /missing/key\n",
         "e.yaml:8: routes[0].endpoint.auth.secret_file: "
         "/missing/key cannot be read: No such file"},
        {"CA", "redis: {ca_file: /missing/ca}\n",
         "e.yaml:1: redis.ca_file: /missing/ca cannot be read"},
    };
    (void)state;
    conf_support_refuses(rows, COUNT_OF(rows));
}

static const char every_setting[] =
    "redis:\n"
    "  url: unix:///run/redis.sock\n"
    "  password_file: /p\n"
    "  ca_file: /c\n"
    "  cert_file: /t\n"
    "  key_file: /k\n"
    "  connect_timeout: 1s\n"
    "  command_timeout: 2s\n"
    "  retry: {first: 3ms, cap: 4s}\n"
    "instance: \"${NAME}-1\"\n"
    "heartbeat: {every: 1s, life: 5s}\n"
    "log: {format: json, level: warn}\n"
    "on_stop: drain\n"
    "stop_grace: 1m\n"
    "routes:\n"
    "- name: covid\n"
    "  queue: {stream: s, inbox: i, inbox_end: right, peek_count: 7}\n"
    "  schedule: {every: \"${EVERY}\"}\n"
    "  batch: {min_events: 2, max_events: 9, max_bytes: 1MiB, max_wait: 0s}\n"
    "  format:\n"
    "    type: csv\n"
    "    header: fixed\n"
    "    tracking_id: id\n"
    "    line_end: crlf\n"
    "    columns:\n"
    "    - {name: id, path: /a/b, required: true, pattern: '^[0-9]+$'}\n"
    "    - {name: sex, default: U, values: {f: F, '': '', 'a.b': \"${NAME}\"}}\n"
    "  endpoint:\n"
    "    url: http://example.org/\n"
    "    allow_http: true\n"
    "    headers: {client: x, x-y: ''}\n"
    "    auth: {type: key, header: x-k, secret_file: /s}\n"
    "    connect_timeout: 1s\n"
    "    timeout: 2s\n"
    "    low_speed: {bytes: 1kB, time: 30s}\n"
    "    ca_file: /a\n"
    "    cert_file: /b\n"
    "    key_file: /d\n"
    "    proxy: http://p:1\n"
    "    retry: {first: 1ms, cap: 2ms}\n"
    "    on_unknown: hold\n"
    "    lookup: {url: 'http://[::1]/list', settle: 1h, gap: 0s, fallback: resend}\n"
    "    max_unknown: 100\n"
    "    max_halves: 2\n";

static void test_conf_file_takes_every_setting(void **state)
{
    struct conf conf;
    struct fault fault = {0};
    (void)state;
    if (!conf_support_read(&conf, every_setting, &fault))
        fail_msg("%s", fault.text);
    assert_string_equal(conf.redis.url, "unix:///run/redis.sock");
    assert_int_equal(conf.redis.retry_first_ms, 3);
    assert_int_equal(conf.redis.retry_cap_ms, 4000);
    assert_string_equal(conf.instance, "flu-1");
    assert_int_equal(conf.log.level, LOG_WARN);
    assert_int_equal(conf.on_stop, STOP_DRAIN);
    const struct route_conf *route = conf_route(&conf, "covid");
    assert_non_null(route);
    assert_null(conf_route(&conf, "flu"));
    assert_int_equal(route->queue.inbox_end, INBOX_RIGHT);
    assert_int_equal(route->schedule.every_ms, 30000);
    assert_int_equal(route->batch.max_bytes, 1048576);
    assert_int_equal(route->format.column_count, 2);
    assert_true(route->format.columns[0].required);
    assert_string_equal(route->format.columns[1].fallback, "U");
    assert_int_equal(route->format.columns[1].value_count, 3);
    assert_string_equal(route->format.columns[1].values[1].from, "");
    assert_string_equal(route->format.columns[1].values[2].from, "a.b");
    assert_string_equal(route->format.columns[1].values[2].to, "flu");
    assert_int_equal(route->endpoint.header_count, 2);
    assert_string_equal(route->endpoint.headers[1].value, "");
    assert_int_equal(route->endpoint.low_speed_bytes, 1000);
    assert_int_equal(route->endpoint.on_unknown, UNKNOWN_HOLD);
    assert_string_equal(route->endpoint.lookup.url, "http://[::1]/list");
    assert_int_equal(route->endpoint.lookup.settle_ms, 3600000);
    assert_int_equal(route->endpoint.lookup.gap_ms, 0);
    assert_true(route->endpoint.lookup.fallback_resends);
    assert_int_equal(route->endpoint.max_unknown, 100);
    assert_int_equal(route->endpoint.max_halves, 2);
    assert_string_equal(route->endpoint.profile->name, "reportstream");
    assert_true(route->format.line_separators_to_space);
    assert_int_equal(route->format.max_columns, route->endpoint.profile->max_columns);
    conf_free(&conf);
}

static void test_conf_file_takes_aliases_and_empty_sections(void **state)
{
    static const char text[] = "redis:\nlog: ~\n"
                               "routes:\n- name: a\n  batch: &b {max_events: 5}\n  queue:\n"
                               "  endpoint: &e {profile: plain, url: 'https://h', headers: }\n"
                               "- {name: b, batch: *b, endpoint: *e}\n...\n";
    struct conf conf;
    struct fault fault = {0};
    (void)state;
    if (!conf_support_read(&conf, text, &fault))
        fail_msg("%s", fault.text);
    assert_int_equal(conf.route_count, 2);
    assert_int_equal(conf.routes[1].batch.max_events, 5);
    assert_string_equal(conf.routes[1].endpoint.url, "https://h");
    conf_free(&conf);
}

static void test_conf_file_ends_a_flood_of_aliases(void **state)
{
    struct buf text;
    struct conf conf;
    struct fault fault = {0};
    (void)state;
    buf_init(&text, (size_t)1024 * 1024);
    buf_add_text(&text, "routes:\n- name: a\n  format:\n    columns: &c\n    - &d {name: x}\n");
    for (size_t i = 0; i < 200; i++)
        buf_add_text(&text, "    - *d\n");
    for (size_t i = 0; i < 200; i++)
        buf_add_text(&text, "- format: {columns: *c}\n");
    assert_false(conf_support_read(&conf, buf_text(&text), &fault));
    assert_non_null(strstr(fault.text, "more than 20000 values in one file"));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_file_refuses_what_is_no_document),
        cmocka_unit_test(test_conf_file_refuses_unknown_and_repeated_names),
        cmocka_unit_test(test_conf_file_refuses_wrong_types),
        cmocka_unit_test(test_conf_file_refuses_bad_values),
        cmocka_unit_test(test_conf_file_takes_every_setting),
        cmocka_unit_test(test_conf_file_takes_aliases_and_empty_sections),
        cmocka_unit_test(test_conf_file_ends_a_flood_of_aliases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
