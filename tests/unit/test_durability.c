/*
 * test_durability.c - what is wanted, what a server can do, and what follows: rows.
 */

#include "unit/support_cmocka.h"

#include <string.h>

#include "elrelay/core/decide/durability.h"

static void test_durability_is_read_and_written(void **state)
{
    static const char *const good[] = {"auto",    "none",   "always",
                                       "waitaof", "wait:1", "wait:16"};
    static const char *const bad[] = {"",        "wait",    "wait:",   "wait:0",  "wait:17",
                                      "wait:-1", "wait: 1", "wait:1x", "Always",  "none ",
                                      "waitao",  "yes",     "wait:1:", "alwaysx", "auto,none"};
    (void)state;
    struct durability durability = {DURABILITY_WAIT, 7};
    char text[DURABILITY_TEXT_MAX];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (durability_read(&durability, bad[i]))
            fail_msg("\"%s\" was read", bad[i]);
        assert_int_equal(durability.replicas, 7);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(durability_read(&durability, good[i]));
        durability_write(&durability, text);
        assert_string_equal(text, good[i]);
    }
    assert_true(durability_read(&durability, NULL));
    assert_int_equal(durability.kind, DURABILITY_AUTO);
}

#define AOF(fsync, waitaof)                                                                    \
    {                                                                                          \
        true, true, waitaof, fsync, 0                                                          \
    }
#define NO_AOF                                                                                 \
    {                                                                                          \
        true, false, true, FSYNC_ALWAYS, 3                                                     \
    }

static const struct {
    const char *wanted;
    struct durability_facts facts;
    const char *in_force; /* or what the fault says */
} rows[] = {
    {"auto", AOF(FSYNC_ALWAYS, false), "always"},
    {"auto", AOF(FSYNC_ALWAYS, true), "always"},
    {"auto", AOF(FSYNC_LATER, true), "waitaof"},
    {"auto", AOF(FSYNC_NOT_KNOWN, true), "waitaof"},
    {"auto", AOF(FSYNC_LATER, false), "none"},
    {"auto", AOF(FSYNC_NOT_KNOWN, false), "none"},
    {"auto", AOF(FSYNC_NEVER, true), "none"},
    {"auto", NO_AOF, "none"},
    {"auto", {0}, "none"},
    {"none", AOF(FSYNC_ALWAYS, true), "none"},
    {"wait:2", NO_AOF, "wait:2"},
    {"always", AOF(FSYNC_ALWAYS, false), "always"},
    {"always", AOF(FSYNC_LATER, true), "set appendfsync to always"},
    {"always", AOF(FSYNC_NOT_KNOWN, true), "CONFIG GET"},
    {"always", NO_AOF, "set it to yes"},
    {"waitaof", AOF(FSYNC_LATER, true), "waitaof"},
    {"waitaof", AOF(FSYNC_ALWAYS, false), "7.2"},
    {"waitaof", AOF(FSYNC_NEVER, true), "set it to everysec"},
    {"waitaof", NO_AOF, "set it to yes"},
};

/* What is in force, or what the fault says. */
static void assert_follows(const char *wish, const struct durability_facts *facts,
                           const char *wanted)
{
    struct durability wanted_one, in_force;
    struct fault fault = {0};
    assert_true(durability_read(&wanted_one, wish));
    if (durability_choose(&wanted_one, facts, &in_force, &fault)) {
        char text[DURABILITY_TEXT_MAX];
        durability_write(&in_force, text);
        assert_string_equal(text, wanted);
        return;
    }
    assert_int_equal(fault.code, FAULT_CONF);
    if (!strstr(fault.text, wanted) || !strstr(fault.text, wish))
        fail_msg("%s", fault.text);
}

static void test_durability_follows_from_wish_and_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_follows(rows[i].wanted, &rows[i].facts, rows[i].in_force);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durability_is_read_and_written),
        cmocka_unit_test(test_durability_follows_from_wish_and_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
