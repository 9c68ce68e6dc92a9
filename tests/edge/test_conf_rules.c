/*
 * test_conf_rules.c - settings that contradict each other, and an endpoint that could leak a
 * report.
 */

#include "edge/support_conf.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define CORPUS TEST_SOURCE_DIR "/tests/fuzz/corpus/conf"

enum { CORPUS_FILE_MAX = 128 * 1024 };

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Behind ROUTE. */
#define OTHER_ROUTE "- name: b\n  endpoint: {profile: plain, url: 'https://h'}\n"
/* With a list of its submissions. */
#define LISTING "routes:\n- name: a\n  endpoint:\n    url: https://h/api/reports\n"

#define SILENT "routes:\n- name: a\n  endpoint:\n    profile: none\n"

static const struct bad_row contradictions[] = {
    {"no routes", "instance: a\n", "e.yaml: routes: missing; it must be given"},
    {"empty routes", "instance: a\nroutes: []\n",
     "e.yaml:2: routes: missing; it must be given"},
    {"no name", "routes:\n- endpoint: {url: 'https://h'}\n",
     "e.yaml:2: routes[0].name: missing; it must be given"},
    {"empty name", "routes:\n- {name: '${EMPTY}'}\n", "e.yaml:2: routes[0].name: missing"},
    {"no URL", "routes:\n- name: a\n  endpoint:\n    timeout: 1m\n",
     "e.yaml:3: routes[0].endpoint.url: missing; it must be given"},
    {"no endpoint", "routes:\n- name: a\n", "e.yaml:2: routes[0].endpoint.url: missing"},
    {"profile none with a URL", SILENT "    url: 'https://h'\n",
     "e.yaml:5: routes[0].endpoint.url: is not used with endpoint.profile: none"},
    {"profile none with a secret", SILENT "    auth: {type: key}\n",
     "e.yaml:5: routes[0].endpoint.auth: is not used with endpoint.profile: none"},
    {"profile none with headers", SILENT "    headers: {client: me}\n",
     "e.yaml:5: routes[0].endpoint.headers: is not used with endpoint.profile: none"},
    {"profile none with a look-up", SILENT "    lookup: {gap: 1m}\n",
     "e.yaml:5: routes[0].endpoint.lookup: is not used with endpoint.profile: none"},
    {"profile none, and another route without a URL", SILENT "- name: b\n",
     "e.yaml:5: routes[1].endpoint.url: missing; it must be given"},
    {"profile none with type forward",
     "routes:\n- name: a\n  type: forward\n  queue: {stream: x}\n"
     "  endpoint: {profile: none}\n",
     "e.yaml:5: routes[0].endpoint.profile: must be callback with type: forward"},
    {"instance", "instance: a b\n" ROUTE, "e.yaml:1: instance: must be 1 to 64 of A-Z a-z 0-9"},
    {"route name", "routes:\n- name: a/b\n  endpoint: {url: 'https://h'}\n",
     "e.yaml:2: routes[0].name: must be 1 to 64 of"},
    {"heartbeat", "heartbeat:\n  every: 20s\n" ROUTE,
     "e.yaml:1: heartbeat.life: must be at least twice heartbeat.every"},
    {"Redis retry", "redis: {retry: {first: 10s}}\n" ROUTE,
     "e.yaml:1: redis.retry.cap: must not be"},
    {"Redis key", "redis: {key_file: /k}\n" ROUTE,
     "e.yaml:1: redis.key_file: needs redis.cert_file"},
    {"ledger", "ledger: {path: elrelay/ledger}\n" ROUTE,
     "e.yaml:1: ledger.path: must begin with /"},
    {"receipts that a ledger outlives",
     "ledger: {path: /l}\n" ROUTE "  receipts: {keep: 29d}\n",
     "e.yaml:7: routes[0].receipts.keep: must be at least 30d beside a ledger"},
    {"min above max", ROUTE "  batch: {min_events: 20, max_events: 10}\n",
     "e.yaml:6: routes[0].batch.min_events: must not be above batch.max_events"},
    {"bytes of the profile",
     "routes:\n- name: a\n  endpoint: {url: 'https://h'}\n  batch: {max_bytes: 51MB}\n",
     "e.yaml:4: routes[0].batch.max_bytes: "
     "must be at most 50MB, the limit of profile reportstream"},
    {"same name", ROUTE "- name: covid\n  endpoint: {profile: plain, url: 'https://h'}\n",
     "e.yaml:6: routes[1].name: another route has this name already"},
    {"same inbox", ROUTE "  queue: {inbox: in}\n" OTHER_ROUTE "  queue: {inbox: in}\n",
     "e.yaml:9: routes[1].queue.inbox: another route uses this key already"},
    {"same stream", ROUTE "  queue: {stream: s}\n" OTHER_ROUTE "  queue: {stream: s}\n",
     "e.yaml:9: routes[1].queue.stream: another route uses this key already"},
    {"stream is the default of another",
     ROUTE OTHER_ROUTE "  queue: {stream: 'elrelay:{covid}:events'}\n",
     "e.yaml:8: routes[1].queue.stream: another route uses this key already"},
    {"stream is another's inbox",
     ROUTE "  queue: {inbox: x}\n" OTHER_ROUTE "  queue: {stream: x}\n",
     "e.yaml:9: routes[1].queue.stream: another route uses this key already"},
    {"inbox is its stream", ROUTE "  queue: {stream: x, inbox: x}\n",
     "e.yaml:6: routes[0].queue.inbox: this key is a stream of elrelay"},
    {"inbox is its default stream", ROUTE "  queue: {inbox: 'elrelay:{covid}:events'}\n",
     "e.yaml:6: routes[0].queue.inbox: this key is a stream of elrelay"},
    {"own key", ROUTE "  queue: {inbox: 'elrelay:{covid}:dead'}\n",
     "e.yaml:6: routes[0].queue.inbox: this key is elrelay's own"},
    {"fixed without columns", ROUTE "  format: {header: fixed}\n",
     "e.yaml:6: routes[0].format.columns: header fixed needs at least one column"},
    {"columns without fixed", ROUTE "  format:\n    columns: [{name: a}]\n",
     "e.yaml:7: routes[0].format.columns: only with format.header: fixed"},
    {"column without name",
     ROUTE "  format:\n    header: fixed\n    columns:\n    - path: /a\n",
     "e.yaml:9: routes[0].format.columns[0].name: is missing"},
    {"column twice", ROUTE "  format: {header: fixed, columns: [{name: a}, {name: a}]}\n",
     "e.yaml:6: routes[0].format.columns[1].name: names a column a second time"},
    {"pattern",
     ROUTE "  format:\n    header: fixed\n    columns:\n    - name: a\n      pattern: '[a'\n",
     "e.yaml:10: routes[0].format.columns[0].pattern: "
     "no POSIX extended regular expression"},
    {"path", ROUTE "  format: {header: fixed, columns: [{name: a}, {name: b, path: /a~2}]}\n",
     "e.yaml:6: routes[0].format.columns[1].path: in a JSON pointer"},
    {"tracking id", ROUTE "  format: {header: fixed, tracking_id: b, columns: [{name: a}]}\n",
     "e.yaml:6: routes[0].format.tracking_id: no column has this name"},
    {"key without certificate", ROUTE "    key_file: /k\n",
     "e.yaml:6: routes[0].endpoint.key_file: needs endpoint.cert_file beside it"},
    {"retry", ROUTE "    retry: {first: 20m}\n",
     "e.yaml:6: routes[0].endpoint.retry.cap: must not be"},
    {"proxy", ROUTE "    proxy: ftp://u:hush@h\n",
     "e.yaml:6: routes[0].endpoint.proxy: must begin"},
    {"look-up without a list", ROUTE "    on_unknown: lookup\n",
     "e.yaml:3: routes[0].endpoint.lookup.url: missing; endpoint.on_unknown: lookup needs it"},
    {"look-up without a client", LISTING,
     "e.yaml:3: routes[0].endpoint.lookup.url: missing; set it, or endpoint.headers.client"},
    {"look-up with an empty client",
     LISTING "    headers: {client: ''}\n    lookup: {gap: 1m}\n",
     "e.yaml:6: routes[0].endpoint.lookup.url: missing; set it, or endpoint.headers.client"},
    {"look-up in plain http", LISTING "    lookup:\n      url: http://h/list\n",
     "e.yaml:6: routes[0].endpoint.lookup.url: plain http would show reports"},
    {"look-up that is not used", ROUTE "    lookup: {url: 'ftp://h'}\n",
     "e.yaml:6: routes[0].endpoint.lookup.url: must be https://HOST"},
    {"look-up with a query", LISTING "    lookup: {url: 'https://h/list?a=b'}\n",
     "e.yaml:5: routes[0].endpoint.lookup.url: must be without a query"},
    {"proxy without a host", ROUTE "    proxy: http://\n",
     "e.yaml:6: routes[0].endpoint.proxy: must"},
};

