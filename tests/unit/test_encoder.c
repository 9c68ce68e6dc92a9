/*
 * test_encoder.c - exact sizes, nothing changed where an event is not taken, large events.
 */

#include "elrelay/core/carry/encoder.h"

#include "unit/rows.h"

enum { ROOMY = 64 * 1024 * 1024 };

static const char *const events[] = {
    "{}",
    "{\"id\":\"\"}",
    "{\"id\":\"1\",\"text\":\"a,b\"}",
    "{\"text\":\"\",\"id\":null}",
    "{\"id\":2,\"a\":[ 1, 2 ],\"x\xe2\x80\xa8y\":true}",
    "{\"q\\\"q\":\"\\n\",\"id\":\"3\"}",
    "{\"\":\"empty key\"}",
    "{\"id\":\"4\",\"id\":\"5\"}",
    "{\"z\":{\"k\":\"\xe2\x80\xa9\"}}",
};

static struct column_conf columns[] = {
    {.name = OWN("id")},
    {.name = OWN("Text"), .path = OWN("text")},
    {.name = OWN("a,0"), .path = OWN("/a/0"), .fallback = OWN("none")}};
static struct column_conf one_column[] = {{.name = OWN("id")}};

static const struct {
    const char *name;
    struct format_conf conf;
} formats[] = {
    {"union", {.header = HEADER_UNION, .tracking_id = OWN("id")}},
    {"union crlf", {.header = HEADER_UNION, .crlf = true}},
    {"union spaced", {.header = HEADER_UNION, .line_separators_to_space = true}},
    {"first", {.header = HEADER_FIRST, .tracking_id = OWN("id")}},
    {"first crlf", {.header = HEADER_FIRST, .crlf = true}},
    {"fixed",
     {.header = HEADER_FIXED,
      .columns = columns,
      .column_count = 3,
      .tracking_id = OWN("Text")}},
    {"fixed one",
     {.header = HEADER_FIXED, .columns = one_column, .column_count = 1, .crlf = true}},
};

static enum encode_result add(struct encoder *encoder, const char *event)
{
    struct blame blame;
    return encoder_add(encoder, slice_of(event), &blame);
}

static enum reason add_blamed(struct encoder *encoder, const char *event)
{
    struct blame blame;
    assert_int_equal(encoder_add(encoder, slice_of(event), &blame), ENCODE_INVALID);
    return blame.reason;
}

/* The body of the first count events, in a buffer the caller frees. */
static struct buf body_of(const struct format_conf *conf, size_t count)
{
    struct encoder encoder;
    encoder_init(&encoder, conf, ROOMY);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(&encoder, events[i]), ENCODE_TAKEN);
    size_t size = encoder_size(&encoder);
    struct buf body;
    buf_init(&body, ROOMY);
    buf_add(&body, encoder_finish(&encoder));
    assert_int_equal(body.len, size);
    assert_int_equal(encoder_size(&encoder), size);
    encoder_free(&encoder);
    return body;
}

static void test_encoder_size_is_exact_after_every_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(formats); i++) {
        struct encoder encoder;
        encoder_init(&encoder, &formats[i].conf, ROOMY);
        assert_int_equal(encoder_size(&encoder), 0);
        for (size_t count = 1; count <= ROWS(events); count++) {
            assert_int_equal(add(&encoder, events[count - 1]), ENCODE_TAKEN);
            struct buf body = body_of(&formats[i].conf, count);
            row_same_number(formats[i].name, encoder_size(&encoder), body.len);
            buf_free(&body);
        }
        encoder_free(&encoder);
    }
}

/* With room for exactly the first count events, the next one that makes the body larger is not
 * taken. */
static void check_full_at(const struct format_conf *conf, size_t count)
{
    struct buf want = body_of(conf, count);
    struct encoder encoder;
    encoder_init(&encoder, conf, want.len);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(add(&encoder, events[i]), ENCODE_TAKEN);
    for (size_t i = 0; i < ROWS(events); i++)
        assert_int_equal(add(&encoder, events[i]), ENCODE_FULL);
    assert_int_equal(add_blamed(&encoder, "{\"a\":01}"), REASON_NOT_JSON);
    assert_int_equal(encoder.count, count);
    assert_int_equal(encoder_size(&encoder), want.len);
    row_same("full", encoder_finish(&encoder), buf_slice(&want));
    buf_free(&want);
    encoder_free(&encoder);
}

static void test_encoder_full_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(formats); i++)
        for (size_t count = 1; count <= ROWS(events); count++)
            check_full_at(&formats[i].conf, count);
}

