/*
 * test_scan.c - what passes, what is refused, under which name and at which byte.
 */

#include "elrelay/ground/scan.h"

#include "elrelay/ground/buf.h"
#include "elrelay/ground/json.h"
#include "elrelay/ground/mem.h"
#include "unit/rows.h"

static const struct {
    const char *name;
    struct slice bytes;
    enum scan_result result;
    size_t offset;
} rows[] = {
    {"empty object", BYTES("{}"), SCAN_OK, 0},
    {"space all around", BYTES(" \t\r\n{ \"a\" : 1 , \"b\" : [ ] } \n"), SCAN_OK, 4},
    {"all kinds", BYTES("{\"a\":[1,-0.5e+2,true,false,null,\"x\",{}]}"), SCAN_OK, 0},
    {"all escapes", BYTES("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00\"}"),
     SCAN_OK, 0},
    {"utf-8 of all lengths", BYTES("{\"\xc3\xa9\":\"\xe2\x82\xac \xf0\x9f\x98\x80\"}"), SCAN_OK,
     0},
    {"del is a character", BYTES("{\"a\":\"\x7f\"}"), SCAN_OK, 0},
    {"nothing", BYTES(""), SCAN_EMPTY, 0},
    {"white space", BYTES(" \r\n\t"), SCAN_EMPTY, 4},
    {"byte order mark", BYTES("\xef\xbb\xbf{}"), SCAN_BOM, 0},
    {"utf-16", BYTES("\xff\xfe{\0}\0"), SCAN_NOT_UTF8, 0},
    {"invalid byte in a value", BYTES("{\"a\":\"x\xff\"}"), SCAN_NOT_UTF8, 7},
    {"invalid byte in a key", BYTES("{\"\xc0\xaf\":1}"), SCAN_NOT_UTF8, 2},
    {"invalid byte outside", BYTES("{\"a\":\x80}"), SCAN_NOT_UTF8, 5},
    {"sequence cut by the end", BYTES("{\"a\":\"\xe2\x82"), SCAN_NOT_UTF8, 6},
    {"surrogate in utf-8", BYTES("{\"a\":\"\xed\xa0\x80\"}"), SCAN_NOT_UTF8, 6},
    {"leading zero", BYTES("{\"a\":01}"), SCAN_NOT_JSON, 6},
    {"minus and zero", BYTES("{\"a\":-01}"), SCAN_NOT_JSON, 7},
    {"point without digits", BYTES("{\"a\":1.}"), SCAN_NOT_JSON, 7},
    {"point without whole", BYTES("{\"a\":.5}"), SCAN_NOT_JSON, 5},
    {"plus", BYTES("{\"a\":+1}"), SCAN_NOT_JSON, 5},
    {"minus alone", BYTES("{\"a\":-}"), SCAN_NOT_JSON, 6},
    {"exponent without digits", BYTES("{\"a\":1e+}"), SCAN_NOT_JSON, 8},
    {"NaN", BYTES("{\"a\":NaN}"), SCAN_NOT_JSON, 5},
    {"word cut", BYTES("{\"a\":tru}"), SCAN_NOT_JSON, 8},
    {"word too long", BYTES("{\"a\":nullx}"), SCAN_NOT_JSON, 9},
    {"single quotes", BYTES("{'a':1}"), SCAN_NOT_JSON, 1},
    {"key without quotes", BYTES("{a:1}"), SCAN_NOT_JSON, 1},
    {"comma behind the last", BYTES("{\"a\":1,}"), SCAN_NOT_JSON, 7},
    {"comma behind the last element", BYTES("{\"a\":[1,]}"), SCAN_NOT_JSON, 8},
    {"two commas", BYTES("{\"a\":1,,\"b\":2}"), SCAN_NOT_JSON, 7},
    {"missing comma", BYTES("{\"a\":1 \"b\":2}"), SCAN_NOT_JSON, 7},
    {"missing colon", BYTES("{\"a\" 1}"), SCAN_NOT_JSON, 5},
    {"missing value", BYTES("{\"a\":}"), SCAN_NOT_JSON, 5},
    {"wrong bracket", BYTES("{\"a\":[1}"), SCAN_NOT_JSON, 7},
    {"open object", BYTES("{\"a\":1"), SCAN_NOT_JSON, 6},
    {"open string", BYTES("{\"a\":\"x"), SCAN_NOT_JSON, 7},
    {"open escape", BYTES("{\"a\":\"\\"), SCAN_NOT_JSON, 7},
    {"unknown escape", BYTES("{\"a\":\"\\x\"}"), SCAN_NOT_JSON, 7},
    {"escape of nul byte", BYTES("{\"a\":\"\\\0\"}"), SCAN_NOT_JSON, 7},
    {"three hex digits", BYTES("{\"a\":\"\\u00e\"}"), SCAN_NOT_JSON, 11},
    {"comment", BYTES("{/**/}"), SCAN_NOT_JSON, 1},
    {"form feed between", BYTES("{\f}"), SCAN_NOT_JSON, 1},
    {"nul byte outside", BYTES("{\"a\":1\0}"), SCAN_NOT_JSON, 6},
    {"raw tab", BYTES("{\"a\":\"x\ty\"}"), SCAN_CONTROL_CHARACTER, 7},
    {"raw line feed", BYTES("{\"a\":\"x\ny\"}"), SCAN_CONTROL_CHARACTER, 7},
    {"raw nul", BYTES("{\"a\":\"12345678\0\"}"), SCAN_CONTROL_CHARACTER, 14},
    {"raw 1f in a key", BYTES("{\"\x1f\":1}"), SCAN_CONTROL_CHARACTER, 2},
    {"escaped nul", BYTES("{\"a\":\"x\\u0000y\"}"), SCAN_NUL_CHARACTER, 7},
    {"escaped nul in a key", BYTES("{\"\\u0000\":1}"), SCAN_NUL_CHARACTER, 2},
    {"escaped nul in depth", BYTES("{\"a\":[{\"b\":\"\\u0000\"}]}"), SCAN_NUL_CHARACTER, 12},
    {"high half alone", BYTES("{\"a\":\"\\ud800\"}"), SCAN_LONE_SURROGATE, 6},
    {"low half alone", BYTES("{\"a\":\"\\udfff\"}"), SCAN_LONE_SURROGATE, 6},
    {"two high halves", BYTES("{\"a\":\"\\ud83d\\ud83d\"}"), SCAN_LONE_SURROGATE, 6},
    {"high half and a letter", BYTES("{\"a\":\"\\ud83dx\"}"), SCAN_LONE_SURROGATE, 6},
    {"high half and another escape", BYTES("{\"a\":\"\\ud83d\\n\"}"), SCAN_LONE_SURROGATE, 6},
    {"high half at the end", BYTES("{\"a\":\"\\ud83d"), SCAN_LONE_SURROGATE, 6},
    {"2^53", BYTES("{\"a\":9007199254740992}"), SCAN_NUMBER_TOO_LARGE, 5},
    {"1e400 in depth", BYTES("{\"a\":[[1e400]]}"), SCAN_NUMBER_TOO_LARGE, 7},
    {"digits that are lost", BYTES("{\"a\":0.1000000000000000055}"), SCAN_NUMBER_INEXACT, 5},
    {"becomes zero", BYTES("{\"a\":1e-400}"), SCAN_NUMBER_INEXACT, 5},
    {"two values", BYTES("{}{}"), SCAN_TRAILING_BYTES, 2},
    {"nul behind", BYTES("{}\0"), SCAN_TRAILING_BYTES, 2},
    {"bracket behind", BYTES("{\"a\":1}}"), SCAN_TRAILING_BYTES, 7},
    {"array", BYTES(" [1]"), SCAN_NOT_OBJECT, 1},
    {"array of objects", BYTES("[{\"a\":1},{}]"), SCAN_NOT_OBJECT, 0},
    {"string", BYTES("\"x\""), SCAN_NOT_OBJECT, 0},
    {"null", BYTES("null"), SCAN_NOT_OBJECT, 0},
    {"number", BYTES("12"), SCAN_NOT_OBJECT, 0},
    {"array that is no JSON", BYTES("[1,"), SCAN_NOT_JSON, 3},
};

