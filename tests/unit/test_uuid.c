/*
 * test_uuid.c - batch ids.
 */

#include "elrelay/ground/uuid.h"

#include "unit/rows.h"

static void test_uuid_make_gives_the_example_of_the_standard(void **state)
{
    (void)state;
    /* RFC 9562, A.6 */
    static const uint8_t random[UUID_RANDOM_BYTES] = {0xfc, 0xc3, 0xd8, 0xc4, 0xdc,
                                                      0x0c, 0x0c, 0x07, 0x39, 0x8f};
    struct uuid uuid;
    uuid_make(&uuid, 0x017f22e279b0, random);
    row_same("A.6", slice_of(uuid.text), SLICE("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
}

static void test_uuid_make_sorts_by_time_and_keeps_its_version(void **state)
{
    (void)state;
    uint8_t ones[UUID_RANDOM_BYTES];
    memset(ones, 0xff, sizeof(ones));
    static const uint8_t zeros[UUID_RANDOM_BYTES] = {0};
    struct uuid earlier;
    struct uuid later;
    uuid_make(&earlier, 1767225600000, ones);
    uuid_make(&later, 1767225600001, zeros);
    assert_true(strcmp(earlier.text, later.text) < 0);
    row_same("ones", slice_of(earlier.text + 14), SLICE("7fff-bfff-ffffffffffff"));
    row_same("zeros", slice_of(later.text + 14), SLICE("7000-8000-000000000000"));
}

static const struct {
    const char *name;
    struct slice text;
    bool good;
} rows[] = {
    {"lower case", BYTES("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), true},
    {"upper case", BYTES("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), true},
    {"nothing", BYTES(""), false},
    {"too short", BYTES("017f22e2-79b0-7cc3-98c4-dc0c0c07398"), false},
    {"too long", BYTES("017f22e2-79b0-7cc3-98c4-dc0c0c07398f0"), false},
    {"no hex digit", BYTES("017f22e2-79b0-7cc3-98c4-dc0c0c07398g"), false},
    {"dash out of place", BYTES("017f22e27-9b0-7cc3-98c4-dc0c0c07398f"), false},
    {"no dash", BYTES("017f22e2079b0-7cc3-98c4-dc0c0c07398f"), false},
    {"nul inside", BYTES("017f22e2-79b0-7cc3-98c4-dc0c0c07398\0"), false},
};

static void test_uuid_parse_takes_one_form_and_lowers_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct uuid uuid = {.text = "untouched"};
        row_check(rows[i].name, uuid_parse(&uuid, rows[i].text) == rows[i].good);
        row_same(rows[i].name, slice_of(uuid.text),
                 rows[i].good ? SLICE("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
                              : SLICE("untouched"));
    }
}

static void test_uuid_is_compares_all_of_it(void **state)
{
    (void)state;
    struct uuid a;
    struct uuid b;
    assert_true(uuid_parse(&a, SLICE("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")));
    b = a;
    assert_true(uuid_is(&a, &b));
    b.text[UUID_TEXT_LEN - 1] = '0';
    assert_false(uuid_is(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uuid_make_gives_the_example_of_the_standard),
        cmocka_unit_test(test_uuid_make_sorts_by_time_and_keeps_its_version),
        cmocka_unit_test(test_uuid_parse_takes_one_form_and_lowers_it),
        cmocka_unit_test(test_uuid_is_compares_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
