/*
 * test_retry.c - delays double, stay below the cap, and respect what the endpoint asks for.
 */

#include "unit/support_cmocka.h"

#include "elrelay/core/decide/retry.h"

static const struct retry_conf conf = {.first_ms = 2000, .cap_ms = 900000};

struct row {
    uint32_t tries;
    uint64_t ceiling_ms;
};

static const struct row rows[] = {
    {0, 2000},   {1, 2000},    {2, 4000},    {3, 8000},
    {9, 512000}, {10, 900000}, {11, 900000}, {UINT32_MAX, 900000},
};

static void test_retry_ceiling_doubles_up_to_the_cap(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(retry_delay_ms(&conf, rows[i].tries, UINT32_MAX), rows[i].ceiling_ms);
        assert_int_equal(retry_delay_ms(&conf, rows[i].tries, 0), 0);
        assert_int_equal(retry_delay_ms(&conf, rows[i].tries, UINT32_MAX / 2) / 1000,
                         (rows[i].ceiling_ms / 2 - 1) / 1000);
    }
}

static void test_retry_after_wins_when_it_is_longer(void **state)
{
    (void)state;
    assert_int_equal(retry_respect_ms(500, false, 9000), 500);
    assert_int_equal(retry_respect_ms(500, true, 9000), 9000);
    assert_int_equal(retry_respect_ms(9500, true, 9000), 9500);
    assert_int_equal(retry_respect_ms(500, true, UINT64_MAX), RETRY_AFTER_CAP_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry_ceiling_doubles_up_to_the_cap),
        cmocka_unit_test(test_retry_after_wins_when_it_is_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