/* Exactly as long as told, so that a sanitizer sees a read beyond the end. */
static enum scan_result scan_copy(struct scan *scan, struct slice bytes, bool *parses)
{
    char *copy = mem_zalloc(bytes.len);
    struct slice exact = {memcpy(copy, bytes.ptr, bytes.len), bytes.len};
    enum scan_result result = scan_event(scan, exact);
    struct json *tree = json_parse(exact);
    *parses = tree != NULL;
    json_free(tree);
    mem_free(copy);
    return result;
}

static void test_scan_names_what_is_wrong_and_where(void **state)
{
    (void)state;
    struct scan scan = {0};
    for (size_t i = 0; i < ROWS(rows); i++) {
        bool parses = false;
        row_same_number(rows[i].name, scan_event(&scan, rows[i].bytes), rows[i].result);
        row_same_number(rows[i].name, scan.offset, rows[i].offset);
        row_same_number(rows[i].name, scan_copy(&scan, rows[i].bytes, &parses), rows[i].result);
        row_check(rows[i].name, parses || rows[i].result != SCAN_OK);
    }
    scan_free(&scan);
}

/* A string of n letters, so that every place within a word of eight is visited. */
static void test_scan_sees_a_special_byte_at_every_place(void **state)
{
    (void)state;
    static const struct {
        char byte;
        enum scan_result result;
    } specials[] = {
        {'\x1f', SCAN_CONTROL_CHARACTER},
        {'\x01', SCAN_CONTROL_CHARACTER},
        {'\xff', SCAN_NOT_UTF8},
        {'\x80', SCAN_NOT_UTF8},
        {'"', SCAN_NOT_JSON},
        {'\\', SCAN_NOT_JSON},
        {' ', SCAN_OK},
        {'\x7f', SCAN_OK},
        {'!', SCAN_OK},
        {'#', SCAN_OK},
        {'[', SCAN_OK},
        {']', SCAN_OK},
    };
    struct scan scan = {0};
    for (size_t i = 0; i < ROWS(specials); i++)
        for (size_t at = 0; at < 24; at++) {
            char text[] = "{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxx\"}";
            text[6 + at] = specials[i].byte;
            assert_int_equal(scan_event(&scan, slice_of(text)), specials[i].result);
        }
    scan_free(&scan);
}

