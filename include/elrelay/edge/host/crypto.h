#ifndef ELRELAY_EDGE_HOST_CRYPTO_H
#define ELRELAY_EDGE_HOST_CRYPTO_H

/*
 * crypto.h - hashes, keyed digests and random bytes, by OpenSSL.
 */

#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/slice.h"

enum { CRYPTO_SHA256_BYTES = 32, CRYPTO_SHA256_TEXT = 64, CRYPTO_MAC_BYTES = 32 };

void crypto_sha256_bytes(struct slice bytes, uint8_t digest[CRYPTO_SHA256_BYTES]);

/* Lower case hex with a NUL at the end. */
void crypto_sha256(struct slice bytes, char hex[CRYPTO_SHA256_TEXT + 1]);

/* HMAC-SHA256 under one key, which is copied. Digests of one kind of thing say nothing about
 * those of another kind. */
struct crypto_mac;
struct crypto_mac *crypto_mac_new(const void *key, size_t len);
void crypto_mac_write(const struct crypto_mac *mac, char kind, struct slice bytes,
                      uint8_t digest[CRYPTO_MAC_BYTES]);
void crypto_mac_free(struct crypto_mac *mac);

/* Aborts where the system has none. */
void crypto_random(void *bytes, size_t len);
uint32_t crypto_random_u32(void);

#endif