static void test_encoder_full_leaves_room_for_a_smaller_event(void **state)
{
    (void)state;
    struct format_conf conf = {.header = HEADER_UNION};
    struct encoder encoder;
    encoder_init(&encoder, &conf, 10);
    assert_int_equal(add(&encoder, "{\"a\":1}"), ENCODE_TAKEN);
    assert_int_equal(add(&encoder, "{\"new\":\"column\"}"), ENCODE_FULL);
    assert_int_equal(add(&encoder, "{\"a\":\"1234567\"}"), ENCODE_FULL);
    assert_int_equal(add(&encoder, "{\"a\":\"12345\"}"), ENCODE_TAKEN);
    row_same("body", encoder_finish(&encoder), SLICE("a\n1\n12345\n"));
    encoder_free(&encoder);
}

static void test_encoder_refuses_what_is_too_large_alone(void **state)
{
    (void)state;
    struct format_conf conf = {.header = HEADER_UNION};
    struct encoder encoder;
    encoder_init(&encoder, &conf, 8);
    assert_int_equal(add_blamed(&encoder, "{\"a\":\"12345678\"}"), REASON_TOO_LARGE);
    assert_int_equal(add_blamed(&encoder, "{\"a\":\"123456\"}"), REASON_TOO_LARGE);
    assert_int_equal(add_blamed(&encoder, "{\"a_long_key\":1}"), REASON_TOO_LARGE);
    assert_int_equal(add_blamed(&encoder, "{\"a\":[1,2,3,4,5,6,7,8]}"), REASON_TOO_LARGE);
    assert_int_equal(add(&encoder, "{\"a\":\"12345\"}"), ENCODE_TAKEN);
    assert_int_equal(add(&encoder, "{\"a\":\"123456\"}"), ENCODE_FULL);
    row_same("body", encoder_finish(&encoder), SLICE("a\n12345\n"));
    encoder_free(&encoder);
    struct format_conf fixed = {.header = HEADER_FIXED, .columns = columns, .column_count = 3};
    encoder_init(&encoder, &fixed, 5);
    assert_int_equal(add_blamed(&encoder, "{}"), REASON_TOO_LARGE);
    assert_int_equal(add_blamed(&encoder, "{}"), REASON_TOO_LARGE);
    encoder_free(&encoder);
}

static void test_encoder_counts_columns_of_event_and_batch(void **state)
{
    (void)state;
    struct format_conf conf = {.header = HEADER_UNION, .max_columns = 2};
    struct encoder encoder;
    encoder_init(&encoder, &conf, ROOMY);
    assert_int_equal(add_blamed(&encoder, "{\"a\":1,\"b\":2,\"c\":3}"),
                     REASON_TOO_MANY_COLUMNS);
    assert_int_equal(add(&encoder, "{\"a\":1,\"a\":2,\"b\":3}"), ENCODE_TAKEN);
    assert_int_equal(add_blamed(&encoder, "{\"d\":1,\"e\":2,\"f\":3}"),
                     REASON_TOO_MANY_COLUMNS);
    assert_int_equal(add(&encoder, "{\"c\":1}"), ENCODE_FULL);
    assert_int_equal(add(&encoder, "{\"b\":4}"), ENCODE_TAKEN);
    row_same("body", encoder_finish(&encoder), SLICE("a,b\n2,3\n,4\n"));
    encoder_free(&encoder);
    conf.header = HEADER_FIRST;
    encoder_init(&encoder, &conf, ROOMY);
    assert_int_equal(add(&encoder, "{\"a\":1}"), ENCODE_TAKEN);
    assert_int_equal(add(&encoder, "{\"d\":1,\"e\":2,\"f\":3}"), ENCODE_TAKEN);
    assert_int_equal(encoder.dropped_keys, 3);
    encoder_free(&encoder);
}

static void test_encoder_first_counts_dropped_keys_of_taken_events(void **state)
{
    (void)state;
    struct format_conf conf = {.header = HEADER_FIRST};
    struct encoder encoder;
    encoder_init(&encoder, &conf, 20);
    assert_int_equal(add(&encoder, "{}"), ENCODE_TAKEN);
    assert_int_equal(add(&encoder, "{\"a\":1}"), ENCODE_TAKEN);
    assert_int_equal(add(&encoder, "{\"b\":1,\"a\":2,\"c\":3}"), ENCODE_TAKEN);
    assert_int_equal(add(&encoder, "{\"b\":1,\"a\":\"much too long for this\"}"), ENCODE_FULL);
    assert_int_equal(encoder.dropped_keys, 2);
    row_same("body", encoder_finish(&encoder), SLICE("a\n\"\"\n1\n2\n"));
    encoder_clear(&encoder);
    assert_int_equal(encoder.dropped_keys, 0);
    encoder_free(&encoder);
}

