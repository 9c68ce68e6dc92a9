/*
 * test_fault.c - code, text and context.
 */

#include "elrelay/ground/fault.h"

#include "unit/rows.h"

static void test_fault_set_and_add_context(void **state)
{
    (void)state;
    struct fault fault;
    assert_false(fault_set(&fault, FAULT_CONF, "line %d", 7));
    assert_int_equal(fault.code, FAULT_CONF);
    assert_string_equal(fault.text, "line 7");
    assert_false(fault_add_context(&fault, "route %s", "covid"));
    assert_string_equal(fault.text, "route covid: line 7");
    assert_int_equal(fault.code, FAULT_CONF);
}

static void test_fault_text_is_cut_and_stays_a_text(void **state)
{
    (void)state;
    char text[2 * FAULT_TEXT_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct fault fault;
    fault_set(&fault, FAULT_GENERAL, "%s", text);
    assert_int_equal(strlen(fault.text), FAULT_TEXT_MAX - 1);
    fault_add_context(&fault, "file");
    assert_int_equal(strlen(fault.text), FAULT_TEXT_MAX - 1);
    assert_memory_equal(fault.text, "file: xxx", 9);
    fault_set(&fault, FAULT_GENERAL, "kept");
    fault_add_context(&fault, "%s", text);
    assert_string_equal(fault.text, "kept");
}

static void test_fault_exit_codes_are_those_of_the_manual(void **state)
{
    (void)state;
    static const struct {
        enum fault_code code;
        int exit;
    } rows[] = {
        {FAULT_NONE, 0},  {FAULT_GENERAL, 1},  {FAULT_USAGE, 2},   {FAULT_CONF, 3},
        {FAULT_REDIS, 4}, {FAULT_ENDPOINT, 5}, {FAULT_PENDING, 6},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        assert_int_equal(fault_exit_code(rows[i].code), rows[i].exit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fault_set_and_add_context),
        cmocka_unit_test(test_fault_text_is_cut_and_stays_a_text),
        cmocka_unit_test(test_fault_exit_codes_are_those_of_the_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
