/*
 * value.c - durations, sizes, variables, and what of a value may be shown.
 */

#include "elrelay/core/told/value.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "elrelay/ground/number.h"

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit duration_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

/* In the order in which a size is tried when it is written. */
static const struct unit size_units[] = {
    {"GB", 1000000000}, {"GiB", 1 << 30}, {"MB", 1000000}, {"MiB", 1 << 20},
    {"kB", 1000},       {"KiB", 1 << 10}, {"B", 1},
};

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static bool value_read_unit(struct slice text, const struct unit *units, size_t count,
                            uint64_t *value)
{
    size_t digits = 0;
    while (digits < text.len && isdigit((unsigned char)text.ptr[digits]))
        digits++;
    struct slice name = slice_part(text, digits, text.len);
    uint64_t number = 0;
    if (!number_read_u64(slice_part(text, 0, digits), &number))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!slice_is_text(name, units[i].name) || number > UINT64_MAX / units[i].factor)
            continue;
        *value = number * units[i].factor;
        return true;
    }
    return false;
}

bool value_read_duration(struct slice text, uint64_t *ms)
{
    return value_read_unit(text, duration_units, COUNT_OF(duration_units), ms);
}

bool value_read_size(struct slice text, uint64_t *bytes)
{
    return value_read_unit(text, size_units, COUNT_OF(size_units), bytes);
}

void value_write_size(char text[VALUE_SIZE_TEXT_MAX], uint64_t bytes)
{
    const struct unit *unit = size_units;
    while (unit->factor > 1 && (bytes == 0 || bytes % unit->factor != 0))
        unit++;
    snprintf(text, VALUE_SIZE_TEXT_MAX, "%llu%s", (unsigned long long)(bytes / unit->factor),
             unit->name);
}

static bool value_name_is_variable(struct slice name)
{
    if (name.len == 0 || name.len >= VALUE_VARIABLE_MAX || isdigit((unsigned char)name.ptr[0]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && name.ptr[i] != '_')
            return false;
    return true;
}

/* The offset of `wanted` in text, text.len where it is not there. */
static size_t value_find(struct slice text, const char *wanted)
{
    size_t len = strlen(wanted);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.ptr + i, wanted, len) == 0)
            return i;
    return text.len;
}

/* inner is what stands between ${ and }. */
static bool value_expand_one(struct slice inner, value_variable *variable, struct buf *out,
                             struct buf *used, struct fault *fault)
{
    size_t name_len = value_find(inner, ":-");
    struct slice fallback = slice_part(inner, name_len + 2, inner.len);
    bool has_fallback = name_len < inner.len;
    char name[VALUE_VARIABLE_MAX];
    if (!value_name_is_variable(slice_part(inner, 0, name_len)))
        return fault_set(fault, FAULT_CONF,
                         "the name in ${...} must be letters, digits and _, fewer than %d",
                         VALUE_VARIABLE_MAX);
    if (value_find(fallback, "${") < fallback.len)
        return fault_set(fault, FAULT_CONF, "a ${...} inside another is not understood");
    memcpy(name, inner.ptr, name_len);
    name[name_len] = '\0';
    const char *value = variable(name);
    if (has_fallback && (!value || !*value)) {
        buf_add(out, fallback);
        return true;
    }
    if (!value)
        return fault_set(
            fault, FAULT_CONF,
            "the environment variable %s is not set; set it, or write ${%s:-DEFAULT}", name,
            name);
    buf_add_text(out, value);
    if (used)
        buf_add_format(used, "%s%s", used->len ? ", " : "", name);
    return true;
}

bool value_expand(struct slice text, value_variable *variable, struct buf *out,
                  struct buf *used, struct fault *fault)
{
    if (text.len && memchr(text.ptr, '\0', text.len))
        return fault_set(fault, FAULT_CONF, "holds a NUL character; take it out");
    while (text.len) {
        size_t start = value_find(text, "${");
        buf_add(out, slice_part(text, 0, start));
        text = slice_part(text, start, text.len);
        if (text.len == 0)
            break;
        size_t end = value_find(text, "}");
        if (end == text.len)
            return fault_set(fault, FAULT_CONF, "a ${ without its }");
        if (!value_expand_one(slice_part(text, 2, end - 2), variable, out, used, fault))
            return false;
        text = slice_part(text, end + 1, text.len);
    }
    if (out->full)
        return fault_set(fault, FAULT_CONF, "longer than %zu bytes", out->max);
    return true;
}

bool value_name_is_secret(struct slice name)
{
    static const char *const words[] = {"auth", "code",   "cookie", "key",
                                        "pass", "secret", "sig",    "token"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t len = strlen(words[i]);
        for (size_t at = 0; at + len <= name.len; at++)
            if (strncasecmp(name.ptr + at, words[i], len) == 0)
                return true;
    }
    return false;
}

static size_t value_find_last(struct slice text, char byte)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.ptr[i - 1] == byte)
            return i - 1;
    return text.len;
}

/* A password may hold any character, even / and ?, so the last @ ends it. */
static struct slice value_write_user(struct buf *out, struct slice url)
{
    size_t host = value_find_last(url, '@');
    if (host == url.len)
        return url;
    size_t start = value_find(url, "://");
    start = start < url.len ? start + 3 : 0;
    struct slice user = slice_part(url, start, host > start ? host - start : 0);
    size_t user_len = value_find(user, ":");
    if (user_len == user.len)
        return url;
    buf_add(out, slice_part(url, 0, start + user_len));
    buf_add_text(out, ":***");
    return slice_part(url, host, url.len);
}

void value_write_url(struct buf *out, struct slice url)
{
    struct slice rest = value_write_user(out, url);
    size_t query = value_find(rest, "?");
    buf_add(out, slice_part(rest, 0, query));
    rest = slice_part(rest, query, rest.len);
    while (rest.len) {
        struct slice pair = slice_part(rest, 1, rest.len);
        pair.len = value_find(pair, "&");
        struct slice name = slice_part(pair, 0, value_find(pair, "="));
        bool secret = name.len < pair.len && value_name_is_secret(name);
        buf_add_byte(out, rest.ptr[0]);
        buf_add(out, secret ? name : pair);
        if (secret)
            buf_add_text(out, "=***");
        rest = slice_part(rest, 1 + pair.len, rest.len);
    }
}
