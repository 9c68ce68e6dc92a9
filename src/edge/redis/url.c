/*
 * url.c - one pass over the setting, from the scheme to the database.
 *
 * A scheme is a row; one that is known and not supported is a row too, so that it is refused by
 * its name.
 */

#include "edge/redis/url.h"

#include <stdio.h>
#include <string.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/slice.h"

enum scheme_kind { SCHEME_HOST, SCHEME_TLS, SCHEME_SOCKET, SCHEME_UNSUPPORTED };

static const struct scheme {
    const char *prefix;
    enum scheme_kind kind;
} scheme_table[] = {
    {"redis://", SCHEME_HOST},
    {"rediss://", SCHEME_TLS},
    {"unix://", SCHEME_SOCKET},
    {"redis+sentinel://", SCHEME_UNSUPPORTED},
    {"redis+cluster://", SCHEME_UNSUPPORTED},
};

static const struct scheme *scheme_of(struct slice text)
{
    for (size_t i = 0; i < sizeof(scheme_table) / sizeof(scheme_table[0]); i++)
        if (slice_is_text(slice_part(text, 0, strlen(scheme_table[i].prefix)),
                          scheme_table[i].prefix))
            return &scheme_table[i];
    return NULL;
}

/* The offset of the first of these bytes; the length where there is none. */
static size_t find_any(struct slice text, const char *bytes)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] && strchr(bytes, text.ptr[i]))
            return i;
    return text.len;
}

/* The offset behind the last such byte; 0 where there is none. */
static size_t find_behind_last(struct slice text, char byte)
{
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != byte)
        at--;
    return at;
}

static struct slice slice_from(struct slice text, size_t offset)
{
    return slice_part(text, offset, text.len);
}

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit ? strchr(digits, digit | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* One byte, plain or as %XX; 0 where it is neither (an encoded NUL is neither). */
static char decode_byte(struct slice *text)
{
    if (text->ptr[0] != '%') {
        char byte = text->ptr[0];
        *text = slice_from(*text, 1);
        return byte;
    }
    int high = text->len > 2 ? hex_value(text->ptr[1]) : -1;
    int low = text->len > 2 ? hex_value(text->ptr[2]) : -1;
    *text = slice_from(*text, 3);
    return (char)(high < 0 || low < 0 ? 0 : high * 16 + low);
}

static bool decode(struct slice text, char **to, const char *part, struct fault *fault)
{
    char *at = *to = mem_zalloc(text.len + 1);
    while (text.len > 0) {
        *at = decode_byte(&text);
        if (!*at++)
            return fault_set(fault, FAULT_CONF,
                             "redis.url: the %s has a %% without two hex digits, or %%00",
                             part);
    }
    return true;
}

static bool read_number(struct slice text, uint32_t max, uint32_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || value > max)
            return false;
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *number = (uint32_t)value;
    return text.len > 0 && value <= max;
}

/* Cuts "user:password@" off. The last @ counts, so that a password may hold one. */
static bool take_user(struct redis_url *url, struct slice *authority, struct fault *fault)
{
    size_t host_at = find_behind_last(*authority, '@');
    if (host_at == 0)
        return true;
    struct slice info = slice_part(*authority, 0, host_at - 1);
    *authority = slice_from(*authority, host_at);
    size_t colon = find_any(info, ":");
    if (colon > 0 && !decode(slice_part(info, 0, colon), &url->user, "user", fault))
        return false;
    return colon == info.len ||
           decode(slice_from(info, colon + 1), &url->password, "password", fault);
}

static bool take_port(struct redis_url *url, struct slice text, struct fault *fault)
{
    uint32_t port = REDIS_URL_PORT;
    if (text.len > 0 &&
        (text.ptr[0] != ':' || !read_number(slice_from(text, 1), UINT16_MAX, &port) || !port))
        return fault_set(fault, FAULT_CONF,
                         "redis.url: the port is not a number from 1 to 65535 "
                         "(an IPv6 address needs brackets: redis://[::1]:6379)");
    url->port = (uint16_t)port;
    return true;
}

static bool host_is_plain(const char *host)
{
    static const char others[] = "-._:%";
    if (!*host || strlen(host) > REDIS_URL_HOST_MAX)
        return false;
    for (; *host; host++)
        if (!((*host >= '0' && *host <= '9') ||
              ((*host | 0x20) >= 'a' && (*host | 0x20) <= 'z') || strchr(others, *host)))
            return false;
    return true;
}