static struct slice scan_make_levels(struct buf *buf, size_t levels, bool objects)
{
    buf_clear(buf);
    buf_add_text(buf, "{\"a\":");
    for (size_t i = 1; i < levels; i++)
        buf_add_text(buf, objects ? "{\"a\":" : "[");
    buf_add_text(buf, "1");
    for (size_t i = 1; i < levels; i++)
        buf_add_text(buf, objects ? "}" : "]");
    buf_add_text(buf, "}");
    return buf_slice(buf);
}

static void test_scan_and_parser_agree_on_a_thousand_levels(void **state)
{
    (void)state;
    struct scan scan = {0};
    struct buf buf;
    buf_init(&buf, 65536);
    for (int objects = 0; objects < 2; objects++) {
        struct slice good = scan_make_levels(&buf, SCAN_DEPTH_MAX, objects);
        assert_int_equal(scan_event(&scan, good), SCAN_OK);
        struct json *tree = json_parse(good);
        assert_non_null(tree);
        json_free(tree);
        struct slice deep = scan_make_levels(&buf, SCAN_DEPTH_MAX + 1, objects);
        assert_int_equal(scan_event(&scan, deep), SCAN_TOO_DEEP);
        assert_null(json_parse(deep));
    }
    buf_free(&buf);
    scan_free(&scan);
}

static void test_scan_notes_the_members_of_the_top_level(void **state)
{
    (void)state;
    struct scan scan = {0};
    struct slice event = SLICE(" { \"a\" : [ 1, {\"x\":2} ] ,\"\":\"}\\\"\" , \"a\":-1.50 } ");
    assert_int_equal(scan_event(&scan, event), SCAN_OK);
    assert_int_equal(scan.count, 3);
    row_same("first key", scan.members[0].key, SLICE("\"a\""));
    row_same("nested", scan.members[0].value, SLICE("[ 1, {\"x\":2} ]"));
    row_same("empty key", scan.members[1].key, SLICE("\"\""));
    row_same("string", scan.members[1].value, SLICE("\"}\\\"\""));
    row_same("repeated key", scan.members[2].key, SLICE("\"a\""));
    row_same("number", scan.members[2].value, SLICE("-1.50"));
    assert_int_equal(scan_event(&scan, SLICE("[{\"a\":1}]")), SCAN_NOT_OBJECT);
    assert_int_equal(scan.count, 0);
    scan_free(&scan);
}

static void test_scan_notes_a_thousand_members(void **state)
{
    (void)state;
    struct scan scan = {0};
    struct buf buf;
    buf_init(&buf, 65536);
    for (unsigned i = 0; i < 1000; i++)
        buf_add_format(&buf, "%c\"k%u\":%u", i ? ',' : '{', i, i);
    buf_add_byte(&buf, '}');
    assert_int_equal(scan_event(&scan, buf_slice(&buf)), SCAN_OK);
    assert_int_equal(scan.count, 1000);
    row_same("last key", scan.members[999].key, SLICE("\"k999\""));
    row_same("last value", scan.members[999].value, SLICE("999"));
    buf_free(&buf);
    scan_free(&scan);
}

