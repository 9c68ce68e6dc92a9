/*
 * test_time_text.c - the calendar, there and back.
 */

#include "elrelay/ground/time_text.h"

#include <stdio.h>
#include <time.h>

#include "unit/rows.h"

static const struct {
    uint64_t ms;
    const char *text;
} writes[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {951782399999, "2000-02-28T23:59:59.999Z"},
    {951782400000, "2000-02-29T00:00:00.000Z"},
    {1795316645678, "2026-11-22T03:04:05.678Z"},
    {4107542400000, "2100-03-01T00:00:00.000Z"},
    {253402300799999, "9999-12-31T23:59:59.999Z"},
    {253402300800000, "9999-12-31T23:59:59.999Z"},
    {UINT64_MAX, "9999-12-31T23:59:59.999Z"},
};

static void test_time_text_write_is_rfc_3339(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(writes); i++) {
        char text[TIME_TEXT_MAX];
        time_text_write(text, writes[i].ms);
        row_same(writes[i].text, slice_of(text), slice_of(writes[i].text));
    }
}

/* The C library's calendar, on a day of each month of a thousand years. */
static void test_time_text_agrees_with_gmtime(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 365243; day += 29) {
        time_t seconds = (time_t)(day * 86400 + 3661);
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        char want[TIME_TEXT_MAX];
        char text[TIME_TEXT_MAX];
        strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
        time_text_write(text, (uint64_t)seconds * 1000);
        row_same(want, slice_of(text), slice_of(want));
        uint64_t back = 0;
        row_check(want, time_text_read(slice_of(text), &back));
        row_same_number(want, back, (uint64_t)seconds * 1000);
        strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        row_check(want, time_text_read_http(slice_of(want), &back));
        row_same_number(want, back, (uint64_t)seconds * 1000);
    }
}

static const struct {
    const char *text;
    bool good;
    uint64_t ms;
} reads[] = {
    {"1970-01-01T00:00:00Z", true, 0},
    {"1970-01-01t00:00:01z", true, 1000},
    {"2026-11-22T03:04:05.678Z", true, 1795316645678},
    {"2026-11-22T03:04:05.6Z", true, 1795316645600},
    {"2026-11-22T03:04:05.678999999Z", true, 1795316645678},
    {"2026-11-22T03:04:05.678+00:00", true, 1795316645678},
    {"2026-11-22T05:34:05.678+02:30", true, 1795316645678},
    {"2026-11-21T22:04:05.678-05:00", true, 1795316645678},
    {"1970-01-01T01:00:00+01:00", true, 0},
    {"2016-12-31T23:59:60Z", true, 1483228800000},
    {"2024-02-29T00:00:00Z", true, 1709164800000},
    {"1970-01-01T00:59:59+01:00", false, 0},
    {"1969-12-31T23:59:59Z", false, 0},
    {"2023-02-29T00:00:00Z", false, 0},
    {"2100-02-29T00:00:00Z", false, 0},
    {"2026-00-22T03:04:05Z", false, 0},
    {"2026-13-22T03:04:05Z", false, 0},
    {"2026-11-00T03:04:05Z", false, 0},
    {"2026-11-31T03:04:05Z", false, 0},
    {"2026-11-22T24:04:05Z", false, 0},
    {"2026-11-22T03:60:05Z", false, 0},
    {"2026-11-22T03:04:61Z", false, 0},
    {"2026-11-22T03:04:05", false, 0},
    {"2026-11-22T03:04:05.Z", false, 0},
    {"2026-11-22T03:04:05.1234567890Z", false, 0},
    {"2026-11-22T03:04:05+24:00", false, 0},
    {"2026-11-22T03:04:05+0100", false, 0},
    {"2026-11-22T03:04:05Zx", false, 0},
    {"2026-11-22 03:04:05Z", false, 0},
    {"2026-11-22", false, 0},
    {"26-11-22T03:04:05Z", false, 0},
    {" 2026-11-22T03:04:05Z", false, 0},
    {"", false, 0},
};

static void test_time_text_read_takes_any_offset(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(reads); i++) {
        uint64_t ms = 0;
        row_check(reads[i].text, time_text_read(slice_of(reads[i].text), &ms) == reads[i].good);
        row_same_number(reads[i].text, ms, reads[i].ms);
    }
}

static const struct {
    const char *text;
    bool good;
    uint64_t ms;
} dates[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", true, 784111777000},
    {"Thu, 01 Jan 1970 00:00:00 GMT", true, 0},
    {"Mon, 06 Nov 1994 08:49:37 GMT", false, 0},
    {"Sun, 6 Nov 1994 08:49:37 GMT", false, 0},
    {"Sun, 06 nov 1994 08:49:37 GMT", false, 0},
    {"Sun, 06 Nov 1994 08:49:37 UTC", false, 0},
    {"Sun, 06 Nov 1994 08:49:37", false, 0},
    {"Sunday, 06-Nov-94 08:49:37 GMT", false, 0},
    {"Sun Nov  6 08:49:37 1994", false, 0},
    {"Wed, 31 Dec 1969 23:59:59 GMT", false, 0},
    {"120", false, 0},
    {"", false, 0},
};

static void test_time_text_read_http_takes_the_fixed_form_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(dates); i++) {
        uint64_t ms = 0;
        row_check(dates[i].text,
                  time_text_read_http(slice_of(dates[i].text), &ms) == dates[i].good);
        row_same_number(dates[i].text, ms, dates[i].ms);
    }
}

static const struct {
    uint64_t ms;
    const char *text;
} durations[] = {
    {0, "0s"},        {1, "1ms"},        {1500, "1500ms"},
    {2000, "2s"},     {90000, "90s"},    {120000, "2m"},
    {600000, "10m"},  {5400000, "90m"},  {3600000, "1h"},
    {86400000, "1d"}, {90000000, "25h"}, {UINT64_MAX, "18446744073709551615ms"},
};

static void test_time_text_write_duration_takes_the_largest_whole_unit(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(durations); i++) {
        char text[TIME_TEXT_MAX];
        time_text_write_duration(text, durations[i].ms);
        row_same(durations[i].text, slice_of(text), slice_of(durations[i].text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_text_write_is_rfc_3339),
        cmocka_unit_test(test_time_text_agrees_with_gmtime),
        cmocka_unit_test(test_time_text_read_takes_any_offset),
        cmocka_unit_test(test_time_text_read_http_takes_the_fixed_form_only),
        cmocka_unit_test(test_time_text_write_duration_takes_the_largest_whole_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
