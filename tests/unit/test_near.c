/*
 * test_near.c - one letter put in, left out or changed is one.
 */

#include "elrelay/ground/near.h"

#include "unit/support_cmocka.h"

#define TEN   "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void test_near_counts_letters(void **state)
{
    static const struct {
        const char *given;
        const char *known;
        size_t wanted;
    } rows[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"abc", "abc", 0},
        {"ABC", "abc", 3},
        {"max_event", "max_events", 1},
        {"kitten", "sitting", 3},
        {"evrey", "every", 2},
        {SIXTY TEN, "a", 70},
        {SIXTY "0123", SIXTY TEN, 0},
        {SIXTY TEN, SIXTY TEN, 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t distance = near_distance(slice_of(rows[i].given), slice_of(rows[i].known));
        if (distance != rows[i].wanted)
            fail_msg("%s, %s: %zu", rows[i].given, rows[i].known, distance);
    }
}

static void test_near_may_overlook_case(void **state)
{
    (void)state;
    assert_int_equal(near_distance_any_case(SLICE("ABC"), SLICE("abc")), 0);
    assert_int_equal(near_distance_any_case(SLICE("patient_dbo"), SLICE("Patient_DOB")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_near_counts_letters),
        cmocka_unit_test(test_near_may_overlook_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
