#ifndef ELRELAY_EDGE_REDIS_SCRIPT_H
#define ELRELAY_EDGE_REDIS_SCRIPT_H

/*
 * script.h - calling the embedded Lua scripts.
 *
 * A script is called by its SHA-1; where Redis does not know it (first use, SCRIPT FLUSH,
 * failover) the whole text is sent once, which is safe because NOSCRIPT means that nothing was
 * executed. Calls that do not wait for each other's answer may change places then.
 *
 * In a cluster the link's key, which is never there, is declared behind the others. A node that
 * gives a slot away key by key refuses a script one of whose declared keys it has not, before
 * anything is executed (ASK, TRYAGAIN): so no script ever sees half a route. Without it a
 * script would fail in its middle, at the first key that is gone already.
 */

#include "elrelay/edge/redis/link.h"

/* Made by the build from the Lua files in src/edge/queue/scripts, sorted by name. */
struct script {
    const char *name; /* file name without .lua */
    const char *text;
    size_t text_len;
    const char *sha1; /* 40 lower case hex digits */
};

extern const struct script script_table[];
extern const size_t script_count;

/* Aborts where there is no script of this name: that is a bug of ours. */
const struct script *script_by_name(const char *name);

struct script_call {
    const struct script *script;
    const struct slice *keys;
    size_t key_count;
    const struct slice *args;
    size_t arg_count;
};

/*
 * Keys and arguments are copied. The callback gets the script's reply, NULL when the link went
 * down. False, and no callback, while the link is down.
 */
bool script_send(struct link *link, const struct script_call *call, link_reply_fn on_reply,
                 void *ctx);

#endif
