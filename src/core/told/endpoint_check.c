/*
 * endpoint_check.c - an endpoint that could leak a report or a secret is refused before
 * anything is sent.
 */

#include "elrelay/core/told/conf_check.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"

enum { HOST_MAX = 256, PORT_MAX = 65535 };

struct web_url {
    struct slice scheme;
    struct slice host; /* [::1] with its brackets */
    struct slice port; /* empty: not given */
    bool has_user;
};

/* The part of text in front of the first of `ends`. */
static struct slice url_until(struct slice text, const char *ends)
{
    size_t len = 0;
    while (len < text.len && !strchr(ends, text.ptr[len]))
        len++;
    return slice_part(text, 0, len);
}

static bool url_is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f)
            return false;
    return true;
}

/* An IPv6 address stands in brackets; one that is not closed is no host. */
static struct slice url_host(struct slice authority)
{
    if (authority.len == 0 || authority.ptr[0] != '[')
        return url_until(authority, ":");
    size_t len = url_until(authority, "]").len;
    return slice_part(authority, 0, len < authority.len ? len + 1 : 0);
}

/* SCHEME://HOST[:PORT][/...]; false where it is not that. */
static bool url_split(const char *text, struct web_url *url)
{
    struct slice rest = slice_of(text);
    url->scheme = url_until(rest, ":");
    rest = slice_part(rest, url->scheme.len, rest.len);
    if (!url_is_printable(slice_of(text)) || !slice_is(slice_part(rest, 0, 3), SLICE("://")))
        return false;
    rest = url_until(slice_part(rest, 3, rest.len), "/?#\\");
    url->has_user = url_until(rest, "@").len < rest.len;
    url->host = url_host(rest);
    rest = slice_part(rest, url->host.len, rest.len);
    url->port = slice_part(rest, 1, rest.len);
    uint64_t port = 0;
    bool port_is_good = rest.len == 0 ||
                        (rest.ptr[0] == ':' && number_read_u64(url->port, &port) && port >= 1 &&
                         port <= PORT_MAX);
    return url->host.len > 0 && (url->has_user || port_is_good);
}

static bool url_scheme_is(const struct web_url *url, const char *scheme)
{
    return url->scheme.len == strlen(scheme) &&
           strncasecmp(url->scheme.ptr, scheme, url->scheme.len) == 0;
}

