#ifndef ELRELAY_CORE_TOLD_REDIS_CONF_H
#define ELRELAY_CORE_TOLD_REDIS_CONF_H

/*
 * redis_conf.h - the section `redis` of the configuration. Texts are owned by struct conf; NULL
 * where not given.
 */

#include <stdbool.h>
#include <stdint.h>

struct redis_conf {
    char *url;           /* its schemes: redis, rediss, unix, redis+sentinel, redis+cluster */
    char *password_file; /* wins over a password in the URL */
    char *sentinel_password_file; /* for the Sentinels themselves */
    char *ca_file;                /* for rediss:// */
    char *cert_file;
    char *key_file;
    char *durability; /* durability.h reads it; NULL: auto */
    uint64_t connect_timeout_ms;
    uint64_t command_timeout_ms;
    uint64_t retry_first_ms; /* reconnect back-off, full jitter */
    uint64_t retry_cap_ms;
};

/* Its keys are spread over nodes: those of a route must lie together. */
bool redis_conf_is_cluster(const struct redis_conf *redis);

#endif
