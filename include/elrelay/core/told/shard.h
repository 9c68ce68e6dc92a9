#ifndef ELRELAY_CORE_TOLD_SHARD_H
#define ELRELAY_CORE_TOLD_SHARD_H

/*
 * shard.h - a route that is written once and served as several: in Redis and for the conductor
 * each shard is a route of its own.
 *
 * The first has the keys that the route has without shards, so a queue that is there already
 * and producers that know nothing of shards stay right. Those of shard K have `.K` at the end
 * of their hash tag, or of the whole name where they have none: elrelay:{covid}:events,
 * elrelay:{covid.1}:events, elrelay:{covid.2}:events. In a cluster each tag has a slot of its
 * own.
 */

#include "elrelay/core/told/conf.h"

enum { SHARDS_MAX = 64 };

/* One shard of a route as it is written; it borrows what is the same, and the rest is freed by
 * shard_free. A number from `shards` on is one that is served no more. */
void shard_init(struct route_conf *shard, const struct route_conf *whole, size_t number);
void shard_free(struct route_conf *shard);

/* Fills conf->routes from conf->written. */
void shard_spread(struct conf *conf);

/*
 * The routes that a person means by a name: of a route as it is written, all its shards; with
 * `.K` behind it, shard K alone, also one that is served no more, to look at or to drain. NULL
 * where there is none.
 */
const struct route_conf *shard_choose(struct conf *conf, const char *name, size_t *count);

/* A route that is served no more, as shard_choose gives it. */
bool shard_is_beyond(const struct route_conf *route);

#endif
