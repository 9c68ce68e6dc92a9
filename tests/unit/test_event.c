/*
 * test_event.c - ids of a stream.
 */

#include "elrelay/core/carry/event.h"

#include "unit/rows.h"

static const struct {
    const char *text;
    bool good;
    struct stream_id id;
} reads[] = {
    {"0-0", true, {0, 0}},
    {"1767225600000-12", true, {1767225600000, 12}},
    {"18446744073709551615-18446744073709551615", true, {UINT64_MAX, UINT64_MAX}},
    {"18446744073709551616-0", false, {0}},
    {"1767225600000", false, {0}},
    {"1-", false, {0}},
    {"-1", false, {0}},
    {"1--1", false, {0}},
    {"1-2-3", false, {0}},
    {"1-x", false, {0}},
    {"", false, {0}},
};

static void test_event_stream_id_reads_and_writes_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(reads); i++) {
        struct stream_id id = {0};
        row_check(reads[i].text, stream_id_read(slice_of(reads[i].text), &id) == reads[i].good);
        row_check(reads[i].text, stream_id_compare(id, reads[i].id) == 0);
        char text[STREAM_ID_TEXT_MAX];
        size_t len = stream_id_write(text, id);
        row_same_number(reads[i].text, strlen(text), len);
        row_check(reads[i].text, !reads[i].good || strcmp(text, reads[i].text) == 0);
    }
    struct stream_id id;
    assert_false(stream_id_read((struct slice){0}, &id));
}

static void test_event_stream_id_compares_time_then_number(void **state)
{
    (void)state;
    static const struct stream_id sorted[] = {{0, 0}, {0, 9}, {1, 0}, {1, 1}, {UINT64_MAX, 0}};
    for (int i = 0; i < (int)ROWS(sorted); i++)
        for (int j = 0; j < (int)ROWS(sorted); j++)
            assert_int_equal(stream_id_compare(sorted[i], sorted[j]), (i > j) - (i < j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_stream_id_reads_and_writes_the_same),
        cmocka_unit_test(test_event_stream_id_compares_time_then_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
