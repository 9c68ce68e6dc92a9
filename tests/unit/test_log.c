/*
 * test_log.c - one line, whole at its end whatever its fields are.
 */

#include "elrelay/ground/log.h"

#include "elrelay/ground/buf.h"
#include "elrelay/ground/json.h"
#include "elrelay/ground/mem.h"
#include "unit/rows.h"

enum { LINE_MAX_LEN = 4096 };

static struct buf lines;

static void take_line(void *ctx, struct slice line)
{
    buf_add(ctx, line);
}

static uint64_t tell_time(void *ctx)
{
    (void)ctx;
    return 1795316645678;
}

static void open_log(enum log_format format, enum log_level level)
{
    buf_clear(&lines);
    log_open(&(struct log_sink){.write = take_line,
                                .unix_ms = tell_time,
                                .ctx = &lines,
                                .format = format,
                                .level = level});
}

static void test_log_goes_nowhere_before_it_is_opened(void **state)
{
    (void)state;
    log_write(LOG_ERROR, "nothing", log_number("n", 1));
    assert_int_equal(lines.len, 0);
}

static void test_log_text_has_time_level_event_and_fields(void **state)
{
    (void)state;
    open_log(LOG_TEXT, LOG_INFO);
    struct uuid id = {.text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"};
    log_write(LOG_INFO, "batch_accepted", log_word("route", "covid"), log_id("batch", &id),
              log_number("events", 500));
    row_same("line", buf_slice(&lines),
             SLICE("2026-11-22T03:04:05.678Z info batch_accepted route=covid "
                   "batch=017f22e2-79b0-7cc3-98c4-dc0c0c07398f events=500\n"));
}

static void test_log_json_has_the_same_fields(void **state)
{
    (void)state;
    open_log(LOG_JSON, LOG_INFO);
    log_write(LOG_WARN, "redis_lost", log_word("why", "timed \"out\""), log_number("ms", 5));
    row_same("line", buf_slice(&lines),
             SLICE("{\"time\":\"2026-11-22T03:04:05.678Z\",\"level\":\"warn\","
                   "\"event\":\"redis_lost\",\"why\":\"timed \\\"out\\\"\",\"ms\":5}\n"));
}

static const struct {
    const char *name;
    const char *word;
    const char *text;
} words[] = {
    {"plain", "a-b_c/d:1", "a-b_c/d:1"},
    {"empty", "", "\"\""},
    {"missing", NULL, "\"\""},
    {"space", "a b", "\"a b\""},
    {"equal sign", "a=b", "\"a=b\""},
    {"quote", "a\"b", "\"a\\\"b\""},
    {"backslash", "a\\b", "\"a\\\\b\""},
    {"line feed", "a\nb", "\"a\\nb\""},
    {"control character", "a\x1b[0m", "\"a\\u001b[0m\""},
    {"utf-8", "\xc3\xa9", "\"\xc3\xa9\""},
    {"bad byte", "\xff", "\"\xef\xbf\xbd\""},
};

static void test_log_quotes_words_that_need_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(words); i++) {
        open_log(LOG_TEXT, LOG_DEBUG);
        log_write(LOG_DEBUG, "e", log_word("k", words[i].word));
        struct slice head = SLICE("2026-11-22T03:04:05.678Z debug e k=");
        struct slice tail = slice_part(buf_slice(&lines), head.len, lines.len);
        row_same(words[i].name, slice_part(tail, 0, tail.len - 1), slice_of(words[i].text));
    }
}

static void test_log_levels_below_are_not_made(void **state)
{
    (void)state;
    open_log(LOG_TEXT, LOG_WARN);
    log_write(LOG_INFO, "quiet", log_number("n", 1));
    assert_int_equal(lines.len, 0);
    log_set_level(LOG_INFO);
    log_write(LOG_INFO, "loud", log_number("n", 1));
    assert_true(lines.len > 0);
}

/* A line with a word of every length around the ceiling ends as a line must, and its fields are
 * whole or away. */
static void check_long_line(enum log_format format, size_t len)
{
    open_log(format, LOG_INFO);
    char *word = mem_zalloc(len + 1);
    memset(word, 'w', len);
    log_write(LOG_INFO, "long", log_number("before", 1), log_word("word", word),
              log_number("after", 2));
    assert_true(lines.len <= LINE_MAX_LEN);
    assert_int_equal(lines.ptr[lines.len - 1], '\n');
    const char *text = buf_text(&lines);
    assert_non_null(strstr(text, "before"));
    const char *begin = strchr(text, 'w');
    size_t run = begin ? strspn(begin + strcspn(begin, "=:"), "=:\"") : 0;
    size_t kept = begin ? strspn(begin + strcspn(begin, "=:") + run, "w") : len;
    assert_int_equal(kept, len);
    if (format == LOG_JSON) {
        struct json *tree = json_parse(buf_slice(&lines));
        assert_non_null(tree);
        json_free(tree);
    }
    mem_free(word);
}

static void test_log_cuts_whole_fields_and_ends_the_line(void **state)
{
    (void)state;
    for (size_t len = LINE_MAX_LEN - 150; len < LINE_MAX_LEN + 10; len++) {
        check_long_line(LOG_TEXT, len);
        check_long_line(LOG_JSON, len);
    }
    open_log(LOG_TEXT, LOG_INFO);
}

static int free_lines(void **state)
{
    (void)state;
    buf_free(&lines);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_goes_nowhere_before_it_is_opened),
        cmocka_unit_test(test_log_text_has_time_level_event_and_fields),
        cmocka_unit_test(test_log_json_has_the_same_fields),
        cmocka_unit_test(test_log_quotes_words_that_need_it),
        cmocka_unit_test(test_log_levels_below_are_not_made),
        cmocka_unit_test(test_log_cuts_whole_fields_and_ends_the_line),
    };
    buf_init(&lines, 65536);
    return cmocka_run_group_tests(tests, NULL, free_lines);
}
