/*
 * locate.c - one after the other is asked until one knows.
 *
 * The link to the one that is asked is closed before the next one is asked or the outcome is
 * told, so that there is never more than one and nothing is left behind.
 */

#include "edge/redis/locate.h"

#include "edge/redis/place.h"
#include "elrelay/ground/mem.h"

enum { TRIED_MAX = 2 * REDIS_URL_HOSTS_MAX + 2 };

struct locate {
    uv_loop_t *loop;
    const struct redis_conf *conf;
    const struct finder *finder;
    struct finding finding;
    struct locate_events events;
    struct redis_host heeded;           /* of a MOVED */
    struct redis_host last;             /* answered last */
    struct redis_host tried[TRIED_MAX]; /* in this round */
    size_t tried_count;
    size_t at;
    struct link *link; /* to tried[at]; NULL: none */
    struct fault fault;
    bool hanging; /* the link is being closed */
    bool wanted;  /* somebody waits for the outcome */
    bool again;   /* wanted anew while the link of the round before is being closed */
    bool found;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

struct locate *locate_new(uv_loop_t *loop, const struct redis_conf *conf,
                          const struct redis_url *url, const struct locate_events *events)
{
    struct locate *locate = mem_zalloc(sizeof(*locate));
    locate->loop = loop;
    locate->conf = conf;
    locate->finder = url->finder == FINDER_CLUSTER ? &cluster_finder : &sentinel_finder;
    locate->finding.url = url;
    locate->events = *events;
    return locate;
}

void locate_set_slot(struct locate *locate, unsigned slot)
{
    locate->finding.slot = slot;
}

void locate_heed(struct locate *locate, const redisReply *moved)
{
    place_read_moved(moved, &locate->heeded);
}

/* Hosts */

static void host_free(struct redis_host *host)
{
    mem_free(host->host);
    *host = (struct redis_host){0};
}

static void locate_add(struct locate *locate, const struct redis_host *host)
{
    if (!host->host)
        return;
    for (size_t i = 0; i < locate->tried_count; i++)
        if (redis_host_is(&locate->tried[i], host))
            return;
    redis_host_set(&locate->tried[locate->tried_count++], slice_of(host->host), host->port);
}

static void locate_forget_round(struct locate *locate)
{
    for (size_t i = 0; i < locate->tried_count; i++)
        host_free(&locate->tried[i]);
    locate->tried_count = locate->at = 0;
}

static void locate_line_up(struct locate *locate)
{
    const struct redis_url *url = locate->finding.url;
    locate_forget_round(locate);
    locate_add(locate, &locate->heeded);
    locate_add(locate, &locate->last);
    for (size_t i = 0; i < locate->finding.known_count; i++)
        locate_add(locate, &locate->finding.known[i]);
    for (size_t i = 0; i < url->asked_count; i++)
        locate_add(locate, &url->asked[i]);
    host_free(&locate->heeded);
}

/* One is asked */

static void locate_ask(struct locate *locate);

static void locate_free(struct locate *locate)
{
    void (*on_closed)(void *) = locate->on_closed;
    void *ctx = locate->closed_ctx;
    locate_forget_round(locate);
    host_free(&locate->heeded);
    host_free(&locate->last);
    host_free(&locate->finding.found);
    for (size_t i = 0; i < REDIS_URL_HOSTS_MAX; i++)
        host_free(&locate->finding.known[i]);
    mem_free(locate);
    on_closed(ctx);
}

static void locate_begin(struct locate *locate)
{
    locate->again = false;
    locate_line_up(locate);
    locate_ask(locate);
}

static void locate_tell(struct locate *locate)
{
    locate->wanted = false;
    if (locate->found)
        locate->events.on_found(locate->events.ctx, &locate->finding.found);
    else
        locate->events.on_lost(locate->events.ctx, &locate->fault);
}

static void locate_on_asked(void *ctx)
{
    struct locate *locate = ctx;
    locate->link = NULL;
    locate->hanging = false;
    if (locate->on_closed)
        locate_free(locate);
    else if (locate->again)
        locate_begin(locate);
    else if (locate->wanted && (locate->found || ++locate->at == locate->tried_count))
        locate_tell(locate);
    else if (locate->wanted)
        locate_ask(locate);
}

static void locate_hang_up(struct locate *locate)
{
    if (!locate->link || locate->hanging)
        return;
    locate->hanging = true;
    link_close(locate->link, locate_on_asked, locate);
}

static void locate_take(struct locate *locate, const redisReply *reply)
{
    const struct redis_host *asked = &locate->tried[locate->at];
    struct slice word = link_error_word(reply);
    locate->finding.asked = asked;
    if (word.len)
        fault_set(&locate->fault, FAULT_REDIS,
                  slice_is_text(word, "NOPERM")
                      ? "the question was refused with %.*s: allow it by ACL SETUSER "
                        "(+cluster|slots, +sentinel|get-master-addr-by-name; this is a %s)"
                      : "the question was refused with %.*s: is this a %s?",
                  SLICE_ARG(word), locate->finder->noun);
    else
        locate->found = locate->finder->read(&locate->finding, reply, &locate->fault);
    if (locate->found)
        redis_host_set(&locate->last, slice_of(asked->host), asked->port);
    else
        fault_add_context(&locate->fault, "%s", link_name(locate->link));
}

static void locate_on_reply(void *ctx, const redisReply *reply)
{
    struct locate *locate = ctx;
    if (!reply)
        return; /* it went down, which is told too */
    locate_take(locate, reply);
    locate_hang_up(locate);
}

static void locate_on_up(void *ctx)
{
    struct locate *locate = ctx;
    struct slice args[FINDER_ARGS_MAX];
    size_t count = locate->finder->ask(&locate->finding, args);
    if (!link_send(locate->link, &(struct command){args, count, 0}, locate_on_reply, locate))
        link_reset(locate->link);
}

static void locate_on_down(void *ctx, const struct fault *fault, uint64_t retry_ms)
{
    struct locate *locate = ctx;
    (void)retry_ms;
    locate->fault = *fault;
    locate_hang_up(locate);
}

static void locate_ask(struct locate *locate)
{
    const struct redis_url *url = locate->finding.url;
    const struct redis_host *host = &locate->tried[locate->at];
    struct redis_url to = {.is_sentinel = url->finder == FINDER_SENTINEL};
    struct buf name = {.ptr = to.name, .cap = sizeof(to.name), .max = sizeof(to.name)};
    struct link_events events = {locate_on_up, locate_on_down, locate};
    redis_url_set_host(&to, host->host, host->port);
    if (!to.is_sentinel && url->user)
        to.user = mem_copy_text(url->user, strlen(url->user));
    if (!to.is_sentinel && url->password)
        to.password = mem_copy_text(url->password, strlen(url->password));
    buf_add_format(&name, "%s ", locate->finder->noun);
    redis_host_write(&name, host->host, host->port);
    locate->found = false;
    locate->link = link_new_to(locate->loop, locate->conf, &to, &events);
    link_open(locate->link);
}

/* From outside */

void locate_start(struct locate *locate)
{
    locate->wanted = true;
    locate->again = locate->link != NULL;
    if (!locate->link)
        locate_begin(locate);
}

void locate_stop(struct locate *locate)
{
    locate->wanted = locate->again = false;
    locate_hang_up(locate);
}

void locate_close(struct locate *locate, void (*on_closed)(void *ctx), void *ctx)
{
    locate_stop(locate);
    locate->on_closed = on_closed;
    locate->closed_ctx = ctx;
    if (!locate->link)
        locate_free(locate);
}
