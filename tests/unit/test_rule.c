/*
 * test_rule.c - configured columns: path, fallback, value map, pattern, required, in this
 * order.
 */

#include "elrelay/core/carry/rule.h"

#include "elrelay/core/carry/encoder.h"
#include "unit/rows.h"

static struct value_pair yes_no[] = {
    {OWN("true"), OWN("Y")}, {OWN("false"), OWN("N")}, {OWN("unset"), OWN("")}};
static struct value_pair from_nothing[] = {{OWN(""), OWN("UNK")}, {OWN("x"), OWN("X")}};
static struct value_pair to_separator[] = {{OWN("a"), OWN("b\342\200\250c")}};

static const struct {
    const char *name;
    struct column_conf column;
    struct slice event;
    enum reason reason;
    struct slice cell;
} rows[] = {
    {"name is the key",
     {.name = OWN("a")},
     BYTES("{\"a\":\"x\",\"b\":\"y\"}"),
     REASON_NONE,
     BYTES("x")},
    {"plain path",
     {.name = OWN("A"), .path = OWN("b")},
     BYTES("{\"a\":\"x\",\"b\":\"y\"}"),
     REASON_NONE,
     BYTES("y")},
    {"name with a slash is a key",
     {.name = OWN("/a")},
     BYTES("{\"/a\":1,\"a\":2}"),
     REASON_NONE,
     BYTES("1")},
    {"path with a dot is a key",
     {.name = OWN("A"), .path = OWN("a.b")},
     BYTES("{\"a.b\":1}"),
     REASON_NONE,
     BYTES("1")},
    {"pointer of one token",
     {.name = OWN("A"), .path = OWN("/a")},
     BYTES("{\"/a\":1,\"a\":2}"),
     REASON_NONE,
     BYTES("2")},
    {"pointer into objects",
     {.name = OWN("A"), .path = OWN("/a/b/c")},
     BYTES("{\"a\":{\"x\":0,\"b\":{\"c\":1.10}}}"),
     REASON_NONE,
     BYTES("1.1")},
    {"pointer into arrays",
     {.name = OWN("A"), .path = OWN("/a/1/0")},
     BYTES("{\"a\":[9,[\"x\"]]}"),
     REASON_NONE,
     BYTES("x")},
    {"pointer to a nested value",
     {.name = OWN("A"), .path = OWN("/a/1")},
     BYTES("{\"a\":[ {\"z\" : [1] } , { \"b\" : 1.10 } ]}"),
     REASON_NONE,
     BYTES("{\"b\":1.10}")},
    {"pointer deep to a nested value",
     {.name = OWN("A"), .path = OWN("/a/b/2")},
     BYTES("{\"a\" : {\"0\":[],\"b\":[\"]\",{}, [ 1E3 , \" \" ]]}}"),
     REASON_NONE,
     BYTES("[1E3,\" \"]")},
    {"escaped tokens",
     {.name = OWN("A"), .path = OWN("/a~1b/~0~01")},
     BYTES("{\"a/b\":{\"~~1\":\"x\"}}"),
     REASON_NONE,
     BYTES("x")},
    {"escaped key in the event",
     {.name = OWN("A"), .path = OWN("/a/b")},
     BYTES("{\"\\u0061\":{\"\\u0062\":\"x\"}}"),
     REASON_NONE,
     BYTES("x")},
    {"empty tokens",
     {.name = OWN("A"), .path = OWN("//")},
     BYTES("{\"\":{\"\":\"x\"}}"),
     REASON_NONE,
     BYTES("x")},
    {"repeated keys at the top",
     {.name = OWN("a")},
     BYTES("{\"a\":1,\"b\":2,\"a\":3}"),
     REASON_NONE,
     BYTES("3")},
    {"repeated keys in depth",
     {.name = OWN("A"), .path = OWN("/a/b")},
     BYTES("{\"a\":{\"b\":[1],\"b\":[ 2 ]}}"),
     REASON_NONE,
     BYTES("[2]")},
    {"index beyond",
     {.name = OWN("A"), .path = OWN("/a/2")},
     BYTES("{\"a\":[1,2]}"),
     REASON_NONE,
     BYTES("")},
    {"index with a leading zero",
     {.name = OWN("A"), .path = OWN("/a/01")},
     BYTES("{\"a\":[1,2]}"),
     REASON_NONE,
     BYTES("")},
    {"index behind the last",
     {.name = OWN("A"), .path = OWN("/a/-")},
     BYTES("{\"a\":[1,2]}"),
     REASON_NONE,
     BYTES("")},
    {"index of an object is a key",
     {.name = OWN("A"), .path = OWN("/a/0")},
     BYTES("{\"a\":{\"0\":\"x\"}}"),
     REASON_NONE,
     BYTES("x")},
    {"token is longer than the key",
     {.name = OWN("A"), .path = OWN("/a/bc")},
     BYTES("{\"a\":{\"b\":1,\"bcd\":2}}"),
     REASON_NONE,
     BYTES("")},
    {"through a scalar",
     {.name = OWN("A"), .path = OWN("/a/b")},
     BYTES("{\"a\":1}"),
     REASON_NONE,
     BYTES("")},
    {"through null",
     {.name = OWN("A"), .path = OWN("/a/b")},
     BYTES("{\"a\":null}"),
     REASON_NONE,
     BYTES("")},
    {"missing", {.name = OWN("a")}, BYTES("{}"), REASON_NONE, BYTES("")},
    {"fallback when missing",
     {.name = OWN("a"), .fallback = OWN("F")},
     BYTES("{}"),
     REASON_NONE,
     BYTES("F")},
    {"fallback when null",
     {.name = OWN("a"), .fallback = OWN("F")},
     BYTES("{\"a\":null}"),
     REASON_NONE,
     BYTES("F")},
    {"fallback when empty",
     {.name = OWN("a"), .fallback = OWN("F")},
     BYTES("{\"a\":\"\"}"),
     REASON_NONE,
     BYTES("F")},
    {"no fallback for 0",
     {.name = OWN("a"), .fallback = OWN("F")},
     BYTES("{\"a\":0}"),
     REASON_NONE,
     BYTES("0")},
    {"no fallback for false",
     {.name = OWN("a"), .fallback = OWN("F")},
     BYTES("{\"a\":false}"),
     REASON_NONE,
     BYTES("false")},
    {"map",
     {.name = OWN("a"), .values = yes_no, .value_count = 3},
     BYTES("{\"a\":true}"),
     REASON_NONE,
     BYTES("Y")},
    {"map does not know it",
     {.name = OWN("a"), .values = yes_no, .value_count = 3},
     BYTES("{\"a\":\"True\"}"),
     REASON_NOT_IN_VALUES,
     BYTES("")},
    {"map lets empty pass",
     {.name = OWN("a"), .values = yes_no, .value_count = 3},
     BYTES("{}"),
     REASON_NONE,
     BYTES("")},
    {"map from empty",
     {.name = OWN("a"), .values = from_nothing, .value_count = 2},
     BYTES("{}"),
     REASON_NONE,
     BYTES("UNK")},
    {"fallback is mapped",
     {.name = OWN("a"), .fallback = OWN("false"), .values = yes_no, .value_count = 3},
     BYTES("{}"),
     REASON_NONE,
     BYTES("N")},
    {"mapped to empty is no value",
     {.name = OWN("a"),
      .values = yes_no,
      .value_count = 3,
      .fallback = OWN("F"),
      .required = true},
     BYTES("{\"a\":\"unset\"}"),
     REASON_REQUIRED,
     BYTES("")},
    {"pattern matches the mapped",
     {.name = OWN("a"), .values = yes_no, .value_count = 3, .pattern = OWN("[YN]")},
     BYTES("{\"a\":true}"),
     REASON_NONE,
     BYTES("Y")},
    {"pattern must match whole",
     {.name = OWN("a"), .pattern = OWN("[0-9]{2}")},
     BYTES("{\"a\":\"123\"}"),
     REASON_PATTERN,
     BYTES("")},
    {"pattern at the end only",
     {.name = OWN("a"), .pattern = OWN("[0-9]+")},
     BYTES("{\"a\":\"x1\"}"),
     REASON_PATTERN,
     BYTES("")},
    {"pattern takes the longest",
     {.name = OWN("a"), .pattern = OWN("a|ab|abc")},
     BYTES("{\"a\":\"abc\"}"),
     REASON_NONE,
     BYTES("abc")},
    {"pattern and a line feed",
     {.name = OWN("a"), .pattern = OWN("[a-z]+")},
     BYTES("{\"a\":\"abc\\n\"}"),
     REASON_PATTERN,
     BYTES("")},
    {"pattern of a number",
     {.name = OWN("a"), .pattern = OWN("[0-9]+")},
     BYTES("{\"a\":1E3}"),
     REASON_NONE,
     BYTES("1000")},
    {"pattern of a nested value",
     {.name = OWN("a"), .pattern = OWN("\\[1,2\\]")},
     BYTES("{\"a\":[1, 2]}"),
     REASON_NONE,
     BYTES("[1,2]")},
    {"pattern lets empty pass",
     {.name = OWN("a"), .pattern = OWN("[0-9]+")},
     BYTES("{\"a\":null}"),
     REASON_NONE,
     BYTES("")},
    {"pattern of the fallback",
     {.name = OWN("a"), .pattern = OWN("[0-9]+"), .fallback = OWN("x")},
     BYTES("{}"),
     REASON_PATTERN,
     BYTES("")},
    {"required and missing",
     {.name = OWN("a"), .required = true},
     BYTES("{\"b\":1}"),
     REASON_REQUIRED,
     BYTES("")},
    {"required and null",
     {.name = OWN("a"), .required = true},
     BYTES("{\"a\":null}"),
     REASON_REQUIRED,
     BYTES("")},
    {"required and empty",
     {.name = OWN("a"), .required = true},
     BYTES("{\"a\":\"\"}"),
     REASON_REQUIRED,
     BYTES("")},
    {"required with a pattern and missing",
     {.name = OWN("a"), .required = true, .pattern = OWN("x")},
     BYTES("{}"),
     REASON_REQUIRED,
     BYTES("")},
    {"required with a fallback",
     {.name = OWN("a"), .required = true, .fallback = OWN("F")},
     BYTES("{}"),
     REASON_NONE,
     BYTES("F")},
    {"separator",
     {.name = OWN("a"), .pattern = OWN("x y")},
     BYTES("{\"a\":\"x\xe2\x80\xa9y\"}"),
     REASON_NONE,
     BYTES("x y")},
    {"separator of the map",
     {.name = OWN("a"), .values = to_separator, .value_count = 1},
     BYTES("{\"a\":\"a\"}"),
     REASON_NONE,
     BYTES("b c")},
};

