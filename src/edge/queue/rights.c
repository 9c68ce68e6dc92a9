/*
 * rights.c - the table of rights. A test holds it against the commands in the scripts and in C.
 */

#include "elrelay/edge/queue/rights.h"

const struct right right_table[] = {
    {"EVAL x 1 @", KEY_STREAM},
    {"EVALSHA x 1 @", KEY_STREAM},
    {"EVAL x 1 @", KEY_INBOX},
    {"EVALSHA x 1 @", KEY_INBOX},
    {"INFO", KEY_STREAM},
    {"TIME", KEY_STREAM},
    {"TYPE @", KEY_STREAM},
    {"EXISTS @", KEY_STREAM},
    {"XADD @ * event x", KEY_STREAM},
    {"XLEN @", KEY_STREAM},
    {"XRANGE @ - +", KEY_STREAM},
    {"XDEL @ 0-1", KEY_STREAM},
    {"XACK @ elrelay 0-1", KEY_STREAM},
    {"XPENDING @ elrelay", KEY_STREAM},
    {"XCLAIM @ elrelay free 0 0-1", KEY_STREAM},
    {"XREADGROUP GROUP elrelay x STREAMS @ >", KEY_STREAM},
    {"XGROUP CREATE @ elrelay 0", KEY_STREAM},
    {"XGROUP DELCONSUMER @ elrelay x", KEY_STREAM},
    {"XINFO STREAM @", KEY_STREAM},
    {"XINFO GROUPS @", KEY_STREAM},
    {"XINFO CONSUMERS @ elrelay", KEY_STREAM},
    {"TYPE @", KEY_INBOX},
    {"LLEN @", KEY_INBOX},
    {"LINDEX @ 0", KEY_INBOX},
    {"LPOP @", KEY_INBOX},
    {"RPOP @", KEY_INBOX},
    {"HGET @ x", KEY_BATCH},
    {"HMGET @ x", KEY_BATCH},
    {"HSET @ x x", KEY_BATCH},
    {"HSETNX @ x x", KEY_BATCH},
    {"EXISTS @", KEY_BATCH},
    {"PEXPIRE @ 1", KEY_BATCH},
    {"TYPE @", KEY_OPEN},
    {"ZADD @ 0 x", KEY_OPEN},
    {"ZCOUNT @ 0 1", KEY_OPEN},
    {"ZRANGE @ 0 1", KEY_OPEN},
    {"ZREM @ x", KEY_OPEN},
    {"ZSCORE @ x", KEY_OPEN},
    {"TYPE @", KEY_DOUBT},
    {"ZCARD @", KEY_DOUBT},
    {"ZADD @ 0 x", KEY_DOUBT},
    {"ZREM @ x", KEY_DOUBT},
    {"TYPE @", KEY_HELD},
    {"ZADD @ 0 x", KEY_HELD},
    {"ZREM @ x", KEY_HELD},
    {"TYPE @", KEY_DONE},
    {"ZADD @ 0 x", KEY_DONE},
    {"ZREMRANGEBYSCORE @ 0 1", KEY_DONE},
    {"TYPE @", KEY_DEAD},
    {"XADD @ * x x", KEY_DEAD},
    {"XREVRANGE @ + -", KEY_DEAD},
    {"XADD @ MAXLEN ~ 1 * x x", KEY_EXCEPTIONS},
    {"XPENDING @ elrelay", KEY_EXCEPTIONS},
    {"TYPE @", KEY_NOTIFICATIONS},
    {"XADD @ * x x", KEY_NOTIFICATIONS},
    {"TYPE @", KEY_CONTROL},
    {"XADD @ * x x", KEY_CONTROL},
    {"XREAD STREAMS @ 0", KEY_CONTROL},
    {"XREVRANGE @ + -", KEY_CONTROL},
    {"TYPE @", KEY_AUDIT},
    {"TYPE @", KEY_INSTANCES},
    {"HSET @ x x", KEY_INSTANCES},
    {"HGET @ x", KEY_INSTANCES},
    {"HGETALL @", KEY_INSTANCES},
    {"HDEL @ x", KEY_INSTANCES},
    {"TYPE @", KEY_HEARTBEAT},
    {"GET @", KEY_HEARTBEAT},
    {"SET @ x PX 1", KEY_HEARTBEAT},
    {"DEL @", KEY_HEARTBEAT},
    {"PTTL @", KEY_HEARTBEAT},
    {"TYPE @", KEY_STATE},
    {"HEXISTS @ x", KEY_STATE},
    {"HGET @ x", KEY_STATE},
    {"HMGET @ x", KEY_STATE},
    {"HSET @ x x", KEY_STATE},
    {"HDEL @ x", KEY_STATE},
    {"TYPE @", KEY_STATS},
    {"HGET @ x", KEY_STATS},
    {"HSET @ x x", KEY_STATS},
    {"HINCRBY @ x 1", KEY_STATS},
    {"SET @ x NX", KEY_FORMAT},
    {"CONFIG GET appendfsync", KEY_STREAM},
    {"BGREWRITEAOF", KEY_STREAM},
    {"WAIT 1 1", KEY_STREAM},
    {"WAITAOF 1 0 1", KEY_STREAM},
};

const size_t right_count = sizeof(right_table) / sizeof(right_table[0]);

/* Needed only where that is in force. AUTO never is: work goes on without these two, and is the
 * safer with them. */
static const struct {
    const char *command;
    enum durability_kind in_force;
} right_conditions[] = {
    {"CONFIG GET appendfsync", DURABILITY_AUTO},
    {"BGREWRITEAOF", DURABILITY_AUTO},
    {"WAIT 1 1", DURABILITY_WAIT},
    {"WAITAOF 1 0 1", DURABILITY_WAITAOF},
};

enum right_need right_need(const struct right *right, enum durability_kind in_force)
{
    if (right->key == KEY_EXCEPTIONS) /* they are never the reason that an event stays */
        return RIGHT_USEFUL;
    for (size_t i = 0; i < sizeof(right_conditions) / sizeof(right_conditions[0]); i++) {
        if (strcmp(right->command, right_conditions[i].command) != 0)
            continue;
        if (right_conditions[i].in_force == DURABILITY_AUTO)
            return RIGHT_USEFUL;
        return right_conditions[i].in_force == in_force ? RIGHT_NEEDED : RIGHT_IDLE;
    }
    return RIGHT_NEEDED;
}

const char *right_key(const struct right *right, const struct keys *keys, struct buf *buf)
{
    const char *name = keys_name(keys, right->key);
    size_t len = name ? strlen(name) : 0;
    if (len == 0 || name[len - 1] != ':')
        return name;
    buf_clear(buf);
    buf_add_format(buf, "%sx", name);
    return buf_text(buf);
}

void right_describe(const struct right *right, const struct keys *keys, struct buf *text)
{
    size_t len = strspn(right->command, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ");
    while (right->command[len - 1] == ' ')
        len--;
    buf_add(text, (struct slice){right->command, len});
    if (strchr(right->command, '@'))
        buf_add_format(text, " on %s", keys_name(keys, right->key));
}
