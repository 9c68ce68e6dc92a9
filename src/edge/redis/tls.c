/*
 * tls.c - one SSL_CTX for the link's life, one SSL for each connection.
 */

#include "edge/redis/tls.h"

#if defined(ELRELAY_REDIS_TLS) && HIREDIS_MAJOR >= 1
#define TLS_IS_BUILT 1
#include <arpa/inet.h>

#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

#include "elrelay/edge/redis/link.h"
#include "elrelay/ground/mem.h"

#ifdef TLS_IS_BUILT

struct tls {
    SSL_CTX *ssl;
};

bool link_can_tls(void)
{
    return true;
}

static bool tls_load_ca(const struct tls *tls, const char *file)
{
    return file ? SSL_CTX_load_verify_locations(tls->ssl, file, NULL) == 1
                : SSL_CTX_set_default_verify_paths(tls->ssl) == 1;
}

static bool tls_load_own(const struct tls *tls, const struct redis_conf *conf,
                         struct fault *fault)
{
    if (!conf->cert_file && !conf->key_file)
        return true;
    if (!conf->cert_file || !conf->key_file)
        return fault_set(fault, FAULT_CONF,
                         "redis.key_file: redis.cert_file and it need each other");
    if (SSL_CTX_use_certificate_chain_file(tls->ssl, conf->cert_file) != 1)
        return fault_set(fault, FAULT_CONF,
                         "redis.cert_file: %s is no readable PEM certificate", conf->cert_file);
    if (SSL_CTX_use_PrivateKey_file(tls->ssl, conf->key_file, SSL_FILETYPE_PEM) != 1)
        return fault_set(fault, FAULT_CONF,
                         "redis.key_file: %s is no readable PEM key of redis.cert_file",
                         conf->key_file);
    return true;
}

static bool tls_load(const struct tls *tls, const struct redis_conf *conf, struct fault *fault)
{
    if (!tls->ssl || SSL_CTX_set_min_proto_version(tls->ssl, TLS1_2_VERSION) != 1)
        return fault_set(fault, FAULT_CONF, "redis.url: OpenSSL cannot set up TLS");
    SSL_CTX_set_verify(tls->ssl, SSL_VERIFY_PEER, NULL);
    if (!tls_load_ca(tls, conf->ca_file))
        return fault_set(fault, FAULT_CONF,
                         "redis.ca_file: %s holds no readable PEM certificate",
                         conf->ca_file ? conf->ca_file : "the system's store");
    return tls_load_own(tls, conf, fault);
}

struct tls *tls_new(const struct redis_conf *conf, struct fault *fault)
{
    struct tls *tls = mem_zalloc(sizeof(*tls));
    tls->ssl = SSL_CTX_new(TLS_client_method());
    bool loaded = tls_load(tls, conf, fault);
    ERR_clear_error();
    if (loaded)
        return tls;
    tls_free(tls);
    return NULL;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->ssl);
    mem_free(tls);
}

static bool tls_expect(SSL *ssl, const char *host)
{
    struct in6_addr address;
    if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

bool tls_attach(const struct tls *tls, redisAsyncContext *context, const char *host)
{
    ERR_clear_error();
    SSL *ssl = SSL_new(tls->ssl);
    if (ssl && tls_expect(ssl, host) && redisInitiateSSL(&context->c, ssl) == REDIS_OK)
        return true;
    SSL_free(ssl);
    return false;
}

const char *tls_reason(void)
{
    return ERR_reason_error_string(ERR_peek_last_error());
}

#else

bool link_can_tls(void)
{
    return false;
}

struct tls *tls_new(const struct redis_conf *conf, struct fault *fault)
{
    (void)conf;
    fault_set(fault, FAULT_CONF,
              "redis.url: rediss:// needs TLS, and this elrelay was built with hiredis %d.%d "
              "without hiredis_ssl: use a build with hiredis 1.0 or later and hiredis_ssl "
              "(Debian 13), or a unix socket, or a TLS tunnel",
              HIREDIS_MAJOR, HIREDIS_MINOR);
    return NULL;
}

void tls_free(struct tls *tls)
{
    (void)tls;
}

bool tls_attach(const struct tls *tls, redisAsyncContext *context, const char *host)
{
    (void)tls;
    (void)context;
    (void)host;
    return false;
}

const char *tls_reason(void)
{
    return NULL;
}

#endif
