/*
 * test_reason.c - the closed list of reasons.
 */

#include "elrelay/core/carry/reason.h"

#include "unit/rows.h"

static void test_reason_words_are_there_unique_and_read_back(void **state)
{
    (void)state;
    for (size_t i = REASON_NONE + 1; i < REASON_COUNT; i++) {
        enum reason reason = (enum reason)i;
        const char *word = reason_word(reason);
        row_check(word, strlen(word) > 0 && strlen(reason_sentence(reason)) > 0);
        row_check(word, strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(word));
        row_same_number(word, reason_of_word(slice_of(word)), reason);
    }
    assert_string_equal(reason_word(REASON_NONE), "");
    assert_string_equal(reason_sentence(REASON_NONE), "");
    assert_int_equal(reason_of_word(SLICE("")), REASON_NONE);
    assert_int_equal(reason_of_word(SLICE("no_such_reason")), REASON_NONE);
}

static void test_reason_of_scan_has_a_reason_for_each_result(void **state)
{
    (void)state;
    static const struct {
        enum scan_result result;
        const char *word;
    } rows[] = {
        {SCAN_OK, ""},
        {SCAN_EMPTY, "empty"},
        {SCAN_BOM, "bom"},
        {SCAN_NOT_UTF8, "not_utf8"},
        {SCAN_NOT_JSON, "not_json"},
        {SCAN_CONTROL_CHARACTER, "control_character"},
        {SCAN_NUL_CHARACTER, "nul_character"},
        {SCAN_LONE_SURROGATE, "lone_surrogate"},
        {SCAN_NUMBER_TOO_LARGE, "number_too_large"},
        {SCAN_NUMBER_INEXACT, "number_inexact"},
        {SCAN_TOO_DEEP, "too_deep"},
        {SCAN_TRAILING_BYTES, "trailing_bytes"},
        {SCAN_NOT_OBJECT, "not_object"},
    };
    for (size_t i = 0; i < ROWS(rows); i++)
        row_same(rows[i].word, slice_of(reason_word(reason_of_scan(rows[i].result))),
                 slice_of(rows[i].word));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reason_words_are_there_unique_and_read_back),
        cmocka_unit_test(test_reason_of_scan_has_a_reason_for_each_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