static void test_rule_text_follows_its_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct column_conf column = rows[i].column;
        struct format_conf conf = {.header = HEADER_FIXED,
                                   .columns = &column,
                                   .column_count = 1,
                                   .tracking_id = column.name,
                                   .line_separators_to_space = true};
        struct fault fault;
        row_check(rows[i].name, format_check(&conf, &fault));
        struct encoder encoder;
        encoder_init(&encoder, &conf, 1000);
        struct blame blame;
        enum encode_result result = encoder_add(&encoder, rows[i].event, &blame);
        row_same_number(rows[i].name, blame.reason, rows[i].reason);
        row_same_number(rows[i].name, blame.column, rows[i].reason != REASON_NONE);
        row_check(rows[i].name, (result == ENCODE_TAKEN) == (rows[i].reason == REASON_NONE));
        row_same(rows[i].name, encoder_tracking_id(&encoder, 0), rows[i].cell);
        encoder_free(&encoder);
    }
}

static void test_rule_blames_the_first_column_that_fails(void **state)
{
    (void)state;
    struct column_conf columns[] = {{.name = OWN("a")},
                                    {.name = OWN("b"), .required = true},
                                    {.name = OWN("c"), .pattern = OWN("x")}};
    struct format_conf conf = {.header = HEADER_FIXED, .columns = columns, .column_count = 3};
    struct encoder encoder;
    encoder_init(&encoder, &conf, 1000);
    struct blame blame;
    assert_int_equal(encoder_add(&encoder, SLICE("{\"c\":\"y\"}"), &blame), ENCODE_INVALID);
    assert_int_equal(blame.reason, REASON_REQUIRED);
    assert_int_equal(blame.column, 2);
    assert_int_equal(encoder_add(&encoder, SLICE("{\"b\":1,\"c\":\"y\"}"), &blame),
                     ENCODE_INVALID);
    assert_int_equal(blame.reason, REASON_PATTERN);
    assert_int_equal(blame.column, 3);
    assert_int_equal(encoder_size(&encoder), 0);
    encoder_free(&encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule_text_follows_its_column),
        cmocka_unit_test(test_rule_blames_the_first_column_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
