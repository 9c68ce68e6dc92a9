/*
 * sentinel.c - the address of a master, as a Sentinel says it.
 *
 * Its answer may be out of date for as long as a failover takes, so the server itself is asked
 * for its role too (login.h).
 */

#include "edge/redis/locate.h"

#include "elrelay/ground/number.h"

static size_t sentinel_ask(const struct finding *finding, struct slice args[FINDER_ARGS_MAX])
{
    args[0] = SLICE("SENTINEL");
    args[1] = SLICE("GET-MASTER-ADDR-BY-NAME");
    args[2] = slice_of(finding->url->service);
    return 3;
}

static struct slice sentinel_text(const redisReply *reply)
{
    bool text = reply->type == REDIS_REPLY_STRING;
    return text ? (struct slice){reply->str, reply->len} : SLICE("");
}

/* [host, port]; nil where the name is not known. */
static bool sentinel_read(struct finding *finding, const redisReply *reply, struct fault *fault)
{
    uint64_t port = 0;
    if (reply->type == REDIS_REPLY_NIL)
        return fault_set(fault, FAULT_REDIS,
                         "watches no master of the name in redis.url: "
                         "write redis+sentinel://HOST:PORT/NAME with the name of its "
                         "`sentinel monitor` line");
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        number_read_u64(sentinel_text(reply->element[1]), &port) && port > 0 &&
        port <= UINT16_MAX &&
        redis_host_set(&finding->found, sentinel_text(reply->element[0]), (uint16_t)port))
        return true;
    return fault_set(fault, FAULT_REDIS, "answers with no address; is it a Sentinel?");
}

const struct finder sentinel_finder = {"Sentinel", sentinel_ask, sentinel_read};
