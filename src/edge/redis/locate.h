#ifndef ELRELAY_EDGE_REDIS_LOCATE_H
#define ELRELAY_EDGE_REDIS_LOCATE_H

/*
 * locate.h - which server a link belongs to, asked of those who know: Sentinels, or the nodes
 * of a cluster.
 *
 * They are asked in turn, each over a plain link of its own: first the one that a MOVED named,
 * then the one that answered last, then nodes that were heard of, then those of the URL.
 */

#include <uv.h>

#include "edge/redis/url.h"
#include "elrelay/core/told/redis_conf.h"
#include "elrelay/edge/redis/link.h"

/* What is looked for, and what an answer tells. */
struct finding {
    const struct redis_url *url;
    unsigned slot;                  /* of a cluster */
    const struct redis_host *asked; /* who answers */
    struct redis_host found;
    struct redis_host known[REDIS_URL_HOSTS_MAX]; /* others that can be asked */
    size_t known_count;
};

enum { FINDER_ARGS_MAX = 3 };

/* What is asked and how the answer is read: sentinel.c, cluster.c. */
struct finder {
    const char *noun; /* for messages */
    size_t (*ask)(const struct finding *finding, struct slice args[FINDER_ARGS_MAX]);
    /* Fills found; never an error reply. False with FAULT_REDIS: this one does not know. */
    bool (*read)(struct finding *finding, const redisReply *reply, struct fault *fault);
};

extern const struct finder sentinel_finder;
extern const struct finder cluster_finder;

struct locate_events {
    void (*on_found)(void *ctx, const struct redis_host *host); /* valid during the call */
    void (*on_lost)(void *ctx, const struct fault *fault);      /* nobody knows */
    void *ctx;
};

struct locate;

/* conf and url are borrowed for its life; url has a finder. */
struct locate *locate_new(uv_loop_t *loop, const struct redis_conf *conf,
                          const struct redis_url *url, const struct locate_events *events);

/* In a cluster: the slot to look for; 0 where it was never set. */
void locate_set_slot(struct locate *locate, unsigned slot);

/* Asks; one event follows on a later turn of the loop, unless it is stopped before. */
void locate_start(struct locate *locate);
void locate_stop(struct locate *locate);

/* Next time this reply's address is asked first, where it is a MOVED. */
void locate_heed(struct locate *locate, const redisReply *moved);

/* on_closed runs when nothing is left of it, perhaps inside this call. */
void locate_close(struct locate *locate, void (*on_closed)(void *ctx), void *ctx);

/* A link to this very URL, which is taken, for asking (link.c). */
struct link *link_new_to(uv_loop_t *loop, const struct redis_conf *conf, struct redis_url *url,
                         const struct link_events *events);

#endif
