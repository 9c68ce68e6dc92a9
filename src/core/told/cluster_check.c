/*
 * cluster_check.c - what a Redis Cluster asks of the names of keys: those of a route lie in one
 * slot, for a script may touch no others.
 *
 * The keys that are not given take the tag of those that are (conf_build.c), so a name must be
 * able to be a tag: elrelay:{a}b}: would lie in the slot of "a".
 */

#include "elrelay/core/told/conf_check.h"

#include <stdio.h>

#include "elrelay/core/told/slot.h"

enum { CLUSTER_TAG_MAX = 256 };

bool redis_conf_is_cluster(const struct redis_conf *redis)
{
    static const char scheme[] = "redis+cluster://";
    return redis->url && strncmp(redis->url, scheme, sizeof(scheme) - 1) == 0;
}

static bool cluster_can_be_tag(const char *key)
{
    struct slice tag = slot_tag(slice_of(key));
    return tag.len == 0 || (tag.len <= CLUSTER_TAG_MAX && !memchr(tag.ptr, '}', tag.len));
}

/* A key that is named beside the stream; NULL: none is. */
static bool cluster_check_beside(struct conf_build *build, const struct route_conf *route,
                                 const char *setting, const char *key)
{
    const struct queue_conf *queue = &route->queue;
    char text[FAULT_TEXT_MAX];
    if (!key || slot_of(slice_of(key)) == slot_of(slice_of(queue->stream)))
        return true;
    snprintf(text, sizeof(text),
             "%.100s lies in another slot than queue.stream %.100s, and in a cluster both must "
             "lie in one; name it {%.100s}:%s, or give both names one hash tag",
             key, queue->stream, queue->tag, strchr(setting, '.') + 1);
    return conf_check_refuse_served(build, route, setting, text);
}

bool conf_check_cluster(struct conf_build *build, const struct route_conf *route)
{
    const struct queue_conf *queue = &route->queue;
    if (!redis_conf_is_cluster(&build->conf->redis))
        return true;
    if (!cluster_can_be_tag(queue->stream) || !cluster_can_be_tag(queue->inbox))
        return conf_check_refuse_served(
            build, route, cluster_can_be_tag(queue->stream) ? "queue.inbox" : "queue.stream",
            "in a cluster this key needs a hash tag, for its name holds a } or is longer than "
            "256 bytes: begin it with one, as in {TAG}NAME");
    return cluster_check_beside(build, route, "queue.inbox", queue->inbox) &&
           cluster_check_beside(build, route, "queue.exceptions", queue->exceptions);
}

/* Shards of a route have one space, and tags of their own. */
static bool cluster_is_same_space(const struct queue_conf *one, const struct queue_conf *other)
{
    return strcmp(one->space ? one->space : "", other->space ? other->space : "") == 0;
}

bool conf_check_cluster_pair(struct conf_build *build, const struct route_conf *first,
                             const struct route_conf *second)
{
    char text[FAULT_TEXT_MAX];
    if (!redis_conf_is_cluster(&build->conf->redis) ||
        strcmp(first->queue.tag, second->queue.tag) != 0 ||
        !cluster_is_same_space(&first->queue, &second->queue))
        return true;
    snprintf(
        text, sizeof(text),
        "in a cluster the keys of this route would be those of route %s, elrelay:{%.100s}:; "
        "give its stream and its inbox a hash tag of their own",
        first->name, first->queue.tag);
    return conf_check_refuse_served(build, second, "name", text);
}
