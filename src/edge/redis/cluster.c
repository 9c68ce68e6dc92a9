/*
 * cluster.c - the node that owns a slot, as any node says it.
 */

#include "edge/redis/locate.h"

static size_t cluster_ask(const struct finding *finding, struct slice args[FINDER_ARGS_MAX])
{
    (void)finding;
    args[0] = SLICE("CLUSTER");
    args[1] = SLICE("SLOTS");
    return 2;
}

static bool cluster_is_number(const redisReply *reply, long long least, long long most)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer >= least &&
           reply->integer <= most;
}

/* [host, port, id, ...]; an empty host means the one that was asked. */
static bool cluster_read_node(const struct finding *finding, const redisReply *node,
                              struct redis_host *host)
{
    if (node->type != REDIS_REPLY_ARRAY || node->elements < 2 ||
        !cluster_is_number(node->element[1], 1, UINT16_MAX))
        return false;
    const redisReply *name = node->element[0];
    bool named = name->type == REDIS_REPLY_STRING && name->len > 0;
    return redis_host_set(
        host, named ? (struct slice){name->str, name->len} : slice_of(finding->asked->host),
        (uint16_t)node->element[1]->integer);
}

/* A node has many ranges, and is kept once. */
static void cluster_keep(struct finding *finding, const redisReply *node)
{
    size_t at = finding->known_count;
    if (at == REDIS_URL_HOSTS_MAX || !cluster_read_node(finding, node, &finding->known[at]))
        return;
    for (size_t i = 0; i < at; i++)
        if (redis_host_is(&finding->known[i], &finding->known[at]))
            return;
    finding->known_count++;
}

/* [first slot, last slot, master, replica, ...]: true where it holds our slot. */
static bool cluster_read_range(struct finding *finding, const redisReply *range)
{
    if (range->type != REDIS_REPLY_ARRAY || range->elements < 3)
        return false;
    for (size_t i = 2; i < range->elements; i++)
        cluster_keep(finding, range->element[i]);
    return cluster_is_number(range->element[0], 0, finding->slot) &&
           cluster_is_number(range->element[1], finding->slot, UINT16_MAX) &&
           cluster_read_node(finding, range->element[2], &finding->found);
}

/* Hosts that were known before keep their memory, and are written over. */
static bool cluster_read(struct finding *finding, const redisReply *reply, struct fault *fault)
{
    bool found = false;
    if (reply->type != REDIS_REPLY_ARRAY)
        return fault_set(fault, FAULT_REDIS, "answers with no list of slots");
    finding->known_count = 0;
    for (size_t i = 0; i < reply->elements; i++)
        found |= cluster_read_range(finding, reply->element[i]);
    return found ||
           fault_set(fault, FAULT_REDIS, "knows no node that serves slot %u", finding->slot);
}

const struct finder cluster_finder = {"cluster node", cluster_ask, cluster_read};
