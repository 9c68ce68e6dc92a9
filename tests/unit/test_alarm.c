/*
 * test_alarm.c - the same complaint is told once, until it is over.
 */

#include "elrelay/ground/alarm.h"

#include "unit/support_cmocka.h"

static void test_alarm_is_told_when_it_begins_and_when_it_changes(void **state)
{
    struct alarm alarm = {0};
    (void)state;
    assert_int_equal(alarm_level(&alarm, "full"), LOG_ERROR);
    assert_int_equal(alarm_level(&alarm, "full"), LOG_DEBUG);
    assert_int_equal(alarm_level(&alarm, "fuller"), LOG_ERROR);
    assert_int_equal(alarm_level(&alarm, "full"), LOG_ERROR);
    assert_true(alarm_end(&alarm));
    assert_false(alarm_end(&alarm));
    assert_int_equal(alarm_level(&alarm, "full"), LOG_ERROR);
}

static void test_alarm_knows_a_text_that_is_cut(void **state)
{
    static char text[2 * FAULT_TEXT_MAX];
    struct alarm alarm = {0};
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(alarm_level(&alarm, text), LOG_ERROR);
    assert_int_equal(alarm_level(&alarm, text), LOG_DEBUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarm_is_told_when_it_begins_and_when_it_changes),
        cmocka_unit_test(test_alarm_knows_a_text_that_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
