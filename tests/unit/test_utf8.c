/*
 * test_utf8.c - each border of the table of well-formed sequences.
 */

#include "elrelay/ground/utf8.h"

#include "unit/rows.h"

static const struct {
    const char *name;
    struct slice bytes;
    size_t valid;
} rows[] = {
    {"nothing", BYTES(""), 0},
    {"ascii with nul", BYTES("a\0b\x7f"), 4},
    {"two bytes, first", BYTES("\xc2\x80"), 2},
    {"two bytes, last", BYTES("\xdf\xbf"), 2},
    {"three bytes, first", BYTES("\xe0\xa0\x80"), 3},
    {"before the surrogates", BYTES("\xed\x9f\xbf"), 3},
    {"behind the surrogates", BYTES("\xee\x80\x80"), 3},
    {"three bytes, last", BYTES("\xef\xbf\xbf"), 3},
    {"four bytes, first", BYTES("\xf0\x90\x80\x80"), 4},
    {"U+10FFFF", BYTES("\xf4\x8f\xbf\xbf"), 4},
    {"a continuation alone", BYTES("a\x80"), 1},
    {"overlong slash", BYTES("ab\xc0\xaf"), 2},
    {"overlong in two", BYTES("\xc1\xbf"), 0},
    {"overlong in three", BYTES("\xe0\x9f\xbf"), 0},
    {"overlong in four", BYTES("\xf0\x8f\xbf\xbf"), 0},
    {"first surrogate", BYTES("\xed\xa0\x80"), 0},
    {"last surrogate", BYTES("\xed\xbf\xbf"), 0},
    {"beyond U+10FFFF", BYTES("\xf4\x90\x80\x80"), 0},
    {"f5", BYTES("\xf5\x80\x80\x80"), 0},
    {"ff", BYTES("\xff"), 0},
    {"cut in two", BYTES("ok\xc3"), 2},
    {"cut in three", BYTES("ok\xe2\x82"), 2},
    {"cut in four", BYTES("ok\xf0\x9f\x98"), 2},
    {"third byte wrong", BYTES("\xe2\x82(x"), 0},
    {"fourth byte wrong", BYTES("\xf0\x9f\x98(x"), 0},
    {"good behind bad", BYTES("\xc3\xa9\xff\xc3\xa9"), 2},
};

static void test_utf8_valid_len_stops_at_the_first_bad_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        row_same_number(rows[i].name, utf8_valid_len(rows[i].bytes), rows[i].valid);
}

static void test_utf8_sequence_len_needs_the_whole_sequence(void **state)
{
    (void)state;
    struct slice smile = SLICE("\xf0\x9f\x98\x80");
    assert_int_equal(utf8_sequence_len(smile), 4);
    for (size_t len = 0; len < 4; len++)
        assert_int_equal(utf8_sequence_len(slice_part(smile, 0, len)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_valid_len_stops_at_the_first_bad_byte),
        cmocka_unit_test(test_utf8_sequence_len_needs_the_whole_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
