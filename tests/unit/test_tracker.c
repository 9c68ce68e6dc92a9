/*
 * test_tracker.c - the tracking id of an event that is no row: as the encoder keeps it, and
 * also where it refuses the event.
 */

#include "elrelay/core/carry/tracker.h"

#include "elrelay/core/carry/encoder.h"
#include "unit/rows.h"

static struct value_pair values[] = {{OWN("P"), OWN("Pos")}};
static struct column_conf columns[] = {
    {.name = OWN("first"), .required = true},
    {.name = OWN("Result"), .path = OWN("/lab/id"), .pattern = OWN("[0-9]+")},
    {.name = OWN("code"), .values = values, .value_count = 1},
};

static const struct format_conf by_key = {.header = HEADER_UNION, .tracking_id = OWN("id")};
static const struct format_conf none = {.header = HEADER_UNION};
static const struct format_conf by_path = {.header = HEADER_FIXED,
                                           .tracking_id = OWN("Result"),
                                           .columns = columns,
                                           .column_count = 3};
static const struct format_conf by_map = {
    .header = HEADER_FIXED, .tracking_id = OWN("code"), .columns = columns, .column_count = 3};
static const struct format_conf spaced = {
    .header = HEADER_UNION, .tracking_id = OWN("id"), .line_separators_to_space = true};

static const struct {
    const char *name;
    const struct format_conf *conf;
    const char *event;
    bool read;
    const char *id;
} rows[] = {
    {"key", &by_key, "{\"a\":1,\"id\":\"R-1\"}", true, "R-1"},
    {"escaped key and value", &by_key, "{\"i\\u0064\":\"\\u0052\"}", true, "R"},
    {"the last of two", &by_key, "{\"id\":\"1\",\"id\":\"2\"}", true, "2"},
    {"number", &by_key, "{\"id\":1.10}", true, "1.1"},
    {"null", &by_key, "{\"id\":null}", true, ""},
    {"missing", &by_key, "{\"a\":1}", true, ""},
    {"not JSON", &by_key, "{\"id\":\"R-1\"", false, ""},
    {"inexact number", &by_key, "{\"id\":\"R-1\",\"n\":1e400}", false, ""},
    {"none is configured", &none, "{\"id\":\"R-1\"}", true, ""},
    {"pointer", &by_path, "{\"first\":1,\"lab\":{\"id\":\"77\"}}", true, "77"},
    {"pointer, another column is missing", &by_path, "{\"lab\":{\"id\":\"77\"}}", true, "77"},
    {"breaks its own pattern", &by_path, "{\"first\":1,\"lab\":{\"id\":\"R7\"}}", true, "R7"},
    {"pointer to nothing", &by_path, "{\"first\":1,\"lab\":7}", true, ""},
    {"mapped", &by_map, "{\"first\":1,\"code\":\"P\"}", true, "Pos"},
    {"not in its map", &by_map, "{\"first\":1,\"code\":\"Q\"}", true, "Q"},
    {"line separator", &spaced,
     "{\"id\":\"a\xe2\x80\xa8"
     "b\"}",
     true, "a b"},
};

static void test_tracker_finds_the_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct tracker tracker;
        struct slice id;
        tracker_init(&tracker, rows[i].conf);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(tracker_find(&tracker, slice_of(rows[i].event), &id),
                             rows[i].read);
            row_same(rows[i].name, id, slice_of(rows[i].id));
        }
        tracker_free(&tracker);
    }
}

static void test_tracker_agrees_with_the_encoder(void **state)
{
    (void)state;
    size_t taken = 0;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct tracker tracker;
        struct encoder encoder;
        struct blame blame;
        struct slice id;
        tracker_init(&tracker, rows[i].conf);
        encoder_init(&encoder, rows[i].conf, 1000);
        tracker_find(&tracker, slice_of(rows[i].event), &id);
        if (encoder_add(&encoder, slice_of(rows[i].event), &blame) == ENCODE_TAKEN) {
            row_same(rows[i].name, id, encoder_tracking_id(&encoder, 0));
            taken++;
        }
        encoder_free(&encoder);
        tracker_free(&tracker);
    }
    assert_int_equal(taken, ROWS(rows) - 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tracker_finds_the_id),
        cmocka_unit_test(test_tracker_agrees_with_the_encoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
