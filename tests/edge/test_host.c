/*
 * test_host.c - clocks that go forward, hashes that others agree with, bytes that differ.
 */

#include "elrelay/edge/host/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "elrelay/edge/host/crypto.h"

static void test_clock_goes_forward_in_milliseconds(void **state)
{
    uint64_t unix_ms = clock_unix_ms();
    uint64_t steady = clock_steady_ms();
    (void)state;
    assert_in_range(unix_ms / 1000, (uint64_t)time(NULL) - 2, (uint64_t)time(NULL) + 2);
    assert_true(steady > 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t next = clock_steady_ms();
        assert_true(next >= steady && next - steady < 60000);
        steady = next;
    }
}

/* FIPS 180-2, appendix B, and the empty text. */
static void test_crypto_sha256_gives_the_published_hashes(void **state)
{
    static const char *const rows[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char hex[CRYPTO_SHA256_TEXT + 1];
        crypto_sha256(slice_of(rows[i][0]), hex);
        assert_string_equal(hex, rows[i][1]);
    }
}

static void test_crypto_random_never_repeats(void **state)
{
    unsigned char a[16] = {0};
    unsigned char b[16] = {0};
    uint32_t seen = 0;
    (void)state;
    crypto_random(a, sizeof(a));
    crypto_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    crypto_random(a, 0);
    for (int i = 0; i < 64; i++)
        seen |= crypto_random_u32();
    assert_int_equal(seen, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_goes_forward_in_milliseconds),
        cmocka_unit_test(test_crypto_sha256_gives_the_published_hashes),
        cmocka_unit_test(test_crypto_random_never_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
