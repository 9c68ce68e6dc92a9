/*
 * options.c - one table for every transfer, so that no request can lack what safety rests on.
 */

#include "edge/http/options.h"

#include <arpa/inet.h>
#include <assert.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct option_row {
    CURLoption option;
    long value;
};

static const struct option_row option_table[] = {
    {CURLOPT_NOSIGNAL, 1L},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    /* A reused connection that dies without an answer makes libcurl send the body a second
       time. */
    {CURLOPT_FRESH_CONNECT, 1L},
    {CURLOPT_FORBID_REUSE, 1L},
    {CURLOPT_FOLLOWLOCATION, 0L},
    {CURLOPT_SSL_VERIFYPEER, 1L},
    {CURLOPT_SSL_VERIFYHOST, 2L},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    /* Files of trust are read at each transfer, so that they may rotate. */
    {CURLOPT_CA_CACHE_TIMEOUT, 0L},
    /* A resolver that hangs must not hold the loop when its transfer ends. */
    {CURLOPT_QUICK_EXIT, 1L},
    {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE}, /* no header of ours to a proxy's CONNECT */
};

bool gate_is_open(struct gate *gate)
{
    if (!gate->stopped && gate->may_go_on && !gate->may_go_on(gate->ctx))
        gate->stopped = true;
    return !gate->stopped;
}

static bool in4_is_loopback(const struct in_addr *address)
{
    return ntohl(address->s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool in6_is_loopback(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) ||
           (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == IN_LOOPBACKNET);
}

static bool address_is_loopback(const struct curl_sockaddr *address)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    if (address->family == AF_INET) {
        memcpy(&in4, &address->addr, sizeof(in4));
        return in4_is_loopback(&in4.sin_addr);
    }
    if (address->family != AF_INET6)
        return false;
    memcpy(&in6, &address->addr, sizeof(in6));
    return in6_is_loopback(&in6.sin6_addr);
}

/* The last word on where plain http goes: a proxy, too, must be on this machine. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct gate *gate = ctx;
    (void)purpose;
    if (gate->loopback_only && !address_is_loopback(address))
        return CURL_SOCKET_BAD;
    if (!gate_is_open(gate))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool host_is_loopback(const char *host)
{
    struct in_addr in4;
    struct in6_addr in6;
    char bare[INET6_ADDRSTRLEN];
    if (strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &in4) == 1)
        return in4_is_loopback(&in4);
    size_t len = strlen(host);
    if (len < 3 || host[0] != '[' || len - 2 >= sizeof(bare))
        return false;
    snprintf(bare, sizeof(bare), "%.*s", (int)(len - 2), host + 1);
    return inet_pton(AF_INET6, bare, &in6) == 1 && in6_is_loopback(&in6);
}

static bool url_check_parts(CURLU *parts, const char *scheme, const char *host, bool allow_http,
                            struct fault *fault)
{
    char *user = NULL;
    curl_url_get(parts, CURLUPART_USER, &user, 0);
    bool has_user = user != NULL;
    curl_free(user);
    if (has_user)
        return fault_set(
            fault, FAULT_CONF,
            "endpoint.url: holds a user or password; give the secret by auth.secret_file");
    if (strcmp(scheme, "https") == 0)
        return true;
    if (strcmp(scheme, "http") != 0)
        return fault_set(fault, FAULT_CONF,
                         "endpoint.url: must begin with https:// or http://");
    if (allow_http || host_is_loopback(host))
        return true;
    return fault_set(fault, FAULT_CONF,
                     "endpoint.url: would carry reports over plain http to another machine; "
                     "use https:// or set allow_http: true");
}

bool options_check_url(const struct endpoint_conf *endpoint, const char *url,
                       struct fault *fault)
{
    if (endpoint->profile->sends_nothing)
        return fault_set(fault, FAULT_CONF, "endpoint.profile: none sends nothing");
    char *scheme = NULL;
    char *host = NULL;
    CURLU *parts = curl_url();
    assert(parts); /* out of memory */
    bool good = false;
    if (curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0))
        fault_set(fault, FAULT_CONF,
                  "endpoint.url: is no URL; it must be https://HOST[:PORT]/PATH");
    else
        good = url_check_parts(parts, scheme, host, endpoint->allow_http, fault);
    curl_free(host);
    curl_free(scheme);
    curl_url_cleanup(parts);
    return good;
}

bool options_is_https(const char *url)
{
    return strncasecmp(url, "https:", strlen("https:")) == 0;
}

static void set_long(CURL *easy, CURLoption option, long value)
{
    CURLcode code = curl_easy_setopt(easy, option, value);
    assert(code == CURLE_OK); /* every option is known to the libcurl we demand */
}

static void set_text(CURL *easy, CURLoption option, const char *text)
{
    CURLcode code = curl_easy_setopt(easy, option, text);
    assert(code == CURLE_OK);
}

static void set_number(CURL *easy, CURLoption option, uint64_t number)
{
    set_long(easy, option, number < LONG_MAX ? (long)number : LONG_MAX);
}

static void options_apply_tls(CURL *easy, const struct endpoint_conf *endpoint)
{
    if (endpoint->ca_file) {
        set_text(easy, CURLOPT_CAINFO, endpoint->ca_file);
        set_text(easy, CURLOPT_CAPATH, NULL); /* instead of the system's, not beside it */
    }
    if (endpoint->cert_file) {
        set_text(easy, CURLOPT_SSLCERT, endpoint->cert_file);
        set_text(easy, CURLOPT_SSLKEY,
                 endpoint->key_file ? endpoint->key_file : endpoint->cert_file);
        set_text(easy, CURLOPT_KEYPASSWD, ""); /* never asks a terminal */
    }
}

/* Set even where there is none, so that the environment's proxies count for nothing. */
static void options_apply_proxy(CURL *easy, const struct endpoint_conf *endpoint)
{
    set_text(easy, CURLOPT_PROXY, endpoint->proxy ? endpoint->proxy : "");
    set_text(easy, CURLOPT_NOPROXY, "");
}

static void options_apply_timeouts(CURL *easy, const struct endpoint_conf *endpoint)
{
    set_number(easy, CURLOPT_CONNECTTIMEOUT_MS, endpoint->connect_timeout_ms);
    set_number(easy, CURLOPT_TIMEOUT_MS, endpoint->timeout_ms);
    set_number(easy, CURLOPT_LOW_SPEED_LIMIT, endpoint->low_speed_bytes);
    set_number(easy, CURLOPT_LOW_SPEED_TIME,
               endpoint->low_speed_time_ms / 1000 + (endpoint->low_speed_time_ms % 1000 != 0));
}

void options_apply(CURL *easy, const struct endpoint_conf *endpoint, const char *url,
                   struct gate *gate)
{
    for (size_t i = 0; i < sizeof(option_table) / sizeof(option_table[0]); i++)
        set_long(easy, option_table[i].option, option_table[i].value);
    set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set_text(easy, CURLOPT_URL, url);
    options_apply_tls(easy, endpoint);
    options_apply_proxy(easy, endpoint);
    options_apply_timeouts(easy, endpoint);
    gate->loopback_only = !endpoint->allow_http && !options_is_https(url);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, gate);
}
