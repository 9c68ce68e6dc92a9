/*
 * test_columns.c - a set of names that grows in order and shrinks from its end.
 */

#include "elrelay/core/carry/columns.h"

#include <stdio.h>

#include "unit/rows.h"

static struct slice make_name(char *room, size_t size, size_t i)
{
    int len = snprintf(room, size, "column_%zu", i * 7919 % 100003);
    return (struct slice){room, (size_t)len};
}

static void add_names(struct columns *columns, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        char room[32];
        struct slice name = make_name(room, sizeof(room), i);
        assert_true(columns_find(columns, name) == COLUMN_NONE);
        assert_int_equal(columns_add(columns, name), i);
    }
}

static void find_names(struct columns *columns, size_t step, size_t count)
{
    columns_rewind(columns);
    for (size_t i = 0; i < count; i++) {
        char room[32];
        size_t index = i * step % count;
        struct slice name = make_name(room, sizeof(room), index);
        assert_int_equal(columns_find(columns, name), index);
        row_same(room, columns_name(columns, index), name);
    }
}

static void test_columns_are_found_in_any_order(void **state)
{
    (void)state;
    struct columns columns;
    columns_init(&columns, 1 << 20);
    add_names(&columns, 0, 10007);
    find_names(&columns, 1, 10007);
    find_names(&columns, 3, 10007);
    find_names(&columns, 3, 10007);
    find_names(&columns, 10006, 10007);
    assert_true(columns_find(&columns, SLICE("no such")) == COLUMN_NONE);
    columns_free(&columns);
    columns_free(&columns);
}

static void test_columns_remember_the_order_asked_for(void **state)
{
    (void)state;
    struct columns columns;
    columns_init(&columns, 1000);
    columns_add(&columns, SLICE("a"));
    columns_add(&columns, SLICE("b"));
    columns_add(&columns, SLICE("c"));
    columns_rewind(&columns);
    columns_find(&columns, SLICE("c"));
    columns_find(&columns, SLICE("a"));
    assert_int_equal(columns.first, 2);
    assert_int_equal(columns.list[2].next, 0);
    columns_rewind(&columns);
    assert_int_equal(columns_find(&columns, SLICE("c")), 2);
    assert_int_equal(columns_find(&columns, SLICE("a")), 0);
    assert_int_equal(columns_find(&columns, SLICE("b")), 1);
    columns_free(&columns);
}

static void test_columns_cut_forgets_the_last_ones_only(void **state)
{
    (void)state;
    static const size_t cuts[] = {999, 500, 129, 128, 127, 1, 0};
    struct columns columns;
    columns_init(&columns, 1 << 20);
    add_names(&columns, 0, 1000);
    for (size_t i = 0; i < ROWS(cuts); i++) {
        columns_cut(&columns, cuts[i]);
        assert_int_equal(columns.count, cuts[i]);
        find_names(&columns, 1, cuts[i]);
        add_names(&columns, cuts[i], 1000);
        find_names(&columns, 7, 1000);
        columns_cut(&columns, cuts[i]);
    }
    assert_int_equal(columns.names.len, 0);
    assert_true(columns_find(&columns, SLICE("column_0")) == COLUMN_NONE);
    columns_free(&columns);
}

static void test_columns_names_are_bytes_and_may_be_empty(void **state)
{
    (void)state;
    struct columns columns;
    columns_init(&columns, 100);
    assert_true(columns_find(&columns, SLICE("")) == COLUMN_NONE);
    assert_int_equal(columns_add(&columns, SLICE("")), 0);
    assert_int_equal(columns_add(&columns, SLICE("a")), 1);
    assert_int_equal(columns_add(&columns, SLICE("A")), 2);
    assert_int_equal(columns_find(&columns, SLICE("")), 0);
    assert_int_equal(columns_find(&columns, SLICE("A")), 2);
    columns_free(&columns);
}

static void test_columns_stop_at_their_ceiling(void **state)
{
    (void)state;
    struct columns columns;
    columns_init(&columns, 5);
    assert_int_equal(columns_add(&columns, SLICE("abc")), 0);
    assert_true(columns_add(&columns, SLICE("def")) == COLUMN_NONE);
    assert_int_equal(columns.count, 1);
    assert_true(columns.names.full);
    columns_cut(&columns, 1);
    assert_false(columns.names.full);
    assert_int_equal(columns_add(&columns, SLICE("de")), 1);
    columns_free(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_found_in_any_order),
        cmocka_unit_test(test_columns_remember_the_order_asked_for),
        cmocka_unit_test(test_columns_cut_forgets_the_last_ones_only),
        cmocka_unit_test(test_columns_names_are_bytes_and_may_be_empty),
        cmocka_unit_test(test_columns_stop_at_their_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
