/*
 * probe.c - what `check` proves of an endpoint without sending an event.
 *
 * Same URL rules, headers and options as a POST. Texts are made of our own words, numbers and
 * libraries' constants: nothing of the answer but its status, nothing of the secret.
 */

#include "elrelay/edge/http/uplink.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <openssl/x509_vfy.h>

#include "edge/http/end.h"
#include "edge/http/headers.h"
#include "edge/http/options.h"
#include "edge/http/tls_files.h"
#include "elrelay/edge/host/signals.h"

struct probe {
    CURL *easy;
    struct headers headers;
    struct gate gate;
    size_t answer_bytes;
    char tls[16]; /* the version, as libcurl names it; "" without TLS */
};

bool uplink_check_conf(const struct endpoint_conf *endpoint, struct fault *fault)
{
    struct headers headers;
    if (endpoint->profile->sends_nothing)
        return true;
    if (!options_check_url(endpoint, endpoint->url, fault) ||
        !headers_begin(&headers, endpoint, fault))
        return false;
    headers_free(&headers);
    return tls_files_check(endpoint, fault);
}

/* Head or body: read, counted, and forgotten. */
static size_t on_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
    struct probe *probe = ctx;
    (void)bytes;
    probe->answer_bytes += size * count;
    return probe->answer_bytes <= UPLINK_ANSWER_MAX ? size * count : 0;
}

/* libcurl tells the version of TLS only here: "SSL connection using TLSv1.3 / ...". */
static int on_debug(CURL *easy, curl_infotype type, char *text, size_t len, void *ctx)
{
    static const char opening[] = "SSL connection using ";
    static const size_t opening_len = sizeof(opening) - 1;
    struct probe *probe = ctx;
    (void)easy;
    if (type != CURLINFO_TEXT || len <= opening_len || memcmp(text, opening, opening_len) != 0)
        return 0;
    for (size_t i = 0; i < sizeof(probe->tls) - 1 && opening_len + i < len; i++) {
        if (text[opening_len + i] == ' ')
            break;
        probe->tls[i] = text[opening_len + i];
    }
    return 0;
}

static void probe_setup(struct probe *probe, const struct endpoint_conf *endpoint)
{
    CURL *easy = probe->easy;
    options_apply(easy, endpoint, endpoint->url, &probe->gate);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "OPTIONS");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, probe->headers.lines);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, probe);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, probe);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, probe);
}

/* Why TLS failed. The name is compared first, and until OpenSSL has judged, its verdict is
 * "unspecified". */
static const char *probe_tls_reason(CURL *easy, CURLcode code)
{
    long verdict = X509_V_OK;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    if (verdict != X509_V_OK && verdict != X509_V_ERR_UNSPECIFIED)
        return X509_verify_cert_error_string(verdict);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return "its certificate is for another host name";
    return curl_easy_strerror(code);
}

static bool probe_fail(const struct probe *probe, const struct endpoint_conf *endpoint,
                       CURLcode code, struct fault *fault)
{
    struct end_facts facts = {
        .code = code, .phase = end_read_phase(probe->easy, options_is_https(endpoint->url))};
    const char *told = curl_easy_strerror(code);
    switch (end_of(&facts)) {
    case TRANSPORT_NAME_UNRESOLVED:
        return fault_set(fault, FAULT_ENDPOINT,
                         "name not resolved: %s; check url, proxy and DNS", told);
    case TRANSPORT_NOT_CONNECTED:
        return fault_set(fault, FAULT_ENDPOINT,
                         "not connected: %s; check url, proxy and firewall", told);
    case TRANSPORT_TLS_FAILED:
        return fault_set(fault, FAULT_ENDPOINT,
                         "TLS failed: %s; check ca_file, cert_file and url",
                         probe_tls_reason(probe->easy, code));
    case TRANSPORT_ANSWERED:
    case TRANSPORT_NOT_BEGUN:
    case TRANSPORT_UPLOAD_CUT:
    case TRANSPORT_UPLOAD_STOPPED:
    case TRANSPORT_NO_ANSWER:
    case TRANSPORT_ANSWER_TOO_LARGE:
    case TRANSPORT_END_COUNT:
        break;
    }
    return fault_set(
        fault, FAULT_ENDPOINT,
        "connected, but no whole answer came: %s; it may want a client certificate (cert_file)",
        told);
}

static void probe_tell(const struct probe *probe, char *text, size_t text_len)
{
    const char *address = NULL;
    long status = 0;
    curl_easy_getinfo(probe->easy, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(probe->easy, CURLINFO_RESPONSE_CODE, &status);
    snprintf(text, text_len, "resolved %s, %s%sanswered %ld", address, probe->tls,
             *probe->tls ? ", " : "", status);
}

bool uplink_probe(const struct endpoint_conf *endpoint, char *text, size_t text_len,
                  struct fault *fault)
{
    struct probe probe = {0};
    *text = '\0';
    signals_ignore_pipe();
    if (!options_check_url(endpoint, endpoint->url, fault) ||
        !headers_begin(&probe.headers, endpoint, fault))
        return false;
    probe.easy = curl_easy_init();
    assert(probe.easy); /* out of memory */
    probe_setup(&probe, endpoint);
    CURLcode code = curl_easy_perform(probe.easy);
    bool good = code == CURLE_OK || probe_fail(&probe, endpoint, code, fault);
    if (good)
        probe_tell(&probe, text, text_len);
    curl_easy_cleanup(probe.easy);
    headers_free(&probe.headers);
    return good;
}
