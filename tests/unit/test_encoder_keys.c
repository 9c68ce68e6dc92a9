/*
 * test_encoder_keys.c - events that bring the keys of the one before, byte for byte: their
 * values are placed without a look at the names.
 */

#include "elrelay/core/carry/encoder.h"

#include <stdio.h>

#include "unit/rows.h"

enum { LIMIT = 20000 };

static const struct format_conf conf = {.header = HEADER_UNION};

static const char *const events[] = {
    "{}",
    "{\"id\":\"1\",\"text\":\"a,b\"}",
    "{\"text\":\"\",\"id\":null}",
    "{\"id\":2,\"a\":[ 1, 2 ]}",
    "{\"q\\\"q\":\"\\n\",\"id\":\"3\"}",
    "{\"\":\"empty key\"}",
    "{\"id\":\"4\",\"id\":\"5\"}",
    "{\"i\\u0064\":\"6\",\"id\":\"7\"}",
};

static enum encode_result add(struct encoder *encoder, const char *event)
{
    struct blame blame;
    return encoder_add(encoder, slice_of(event), &blame);
}

/* Rows of events that bring the same keys as the one before are placed without a look at them.
 */
static struct buf body_of_three(const size_t *which, bool between)
{
    static char large[40000];
    snprintf(large, sizeof(large), "{\"x\":1,\"large\":\"%030000d\"}", 0);
    struct encoder encoder;
    encoder_init(&encoder, &conf, LIMIT);
    for (size_t i = 0; i < 3; i++) {
        if (between)
            assert_int_not_equal(add(&encoder, large), ENCODE_TAKEN);
        assert_int_equal(add(&encoder, events[which[i]]), ENCODE_TAKEN);
    }
    struct buf body;
    buf_init(&body, LIMIT);
    buf_add(&body, encoder_finish(&encoder));
    encoder_free(&encoder);
    return body;
}

static void test_encoder_places_the_same_keys_as_others(void **state)
{
    (void)state;
    size_t count = ROWS(events);
    for (size_t i = 0; i < count * count * count; i++) {
        size_t which[] = {i % count, i / count % count, i / count / count};
        struct buf fast = body_of_three(which, false);
        struct buf slow = body_of_three(which, true);
        row_same("three", buf_slice(&fast), buf_slice(&slow));
        buf_free(&fast);
        buf_free(&slow);
    }
}

static void test_encoder_forgets_the_places_of_an_event_not_taken(void **state)
{
    (void)state;
    static char large[40000];
    snprintf(large, sizeof(large), "{\"id\":1,\"z\":\"%030000d\"}", 0);
    struct encoder encoder;
    encoder_init(&encoder, &conf, LIMIT);
    assert_int_equal(add(&encoder, "{\"id\":1}"), ENCODE_TAKEN);
    assert_int_equal(add(&encoder, large), ENCODE_FULL);
    assert_int_equal(add(&encoder, "{\"id\":2,\"z\":3}"), ENCODE_TAKEN);
    row_same("after it", encoder_finish(&encoder), SLICE("id,z\n1,\n2,3\n"));
    encoder_clear(&encoder);
    assert_int_equal(add(&encoder, "{\"id\":2,\"z\":3}"), ENCODE_TAKEN);
    row_same("after a clear", encoder_finish(&encoder), SLICE("id,z\n2,3\n"));
    encoder_free(&encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoder_places_the_same_keys_as_others),
        cmocka_unit_test(test_encoder_forgets_the_places_of_an_event_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
