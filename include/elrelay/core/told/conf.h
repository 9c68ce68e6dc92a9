#ifndef ELRELAY_CORE_TOLD_CONF_H
#define ELRELAY_CORE_TOLD_CONF_H

/*
 * conf.h - everything we are told: one struct a section, filled through the settings table
 * (settings.h).
 *
 * Filled by conf_build.h and never changed afterwards, so that two may stand side by side while
 * a new file is taken over. Texts are owned by the struct and freed by conf_free; NULL where
 * not given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/core/carry/format.h"
#include "elrelay/core/decide/schedule.h"
#include "elrelay/core/told/endpoint_conf.h"
#include "elrelay/core/told/queue_conf.h"
#include "elrelay/core/told/receipts_conf.h"
#include "elrelay/core/told/redis_conf.h"
#include "elrelay/ground/log.h"

enum route_type { ROUTE_RELAY, ROUTE_FORWARD };
enum on_stop { STOP_FINISH, STOP_DRAIN };

struct heartbeat_conf {
    uint64_t every_ms;
    uint64_t life_ms;
};

struct ledger_conf {
    char *path; /* NULL: none */
};

struct log_conf {
    enum log_format format;
    enum log_level level;
};

struct batch_conf {
    size_t min_events;
    size_t max_events;
    size_t max_bytes;
    uint64_t max_wait_ms;
};

struct route_conf {
    char *name; /* 1 to 64 of a-z A-Z 0-9 . _ -; of a shard NAME.K, where there are several */
    enum route_type type;
    size_t shards;                  /* so many routes it is served as (shard.h) */
    size_t shard;                   /* which of them this is, from 0 */
    const struct route_conf *whole; /* as it is written; NULL: this is it */
    struct queue_conf queue;
    struct schedule_conf schedule;
    struct batch_conf batch;
    struct receipts_conf receipts;
    struct format_conf format;
    struct endpoint_conf endpoint;
};

struct conf_note;

struct conf {
    char *file; /* where it was read from, for messages */
    struct redis_conf redis;
    char *instance;
    struct heartbeat_conf heartbeat;
    struct ledger_conf ledger;
    struct log_conf log;
    enum on_stop on_stop;
    uint64_t stop_grace_ms;
    struct route_conf *written; /* as the file has them */
    size_t written_count;
    struct route_conf *routes; /* as they are served: each shard is one */
    size_t route_count;
    struct route_conf beyond; /* one that is served no more, and was asked for (shard.h) */
    struct conf_note *notes;  /* where each given value stood (conf_build.h) */
    size_t note_count;
};

/* Gives everything back; accepts a zeroed or a half-built one. */
void conf_free(struct conf *conf);

/* The one that is served under this name; NULL where there is none. */
const struct route_conf *conf_route(const struct conf *conf, const char *name);

/*
 * One line of the effective configuration, valid during the call: the key as in faults
 * ("routes[0].batch.max_events"), its value with secrets masked ("" where none is given), and
 * where it came from: "default", "FILE:LINE" or "environment NAME, FILE:LINE".
 */
typedef void conf_line(void *ctx, const char *key, const char *value, const char *origin);

/* Every setting that is not a section or a list, those of a route with each route, in the order
 * of the table; where they differ in shard K also its own, as "routes[0].queue.stream[K]". */
void conf_each(const struct conf *conf, conf_line *line, void *ctx);

/* What is allowed, and yet may do harm: the key as in faults, and why. */
typedef void conf_warning(void *ctx, const char *key, const char *text);
void conf_each_warning(const struct conf *conf, conf_warning *warn, void *ctx);

/* The first setting that differs and is taken only by a restart; NULL where a reload will do.
 */
const char *conf_restart_key(const struct conf *old, const struct conf *new);

#endif
