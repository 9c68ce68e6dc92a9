/*
 * keys.c - names from the table, and the three that the configuration may choose.
 */

#include "elrelay/edge/queue/keys.h"

#include "elrelay/ground/buf.h"
#include "elrelay/ground/mem.h"

enum { KEY_NAME_MAX = 512 };

#define KEY_ROW(name, word, type, sentence) {word, type, sentence},
const struct key_row key_table[KEY_COUNT] = {KEY_LIST(KEY_ROW)};

static char *keys_join(const char *tag, const struct queue_conf *queue, const char *word)
{
    struct buf name;
    buf_init(&name, KEY_NAME_MAX);
    buf_add_format(&name, "elrelay:{%s}:%s%s", tag, queue->space ? queue->space : "", word);
    char *copy = mem_copy_text(name.ptr, name.len);
    buf_free(&name);
    return copy;
}

static char *keys_make(enum key key, const char *tag, const struct queue_conf *queue)
{
    if (key == KEY_STREAM && queue->stream)
        return mem_copy_text(queue->stream, strlen(queue->stream));
    if (key == KEY_EXCEPTIONS && queue->exceptions)
        return mem_copy_text(queue->exceptions, strlen(queue->exceptions));
    if (key != KEY_INBOX)
        return keys_join(tag, queue, key_table[key].word);
    return queue->inbox ? mem_copy_text(queue->inbox, strlen(queue->inbox)) : NULL;
}

void keys_init_parts(struct keys *keys, const char *route, const struct queue_conf *queue)
{
    const char *tag = queue->tag ? queue->tag : route;
    keys->prefix = keys_join(tag, queue, "");
    keys->nothing = keys_join(tag, queue, "nothing");
    for (enum key key = 0; key < KEY_COUNT; key++)
        keys->names[key] = keys_make(key, tag, queue);
}

void keys_init(struct keys *keys, const struct route_conf *route)
{
    keys_init_parts(keys, route->name, &route->queue);
}

void keys_free(struct keys *keys)
{
    mem_free(keys->prefix);
    mem_free(keys->nothing);
    for (enum key key = 0; key < KEY_COUNT; key++)
        mem_free(keys->names[key]);
    *keys = (struct keys){0};
}

const char *keys_prefix(const struct keys *keys)
{
    return keys->prefix;
}

const char *keys_name(const struct keys *keys, enum key key)
{
    return keys->names[key];
}

const char *keys_nothing(const struct keys *keys)
{
    return keys->nothing;
}