static void test_conf_rules_refuses_contradictions(void **state)
{
    (void)state;
    conf_support_refuses(contradictions, COUNT_OF(contradictions));
}

struct url_row {
    const char *url;
    bool allow_http;
    const char *wanted; /* NULL: taken */
};

static const char form[] = "must be https://HOST";
static const char plain[] = "plain http would show reports on the network";
static const char user[] = "must be without user and password";

static const struct url_row url_rows[] = {
    {"https://h", false, NULL},
    {"HTTPS://reports.example.org:8443/api/reports?processing=async", false, NULL},
    {"https://[2001:db8::1]:443/", false, NULL},
    {"http://localhost:8080/", false, NULL},
    {"http://LOCALHOST", false, NULL},
    {"http://127.0.0.1", false, NULL},
    {"http://127.255.1.2:9/", false, NULL},
    {"http://[::1]:8080/", false, NULL},
    {"http://[0:0:0:0:0:0:0:1]/", false, NULL},
    {"http://reports.example.org/", true, NULL},
    {"http://reports.example.org/", false, plain},
    {"http://127.example.org/", false, plain},
    {"http://127.0.0.1.example.org/", false, plain},
    {"http://localhost.example.org/", false, plain},
    {"http://128.0.0.1/", false, plain},
    {"http://[::2]/", false, plain},
    {"http://[::ffff:10.0.0.1]/", false, plain},
    {"http://127.1/", false, plain},
    {"http://h\\@localhost/", false, plain},
    {"https://user@h/", false, user},
    {"https://user:hush@h/", true, user},
    {"http://localhost@h/", false, user},
    {"https://h/#part", false, "must be without #"},
    {"ftp://h/", true, form},
    {"h/api", true, form},
    {"https:/h", true, form},
    {"https://", true, form},
    {"https:///path", true, form},
    {"https://:80/", true, form},
    {"https://h:0/", true, form},
    {"https://h:65536/", true, form},
    {"https://h:x/", true, form},
    {"https://h:/", true, form},
    {"https://[::1/", true, form},
    {"https://[::1]x/", true, form},
    {"https://h/a b", true, form},
    {"https://h/a\\nb", true, form},
    {"https://h/\xc3\xa9", true, form},
};

