/*
 * test_profile.c - every HTTP code has exactly one row per profile, and the codes that matter
 * have the right one.
 */

#include "unit/support_cmocka.h"

#include "elrelay/core/decide/profile.h"

static void assert_one_row(const struct profile *profile, unsigned code)
{
    size_t rows = 0;
    for (size_t i = 0; i < profile->rule_count; i++)
        rows += code >= profile->rules[i].from && code <= profile->rules[i].to;
    if (rows != 1)
        fail_msg("%s has %zu rows for %u", profile->name, rows, code);
}

static void test_profile_has_one_row_for_every_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < profile_count; i++)
        for (unsigned code = 100; code <= 599; code++)
            assert_one_row(&profile_table[i], code);
}

struct status_row {
    unsigned status;
    enum verdict_class plain;
    enum verdict_class reportstream;
};

static const struct status_row status_rows[] = {
    {0, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {99, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {100, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {200, VERDICT_ACCEPTED, VERDICT_MISDIRECTED},
    {201, VERDICT_ACCEPTED, VERDICT_ACCEPTED},
    {202, VERDICT_ACCEPTED, VERDICT_UNKNOWN},
    {301, VERDICT_MISDIRECTED, VERDICT_MISDIRECTED},
    {308, VERDICT_MISDIRECTED, VERDICT_MISDIRECTED},
    {400, VERDICT_REFUSED, VERDICT_REFUSED},
    {401, VERDICT_AUTH, VERDICT_AUTH},
    {403, VERDICT_AUTH, VERDICT_AUTH},
    {404, VERDICT_MISDIRECTED, VERDICT_MISDIRECTED},
    {408, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {410, VERDICT_MISDIRECTED, VERDICT_MISDIRECTED},
    {413, VERDICT_TOO_LARGE, VERDICT_TOO_LARGE},
    {422, VERDICT_REFUSED, VERDICT_REFUSED},
    {425, VERDICT_BUSY, VERDICT_BUSY},
    {429, VERDICT_BUSY, VERDICT_BUSY},
    {499, VERDICT_MISDIRECTED, VERDICT_MISDIRECTED},
    {500, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {503, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {504, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {600, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
};

static void test_profile_knows_what_a_code_means(void **state)
{
    (void)state;
    const struct profile *plain = profile_by_name(SLICE("plain"));
    const struct profile *reportstream = profile_by_name(SLICE("reportstream"));
    for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++) {
        assert_int_equal(profile_class_of(plain, status_rows[i].status), status_rows[i].plain);
        assert_int_equal(profile_class_of(reportstream, status_rows[i].status),
                         status_rows[i].reportstream);
    }
}

static void test_profile_is_found_by_its_name_only(void **state)
{
    (void)state;
    assert_string_equal(profile_by_name(SLICE("reportstream"))->name, "reportstream");
    assert_null(profile_by_name(SLICE("Reportstream")));
    assert_null(profile_by_name(SLICE("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile_has_one_row_for_every_code),
        cmocka_unit_test(test_profile_knows_what_a_code_means),
        cmocka_unit_test(test_profile_is_found_by_its_name_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