static const struct {
    const char *name;
    struct format_conf conf;
    const char *event;
    const char *id;
} ids[] = {
    {"key",
     {.header = HEADER_UNION, .tracking_id = OWN("id")},
     "{\"a\":1,\"id\":\"x,y\"}",
     "x,y"},
    {"number", {.header = HEADER_UNION, .tracking_id = OWN("id")}, "{\"id\":1E3}", "1000"},
    {"nested", {.header = HEADER_UNION, .tracking_id = OWN("id")}, "{\"id\":[ 1 ]}", "[1]"},
    {"missing", {.header = HEADER_UNION, .tracking_id = OWN("id")}, "{\"a\":1}", ""},
    {"none asked for", {.header = HEADER_UNION}, "{\"id\":1}", ""},
    {"spaced",
     {.header = HEADER_UNION, .tracking_id = OWN("id"), .line_separators_to_space = true},
     "{\"id\":\"x\\u2028y\"}",
     "x y"},
    {"first", {.header = HEADER_FIRST, .tracking_id = OWN("id")}, "{\"id\":\"f\"}", "f"},
    {"column",
     {.header = HEADER_FIXED,
      .columns = columns,
      .column_count = 3,
      .tracking_id = OWN("Text")},
     "{\"text\":\"t\",\"id\":1}",
     "t"},
};

static void test_encoder_keeps_the_tracking_id_of_each_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(ids); i++) {
        struct encoder encoder;
        encoder_init(&encoder, &ids[i].conf, ROOMY);
        for (size_t row = 0; row < 3; row++)
            assert_int_equal(add(&encoder, row == 1 ? "{}" : ids[i].event), ENCODE_TAKEN);
        row_same(ids[i].name, encoder_tracking_id(&encoder, 0), slice_of(ids[i].id));
        row_same(ids[i].name, encoder_tracking_id(&encoder, 1), SLICE(""));
        row_same(ids[i].name, encoder_tracking_id(&encoder, 2), slice_of(ids[i].id));
        row_same(ids[i].name, encoder_tracking_id(&encoder, 3), SLICE(""));
        encoder_finish(&encoder);
        row_same(ids[i].name, encoder_tracking_id(&encoder, 2), slice_of(ids[i].id));
        encoder_free(&encoder);
    }
}

static void test_encoder_refused_events_leave_no_tracking_id(void **state)
{
    (void)state;
    struct format_conf conf = {.header = HEADER_UNION, .tracking_id = OWN("id")};
    struct encoder encoder;
    encoder_init(&encoder, &conf, 12);
    assert_int_equal(add_blamed(&encoder, "{\"id\":\"much too long\"}"), REASON_TOO_LARGE);
    assert_int_equal(add(&encoder, "{\"a\":1}"), ENCODE_TAKEN);
    row_same("another column", encoder_tracking_id(&encoder, 0), SLICE(""));
    encoder_clear(&encoder);
    assert_int_equal(add(&encoder, "{\"id\":\"1\"}"), ENCODE_TAKEN);
    assert_int_equal(add(&encoder, "{\"id\":\"much too\"}"), ENCODE_FULL);
    row_same("last row", encoder_tracking_id(&encoder, 0), SLICE("1"));
    encoder_clear(&encoder);
    assert_int_equal(add(&encoder, "{\"a\":2}"), ENCODE_TAKEN);
    row_same("another batch", encoder_tracking_id(&encoder, 0), SLICE(""));
    encoder_free(&encoder);
}

static void test_encoder_spaces_separators_in_every_cell(void **state)
{
    (void)state;
    struct format_conf conf = {.header = HEADER_UNION, .line_separators_to_space = true};
    struct encoder encoder;
    encoder_init(&encoder, &conf, ROOMY);
    add(&encoder, "{\"k\xe2\x80\xa8k\":\"a\\u2029b\",\"n\":[\"\xe2\x80\xa9\", \"\\u2028\"]}");
    row_same("body", encoder_finish(&encoder),
             SLICE("k k,n\na b,\"[\"\" \"\",\"\"\\u2028\"\"]\"\n"));
    encoder_free(&encoder);
}

static void test_encoder_clear_begins_another_batch(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(formats); i++) {
        struct encoder encoder;
        encoder_init(&encoder, &formats[i].conf, ROOMY);
        for (int round = 0; round < 3; round++) {
            for (size_t event = 0; event < ROWS(events); event++)
                assert_int_equal(add(&encoder, events[event]), ENCODE_TAKEN);
            struct buf want = body_of(&formats[i].conf, ROWS(events));
            row_same(formats[i].name, encoder_finish(&encoder), buf_slice(&want));
            row_same("again", encoder_finish(&encoder), buf_slice(&want));
            buf_free(&want);
            if (round == 1)
                encoder_release_body(&encoder);
            assert_int_equal(encoder.count, ROWS(events));
            encoder_clear(&encoder);
            assert_int_equal(encoder_size(&encoder), 0);
        }
        row_same("empty", encoder_finish(&encoder), SLICE(""));
        encoder_free(&encoder);
        encoder_free(&encoder);
    }
}

