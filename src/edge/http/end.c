/*
 * end.c - from libcurl's codes and our own facts to a transport end.
 */

#include "edge/http/end.h"

struct end_row {
    CURLcode code;
    enum transport_end end;
};

/* Codes that belong to one phase, whatever else is known; the rest is told by the phase. */
static const struct end_row end_table[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, TRANSPORT_NAME_UNRESOLVED},
    {CURLE_COULDNT_RESOLVE_HOST, TRANSPORT_NAME_UNRESOLVED},
    {CURLE_COULDNT_CONNECT, TRANSPORT_NOT_CONNECTED},
    {CURLE_INTERFACE_FAILED, TRANSPORT_NOT_CONNECTED},
    {CURLE_PROXY, TRANSPORT_NOT_CONNECTED},
    {CURLE_SSL_CONNECT_ERROR, TRANSPORT_TLS_FAILED},
    {CURLE_PEER_FAILED_VERIFICATION, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_CERTPROBLEM, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_CIPHER, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_CACERT_BADFILE, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_CRL_BADFILE, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_ISSUER_ERROR, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_INVALIDCERTSTATUS, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_CLIENTCERT, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_ENGINE_NOTFOUND, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_ENGINE_SETFAILED, TRANSPORT_TLS_FAILED},
    {CURLE_SSL_ENGINE_INITFAILED, TRANSPORT_TLS_FAILED},
};

static const enum transport_end end_of_phase[] = {
    [END_RESOLVING] = TRANSPORT_NAME_UNRESOLVED,
    [END_CONNECTING] = TRANSPORT_NOT_CONNECTED,
    [END_SECURING] = TRANSPORT_TLS_FAILED,
    [END_TALKING] = TRANSPORT_UPLOAD_CUT,
};

static enum transport_end end_not_sent(const struct end_facts *facts)
{
    if (facts->stopped)
        return TRANSPORT_UPLOAD_STOPPED;
    for (size_t i = 0; i < sizeof(end_table) / sizeof(end_table[0]); i++)
        if (end_table[i].code == facts->code)
            return end_table[i].end;
    return end_of_phase[facts->phase];
}

/*
 * A body without a length ends with the connection, and there a cut looks like an end, over TLS
 * too: libcurl 7.88 does not insist on its goodbye. What such a body says is for the profile to
 * read; the head was whole.
 */
static bool end_is_answer(const struct end_facts *facts)
{
    return facts->code == CURLE_OK && facts->whole_head && facts->status >= 200;
}

enum transport_end end_of(const struct end_facts *facts)
{
    if (facts->all_handed) {
        if (end_is_answer(facts))
            return TRANSPORT_ANSWERED;
        return facts->too_large ? TRANSPORT_ANSWER_TOO_LARGE : TRANSPORT_NO_ANSWER;
    }
    /* An endpoint that says "taken" of a body it cannot have is nothing we can build on. */
    if (facts->status / 100 == 2)
        return TRANSPORT_NO_ANSWER;
    return end_is_answer(facts) ? TRANSPORT_ANSWERED : end_not_sent(facts);
}

static bool end_has_passed(CURL *easy, CURLINFO time)
{
    curl_off_t passed_us = 0;
    return curl_easy_getinfo(easy, time, &passed_us) == CURLE_OK && passed_us > 0;
}

/* libcurl 7.88 tells the time of a connect only once TLS is through; the port it has is there
 * at once. */
static bool end_has_connected(CURL *easy)
{
    long port = 0;
    return curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port) == CURLE_OK && port > 0;
}

/* A proxy that answered CONNECT with anything but 2xx. */
static bool end_proxy_refused(CURL *easy)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status != 0 && status / 100 != 2;
}

enum end_phase end_read_phase(CURL *easy, bool https)
{
    if (!end_has_passed(easy, CURLINFO_NAMELOOKUP_TIME_T))
        return END_RESOLVING;
    if (!end_has_connected(easy) || end_proxy_refused(easy))
        return END_CONNECTING;
    if (https && !end_has_passed(easy, CURLINFO_APPCONNECT_TIME_T))
        return END_SECURING;
    return END_TALKING;
}
