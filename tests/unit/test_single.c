/*
 * test_single.c - one event, a body of its own.
 */

#include "elrelay/core/carry/single.h"

#include "unit/rows.h"

static const struct {
    const char *event;
    enum encode_result want;
    enum reason reason;
} rows[] = {
    {"{}", ENCODE_TAKEN, REASON_NONE},
    {"{\"a\" : 1.10, \"a\":[ ]}\n", ENCODE_TAKEN, REASON_NONE},
    {"", ENCODE_INVALID, REASON_EMPTY},
    {"[]", ENCODE_INVALID, REASON_NOT_OBJECT},
    {"{\"a\":\"\\u0000\"}", ENCODE_INVALID, REASON_NUL_CHARACTER},
    {"{\"a\":\"0123456789012345678901234567\"}", ENCODE_INVALID, REASON_TOO_LARGE},
};

static void test_single_takes_one_event_as_it_is(void **state)
{
    (void)state;
    const struct format_conf conf = {.format = format_by_name(SLICE("exception"))};
    struct encoder encoder;
    struct blame blame;
    encoder_init(&encoder, &conf, 30);
    for (size_t i = 0; i < ROWS(rows); i++) {
        encoder_clear(&encoder);
        assert_int_equal(encoder_size(&encoder), 0);
        assert_int_equal(encoder_add(&encoder, slice_of(rows[i].event), &blame), rows[i].want);
        assert_int_equal(blame.reason, rows[i].reason);
        if (rows[i].want != ENCODE_TAKEN)
            continue;
        assert_int_equal(encoder_size(&encoder), strlen(rows[i].event));
        assert_int_equal(encoder_add(&encoder, SLICE("{}"), &blame), ENCODE_FULL);
        assert_true(slice_is_text(encoder_finish(&encoder), rows[i].event));
        assert_int_equal(encoder_tracking_id(&encoder, 0).len, 0);
    }
    encoder_free(&encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_single_takes_one_event_as_it_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
