/*
 * info.c - lines of INFO, and what some of them mean.
 */

#include "elrelay/edge/redis/info.h"

#include "elrelay/ground/number.h"

enum { INFO_WAITAOF_MAJOR = 7, INFO_WAITAOF_MINOR = 2 };

struct slice info_line(struct slice info, const char *name)
{
    size_t len = strlen(name);
    for (size_t at = 0; info.ptr && at + len < info.len;) {
        struct slice rest = slice_part(info, at, info.len);
        const char *end = memchr(rest.ptr, '\n', rest.len);
        struct slice line = {rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len};
        at += line.len + 1;
        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (slice_is(slice_part(line, 0, len), (struct slice){name, len}))
            return slice_part(line, len, line.len);
    }
    return (struct slice){0};
}

/* The digits in front of the next dot; text goes on behind it. */
static uint64_t info_next_number(struct slice *text)
{
    uint64_t number = 0;
    size_t len = 0;
    while (len < text->len && text->ptr[len] != '.')
        len++;
    number_read_u64(slice_part(*text, 0, len), &number);
    *text = slice_part(*text, len + 1, text->len);
    return number;
}

static bool info_has_waitaof(struct slice info)
{
    struct slice version = info_line(info, "valkey_version:");
    if (!version.len)
        version = info_line(info, "redis_version:");
    uint64_t major = info_next_number(&version);
    uint64_t minor = info_next_number(&version);
    return major > INFO_WAITAOF_MAJOR ||
           (major == INFO_WAITAOF_MAJOR && minor >= INFO_WAITAOF_MINOR);
}

void info_read_durability(struct slice info, struct durability_facts *facts)
{
    struct slice aof = info_line(info, "aof_enabled:");
    *facts = (struct durability_facts){.is_known = aof.len > 0,
                                       .has_aof = slice_is_text(aof, "1"),
                                       .has_waitaof = info_has_waitaof(info)};
    if (!number_read_u64(info_line(info, "connected_slaves:"), &facts->replicas))
        facts->replicas = 0;
}

enum durability_fsync info_fsync(struct slice appendfsync, struct slice not_on_rewrite)
{
    if (!appendfsync.len)
        return FSYNC_NOT_KNOWN;
    if (slice_is_text(appendfsync, "no"))
        return FSYNC_NEVER;
    bool always = slice_is_text(appendfsync, "always") && slice_is_text(not_on_rewrite, "no");
    return always ? FSYNC_ALWAYS : FSYNC_LATER;
}
