/*
 * url.c - one pass over the setting, from the scheme to the database.
 *
 * A scheme is a row: what stands behind it, who is asked for the server, and the port that is
 * meant where none is given.
 */

#include "edge/redis/url.h"

#include <stdio.h>
#include <string.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/slice.h"

enum scheme_kind { SCHEME_HOST, SCHEME_TLS, SCHEME_SOCKET, SCHEME_HOSTS };

static const struct scheme {
    const char *prefix;
    enum scheme_kind kind;
    enum redis_finder finder;
    uint16_t port;
} scheme_table[] = {
    {"redis://", SCHEME_HOST, FINDER_NONE, REDIS_URL_PORT},
    {"rediss://", SCHEME_TLS, FINDER_NONE, REDIS_URL_PORT},
    {"unix://", SCHEME_SOCKET, FINDER_NONE, 0},
    {"redis+sentinel://", SCHEME_HOSTS, FINDER_SENTINEL, REDIS_URL_SENTINEL_PORT},
    {"redis+cluster://", SCHEME_HOSTS, FINDER_CLUSTER, REDIS_URL_PORT},
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

/* port holds the usual one. */
static bool take_port(uint16_t *port, struct slice text, struct fault *fault)
{
    uint32_t number = *port;
    if (text.len > 0 && (text.ptr[0] != ':' ||
                         !read_number(slice_from(text, 1), UINT16_MAX, &number) || !number))
        return fault_set(fault, FAULT_CONF,
                         "redis.url: the port is not a number from 1 to 65535 "
                         "(an IPv6 address needs brackets: redis://[::1]:6379)");
    *port = (uint16_t)number;
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

bool redis_host_set(struct redis_host *host, struct slice text, uint16_t port)
{
    char *copy = mem_copy_text(text.ptr, text.len);
    bool good = strlen(copy) == text.len && host_is_plain(copy);
    if (good) {
        mem_free(host->host);
        *host = (struct redis_host){copy, port};
    } else {
        mem_free(copy);
    }
    return good;
}

bool redis_host_is(const struct redis_host *a, const struct redis_host *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool take_host(struct redis_host *to, struct slice authority, struct fault *fault)
{
    bool brackets = authority.len > 0 && authority.ptr[0] == '[';
    if (brackets)
        authority = slice_from(authority, 1);
    size_t end = find_any(authority, brackets ? "]" : ":");
    if (brackets && end == authority.len)
        return fault_set(fault, FAULT_CONF,
                         "redis.url: the closing bracket of the IPv6 address is missing");
    if (!decode(slice_part(authority, 0, end), &to->host, "host", fault))
        return false;
    if (!host_is_plain(to->host) || brackets != (strchr(to->host, ':') != NULL))
        return fault_set(fault, FAULT_CONF,
                         "redis.url: the host is empty or holds characters "
                         "that no host name and no address has");
    return take_port(&to->port, slice_from(authority, brackets ? end + 1 : end), fault);
}

static bool take_one_host(struct redis_url *url, struct slice authority, struct fault *fault)
{
    struct redis_host host = {.port = url->port};
    bool good = take_host(&host, authority, fault);
    url->host = host.host;
    url->port = host.port;
    return good;
}

/* host[:port],... */
static bool take_hosts(struct redis_url *url, struct slice authority, struct fault *fault)
{
    for (bool more = true; more; url->asked_count++) {
        size_t end = find_any(authority, ",");
        more = end < authority.len;
        if (url->asked_count == REDIS_URL_HOSTS_MAX)
            return fault_set(fault, FAULT_CONF, "redis.url: names more than %d hosts",
                             REDIS_URL_HOSTS_MAX);
        struct redis_host *host = &url->asked[url->asked_count];
        host->port = url->port;
        if (!take_host(host, slice_part(authority, 0, end), fault)) {
            url->asked_count++;
            return false;
        }
        authority = slice_from(authority, end + 1);
    }
    return true;
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

/* Behind the hosts: nothing for a cluster, /name[/db] for Sentinel. */
static bool take_service(struct redis_url *url, struct slice rest, struct fault *fault)
{
    bool slash = rest.len > 0 && rest.ptr[0] == '/';
    struct slice path = slash ? slice_from(rest, 1) : rest;
    if (url->finder == FINDER_CLUSTER)
        return path.len == 0 || fault_set(fault, FAULT_CONF,
                                          "redis.url: a cluster has no databases; "
                                          "write redis+cluster://HOST:PORT,HOST:PORT");
    size_t end = find_any(path, "/");
    if (!slash || end == 0)
        return fault_set(fault, FAULT_CONF,
                         "redis.url: Sentinel needs the name of the master; "
                         "write redis+sentinel://HOST:PORT,HOST:PORT/NAME");
    return decode(slice_part(path, 0, end), &url->service, "master's name", fault) &&
           take_db(url, slice_from(path, end + 1), fault);
}

void redis_host_write(struct buf *to, const char *host, uint16_t port)
{
    buf_add_format(to, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

/* Hosts that do not fit are left out. */
static void write_hosts(const struct redis_url *url, struct buf *name)
{
    enum { REST_MAX = 64, PORT_MAX = 16 }; /* /name/db behind them; around a host */
    for (size_t i = 0; i < url->asked_count; i++) {
        bool fits = name->len + strlen(url->asked[i].host) + PORT_MAX + REST_MAX <= name->max;
        if (i > 0)
            buf_add_text(name, ",");
        if (!fits) {
            buf_add_text(name, "...");
            return;
        }
        redis_host_write(name, url->asked[i].host, url->asked[i].port);
    }
}

static void write_name(struct redis_url *url)
{
    struct buf name = {.ptr = url->name, .cap = sizeof(url->name), .max = sizeof(url->name)};
    if (url->finder != FINDER_NONE) {
        buf_add_text(&name,
                     url->finder == FINDER_CLUSTER ? "redis+cluster://" : "redis+sentinel://");
        write_hosts(url, &name);
        if (url->service)
            buf_add_format(&name, "/%.40s/%u", url->service, url->db);
    } else if (url->path) {
        buf_add_format(&name, "unix://%s?db=%u", url->path, url->db);
    } else {
        buf_add_text(&name, url->tls ? "rediss://" : "redis://");
        redis_host_write(&name, url->host, url->port);
        buf_add_format(&name, "/%u", url->db);
    }
    buf_text(&name);
}

static bool parse(struct redis_url *url, struct slice text, struct fault *fault)
{
    const struct scheme *scheme = scheme_of(text);
    if (!scheme)
        return fault_set(fault, FAULT_CONF,
                         "redis.url: must begin with redis://, rediss://, unix://, "
                         "redis+sentinel:// or redis+cluster://");
    struct slice rest = slice_from(text, strlen(scheme->prefix));
    size_t end = find_any(rest, "/?#");
    struct slice authority = slice_part(rest, 0, end);
    rest = slice_from(rest, end);
    url->finder = scheme->finder;
    url->port = scheme->port;
    url->tls = scheme->kind == SCHEME_TLS;
    if (!take_user(url, &authority, fault))
        return false;
    if (scheme->kind == SCHEME_SOCKET)
        return take_socket(url, authority, rest, fault);
    if (scheme->kind == SCHEME_HOSTS)
        return take_hosts(url, authority, fault) && take_service(url, rest, fault);
    return take_one_host(url, authority, fault) &&
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

void redis_url_set_host(struct redis_url *url, const char *host, uint16_t port)
{
    mem_free(url->host);
    url->host = mem_copy_text(host, strlen(host));
    url->port = port;
}

void redis_url_free(struct redis_url *url)
{
    if (url->password)
        mem_wipe(url->password, strlen(url->password));
    mem_free(url->password);
    mem_free(url->user);
    mem_free(url->host);
    mem_free(url->path);
    mem_free(url->service);
    for (size_t i = 0; i < url->asked_count; i++)
        mem_free(url->asked[i].host);
    *url = (struct redis_url){0};
}
