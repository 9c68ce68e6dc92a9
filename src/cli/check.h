#ifndef ELRELAY_CLI_CHECK_H
#define ELRELAY_CLI_CHECK_H

/*
 * check.h - what is proved by `elrelay check --connect`: one line per proof, ok or FAIL.
 */

#include "cli/choice.h"
#include "cli/session.h"
#include "elrelay/ground/json_out.h"

struct check {
    struct json_out *json;   /* NULL: for a person */
    const char *route;       /* the one that is looked at; NULL: Redis itself */
    enum fault_code failing; /* of the first that failed */
    size_t failed;
    size_t count;
};

/* One line; code FAULT_NONE: ok. */
void check_say(struct check *check, enum fault_code code, const char *what, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

/* One look at the endpoint's list of submissions. */
void check_lookup(struct check *check, const struct endpoint_conf *endpoint);

/* A consumer group that vanished is made anew; what is missing is taken note of. */
void check_repair(struct check *check, const struct choice *choice);

/* What is left in shards that the route of this first shard had once; the session stands at it,
 * and elsewhere afterwards. */
void check_beyond(struct check *check, struct session *session, const struct conf *conf,
                  const struct route_conf *first);

/* The rights that the daemon needs, as a command for redis-cli. */
void check_acl(const struct choice *choice);

/* Redis itself, then the keys and rights of each route. */
void check_redis(struct check *check, const struct choice *choice);

#endif