static void test_scan_knows_the_keys_of_the_event_before(void **state)
{
    (void)state;
    static const struct {
        struct slice event;
        bool same;
    } events[] = {
        {BYTES("{\"a\":1,\"b\":2}"), false},
        {BYTES("{\"a\":3,\"b\":\"4\"}"), true},
        {BYTES("{ \"a\" :[{\"x\":1}], \"b\": {\"b\":5}}"), true},
        {BYTES("{\"a\":1,\"b\":01}"), false}, /* no event */
        {BYTES("{\"a\":1,\"b\":2}"), true},
        {BYTES("{\"a\":1}"), false},
        {BYTES("{\"a\":1,\"b\":2}"), false},
        {BYTES("{\"a\":1,\"b\":2,\"c\":3}"), false},
        {BYTES("{\"a\":1,\"c\":2,\"b\":3}"), false},
        {BYTES("{\"a\":1,\"c\":2,\"b\\u0062\":3}"), false},
        {BYTES("{\"a\":1,\"c\":2,\"b\\u0062\":3}"), true},
        {BYTES("{}"), false},
        {BYTES("{}"), false},
        {BYTES("{\"a\":1,\"a\":2}"), false},
        {BYTES("{\"a\":1,\"a\":2}"), true},
        {BYTES("{\"a\":1,\"a"), false},
        {BYTES("{\"a\":1,\"a\""), false},
    };
    struct scan scan = {0};
    for (size_t i = 0; i < ROWS(events); i++) {
        enum scan_result result = scan_event(&scan, events[i].event);
        row_check(events[i].event.ptr, (result == SCAN_OK && scan.same_keys) == events[i].same);
        if (events[i].same)
            row_same("first key", scan.members[0].key, SLICE("\"a\""));
    }
    scan_free(&scan);
}

static void test_scan_tells_which_strings_have_escapes(void **state)
{
    (void)state;
    struct scan scan = {0};
    assert_int_equal(scan_event(&scan, SLICE("{\"a\\n\":\"b\",\"c\":\"\\u00e9\",\"d\":\"e\","
                                             "\"f\":{\"g\":\"\\n\"},\"h\":\"\\\\\"}")),
                     SCAN_OK);
    static const bool escaped[] = {false, true, false, false, true};
    for (size_t i = 0; i < ROWS(escaped); i++)
        assert_true(scan.members[i].escaped == escaped[i]);
    struct scan_member member;
    size_t at = 0;
    assert_true(scan_next(scan.members[3].value, &at, &member) && member.escaped);
    scan_free(&scan);
}

static void test_scan_value_end_passes_a_whole_value(void **state)
{
    (void)state;
    struct slice event = SLICE("{\"a\" : [ 1 , \"]\\\"\" , {\"b\":[]} , null ] , \"c\":tRue}");
    row_same_number("array", scan_value_end(event, 7), 38);
    row_same_number("string", scan_value_end(event, 13), 18);
    row_same_number("number", scan_value_end(event, 9), 10);
}

/* Everything in a container, as "KEY=VALUE " one behind the other. */
static struct buf listed(struct slice container)
{
    struct buf list;
    buf_init(&list, 1000);
    struct scan_member member;
    for (size_t at = 0; scan_next(container, &at, &member);)
        buf_add_format(&list, "%.*s=%.*s ", SLICE_ARG(member.key), SLICE_ARG(member.value));
    return list;
}

static void test_scan_next_lists_what_a_container_holds(void **state)
{
    (void)state;
    static const struct {
        struct slice container;
        struct slice list;
    } containers[] = {
        {BYTES("[]"), BYTES("")},
        {BYTES("[ ]"), BYTES("")},
        {BYTES("{}"), BYTES("")},
        {BYTES("{\n}"), BYTES("")},
        {BYTES("[1]"), BYTES("=1 ")},
        {BYTES("[ 1 , \"]\\\"\" , {\"b\":[]}\t, null ]"),
         BYTES("=1 =\"]\\\"\" ={\"b\":[]} =null ")},
        {BYTES("[[],[[1,2],3]]"), BYTES("=[] =[[1,2],3] ")},
        {BYTES("{\"a\":1,\"a\":2}"), BYTES("\"a\"=1 \"a\"=2 ")},
        {BYTES("{ \"\" : { } , \"\\\"}\" :[ true ] }"), BYTES("\"\"={ } \"\\\"}\"=[ true ] ")},
    };
    for (size_t i = 0; i < ROWS(containers); i++) {
        struct buf list = listed(containers[i].container);
        row_same(containers[i].container.ptr, buf_slice(&list), containers[i].list);
        buf_free(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan_names_what_is_wrong_and_where),
        cmocka_unit_test(test_scan_sees_a_special_byte_at_every_place),
        cmocka_unit_test(test_scan_and_parser_agree_on_a_thousand_levels),
        cmocka_unit_test(test_scan_notes_the_members_of_the_top_level),
        cmocka_unit_test(test_scan_notes_a_thousand_members),
        cmocka_unit_test(test_scan_knows_the_keys_of_the_event_before),
        cmocka_unit_test(test_scan_tells_which_strings_have_escapes),
        cmocka_unit_test(test_scan_value_end_passes_a_whole_value),
        cmocka_unit_test(test_scan_next_lists_what_a_container_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
