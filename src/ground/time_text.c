/*
 * time_text.c - the calendar as arithmetic.
 *
 * Days are counted in eras of 400 years that begin on 1 March, so that the leap day is the last
 * of its year.
 */

#include "elrelay/ground/time_text.h"

#include <inttypes.h>
#include <stdio.h>

enum { DAY_S = 86400, ERA_DAYS = 146097, ERA_TO_EPOCH_DAYS = 719468 };

static const uint64_t YEAR_9999_END_MS = 253402300799999;

struct civil {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;   /* 1 to 31 */
    int64_t hour;
    int64_t minute;
    int64_t second;
};

static int64_t civil_days(const struct civil *civil)
{
    int64_t year = civil->year - (civil->month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t march_month = (civil->month + 9) % 12;
    int64_t day_of_year = (153 * march_month + 2) / 5 + civil->day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - ERA_TO_EPOCH_DAYS;
}

static int64_t civil_seconds(const struct civil *civil)
{
    return civil_days(civil) * DAY_S + civil->hour * 3600 + civil->minute * 60 + civil->second;
}

static struct civil civil_of_seconds(int64_t seconds)
{
    int64_t days = seconds / DAY_S + ERA_TO_EPOCH_DAYS;
    int64_t rest = seconds % DAY_S;
    int64_t era = days / ERA_DAYS;
    int64_t day_of_era = days % ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era -
                          (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (struct civil){
        .year = year_of_era + era * 400 + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1,
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
}

static bool civil_is_valid(const struct civil *civil)
{
    static const int64_t month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (civil->month < 1 || civil->month > 12)
        return false;
    bool leap = civil->year % 4 == 0 && (civil->year % 100 != 0 || civil->year % 400 == 0);
    int64_t last = month_days[civil->month - 1] - (civil->month == 2 && !leap);
    return civil->day >= 1 && civil->day <= last && civil->hour <= 23 && civil->minute <= 59 &&
           civil->second <= 60; /* 60 is a leap second */
}

static void write_digits(char *at, uint64_t number, size_t width)
{
    while (width--) {
        at[width] = (char)('0' + number % 10);
        number /= 10;
    }
}

void time_text_write(char text[TIME_TEXT_MAX], uint64_t unix_ms)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    uint64_t ms = unix_ms < YEAR_9999_END_MS ? unix_ms : YEAR_9999_END_MS;
    struct civil at = civil_of_seconds((int64_t)(ms / 1000));
    memcpy(text, form, sizeof(form));
    write_digits(text, (uint64_t)at.year, 4);
    write_digits(text + 5, (uint64_t)at.month, 2);
    write_digits(text + 8, (uint64_t)at.day, 2);
    write_digits(text + 11, (uint64_t)at.hour, 2);
    write_digits(text + 14, (uint64_t)at.minute, 2);
    write_digits(text + 17, (uint64_t)at.second, 2);
    write_digits(text + 20, ms % 1000, 3);
}

/* What is left to read; false once something else stood there than was asked for. */
struct reader {
    struct slice left;
    bool good;
};

static char reader_peek(const struct reader *reader)
{
    if (reader->left.len == 0)
        return '\0';
    return reader->left.ptr[0];
}

static void reader_step(struct reader *reader, size_t len)
{
    reader->left = slice_part(reader->left, len, reader->left.len);
}

static bool reader_skip(struct reader *reader, const char *any_of)
{
    char byte = reader_peek(reader);
    if (!byte || !strchr(any_of, byte))
        return false;
    reader_step(reader, 1);
    return true;
}

static void reader_want(struct reader *reader, const char *any_of)
{
    reader->good = reader_skip(reader, any_of) && reader->good;
}

static bool reader_at_digit(const struct reader *reader)
{
    return reader_peek(reader) >= '0' && reader_peek(reader) <= '9';
}

/* Exactly so many digits. */
static int64_t reader_number(struct reader *reader, size_t digits)
{
    int64_t number = 0;
    for (size_t i = 0; i < digits; i++) {
        reader->good = reader->good && reader_at_digit(reader);
        number = number * 10 + (reader_peek(reader) - '0');
        reader_step(reader, 1);
    }
    return number;
}

/* One of count words of three letters; from 0. */
static int64_t reader_word(struct reader *reader, const char *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(slice_part(reader->left, 0, 3), (struct slice){words + 3 * i, 3})) {
            reader_step(reader, 3);
            return (int64_t)i;
        }
    reader->good = false;
    return 0;
}

static void reader_clock(struct reader *reader, struct civil *civil)
{
    civil->hour = reader_number(reader, 2);
    reader_want(reader, ":");
    civil->minute = reader_number(reader, 2);
    reader_want(reader, ":");
    civil->second = reader_number(reader, 2);
}

static int64_t reader_fraction_ms(struct reader *reader)
{
    if (!reader_skip(reader, "."))
        return 0;
    int64_t ms = 0;
    int64_t weight = 100;
    size_t digits = 0;
    for (; reader_at_digit(reader); digits++) {
        ms += weight * (reader_peek(reader) - '0');
        weight /= 10;
        reader_step(reader, 1);
    }
    reader->good = reader->good && digits >= 1 && digits <= 9;
    return ms;
}

/* Seconds to take away for UTC. */
static int64_t reader_offset(struct reader *reader)
{
    if (reader_skip(reader, "Zz"))
        return 0;
    bool west = reader_peek(reader) == '-';
    reader_want(reader, "+-");
    int64_t hours = reader_number(reader, 2);
    reader_want(reader, ":");
    int64_t minutes = reader_number(reader, 2);
    reader->good = reader->good && hours <= 23 && minutes <= 59;
    int64_t seconds = hours * 3600 + minutes * 60;
    return west ? -seconds : seconds;
}

static bool reader_end(const struct reader *reader, const struct civil *civil)
{
    return reader->good && reader->left.len == 0 && civil_is_valid(civil);
}

bool time_text_read(struct slice text, uint64_t *unix_ms)
{
    struct reader reader = {text, true};
    struct civil civil = {.year = reader_number(&reader, 4)};
    reader_want(&reader, "-");
    civil.month = reader_number(&reader, 2);
    reader_want(&reader, "-");
    civil.day = reader_number(&reader, 2);
    reader_want(&reader, "Tt");
    reader_clock(&reader, &civil);
    int64_t ms = reader_fraction_ms(&reader);
    int64_t offset = reader_offset(&reader);
    if (!reader_end(&reader, &civil) || civil_seconds(&civil) < offset)
        return false;
    *unix_ms = (uint64_t)((civil_seconds(&civil) - offset) * 1000 + ms);
    return true;
}

bool time_text_read_http(struct slice text, uint64_t *unix_ms)
{
    struct reader reader = {text, true};
    struct civil civil = {0};
    int64_t weekday = reader_word(&reader, "ThuFriSatSunMonTueWed", 7);
    reader_want(&reader, ",");
    reader_want(&reader, " ");
    civil.day = reader_number(&reader, 2);
    reader_want(&reader, " ");
    civil.month = reader_word(&reader, "JanFebMarAprMayJunJulAugSepOctNovDec", 12) + 1;
    reader_want(&reader, " ");
    civil.year = reader_number(&reader, 4);
    reader_want(&reader, " ");
    reader_clock(&reader, &civil);
    reader_want(&reader, " ");
    reader_word(&reader, "GMT", 1);
    if (!reader_end(&reader, &civil) || civil_days(&civil) < 0 ||
        civil_days(&civil) % 7 != weekday)
        return false;
    *unix_ms = (uint64_t)civil_seconds(&civil) * 1000;
    return true;
}

void time_text_write_duration(char text[TIME_TEXT_MAX], uint64_t ms)
{
    static const struct {
        uint64_t ms;
        const char *name;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t unit = 0;
    if (ms == 0)
        unit = 3;
    while (ms % units[unit].ms != 0)
        unit++;
    snprintf(text, TIME_TEXT_MAX, "%" PRIu64 "%s", ms / units[unit].ms, units[unit].name);
}
