/*
 * test_number.c - decimal values on their way through a double.
 */

#include "elrelay/ground/number.h"

#include <math.h>
#include <stdlib.h>

#include "unit/rows.h"

#define ZEROS_50 "00000000000000000000000000000000000000000000000000"

static const struct {
    const char *text;
    enum number_fate fate;
} fates[] = {
    {"0", NUMBER_EXACT},
    {"-0", NUMBER_EXACT},
    {"-0.0e-999", NUMBER_EXACT},
    {"0e999", NUMBER_EXACT},
    {"7", NUMBER_EXACT},
    {"-123456789012345", NUMBER_EXACT},
    {"1.10", NUMBER_EXACT},
    {"1E3", NUMBER_EXACT},
    {"1e+3", NUMBER_EXACT},
    {"0.1", NUMBER_EXACT},
    {"0.30000000000000004", NUMBER_EXACT},
    {"2251799813685249.5", NUMBER_EXACT},
    {"9007199254740991", NUMBER_EXACT},
    {"-9007199254740991", NUMBER_EXACT},
    {"9007199254740991.000", NUMBER_EXACT},
    {"9.007199254740991e15", NUMBER_EXACT},
    {"90071992547409910e-1", NUMBER_EXACT},
    {"9e15", NUMBER_EXACT},
    {"5e-324", NUMBER_EXACT},
    {"2.2250738585072014e-308", NUMBER_EXACT},
    {"5.684341886080802e-14", NUMBER_EXACT},
    {"0.00000000000000000000000000000000000000000000000000000000000001", NUMBER_INEXACT},
    {"1." ZEROS_50, NUMBER_EXACT},
    {"1." ZEROS_50 "00000000000", NUMBER_EXACT},
    {"1." ZEROS_50 "000000000000", NUMBER_INEXACT},
    {"9007199254740992", NUMBER_TOO_LARGE},
    {"9007199254740993", NUMBER_TOO_LARGE},
    {"-9007199254740992", NUMBER_TOO_LARGE},
    {"9007199254740991.0000000000000001", NUMBER_TOO_LARGE},
    {"9007199254740991.5", NUMBER_TOO_LARGE},
    {"1e16", NUMBER_TOO_LARGE},
    {"0.1e17", NUMBER_TOO_LARGE},
    {"12345678901234567890", NUMBER_TOO_LARGE},
    {"1e400", NUMBER_TOO_LARGE},
    {"1e99999999999999999999", NUMBER_TOO_LARGE},
    {"1" ZEROS_50 ZEROS_50, NUMBER_TOO_LARGE},
    {"0.1000000000000000055", NUMBER_INEXACT},
    {"0.10000000000000001", NUMBER_INEXACT},
    {"9007199254740990.5", NUMBER_INEXACT},
    {"5.6843418860808015e-14", NUMBER_INEXACT},
    {"1e-400", NUMBER_INEXACT},
    {"3e-324", NUMBER_INEXACT},
    {"4.9e-324", NUMBER_INEXACT},
    {"1e-99999999999999999999", NUMBER_INEXACT},
    {"123456.78901234567890123", NUMBER_INEXACT},
};

static const struct {
    double value;
    const char *text;
} prints[] = {
    {0.0, "0"},
    {-0.0, "0"},
    {1.10, "1.1"},
    {1E3, "1000"},
    {-42, "-42"},
    {0.1, "0.1"},
    {-0.5, "-0.5"},
    {0.1 + 0.2, "0.30000000000000004"},
    {9007199254740991.0, "9007199254740991"},
    {-9007199254740991.0, "-9007199254740991"},
    {9007199254740992.0, "9007199254740992"},
    {123456789012345680000.0, "123456789012345680000"},
    {1e20, "100000000000000000000"},
    {1e21, "1e+21"},
    {1.5e300, "1.5e+300"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {0.000001, "0.000001"},
    {0.00000123, "0.00000123"},
    {0.0000001, "1e-7"},
    {-1.5e-7, "-1.5e-7"},
    {5e-324, "5e-324"},
    {1e-323, "1e-323"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {5.684341886080802e-14,
     "5.684341886080802e-14"}, /* 2^-44: the nearest of 16 digits fails */
    {123.456, "123.456"},
    {2251799813685249.5, "2251799813685249.5"},
    {2.5e15, "2500000000000000"},
};

static void test_number_fate_compares_decimal_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(fates); i++)
        row_same_number(fates[i].text, number_fate(slice_of(fates[i].text)), fates[i].fate);
}

static void test_number_write_prints_as_ecmascript(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(prints); i++) {
        char text[NUMBER_TEXT_MAX];
        size_t len = number_write(text, prints[i].value);
        row_same(prints[i].text, (struct slice){text, len}, slice_of(prints[i].text));
        row_same_number(prints[i].text, strlen(text), len);
    }
}

/* Powers of two are where shortest prints go wrong, if anywhere. */
static void test_number_write_reads_back_for_every_power_of_two(void **state)
{
    (void)state;
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        char text[NUMBER_TEXT_MAX];
        double value = ldexp(1.0, exponent);
        number_write(text, value);
        assert_true(strtod(text, NULL) == value);
        assert_int_not_equal(number_fate(slice_of(text)), NUMBER_INEXACT);
    }
}

static const struct {
    const char *text;
    bool good;
    uint64_t value;
} wholes[] = {
    {"0", true, 0},
    {"007", true, 7},
    {"18446744073709551615", true, UINT64_MAX},
    {"18446744073709551616", false, 0},
    {"99999999999999999999", false, 0},
    {"", false, 0},
    {"-1", false, 0},
    {"+1", false, 0},
    {" 1", false, 0},
    {"1x", false, 0},
    {"1.0", false, 0},
};

static void test_number_read_u64_takes_digits_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(wholes); i++) {
        uint64_t value = 0;
        row_check(wholes[i].text,
                  number_read_u64(slice_of(wholes[i].text), &value) == wholes[i].good);
        if (wholes[i].good)
            row_same_number(wholes[i].text, value, wholes[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_fate_compares_decimal_values),
        cmocka_unit_test(test_number_write_prints_as_ecmascript),
        cmocka_unit_test(test_number_write_reads_back_for_every_power_of_two),
        cmocka_unit_test(test_number_read_u64_takes_digits_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
