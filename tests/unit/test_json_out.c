/*
 * test_json_out.c - JSON of our own.
 */

#include "elrelay/ground/json_out.h"

#include "elrelay/ground/json.h"
#include "unit/rows.h"

static void test_json_out_puts_commas_where_they_belong(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4096);
    struct json_out out = {.buf = &buf};
    json_out_begin_object(&out, NULL);
    json_out_text(&out, "a", SLICE("x"));
    json_out_begin_array(&out, "b");
    json_out_begin_object(&out, NULL);
    json_out_end_object(&out);
    json_out_begin_array(&out, NULL);
    json_out_end_array(&out);
    json_out_number(&out, NULL, UINT64_MAX);
    json_out_bool(&out, NULL, true);
    json_out_end_array(&out);
    json_out_bool(&out, "c", false);
    json_out_null(&out, "d");
    json_out_end_object(&out);
    row_same(
        "object", buf_slice(&buf),
        SLICE("{\"a\":\"x\",\"b\":[{},[],18446744073709551615,true],\"c\":false,\"d\":null}"));
    struct json *tree = json_parse(buf_slice(&buf));
    assert_non_null(tree);
    json_free(tree);
    buf_free(&buf);
}

static const struct {
    const char *name;
    struct slice text;
    struct slice json;
} texts[] = {
    {"empty", BYTES(""), BYTES("\"\"")},
    {"quote and backslash", BYTES("a\"b\\c"), BYTES("\"a\\\"b\\\\c\"")},
    {"line feed", BYTES("a\nb"), BYTES("\"a\\nb\"")},
    {"control characters", BYTES("\0\x1f\t"), BYTES("\"\\u0000\\u001f\\u0009\"")},
    {"utf-8", BYTES("\xc3\xa9\xf0\x9f\x98\x80\x7f"), BYTES("\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"")},
    {"bad bytes", BYTES("a\xff\xe2\x82z"), BYTES("\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"")},
};

static void test_json_out_text_is_always_utf8_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(texts); i++) {
        struct buf buf;
        buf_init(&buf, 4096);
        struct json_out out = {.buf = &buf};
        json_out_text(&out, NULL, texts[i].text);
        row_same(texts[i].name, buf_slice(&buf), texts[i].json);
        buf_free(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_out_puts_commas_where_they_belong),
        cmocka_unit_test(test_json_out_text_is_always_utf8_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