static void test_conf_rules_holds_urls_to_their_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(url_rows); i++) {
        char text[512];
        char wanted[256];
        struct conf conf;
        struct fault fault = {0};
        bool escaped = strstr(url_rows[i].url, "\\n") != NULL;
        snprintf(text, sizeof(text),
                 "routes:\n- name: a\n  endpoint:\n    url: %c%s%c\n    allow_http: %s\n"
                 "    profile: plain\n",
                 escaped ? '"' : '\'', url_rows[i].url, escaped ? '"' : '\'',
                 url_rows[i].allow_http ? "true" : "false");
        snprintf(wanted, sizeof(wanted), "e.yaml:4: routes[0].endpoint.url: %s",
                 url_rows[i].wanted ? url_rows[i].wanted : "");
        if (conf_support_read(&conf, text, &fault) != !url_rows[i].wanted)
            fail_msg("%s: %s", url_rows[i].url, fault.text);
        if (url_rows[i].wanted && strncmp(fault.text, wanted, strlen(wanted)) != 0)
            fail_msg("%s: %s", url_rows[i].url, fault.text);
        conf_free(&conf);
    }
}

static void test_conf_rules_holds_headers_and_auth_to_their_rules(void **state)
{
    static const char own[] =
        "e.yaml:7: routes[0].endpoint.headers.%s: elrelay sets this header itself; take it out";
    static const char *const names[] = {"Content-Length", "content-type", "Idempotency-Key",
                                        "HOST",           "expect",       "Transfer-Encoding"};
    static const struct bad_row rows[] = {
        {"name", ROUTE "    headers:\n      'a b': c\n",
         "e.yaml:7: routes[0].endpoint.headers.a b: must be a header name"},
        {"empty name", ROUTE "    headers:\n      '': c\n",
         "e.yaml:7: routes[0].endpoint.headers: must be a header name"},
        {"colon", ROUTE "    headers: {'a:': c}\n",
         "e.yaml:6: routes[0].endpoint.headers.a:: must be a"},
        {"line end", ROUTE "    headers: {a: \"b\\r\\nc: d\"}\n",
         "e.yaml:6: routes[0].endpoint.headers.a: must be without line ends"},
        {"line end by variable", ROUTE "    headers: {a: '${INJECT}'}\n",
         "e.yaml:6: routes[0].endpoint.headers.a: must be without line ends"},
        {"case", ROUTE "    headers:\n      a: b\n      A: c\n",
         "e.yaml:8: routes[0].endpoint.headers.A: given twice"},
        {"batch header",
         "routes:\n- name: a\n  endpoint: {url: 'https://h', headers: {PayloadName: x}}\n",
         "e.yaml:3: routes[0].endpoint.headers.PayloadName: elrelay sets this header itself"},
        {"key header",
         ROUTE
         "    headers: {X-Key: a}\n    auth: {type: key, header: x-key, secret_file: /k}\n",
         "e.yaml:6: routes[0].endpoint.headers.X-Key: endpoint.auth sets this header"},
        {"bearer header",
         ROUTE "    headers: {authorization: a}\n    auth: {type: bearer, secret_file: /k}\n",
         "e.yaml:6: routes[0].endpoint.headers.authorization: endpoint.auth sets this header"},
        {"key without header", ROUTE "    auth: {type: key, secret_file: /k}\n",
         "e.yaml:6: routes[0].endpoint.auth.header: missing; endpoint.auth.type: key needs it"},
        {"key without secret", ROUTE "    auth: {type: key, header: x-key}\n",
         "e.yaml:6: routes[0].endpoint.auth.secret_file: missing; endpoint.auth.type needs it"},
        {"bearer without secret", ROUTE "    auth: {type: bearer}\n",
         "e.yaml:6: routes[0].endpoint.auth.secret_file: missing"},
        {"secret without type", ROUTE "    auth: {secret_file: /k}\n",
         "e.yaml:6: routes[0].endpoint.auth.secret_file: is not used; set endpoint.auth.type"},
        {"auth header", ROUTE "    auth: {type: key, header: 'a b', secret_file: /k}\n",
         "e.yaml:6: routes[0].endpoint.auth.header: must be the name of a header"},
        {"own auth header", ROUTE "    auth: {type: key, header: Host, secret_file: /k}\n",
         "e.yaml:6: routes[0].endpoint.auth.header: must be the name of a header"},
    };
    (void)state;
    conf_support_refuses(rows, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char text[512];
        char wanted[256];
        snprintf(text, sizeof(text), ROUTE "    headers:\n      %s: a\n", names[i]);
        snprintf(wanted, sizeof(wanted), own, names[i]);
        const struct bad_row row = {names[i], text, wanted};
        conf_support_refuses(&row, 1);
    }
}

