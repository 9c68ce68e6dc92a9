/*
 * shard.c - from routes as they are written to routes as they are served.
 */

#include "elrelay/core/told/shard.h"

#include <string.h>

#include "elrelay/core/told/slot.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"

enum { SHARD_TEXT_MAX = 64 * 1024 + 8 }; /* a value of the file, and its number */

/* A key with the number at the end of its tag; the same one for the first. */
static char *shard_key(const char *key, size_t number)
{
    if (!key || number == 0)
        return key ? mem_copy_text(key, strlen(key)) : NULL;
    struct slice tag = slot_tag(slice_of(key));
    size_t end = (size_t)(tag.ptr - key) + tag.len;
    struct buf text;
    buf_init(&text, SHARD_TEXT_MAX);
    buf_add_format(&text, "%.*s.%zu%s", (int)end, key, number, key + end);
    char *copy = mem_copy_text(text.ptr, text.len);
    buf_free(&text);
    return copy;
}

static char *shard_name(const struct route_conf *whole, size_t number)
{
    struct buf text;
    buf_init(&text, SHARD_TEXT_MAX);
    buf_add_format(&text, whole->shards > 1 || number ? "%s.%zu" : "%s", whole->name, number);
    char *copy = mem_copy_text(text.ptr, text.len);
    buf_free(&text);
    return copy;
}

void shard_init(struct route_conf *shard, const struct route_conf *whole, size_t number)
{
    *shard = *whole;
    shard->whole = whole;
    shard->shard = number;
    shard->name = shard_name(whole, number);
    shard->queue.tag = shard_key(whole->queue.tag, number);
    shard->queue.stream = shard_key(whole->queue.stream, number);
    shard->queue.inbox = shard_key(whole->queue.inbox, number);
    shard->queue.exceptions = shard_key(whole->queue.exceptions, number);
}

void shard_free(struct route_conf *shard)
{
    mem_free(shard->name);
    mem_free(shard->queue.tag);
    mem_free(shard->queue.stream);
    mem_free(shard->queue.inbox);
    mem_free(shard->queue.exceptions);
}

void shard_spread(struct conf *conf)
{
    size_t count = 0;
    for (size_t i = 0; i < conf->written_count; i++)
        count += conf->written[i].shards;
    conf->routes = mem_zalloc_array(count, sizeof(*conf->routes));
    for (size_t i = 0; i < conf->written_count; i++)
        for (size_t number = 0; number < conf->written[i].shards; number++)
            shard_init(&conf->routes[conf->route_count++], &conf->written[i], number);
}

/* The first shard of the route that is written under this name. */
static const struct route_conf *shard_first(const struct conf *conf, struct slice name)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (slice_is_text(name, conf->routes[i].whole->name))
            return &conf->routes[i];
    return NULL;
}

const struct route_conf *shard_choose(struct conf *conf, const char *name, size_t *count)
{
    const struct route_conf *first = shard_first(conf, slice_of(name));
    *count = first ? first->shards : 0;
    if (first)
        return first;
    const char *dot = strrchr(name, '.');
    uint64_t number = 0;
    if (!dot || !number_read_u64(slice_of(dot + 1), &number) || number >= SHARDS_MAX)
        return NULL;
    first = shard_first(conf, slice_part(slice_of(name), 0, (size_t)(dot - name)));
    *count = first != NULL;
    if (!first || number < first->shards)
        return first ? first + number : NULL;
    shard_free(&conf->beyond);
    shard_init(&conf->beyond, first->whole, number);
    return &conf->beyond;
}

bool shard_is_beyond(const struct route_conf *route)
{
    return route->shard >= route->shards;
}
