/*
 * number.c - texts and doubles compared as decimal values, digit by digit.
 *
 * strtod and printf of the C library round correctly; which decimal value went in and which
 * would come out is decided on the digits, without another rounding. The C locale is taken for
 * granted: nobody calls setlocale.
 */

#include "elrelay/ground/number.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    DIGITS_ALWAYS_KEPT = DBL_DIG,      /* so many digits survive a double whatever they are */
    DIGITS_MAX = DBL_DECIMAL_DIG,      /* the shortest print never needs more */
    POINT_MIN = DBL_MIN_10_EXP + 2,    /* below, doubles lose digits */
    EXPONENT_CEILING = 1000 * 1000000, /* beyond any double and any count of digits in memory */
    WHOLE_DIGITS_MAX = 16,             /* of 2^53 - 1 */
};

static const char whole_max[] = "9007199254740991";
static const double WHOLE_MAX = 9007199254740991.0;

/* 0.DIGITS * 10^point, without the sign. */
struct decimal {
    char digits[DIGITS_MAX]; /* no zero at either end */
    size_t count;            /* above DIGITS_MAX not all were kept; 0: the value is zero */
    int64_t point;
};

static bool number_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* What stands behind the e. */
static int64_t number_read_exponent(struct slice text)
{
    int64_t exponent = 0;
    bool negative = text.len && text.ptr[0] == '-';
    for (size_t i = 0; i < text.len; i++)
        if (number_is_digit(text.ptr[i]) && exponent < EXPONENT_CEILING)
            exponent = exponent * 10 + (text.ptr[i] - '0');
    return negative ? -exponent : exponent;
}

/* `seen` counts the digits from the first that is not 0. */
static void decimal_add_digit(struct decimal *decimal, char digit, size_t *seen, bool fraction)
{
    if (digit == '0' && *seen == 0) {
        decimal->point -= fraction;
        return;
    }
    if (*seen < DIGITS_MAX)
        decimal->digits[*seen] = digit;
    ++*seen;
    decimal->point += !fraction;
    if (digit != '0')
        decimal->count = *seen;
}

static struct decimal decimal_read(struct slice text)
{
    struct decimal decimal = {.count = 0};
    size_t seen = 0;
    bool fraction = false;
    size_t i = text.len && text.ptr[0] == '-' ? 1 : 0;
    for (; i < text.len && (number_is_digit(text.ptr[i]) || text.ptr[i] == '.'); i++) {
        if (text.ptr[i] == '.')
            fraction = true;
        else
            decimal_add_digit(&decimal, text.ptr[i], &seen, fraction);
    }
    if (i < text.len)
        decimal.point += number_read_exponent(slice_part(text, i + 1, text.len));
    return decimal;
}

static bool decimal_is_beyond_whole_max(const struct decimal *decimal)
{
    if (decimal->count == 0 || decimal->point < WHOLE_DIGITS_MAX)
        return false;
    if (decimal->point > WHOLE_DIGITS_MAX)
        return true;
    size_t shared = decimal->count < WHOLE_DIGITS_MAX ? decimal->count : WHOLE_DIGITS_MAX;
    int order = memcmp(decimal->digits, whole_max, shared);
    return order > 0 || (order == 0 && decimal->count > WHOLE_DIGITS_MAX);
}

static bool decimal_is(const struct decimal *a, const struct decimal *b)
{
    if (a->count == 0 || b->count == 0)
        return a->count == b->count;
    return a->count == b->count && a->point == b->point &&
           memcmp(a->digits, b->digits, a->count) == 0;
}

/* Adds one to the last digit of "d.ddde-dd". */
static void number_step_up(char *text)
{
    char *at = strchr(text, 'e');
    while (at > text) {
        at--;
        if (*at == '.')
            continue;
        if (*at != '9') {
            (*at)++;
            return;
        }
        *at = '0';
    }
}

/*
 * The fewest digits that read back as value (finite, above zero). Below a power of two doubles
 * lie closer than above it, so there the nearest print of a length may fail where the next one
 * up is right.
 */
static struct decimal number_shortest(double value)
{
    char text[NUMBER_TEXT_MAX];
    int count = value < DBL_MIN ? 1 : DIGITS_ALWAYS_KEPT;
    for (; count <= DIGITS_MAX; count++) {
        snprintf(text, sizeof(text), "%.*e", count - 1, value);
        if (strtod(text, NULL) == value)
            break;
        number_step_up(text);
        if (strtod(text, NULL) == value)
            break;
    }
    return decimal_read(slice_of(text));
}

