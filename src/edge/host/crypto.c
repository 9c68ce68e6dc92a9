/*
 * crypto.c - hashes, keyed digests and random bytes, by OpenSSL.
 *
 * None of them can fail on a sound machine; where one does, ids and checks would be worthless,
 * so the process ends.
 */

#include "elrelay/edge/host/crypto.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "elrelay/ground/mem.h"

static void crypto_want(int done, const char *what)
{
    if (done == 1)
        return;
    fprintf(stderr, "elrelay: OpenSSL has no %s\n", what);
    abort();
}

/* Fetched once: to look it up costs more than to digest something short. */
void crypto_sha256_bytes(struct slice bytes, uint8_t digest[CRYPTO_SHA256_BYTES])
{
    static EVP_MD *kind;
    if (!kind)
        kind = EVP_MD_fetch(NULL, "SHA256", NULL);
    crypto_want(kind && EVP_Digest(bytes.ptr, bytes.len, digest, NULL, kind, NULL), "SHA-256");
}

void crypto_sha256(struct slice bytes, char hex[CRYPTO_SHA256_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256_bytes(bytes, hash);
    for (size_t i = 0; i < CRYPTO_SHA256_TEXT / 2; i++) {
        hex[2 * i] = digits[hash[i] >> 4];
        hex[2 * i + 1] = digits[hash[i] & 0x0f];
    }
    hex[CRYPTO_SHA256_TEXT] = '\0';
}

struct crypto_mac {
    EVP_MAC *kind;
    EVP_MAC_CTX *ctx; /* it keeps the key from one digest to the next */
};

struct crypto_mac *crypto_mac_new(const void *key, size_t len)
{
    struct crypto_mac *mac = mem_zalloc(sizeof(*mac));
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    mac->kind = EVP_MAC_fetch(NULL, "HMAC", NULL);
    mac->ctx = mac->kind ? EVP_MAC_CTX_new(mac->kind) : NULL;
    crypto_want(mac->ctx && EVP_MAC_init(mac->ctx, key, len, params), "HMAC-SHA256");
    return mac;
}

void crypto_mac_write(const struct crypto_mac *mac, char kind, struct slice bytes,
                      uint8_t digest[CRYPTO_MAC_BYTES])
{
    size_t len = 0;
    const unsigned char *ptr = (const unsigned char *)bytes.ptr;
    crypto_want(EVP_MAC_init(mac->ctx, NULL, 0, NULL) &&
                    EVP_MAC_update(mac->ctx, (const unsigned char *)&kind, 1) &&
                    EVP_MAC_update(mac->ctx, ptr, bytes.len) &&
                    EVP_MAC_final(mac->ctx, digest, &len, CRYPTO_MAC_BYTES),
                "HMAC-SHA256");
}

void crypto_mac_free(struct crypto_mac *mac)
{
    if (!mac)
        return;
    EVP_MAC_CTX_free(mac->ctx);
    EVP_MAC_free(mac->kind);
    mem_free(mac);
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
