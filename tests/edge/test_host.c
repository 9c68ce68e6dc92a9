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

/* RFC 4231, test case 2; the kind is the first byte of what is digested. */
static void test_crypto_mac_gives_the_published_digest(void **state)
{
    static const uint8_t want[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
                                   0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
                                   0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
                                   0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
    uint8_t digest[CRYPTO_MAC_BYTES];
    (void)state;
    struct crypto_mac *mac = crypto_mac_new("Jefe", 4);
    for (int i = 0; i < 2; i++) {
        crypto_mac_write(mac, 'w', SLICE("hat do ya want for nothing?"), digest);
        assert_memory_equal(digest, want, sizeof(want));
    }
    crypto_mac_free(mac);
    crypto_mac_free(NULL);
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
        cmocka_unit_test(test_crypto_mac_gives_the_published_digest),
        cmocka_unit_test(test_crypto_random_never_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