static bool take_host(struct redis_url *url, struct slice authority, struct fault *fault)
{
    bool brackets = authority.len > 0 && authority.ptr[0] == '[';
    if (brackets)
        authority = slice_from(authority, 1);
    size_t end = find_any(authority, brackets ? "]" : ":");
    if (brackets && end == authority.len)
        return fault_set(fault, FAULT_CONF,
                         "redis.url: the closing bracket of the IPv6 address is missing");
    if (!decode(slice_part(authority, 0, end), &url->host, "host", fault))
        return false;
    if (!host_is_plain(url->host) || brackets != (strchr(url->host, ':') != NULL))
        return fault_set(fault, FAULT_CONF,
                         "redis.url: the host is empty or holds characters "
                         "that no host name and no address has");
    return take_port(url, slice_from(authority, brackets ? end + 1 : end), fault);
}

static bool take_db(struct redis_url *url, struct slice text, struct fault *fault)
{
    if (text.len > 0 && !read_number(text, INT32_MAX, &url->db))
        return fault_set(
            fault, FAULT_CONF,
            "redis.url: what stands behind the host is not /N with the number of a database");
    return true;
}

static bool take_socket(struct redis_url *url, struct slice authority, struct slice rest,
                        struct fault *fault)
{
    size_t question = find_any(rest, "?");
    struct slice query = slice_from(rest, question);
    if (authority.len > 0 || question < 2)
        return fault_set(fault, FAULT_CONF,
                         "redis.url: a socket is written unix:///path/to/redis.sock");
    if (!decode(slice_part(rest, 0, question), &url->path, "path", fault))
        return false;
    if (strlen(url->path) > REDIS_URL_PATH_MAX)
        return fault_set(fault, FAULT_CONF, "redis.url: a socket's path has at most %d bytes",
                         REDIS_URL_PATH_MAX);
    if (query.len == 0)
        return true;
    struct slice number = slice_from(query, strlen("?db="));
    if (!slice_is_text(slice_part(query, 0, strlen("?db=")), "?db=") ||
        !read_number(number, INT32_MAX, &url->db))
        return fault_set(fault, FAULT_CONF,
                         "redis.url: only ?db=N, a number, may stand behind a socket's path");
    return true;
}

static void write_name(struct redis_url *url)
{
    const char *scheme = url->tls ? "rediss" : "redis";
    bool brackets = url->host && strchr(url->host, ':');
    if (url->path)
        snprintf(url->name, sizeof(url->name), "unix://%s?db=%u", url->path, url->db);
    else
        snprintf(url->name, sizeof(url->name), brackets ? "%s://[%s]:%u/%u" : "%s://%s:%u/%u",
                 scheme, url->host, url->port, url->db);
}

static bool parse(struct redis_url *url, struct slice text, struct fault *fault)
{
    const struct scheme *scheme = scheme_of(text);
    if (!scheme)
        return fault_set(fault, FAULT_CONF,
                         "redis.url: must begin with redis://, rediss:// or unix://");
    if (scheme->kind == SCHEME_UNSUPPORTED)
        return fault_set(fault, FAULT_CONF, "redis.url: %s is not supported in this version",
                         scheme->prefix);
    struct slice rest = slice_from(text, strlen(scheme->prefix));
    size_t end = find_any(rest, "/?#");
    struct slice authority = slice_part(rest, 0, end);
    rest = slice_from(rest, end);
    if (!take_user(url, &authority, fault))
        return false;
    if (scheme->kind == SCHEME_SOCKET)
        return take_socket(url, authority, rest, fault);
    url->tls = scheme->kind == SCHEME_TLS;
    return take_host(url, authority, fault) &&
           take_db(url, rest.len > 0 && rest.ptr[0] == '/' ? slice_from(rest, 1) : rest, fault);
}

bool redis_url_parse(struct redis_url *url, const char *text, struct fault *fault)
{
    *url = (struct redis_url){0};
    if (!parse(url, slice_of(text), fault)) {
        redis_url_free(url);
        return false;
    }
    write_name(url);
    return true;
}

void redis_url_free(struct redis_url *url)
{
    if (url->password)
        mem_wipe(url->password, strlen(url->password));
    mem_free(url->password);
    mem_free(url->user);
    mem_free(url->host);
    mem_free(url->path);
    *url = (struct redis_url){0};
}
