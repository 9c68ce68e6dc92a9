/*
 * test_schedule.c - ticks stand on a grid that nothing shifts.
 */

#include "unit/support_cmocka.h"

#include "elrelay/core/decide/schedule.h"

static const struct schedule_conf every_100 = {.every_ms = 100};

static void test_schedule_is_due_at_once_then_on_the_grid(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, &every_100, 1000);
    assert_int_equal(schedule_wait_ms(&schedule, 1000), 0);
    assert_true(schedule_take(&schedule, 1000));
    assert_false(schedule_take(&schedule, 1000));
    assert_int_equal(schedule_wait_ms(&schedule, 1030), 70);
    assert_false(schedule_take(&schedule, 1099));
    assert_true(schedule_take(&schedule, 1130)); /* late */
    assert_int_equal(schedule_wait_ms(&schedule, 1130), 70);
}

static void test_schedule_makes_one_tick_of_many_missed(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, &every_100, 1000);
    assert_true(schedule_take(&schedule, 1000));
    assert_true(schedule_take(&schedule, 9950));
    assert_false(schedule_take(&schedule, 9999));
    assert_true(schedule_take(&schedule, 10000));
}

static void test_schedule_changes_from_the_last_tick_on(void **state)
{
    (void)state;
    struct schedule schedule;
    schedule_init(&schedule, &every_100, 1000);
    assert_true(schedule_take(&schedule, 1000));
    schedule_change(&schedule, &(struct schedule_conf){.every_ms = 500}, 1050);
    assert_int_equal(schedule_wait_ms(&schedule, 1050), 450);
    schedule_change(&schedule, &(struct schedule_conf){.every_ms = 10}, 1050);
    assert_int_equal(schedule_wait_ms(&schedule, 1050), 0);
    schedule_change(&schedule, &(struct schedule_conf){.every_ms = 10}, 1055);
    assert_true(schedule_take(&schedule, 1055));
    assert_int_equal(schedule_wait_ms(&schedule, 1055), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_is_due_at_once_then_on_the_grid),
        cmocka_unit_test(test_schedule_makes_one_tick_of_many_missed),
        cmocka_unit_test(test_schedule_changes_from_the_last_tick_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
