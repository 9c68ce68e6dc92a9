/*
 * link_make.c - from settings to a link, what it can be asked, and its end.
 */

#include "edge/redis/link_parts.h"

#include "elrelay/core/told/slot.h"
#include "elrelay/ground/mem.h"

struct link *link_new_to(uv_loop_t *loop, const struct redis_conf *conf, struct redis_url *url,
                         const struct link_events *events)
{
    struct link *link = mem_zalloc(sizeof(*link));
    *link = (struct link){.loop = loop, .conf = conf, .events = *events, .url = *url};
    *url = (struct redis_url){0};
    link->login = login_of(conf, &link->url);
    uv_timer_init(loop, &link->timer);
    link->timer.data = link;
    return link;
}

struct link *link_new(uv_loop_t *loop, const struct redis_conf *conf,
                      const struct link_events *events, struct fault *fault)
{
    struct redis_url url;
    struct tls *tls = NULL;
    if (!link_check_conf(conf, fault) || !redis_url_parse(&url, conf->url, fault))
        return NULL;
    if (url.tls && !(tls = tls_new(conf, fault))) {
        redis_url_free(&url);
        return NULL;
    }
    struct link *link = link_new_to(loop, conf, &url, events);
    struct locate_events found = {link_on_found, link_on_not_found, link};
    link->tls = tls;
    if (link->url.finder != FINDER_NONE)
        link->locate = locate_new(loop, conf, &link->url, &found);
    return link;
}

void link_serve(struct link *link, const char *key)
{
    if (link->url.finder != FINDER_CLUSTER)
        return;
    link->key = mem_copy_text(key, strlen(key));
    locate_set_slot(link->locate, slot_of(slice_of(key)));
}

const char *link_key(const struct link *link)
{
    return link->key;
}

bool link_is_located(const struct link *link)
{
    return link->locate != NULL;
}

void link_write_server(const struct link *link, struct buf *to)
{
    if (link->locate && link->url.host)
        redis_host_write(to, link->url.host, link->url.port);
}

const char *link_name(const struct link *link)
{
    return link->url.name;
}

void link_free(uv_handle_t *handle)
{
    struct link *link = handle->data;
    void (*on_closed)(void *) = link->on_closed;
    void *ctx = link->closed_ctx;
    tls_free(link->tls);
    redis_url_free(&link->url);
    command_room_free(&link->room);
    mem_free(link->key);
    mem_free(link);
    if (on_closed)
        on_closed(ctx);
}
