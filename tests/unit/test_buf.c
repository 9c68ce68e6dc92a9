/*
 * test_buf.c - growth up to the ceiling and not a byte beyond.
 */

#include "elrelay/ground/buf.h"

#include "unit/rows.h"

static void test_buf_zeroed_holds_nothing(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_true(buf_add(&buf, SLICE("")));
    assert_false(buf_add_byte(&buf, 'x'));
    assert_true(buf.full);
    assert_string_equal(buf_text(&buf), "");
    buf_free(&buf);
}

static void test_buf_adds_all_kinds(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    assert_true(buf_add_text(&buf, "a"));
    assert_true(buf_add(&buf, SLICE("\0b")));
    assert_true(buf_add_byte(&buf, ','));
    assert_true(buf_add_number(&buf, 0));
    assert_true(buf_add_number(&buf, UINT64_MAX));
    assert_true(buf_add_format(&buf, "[%s %d]", "x", -5));
    row_same("all", buf_slice(&buf), SLICE("a\0b,018446744073709551615[x -5]"));
    assert_int_equal(buf_text(&buf)[buf.len], '\0');
    buf_cut(&buf, 100);
    assert_int_equal(buf.len, 31);
    buf_cut(&buf, 3);
    row_same("cut", buf_slice(&buf), SLICE("a\0b"));
    buf_free(&buf);
    assert_int_equal(buf.max, 1000);
    assert_null(buf.ptr);
}

static void test_buf_stops_at_the_ceiling_and_says_so(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 5);
    assert_true(buf_add(&buf, SLICE("1234")));
    assert_false(buf_add(&buf, SLICE("56")));
    assert_true(buf.full);
    assert_false(buf_add_number(&buf, 56));
    assert_false(buf_add_format(&buf, "%s", "5"));
    assert_true(buf_add_byte(&buf, '5'));
    assert_false(buf_add_byte(&buf, '6'));
    row_same("five", buf_slice(&buf), SLICE("12345"));
    assert_string_equal(buf_text(&buf), "");
    assert_null(buf_reserve(&buf, SIZE_MAX));
    buf_clear(&buf);
    assert_false(buf.full);
    assert_int_equal(buf.len, 0);
    buf_free(&buf);
}

static void test_buf_grows_byte_by_byte_to_its_ceiling(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(buf_add_byte(&buf, (char)('a' + i % 26)));
    assert_false(buf_add_byte(&buf, 'x'));
    assert_int_equal(buf.cap, 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(buf.ptr[i], 'a' + i % 26);
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_zeroed_holds_nothing),
        cmocka_unit_test(test_buf_adds_all_kinds),
        cmocka_unit_test(test_buf_stops_at_the_ceiling_and_says_so),
        cmocka_unit_test(test_buf_grows_byte_by_byte_to_its_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
