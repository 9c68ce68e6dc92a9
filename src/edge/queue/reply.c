/*
 * reply.c - replies of Redis as values, and what is wrong where they are none.
 *
 * The text of an error can quote arguments, so only its first word is used; what it means for a
 * person stands in a table.
 */

#include "reply.h"

#include "elrelay/edge/redis/link.h"
#include "elrelay/ground/number.h"

static const struct {
    const char *word;
    const char *advice;
} reply_advice[] = {
    {"NOPERM", "the Redis user lacks a right; `elrelay check --connect` names it"},
    {"NOGROUP", "the consumer group of the stream is gone"},
    {"WRONGTYPE",
     "a key of the route holds something else; `elrelay check --connect` names it"},
    {"READONLY", "this Redis is a replica; give the address of the master"},
    {"LOADING", "Redis still loads its data"},
    {"MOVED", "the slot has moved to another node, which is looked for now"},
    {"CLUSTERDOWN", "the cluster is down, or no node serves the slot"},
    {"MASTERDOWN", "this Redis is a replica that has lost its master"},
    {"ASK", "the slot is being moved to another node; it goes on when that is done"},
    {"TRYAGAIN", "the slot is being moved to another node; it goes on when that is done"},
    {"MISCONF", "Redis cannot save to its disk; its log says why"},
    {"NOREPLICAS", "Redis has too few replicas to take writes"},
    {"BUSY", "another script has been running in Redis for too long"},
    {"OOM", "Redis is full; it must be 7.0 or later with maxmemory-policy noeviction"},
};

const redisReply *reply_at(const redisReply *reply, size_t at)
{
    bool has = reply && reply->type == REDIS_REPLY_ARRAY && at < reply->elements;
    return has ? reply->element[at] : NULL;
}

struct slice reply_slice(const redisReply *reply)
{
    if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS))
        return (struct slice){0};
    return (struct slice){reply->str, (size_t)reply->len};
}

struct slice reply_slice_at(const redisReply *reply, size_t at)
{
    return reply_slice(reply_at(reply, at));
}

uint64_t reply_number_at(const redisReply *reply, size_t at)
{
    const redisReply *value = reply_at(reply, at);
    uint64_t number = 0;
    if (value && value->type == REDIS_REPLY_INTEGER)
        return value->integer > 0 ? (uint64_t)value->integer : 0;
    return number_read_u64(reply_slice(value), &number) ? number : 0;
}

bool reply_says(const redisReply *reply, const char *word)
{
    return slice_is_text(reply_slice_at(reply, 0), word);
}

/* What the user of a script may not is told behind another word: first as Redis 7.0 says it,
 * then as 7.2 and later do. */
static struct slice reply_error_word(const redisReply *reply)
{
    struct slice word = link_error_word(reply);
    bool barred = word.len && (strstr(reply->str, "can't run this command or subcommand") ||
                               strstr(reply->str, "ACL failure in script"));
    return barred ? SLICE("NOPERM") : word;
}

static const char *reply_advice_for(struct slice word)
{
    for (size_t i = 0; i < sizeof(reply_advice) / sizeof(reply_advice[0]); i++)
        if (slice_is_text(word, reply_advice[i].word))
            return reply_advice[i].advice;
    return "`elrelay check --connect` looks at version, rights and keys";
}

void reply_fault(const redisReply *reply, const char *doing, struct fault *fault)
{
    struct slice word = reply_error_word(reply);
    if (word.len)
        fault_set(fault, FAULT_REDIS, "%s: Redis answers %.*s: %s", doing, SLICE_ARG(word),
                  reply_advice_for(word));
    else if (reply_says(reply, "wrongtype"))
        fault_set(
            fault, FAULT_CONF,
            "%s: key %.*s is a %.*s, wanted a %.*s; rename that key, or choose another name",
            doing, SLICE_ARG(reply_slice_at(reply, 1)), SLICE_ARG(reply_slice_at(reply, 2)),
            SLICE_ARG(reply_slice_at(reply, 3)));
    else
        fault_set(fault, FAULT_REDIS, "%s: Redis answers something unexpected", doing);
}
