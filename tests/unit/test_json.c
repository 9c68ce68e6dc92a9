/*
 * test_json.c - the door in front of cJSON.
 */

#include "elrelay/ground/json.h"

#include "unit/rows.h"

static const struct {
    const char *name;
    struct slice bytes;
    bool parses;
} texts[] = {
    {"object", BYTES("{\"a\":1}"), true},
    {"space behind", BYTES("[1] \r\n\t"), true},
    {"scalar", BYTES("\"x\""), true},
    {"nothing", BYTES(""), false},
    {"white space", BYTES("  "), false},
    {"open", BYTES("{\"a\":"), false},
    {"bytes behind", BYTES("{} x"), false},
    {"nul behind", BYTES("{}\0"), false},
    {"two values", BYTES("1 2"), false},
    {"number of 63 characters",
     BYTES("[1.0000000000000000000000000000000000000000000000000000000000001]"), true},
};

static void test_json_parse_takes_one_whole_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(texts); i++) {
        struct json *tree = json_parse(texts[i].bytes);
        row_check(texts[i].name, (tree != NULL) == texts[i].parses);
        json_free(tree);
    }
    assert_null(json_parse((struct slice){0}));
}

static void test_json_walks_children_in_order(void **state)
{
    (void)state;
    static const enum json_kind kinds[] = {JSON_NULL, JSON_FALSE, JSON_TRUE,  JSON_NUMBER,
                                           JSON_TEXT, JSON_ARRAY, JSON_OBJECT};
    struct json *tree = json_parse(
        SLICE("{\"0\":null,\"1\":false,\"2\":true,\"3\":-1.5,\"4\":\"\\u00e9\","
              "\"5\":[1],\"6\":{}}"));
    assert_non_null(tree);
    const struct json *child = json_first(tree);
    for (size_t i = 0; i < ROWS(kinds); i++, child = json_next(child)) {
        char key[] = {(char)('0' + i), '\0'};
        row_same(key, json_key(child), slice_of(key));
        row_same_number(key, json_kind(child), kinds[i]);
    }
    assert_null(child);
    assert_true(json_number(json_member(tree, "3")) == -1.5);
    row_same("text", json_text(json_member(tree, "4")), SLICE("\xc3\xa9"));
    row_same("no text", json_text(json_member(tree, "3")), SLICE(""));
    assert_null(json_first(json_member(tree, "6")));
    json_free(tree);
    json_free(NULL);
}

static void test_json_member_is_exact_and_the_last_of_its_name(void **state)
{
    (void)state;
    struct json *tree = json_parse(SLICE("{\"a\":1,\"A\":2,\"a\":3,\"b\":[{\"c\":4}]}"));
    uint64_t number = 0;
    assert_true(json_u64(json_member(tree, "a"), &number) && number == 3);
    assert_true(json_u64(json_member(tree, "A"), &number) && number == 2);
    assert_null(json_member(tree, "c"));
    assert_null(json_member(json_member(tree, "b"), "c"));
    assert_null(json_member(NULL, "a"));
    json_free(tree);
}

static const struct {
    const char *text;
    bool good;
    uint64_t value;
} numbers[] = {
    {"[0]", true, 0},
    {"[9007199254740991]", true, 9007199254740991},
    {"[1e3]", true, 1000},
    {"[-0]", true, 0},
    {"[9007199254740992]", false, 0},
    {"[-1]", false, 0},
    {"[1.5]", false, 0},
    {"[1e400]", false, 0},
    {"[\"1\"]", false, 0},
    {"[null]", false, 0},
    {"[]", false, 0},
};

static void test_json_u64_takes_exact_whole_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(numbers); i++) {
        struct json *tree = json_parse(slice_of(numbers[i].text));
        uint64_t value = 0;
        row_check(numbers[i].text, json_u64(json_first(tree), &value) == numbers[i].good);
        row_same_number(numbers[i].text, value, numbers[i].value);
        json_free(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_parse_takes_one_whole_value),
        cmocka_unit_test(test_json_walks_children_in_order),
        cmocka_unit_test(test_json_member_is_exact_and_the_last_of_its_name),
        cmocka_unit_test(test_json_u64_takes_exact_whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