static void test_conf_rules_makes_the_url_of_the_list(void **state)
{
    static const struct {
        const char *text;
        const char *url;
    } rows[] = {
        {LISTING "    headers: {x-a: b, Client: simple_report}\n",
         "https://h/api/waters/org/simple_report/submissions"},
        {LISTING "    headers: {client: c}\n    lookup: {url: 'https://o/list'}\n",
         "https://o/list"},
        {"routes:\n- name: a\n  endpoint: {url: 'https://h/api/reports?a=b&client=c.d'}\n",
         "https://h/api/waters/org/c.d/submissions"},
        {LISTING "    headers: {client: c}\n    on_unknown: hold\n", NULL},
        {ROUTE "    headers: {client: c}\n", NULL},
        {ROUTE "    on_unknown: lookup\n    lookup: {url: 'https://o/list'}\n",
         "https://o/list"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct conf conf;
        struct fault fault = {0};
        if (!conf_support_read(&conf, rows[i].text, &fault))
            fail_msg("%s", fault.text);
        if (rows[i].url)
            assert_string_equal(conf.routes[0].endpoint.lookup.url, rows[i].url);
        else
            assert_null(conf.routes[0].endpoint.lookup.url);
        conf_free(&conf);
    }
}

static void test_on_warning(void *ctx, const char *key, const char *text)
{
    const char **wanted = ctx;
    if (!*wanted)
        fail_msg("%s: %s", key, text);
    assert_string_equal(key, *wanted);
    assert_true(strlen(text) > 20);
    *wanted = NULL;
}

static void test_conf_rules_warns_of_a_look_that_comes_too_early(void **state)
{
    static const char settle[] = "routes[0].endpoint.lookup.settle";
    static const struct {
        const char *text;
        const char *key; /* NULL: no warning */
    } rows[] = {
        {LISTING "    headers: {client: c}\n", NULL},
        {LISTING "    headers: {client: c}\n    lookup: {settle: 330s}\n", NULL},
        {LISTING "    headers: {client: c}\n    lookup: {settle: 329999ms}\n", settle},
        {LISTING "    headers: {client: c}\n    timeout: 10m\n", settle},
        {"heartbeat: {life: 10m}\n" LISTING "    headers: {client: c}\n", settle},
        {LISTING "    on_unknown: hold\n    timeout: 10m\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct conf conf;
        struct fault fault = {0};
        const char *wanted = rows[i].key;
        if (!conf_support_read(&conf, rows[i].text, &fault))
            fail_msg("%s", fault.text);
        conf_each_warning(&conf, test_on_warning, &wanted);
        assert_null(wanted);
        conf_free(&conf);
    }
}

static void test_conf_rules_secrets_never_reach_a_fault(void **state)
{
    static const char *const rows[] = {
        "stop_grace: ${PASSWORD}\n" ROUTE,
        "log: {level: '${PASSWORD}'}\n" ROUTE,
        "instance: '${PASSWORD} '\n" ROUTE,
        ROUTE "    headers: {a: \"${PASSWORD}\\n\"}\n",
        ROUTE "    proxy: x://u:${PASSWORD}@h\n",
        "routes:\n- name: a\n  endpoint: {url: 'https://u:${PASSWORD}@h'}\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct conf conf;
        struct fault fault = {0};
        assert_false(conf_support_read(&conf, rows[i], &fault));
        assert_null(strstr(fault.text, "hush"));
    }
}

/* Reads one file of the corpus; true where it was taken. */
static bool test_corpus_is_taken(const char *name)
{
    static char text[CORPUS_FILE_MAX];
    char path[512];
    struct conf conf;
    struct fault fault = {0};
    snprintf(path, sizeof(path), CORPUS "/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct slice bytes = {text, fread(text, 1, sizeof(text), file)};
    fclose(file);
    bool taken = conf_file_read_text(&conf, name, bytes, &conf_support_outside, &fault);
    conf_free(&conf);
    return taken;
}

static void test_conf_rules_hold_for_the_corpus(void **state)
{
    size_t counts[2] = {0, 0};
    DIR *dir = opendir(CORPUS);
    (void)state;
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        bool good = strncmp(entry->d_name, "good_", 5) == 0;
        if (test_corpus_is_taken(entry->d_name) != good)
            fail_msg("%s", entry->d_name);
        counts[good]++;
    }
    closedir(dir);
    assert_true(counts[false] >= 20 && counts[false] + counts[true] >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_rules_refuses_contradictions),
        cmocka_unit_test(test_conf_rules_holds_urls_to_their_rules),
        cmocka_unit_test(test_conf_rules_holds_headers_and_auth_to_their_rules),
        cmocka_unit_test(test_conf_rules_makes_the_url_of_the_list),
        cmocka_unit_test(test_conf_rules_warns_of_a_look_that_comes_too_early),
        cmocka_unit_test(test_conf_rules_secrets_never_reach_a_fault),
        cmocka_unit_test(test_conf_rules_hold_for_the_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
