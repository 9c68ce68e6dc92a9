/*
 * test_profile.c - every HTTP code has exactly one row per profile, and the codes and messages
 * that matter have the right one.
 */

#include "unit/support_cmocka.h"

#include "elrelay/core/decide/profile.h"
#include "unit/rows.h"

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
    enum verdict_class early; /* of both, before the last byte of the body went out */
};

#define BOTH(class) VERDICT_##class, VERDICT_##class
#define EVER(class) BOTH(class), VERDICT_##class

static const struct status_row status_rows[] = {
    {0, EVER(UNKNOWN)},
    {99, EVER(UNKNOWN)},
    {100, EVER(UNKNOWN)},
    {200, VERDICT_ACCEPTED, VERDICT_MISDIRECTED, VERDICT_UNKNOWN},
    {201, BOTH(ACCEPTED), VERDICT_UNKNOWN},
    {202, VERDICT_ACCEPTED, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {299, VERDICT_ACCEPTED, VERDICT_UNKNOWN, VERDICT_UNKNOWN},
    {301, EVER(MISDIRECTED)},
    {308, EVER(MISDIRECTED)},
    {401, EVER(AUTH)},
    {403, EVER(AUTH)},
    {404, EVER(MISDIRECTED)},
    {405, EVER(MISDIRECTED)},
    {408, BOTH(UNKNOWN), VERDICT_BUSY},
    {410, EVER(MISDIRECTED)},
    {411, EVER(MISDIRECTED)},
    {413, EVER(TOO_LARGE)},
    {415, EVER(MISDIRECTED)},
    {422, EVER(ROWS)},
    {425, EVER(BUSY)},
    {429, EVER(BUSY)},
    {499, EVER(MISDIRECTED)},
    {500, BOTH(UNKNOWN), VERDICT_NOT_SENT},
    {503, BOTH(UNKNOWN), VERDICT_NOT_SENT},
    {504, BOTH(UNKNOWN), VERDICT_NOT_SENT},
    {600, EVER(UNKNOWN)},
};

static void assert_class(const struct profile *profile, unsigned status, bool all_sent,
                         enum verdict_class want)
{
    enum verdict_class got = profile_class_of(profile, status, all_sent);
    if (got != want)
        fail_msg("%s %u %s: %s, not %s", profile->name, status, all_sent ? "whole" : "early",
                 verdict_word(got), verdict_word(want));
}

static void test_profile_knows_what_a_code_means(void **state)
{
    (void)state;
    const struct profile *plain = profile_by_name(SLICE("plain"));
    const struct profile *reportstream = profile_by_name(SLICE("reportstream"));
    for (size_t i = 0; i < ROWS(status_rows); i++) {
        const struct status_row *row = &status_rows[i];
        assert_class(plain, row->status, true, row->plain);
        assert_class(reportstream, row->status, true, row->reportstream);
        assert_class(plain, row->status, false, row->early);
        assert_class(reportstream, row->status, false, row->early);
    }
    assert_class(plain, 400, true, VERDICT_ROWS);
    assert_class(reportstream, 400, true, VERDICT_FILE);
}

struct message_row {
    const char *scope;
    const char *message;
    enum verdict_class plain;
    enum verdict_class reportstream;
};

static const struct message_row message_rows[] = {
    {"item", "Item is a duplicate.", BOTH(THERE)},
    {"item", "Blank value for element Patient_state (patient_state).", BOTH(ITEMS)},
    {"item", "Your file is missing Patient_state header.", BOTH(ITEMS)},
    {"item", "", BOTH(ITEMS)},
    {"report", "Item is a duplicate.", BOTH(ROWS)},
    {"report", "All items in this submission are duplicates.", BOTH(THERE)},
    {"report", "Not all items in this submission are duplicates.", BOTH(ROWS)},
    {"report", "CSV file has an inconsistent number of columns on row: 3", BOTH(ROWS)},
    {"report", "There's an issue parsing your file on row: 3. Missing header", BOTH(ROWS)},
    {"report",
     "Your file's row size of 10001 exceeds the maximum of 10000 rows per file. Reduce the "
     "amount of rows in this file.",
     BOTH(ROWS)},
    {"report",
     "Number of columns in your report exceeds the maximum of 2000 allowed. Adjust the excess "
     "columnar data in your report.",
     VERDICT_ROWS, VERDICT_FILE},
    {"report", "Your file is missing Patient_state header.", VERDICT_ROWS, VERDICT_FILE},
    {"report", "Missing Patient_state (patient_state) header", VERDICT_ROWS, VERDICT_FILE},
    {"report", "Missing Patient_state", BOTH(ROWS)},
    {"report", "Missing Content-Type header", VERDICT_ROWS, VERDICT_FILE},
    {"report", "Unexpected column header found, 'x' will be ignored", VERDICT_ROWS,
     VERDICT_FILE},
    {"report", "Expecting content type of 'text/csv'. Resubmit as 'text/csv'", VERDICT_ROWS,
     VERDICT_FILE},
    {"report", "Resubmit as 'text/csv'", VERDICT_ROWS, VERDICT_FILE},
    {"report", "'client:x': unknown sender", VERDICT_ROWS, VERDICT_FILE},
    {"report", "Invalid receiver name: x", VERDICT_ROWS, VERDICT_FILE},
    {"report",
     "An unexpected error occurred requiring additional help. Contact the ReportStream team at "
     "reportstream@cdc.gov.",
     BOTH(ROWS)},
    {"report", "", BOTH(ROWS)},
    {"", "anything", BOTH(ROWS)},
    {"translation", "anything", BOTH(ROWS)},
    {"parameter", "Invalid Url Options Parameter. Valid options: None", BOTH(FILE)},
    {"parameter", "anything", BOTH(FILE)},
    {"parameter", "Your file's row size of 10001 exceeds the maximum of 10000 rows per file.",
     VERDICT_FILE, VERDICT_ROWS},
};

static void test_profile_knows_what_an_error_is_about(void **state)
{
    (void)state;
    const struct profile *plain = profile_by_name(SLICE("plain"));
    const struct profile *reportstream = profile_by_name(SLICE("reportstream"));
    for (size_t i = 0; i < ROWS(message_rows); i++) {
        const struct message_row *row = &message_rows[i];
        struct slice scope = slice_of(row->scope);
        struct slice message = slice_of(row->message);
        row_same_number(row->message, profile_class_of_error(plain, scope, message),
                        row->plain);
        row_same_number(row->message, profile_class_of_error(reportstream, scope, message),
                        row->reportstream);
    }
}

static void test_profile_none_knows_no_answer(void **state)
{
    (void)state;
    const struct profile *none = profile_by_name(SLICE("none"));
    assert_true(none->sends_nothing);
    for (unsigned code = 100; code <= 599; code++)
        assert_class(none, code, true, VERDICT_UNKNOWN);
    for (size_t i = 0; i < profile_count; i++)
        assert_int_equal(profile_table[i].sends_nothing, &profile_table[i] == none);
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
        cmocka_unit_test(test_profile_knows_what_an_error_is_about),
        cmocka_unit_test(test_profile_none_knows_no_answer),
        cmocka_unit_test(test_profile_is_found_by_its_name_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