/* Judged by the address itself: a name such as 127.example.org is another machine. */
static bool url_host_is_loopback(struct slice host)
{
    char text[HOST_MAX];
    struct in_addr v4;
    struct in6_addr v6;
    if (host.len >= sizeof(text))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    if (strcasecmp(text, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, text, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (host.len < 2 || text[0] != '[' || text[host.len - 1] != ']')
        return false;
    text[host.len - 1] = '\0';
    return inet_pton(AF_INET6, text + 1, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* NULL where reports and secrets may go there. */
static const char *url_trouble(const char *text, bool allow_http)
{
    struct web_url url;
    if (!url_split(text, &url) ||
        (!url_scheme_is(&url, "http") && !url_scheme_is(&url, "https")))
        return "must be https://HOST[:PORT]/PATH or http://HOST[:PORT]/PATH";
    if (url.has_user)
        return "must be without user and password; use endpoint.auth";
    if (strchr(text, '#'))
        return "must be without #";
    if (url_scheme_is(&url, "http") && !allow_http && !url_host_is_loopback(url.host))
        return "plain http would show reports on the network; use https, "
               "or set endpoint.allow_http: true";
    return NULL;
}

static bool check_url(struct conf_build *build, size_t route)
{
    const struct endpoint_conf *endpoint = &build->conf->written[route].endpoint;
    const char *trouble = url_trouble(endpoint->url, endpoint->allow_http);
    return !trouble || conf_check_refuse_route(build, route, "endpoint.url", trouble);
}

static bool check_proxy(struct conf_build *build, size_t route)
{
    static const char *const schemes[] = {"http", "https", "socks5", "socks5h"};
    const char *proxy = build->conf->written[route].endpoint.proxy;
    struct web_url url;
    if (!proxy)
        return true;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (url_split(proxy, &url) && url_scheme_is(&url, schemes[i]))
            return true;
    return conf_check_refuse_route(
        build, route, "endpoint.proxy",
        "must begin with http://, https://, socks5:// or socks5h:// and name a host");
}

/* RFC 9110, 5.6.2. */
static bool header_is_token(const char *name)
{
    const char *byte = name;
    while (*byte && (isalnum((unsigned char)*byte) || strchr("!#$%&'*+-.^_`|~", *byte)))
        byte++;
    return *name && !*byte;
}

/* RFC 9110, 5.5: no control characters but tabs, so no CR and LF. */
static bool header_value_is_plain(const char *value)
{
    for (; *value; value++)
        if (*value != '\t' && iscntrl((unsigned char)*value))
            return false;
    return true;
}

/* The headers the daemon sets itself. */
static bool header_is_own(const struct endpoint_conf *endpoint, const char *name)
{
    static const char *const own[] = {"content-length", "content-type", "idempotency-key",
                                      "host",           "expect",       "transfer-encoding"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcasecmp(name, own[i]) == 0)
            return true;
    const char *batch_header = endpoint->profile->batch_header;
    return batch_header && strcasecmp(name, batch_header) == 0;
}

static bool header_is_auth(const struct auth_conf *auth, const char *name)
{
    switch (auth->type) {
    case AUTH_NONE:
        break;
    case AUTH_KEY:
        return strcasecmp(name, auth->header) == 0;
    case AUTH_BEARER:
        return strcasecmp(name, "authorization") == 0;
    }
    return false;
}

static bool check_auth(struct conf_build *build, size_t route)
{
    const struct endpoint_conf *endpoint = &build->conf->written[route].endpoint;
    const struct auth_conf *auth = &endpoint->auth;
    if (auth->type == AUTH_NONE && auth->secret_file)
        return conf_check_refuse_route(build, route, "endpoint.auth.secret_file",
                                       "is not used; set endpoint.auth.type: key or bearer");
    if (auth->type != AUTH_NONE && !auth->secret_file)
        return conf_check_refuse_route(build, route, "endpoint.auth.secret_file",
                                       "missing; endpoint.auth.type needs it");
    if (auth->type != AUTH_KEY)
        return true;
    if (!auth->header)
        return conf_check_refuse_route(build, route, "endpoint.auth.header",
                                       "missing; endpoint.auth.type: key needs it");
    if (!header_is_token(auth->header) || header_is_own(endpoint, auth->header))
        return conf_check_refuse_route(
            build, route, "endpoint.auth.header",
            "must be the name of a header that elrelay does not set itself");
    return true;
}

/* NULL where the header may be sent. */
static const char *header_trouble(const struct endpoint_conf *endpoint, size_t index)
{
    const struct header_pair *header = &endpoint->headers[index];
    if (!header_is_token(header->name))
        return "must be a header name: letters, digits and !#$%&'*+-.^_`|~";
    if (!header_value_is_plain(header->value))
        return "must be without line ends and other control characters";
    if (header_is_own(endpoint, header->name))
        return "elrelay sets this header itself; take it out";
    if (header_is_auth(&endpoint->auth, header->name))
        return "endpoint.auth sets this header; take it out";
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(endpoint->headers[i].name, header->name) == 0)
            return "given twice; upper and lower case are the same in header names";
    return NULL;
}

static bool check_headers(struct conf_build *build, size_t route)
{
    const struct endpoint_conf *endpoint = &build->conf->written[route].endpoint;
    struct conf_spot spot = {.scope = SETTING_ROUTE, .route = route};
    spot.setting = setting_by_key(SETTING_ROUTE, SLICE("endpoint.headers"));
    for (; spot.pair < endpoint->header_count; spot.pair++) {
        const char *trouble = header_trouble(endpoint, spot.pair);
        if (trouble)
            return conf_build_refuse_name(build, &spot,
                                          slice_of(endpoint->headers[spot.pair].name), trouble);
    }
    return true;
}

/* Empty where it is not configured. */
static struct slice header_value(const struct endpoint_conf *endpoint, const char *name)
{
    for (size_t i = 0; i < endpoint->header_count; i++)
        if (strcasecmp(endpoint->headers[i].name, name) == 0)
            return slice_of(endpoint->headers[i].value);
    return SLICE("");
}

/* The list is the profile's, as the client that sends sees it. */
static bool check_make_lookup_url(struct conf_build *build, size_t route)
{
    static const char key[] = "endpoint.lookup.url";
    struct endpoint_conf *endpoint = &build->conf->written[route].endpoint;
    struct slice client = header_value(endpoint, "client");
    if (!endpoint->profile->lists_submissions)
        return conf_check_refuse_route(build, route, key,
                                       "missing; endpoint.on_unknown: lookup needs it, "
                                       "for this profile knows of no list");
    struct buf url;
    buf_init(&url, CONF_VALUE_BYTES_MAX);
    bool made = lookup_write_default_url(&url, slice_of(endpoint->url), client);
    if (made)
        endpoint->lookup.url = mem_copy_text(url.ptr, url.len);
    buf_free(&url);
    return made || conf_check_refuse_route(
                       build, route, key,
                       "missing; set it, or endpoint.headers.client that it is made from, "
                       "or another endpoint.on_unknown");
}

static bool check_unknown(struct conf_build *build, size_t route)
{
    const struct endpoint_conf *endpoint = &build->conf->written[route].endpoint;
    const struct lookup_conf *lookup = &endpoint->lookup;
    if (endpoint->on_unknown == UNKNOWN_LOOKUP && !lookup->url &&
        !check_make_lookup_url(build, route))
        return false;
    if (!lookup->url)
        return true;
    const char *trouble = strchr(lookup->url, '?')
                              ? "must be without a query"
                              : url_trouble(lookup->url, endpoint->allow_http);
    return !trouble || conf_check_refuse_route(build, route, "endpoint.lookup.url", trouble);
}

bool conf_check_endpoint(struct conf_build *build, size_t route)
{
    const struct endpoint_conf *endpoint = &build->conf->written[route].endpoint;
    if (endpoint->key_file && !endpoint->cert_file)
        return conf_check_refuse_route(build, route, "endpoint.key_file",
                                       "needs endpoint.cert_file beside it");
    if (endpoint->retry.first_ms > endpoint->retry.cap_ms)
        return conf_check_refuse_route(build, route, "endpoint.retry.cap",
                                       "must not be below endpoint.retry.first");
    return check_url(build, route) && check_proxy(build, route) && check_auth(build, route) &&
           check_headers(build, route) && check_unknown(build, route);
}
