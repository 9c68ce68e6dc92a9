/*
 * tls_files.c - read by OpenSSL as libcurl will read them.
 */

#include "edge/http/tls_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

static FILE *open_file(const char *setting, const char *path, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (!file)
        fault_set(fault, FAULT_CONF, "endpoint.%s: %s cannot be read: %s", setting, path,
                  strerror(errno));
    return file;
}

static bool check_ca(const char *path, struct fault *fault)
{
    FILE *file = open_file("ca_file", path, fault);
    if (!file)
        return false;
    fclose(file);
    X509_STORE *store = X509_STORE_new();
    bool good = store && X509_STORE_load_file(store, path) == 1;
    X509_STORE_free(store);
    ERR_clear_error();
    return good || fault_set(fault, FAULT_CONF,
                             "endpoint.ca_file: %s holds no certificate in PEM", path);
}

/* Without this, OpenSSL asks a terminal. */
static int no_pass_phrase(char *text, int size, int writing, void *ctx)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static X509 *read_cert(const char *path, struct fault *fault)
{
    FILE *file = open_file("cert_file", path, fault);
    if (!file)
        return NULL;
    X509 *cert = PEM_read_X509(file, NULL, no_pass_phrase, NULL);
    fclose(file);
    if (!cert)
        fault_set(fault, FAULT_CONF, "endpoint.cert_file: %s holds no certificate in PEM",
                  path);
    return cert;
}

static EVP_PKEY *read_key(const char *setting, const char *path, struct fault *fault)
{
    FILE *file = open_file(setting, path, fault);
    if (!file)
        return NULL;
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_pass_phrase, NULL);
    fclose(file);
    if (!key)
        fault_set(fault, FAULT_CONF,
                  "endpoint.%s: %s holds no private key in PEM without a pass phrase", setting,
                  path);
    return key;
}

/* Where no key is given, the certificate's file holds it. */
static bool check_pair(const char *cert_file, const char *key_file, struct fault *fault)
{
    X509 *cert = read_cert(cert_file, fault);
    EVP_PKEY *key = NULL;
    if (cert)
        key = key_file ? read_key("key_file", key_file, fault)
                       : read_key("cert_file", cert_file, fault);
    bool good = cert && key;
    if (good && X509_check_private_key(cert, key) != 1)
        good = fault_set(fault, FAULT_CONF,
                         "endpoint.key_file: %s is not the key of cert_file %s",
                         key_file ? key_file : cert_file, cert_file);
    EVP_PKEY_free(key);
    X509_free(cert);
    ERR_clear_error();
    return good;
}

bool tls_files_check(const struct endpoint_conf *endpoint, struct fault *fault)
{
    if (endpoint->ca_file && !check_ca(endpoint->ca_file, fault))
        return false;
    if (!endpoint->cert_file)
        return !endpoint->key_file ||
               fault_set(fault, FAULT_CONF, "endpoint.key_file: is given without cert_file");
    return check_pair(endpoint->cert_file, endpoint->key_file, fault);
}