static size_t number_add_zeros(char *text, size_t len, size_t count)
{
    memset(text + len, '0', count);
    return len + count;
}

static size_t number_add_digits(char *text, size_t len, const char *digits, size_t count)
{
    memcpy(text + len, digits, count);
    return len + count;
}

/* d.ddde+n, as for 1e21 and above and below 1e-6. */
static size_t number_add_scientific(char *text, size_t len, const struct decimal *decimal)
{
    text[len++] = decimal->digits[0];
    if (decimal->count > 1) {
        text[len++] = '.';
        len = number_add_digits(text, len, decimal->digits + 1, decimal->count - 1);
    }
    int64_t exponent = decimal->point - 1;
    return len + (size_t)snprintf(text + len, NUMBER_TEXT_MAX - len, "e%+" PRId64, exponent);
}

/* ECMA-262, 6.1.6.1.20, steps 6 to 12; k is count, n is point. */
static size_t number_add_decimal(char *text, size_t len, const struct decimal *decimal)
{
    if (decimal->point > 21 || decimal->point <= -6)
        return number_add_scientific(text, len, decimal);
    size_t count = decimal->count;
    if (decimal->point <= 0) {
        len = number_add_digits(text, len, "0.", 2);
        len = number_add_zeros(text, len, (size_t)-decimal->point);
        return number_add_digits(text, len, decimal->digits, count);
    }
    size_t whole = (size_t)decimal->point;
    if (count <= whole) {
        len = number_add_digits(text, len, decimal->digits, count);
        return number_add_zeros(text, len, whole - count);
    }
    len = number_add_digits(text, len, decimal->digits, whole);
    text[len++] = '.';
    return number_add_digits(text, len, decimal->digits + whole, count - whole);
}

size_t number_write(char text[NUMBER_TEXT_MAX], double value)
{
    double magnitude = fabs(value);
    if (magnitude <= WHOLE_MAX && value == (double)(int64_t)value)
        return (size_t)snprintf(text, NUMBER_TEXT_MAX, "%" PRId64, (int64_t)value);
    size_t len = 0;
    if (value < 0)
        text[len++] = '-';
    struct decimal decimal = number_shortest(magnitude);
    len = number_add_decimal(text, len, &decimal);
    text[len] = '\0';
    return len;
}

/* Most numbers of events are this: whole, and so short that nothing can happen to them. */
static bool number_is_short_whole(struct slice text)
{
    if (text.len > DIGITS_ALWAYS_KEPT)
        return false;
    for (size_t i = text.ptr[0] == '-'; i < text.len; i++)
        if (!number_is_digit(text.ptr[i]))
            return false;
    return true;
}

bool number_prints_itself(struct slice text)
{
    return number_is_short_whole(text) && !slice_is(text, SLICE("-0"));
}

static enum number_fate number_fate_by_print(struct slice text, const struct decimal *decimal)
{
    char copy[NUMBER_READ_MAX + 1] = {0};
    memcpy(copy, text.ptr, text.len);
    char print[NUMBER_TEXT_MAX];
    size_t len = number_write(print, strtod(copy, NULL));
    struct decimal printed = decimal_read((struct slice){print, len});
    return decimal_is(decimal, &printed) ? NUMBER_EXACT : NUMBER_INEXACT;
}

enum number_fate number_fate(struct slice text)
{
    if (number_is_short_whole(text))
        return NUMBER_EXACT;
    struct decimal decimal = decimal_read(text);
    if (decimal_is_beyond_whole_max(&decimal))
        return NUMBER_TOO_LARGE;
    if (text.len > NUMBER_READ_MAX || decimal.count > DIGITS_MAX)
        return NUMBER_INEXACT;
    if (decimal.count <= DIGITS_ALWAYS_KEPT &&
        (decimal.count == 0 || decimal.point >= POINT_MIN))
        return NUMBER_EXACT;
    return number_fate_by_print(text, &decimal);
}

bool number_read_u64(struct slice text, uint64_t *value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!number_is_digit(text.ptr[i]))
            return false;
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return text.len > 0;
}