static void test_encoder_release_keeps_only_the_count(void **state)
{
    (void)state;
    struct format_conf conf = {.header = HEADER_UNION, .tracking_id = OWN("id")};
    struct encoder encoder;
    encoder_init(&encoder, &conf, ROOMY);
    add(&encoder, "{\"id\":\"x\"}");
    encoder_finish(&encoder);
    encoder_release_body(&encoder);
    assert_int_equal(encoder.count, 1);
    assert_null(encoder.body.ptr);
    assert_null(encoder.rows);
    row_same("id", encoder_tracking_id(&encoder, 0), SLICE(""));
    encoder_free(&encoder);
}

/* A string of one MB, half of it quotes, and a cell of a thousand levels. */
static void test_encoder_takes_large_events_whole(void **state)
{
    (void)state;
    struct buf event;
    struct buf want;
    buf_init(&event, ROOMY);
    buf_init(&want, ROOMY);
    buf_add_text(&event, "{\"a\":\"");
    buf_add_text(&want, "a,b\n\"");
    for (size_t i = 0; i < 1 << 19; i++) {
        buf_add_text(&event, "x\\\"");
        buf_add_text(&want, "x\"\"");
    }
    buf_add_text(&event, "\",\"b\":");
    buf_add_text(&want, "\",");
    for (size_t i = 0; i < 999; i++) {
        buf_add_text(&event, " [");
        buf_add_text(&want, "[");
    }
    for (size_t i = 0; i < 999; i++) {
        buf_add_text(&event, "\n]");
        buf_add_text(&want, "]");
    }
    buf_add_text(&event, "}");
    buf_add_text(&want, "\n");
    struct format_conf conf = {.header = HEADER_UNION};
    struct encoder encoder;
    encoder_init(&encoder, &conf, want.len);
    assert_int_equal(add(&encoder, buf_text(&event)), ENCODE_TAKEN);
    assert_int_equal(encoder_size(&encoder), want.len);
    assert_true(slice_is(encoder_finish(&encoder), buf_slice(&want)));
    encoder_free(&encoder);
    buf_free(&event);
    buf_free(&want);
}

static void make_wide_event(struct buf *event, unsigned columns_wanted, unsigned step)
{
    buf_clear(event);
    for (unsigned i = 0; i < columns_wanted; i++)
        buf_add_format(event, "%c\"key%u\":%u", i ? ',' : '{', i * step % columns_wanted, i);
    buf_add_byte(event, '}');
}

static void test_encoder_takes_ten_thousand_columns_in_any_order(void **state)
{
    (void)state;
    enum { WIDE = 10007 };
    struct buf event;
    buf_init(&event, ROOMY);
    struct format_conf conf = {.header = HEADER_UNION, .tracking_id = OWN("key7")};
    struct encoder encoder;
    encoder_init(&encoder, &conf, ROOMY);
    for (unsigned step = 1; step < 5; step++) {
        make_wide_event(&event, WIDE, step);
        assert_int_equal(add(&encoder, buf_text(&event)), ENCODE_TAKEN);
    }
    assert_int_equal(encoder.columns.count, WIDE);
    row_same("in order", encoder_tracking_id(&encoder, 0), SLICE("7"));
    row_same("every second", encoder_tracking_id(&encoder, 1), SLICE("5007"));
    size_t size = encoder_size(&encoder);
    assert_int_equal(encoder_finish(&encoder).len, size);
    encoder_free(&encoder);
    buf_free(&event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoder_size_is_exact_after_every_event),
        cmocka_unit_test(test_encoder_full_changes_nothing),
        cmocka_unit_test(test_encoder_full_leaves_room_for_a_smaller_event),
        cmocka_unit_test(test_encoder_refuses_what_is_too_large_alone),
        cmocka_unit_test(test_encoder_counts_columns_of_event_and_batch),
        cmocka_unit_test(test_encoder_first_counts_dropped_keys_of_taken_events),
        cmocka_unit_test(test_encoder_keeps_the_tracking_id_of_each_row),
        cmocka_unit_test(test_encoder_refused_events_leave_no_tracking_id),
        cmocka_unit_test(test_encoder_spaces_separators_in_every_cell),
        cmocka_unit_test(test_encoder_clear_begins_another_batch),
        cmocka_unit_test(test_encoder_release_keeps_only_the_count),
        cmocka_unit_test(test_encoder_takes_large_events_whole),
        cmocka_unit_test(test_encoder_takes_ten_thousand_columns_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
