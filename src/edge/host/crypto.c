/*
 * crypto.c - hashes and random bytes, by OpenSSL.
 *
 * Neither can fail on a sound machine; where one does, ids and checks would be worthless, so
 * the process ends.
 */

#include "elrelay/edge/host/crypto.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

static void crypto_want(int done, const char *what)
{
    if (done == 1)
        return;
    fprintf(stderr, "elrelay: OpenSSL has no %s\n", what);
    abort();
}

void crypto_sha256(struct slice bytes, char hex[CRYPTO_SHA256_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE];
    crypto_want(EVP_Digest(bytes.ptr, bytes.len, hash, NULL, EVP_sha256(), NULL), "SHA-256");
    for (size_t i = 0; i < CRYPTO_SHA256_TEXT / 2; i++) {
        hex[2 * i] = digits[hash[i] >> 4];
        hex[2 * i + 1] = digits[hash[i] & 0x0f];
    }
    hex[CRYPTO_SHA256_TEXT] = '\0';
}

void crypto_random(void *bytes, size_t len)
{
    crypto_want(len <= INT_MAX && RAND_bytes(bytes, (int)len), "random bytes");
}

uint32_t crypto_random_u32(void)
{
    uint32_t number = 0;
    crypto_random(&number, sizeof(number));
    return number;
}
