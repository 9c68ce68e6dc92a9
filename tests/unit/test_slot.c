/*
 * test_slot.c - slots against what `redis-cli cluster keyslot` says.
 */

#include "elrelay/core/told/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct row {
    const char *key;
    const char *tag;
    unsigned slot;
} rows[] = {
    {"", "", 0},
    {"123456789", "123456789", 0x31c3},
    {"foo", "foo", 12182},
    {"bar", "bar", 5061},
    {"elrelay:{covid}:events", "covid", 3338},
    {"elrelay:{flu}:nothing", "flu", 2494},
    {"{user1000}.following", "user1000", 3443},
    {"foo{}{bar}", "foo{}{bar}", 8363},
    {"foo{{bar}}zap", "{bar", 4015},
    {"foo{bar}{zap}", "bar", 5061},
    {"a}b", "a}b", 7866},
    {"{", "{", 4092},
    {"}", "}", 12090},
    {"elrelay:{a}b}:open", "a", 15495},
    {"lab:events", "lab:events", 13372},
    {"test-events", "test-events", 15678},
    {"{\xc3\xa9}x", "\xc3\xa9", 10180},
};

static void test_slot_is_that_of_redis(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice key = slice_of(rows[i].key);
        if (!slice_is_text(slot_tag(key), rows[i].tag) || slot_of(key) != rows[i].slot)
            fail_msg("%s: %u", rows[i].key, slot_of(key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slot_is_that_of_redis)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
