/*
 * test_value.c - values as a person writes them, what variables become, and what is never
 * shown.
 */

#include "elrelay/core/told/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

struct number_row {
    const char *text;
    bool good;
    uint64_t value;
};

static void test_value_duration_needs_a_known_unit(void **state)
{
    static const struct number_row rows[] = {
        {"0s", true, 0},
        {"1ms", true, 1},
        {"120s", true, 120000},
        {"10m", true, 600000},
        {"2h", true, 7200000},
        {"7d", true, 604800000},
        {"18446744073709551615ms", true, UINT64_MAX},
        {"18446744073709551616ms", false, 0},
        {"18446744073709551615s", false, 0},
        {"", false, 0},
        {"s", false, 0},
        {"120", false, 0},
        {"0", false, 0},
        {"1.5s", false, 0},
        {"-1s", false, 0},
        {"+1s", false, 0},
        {" 1s", false, 0},
        {"1 s", false, 0},
        {"1s ", false, 0},
        {"1S", false, 0},
        {"1min", false, 0},
        {"1us", false, 0},
        {"1h30m", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t value = 0;
        bool good = value_read_duration(slice_of(rows[i].text), &value);
        if (good != rows[i].good || value != rows[i].value)
            fail_msg("%s", rows[i].text);
    }
}

static void test_value_size_knows_both_families_of_units(void **state)
{
    static const struct number_row rows[] = {
        {"0B", true, 0},
        {"1B", true, 1},
        {"1kB", true, 1000},
        {"48MB", true, 48000000},
        {"1GB", true, 1000000000},
        {"1KiB", true, 1024},
        {"1MiB", true, 1048576},
        {"2GiB", true, 2147483648},
        {"18446744073709551615B", true, UINT64_MAX},
        {"18446744073709552kB", false, 0},
        {"", false, 0},
        {"48", false, 0},
        {"48mb", false, 0},
        {"48M", false, 0},
        {"1KB", false, 0},
        {"1kiB", false, 0},
        {"1TB", false, 0},
        {"0x10B", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t value = 0;
        bool good = value_read_size(slice_of(rows[i].text), &value);
        if (good != rows[i].good || value != rows[i].value)
            fail_msg("%s", rows[i].text);
    }
}

static void test_value_size_is_written_as_it_is_read(void **state)
{
    static const char *const rows[] = {"0B",   "1B",   "999B", "1kB", "1KiB",   "48MB",
                                       "1MiB", "50MB", "3GiB", "1GB", "1500kB", "1025B"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t value = 0;
        char text[VALUE_SIZE_TEXT_MAX];
        assert_true(value_read_size(slice_of(rows[i]), &value));
        value_write_size(text, value);
        assert_string_equal(text, rows[i]);
    }
}

static const char *test_variable(const char *name)
{
    static const char *const pairs[][2] = {
        {"HOST", "relay-1"}, {"EMPTY", ""}, {"TRICK", "${HOST}"}, {"_a9", "x"}};
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (strcmp(name, pairs[i][0]) == 0)
            return pairs[i][1];
    return NULL;
}

struct expand_row {
    const char *text;
    const char *wanted; /* NULL: refused */
    const char *used;   /* the names; of a refused one what the fault must hold */
};

static void test_value_expand_takes_variables_and_nothing_else(void **state)
{
    static const struct expand_row rows[] = {
        {"", "", ""},
        {"plain", "plain", ""},
        {"$HOST $ $$ {HOST} a$", "$HOST $ $$ {HOST} a$", ""},
        {"${HOST}", "relay-1", "HOST"},
        {"<${HOST}>${_a9}", "<relay-1>x", "HOST, _a9"},
        {"$${HOST}", "$relay-1", "HOST"},
        {"${HOST:-other}", "relay-1", "HOST"},
        {"${NONE:-other}", "other", ""},
        {"${NONE:-}", "", ""},
        {"${NONE:-a:-b}", "a:-b", ""},
        {"${EMPTY}", "", "EMPTY"},
        {"${EMPTY:-other}", "other", ""},
        {"${TRICK}", "${HOST}", "TRICK"},
        {"}${HOST}}", "}relay-1}", "HOST"},
        {"${NONE}", NULL, "variable NONE is not set; set it, or write ${NONE:-DEFAULT}"},
        {"${HOST", NULL, "without its }"},
        {"${}", NULL, "name in ${...}"},
        {"${:-x}", NULL, "name in ${...}"},
        {"${1A}", NULL, "name in ${...}"},
        {"${A-B}", NULL, "name in ${...}"},
        {"${ HOST}", NULL, "name in ${...}"},
        {"${NONE:-${HOST}}", NULL, "inside another"},
        {"0123456789012345678901234567890123", NULL, "longer than 32 bytes"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;
        struct buf used;
        struct fault fault;
        buf_init(&out, 32);
        buf_init(&used, 64);
        bool good = value_expand(slice_of(rows[i].text), test_variable, &out, &used, &fault);
        if (good != (rows[i].wanted != NULL))
            fail_msg("%s", rows[i].text);
        if (good) {
            assert_string_equal(buf_text(&out), rows[i].wanted);
            assert_string_equal(buf_text(&used), rows[i].used);
        } else {
            assert_int_equal(fault.code, FAULT_CONF);
            assert_non_null(strstr(fault.text, rows[i].used));
        }
        buf_free(&out);
        buf_free(&used);
    }
}

static void test_value_url_never_shows_a_password(void **state)
{
    static const char *const rows[][2] = {
        {"redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"},
        {"redis://:pass@host:1/0", "redis://:***@host:1/0"},
        {"redis://user:pass@host", "redis://user:***@host"},
        {"redis://user@host", "redis://user@host"},
        {"redis://u:a/b?c@d@host/0", "redis://u:***@host/0"},
        {"unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"},
        {"http://u:p@proxy:3128", "http://u:***@proxy:3128"},
        {"u:p@proxy", "u:***@proxy"},
        {"https://h/p?processing=async", "https://h/p?processing=async"},
        {"https://h/p?code=abc&processing=async", "https://h/p?code=***&processing=async"},
        {"https://h/p?a=1&access_TOKEN=x=y&b", "https://h/p?a=1&access_TOKEN=***&b"},
        {"https://h/p?code", "https://h/p?code"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;
        buf_init(&out, 256);
        value_write_url(&out, slice_of(rows[i][0]));
        assert_string_equal(buf_text(&out), rows[i][1]);
        buf_free(&out);
    }
}

static void test_value_secret_names_are_known(void **state)
{
    static const char *const secret[] = {"x-functions-key", "Authorization", "Cookie",
                                         "x-api-KEY",       "access_token",  "client_secret"};
    static const char *const plain[] = {"client", "x-api-version", "", "accept", "processing"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(secret); i++)
        assert_true(value_name_is_secret(slice_of(secret[i])));
    for (size_t i = 0; i < COUNT_OF(plain); i++)
        assert_false(value_name_is_secret(slice_of(plain[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_duration_needs_a_known_unit),
        cmocka_unit_test(test_value_size_knows_both_families_of_units),
        cmocka_unit_test(test_value_size_is_written_as_it_is_read),
        cmocka_unit_test(test_value_expand_takes_variables_and_nothing_else),
        cmocka_unit_test(test_value_url_never_shows_a_password),
        cmocka_unit_test(test_value_secret_names_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
