/*
 * conf_check.c - whether a link can be made of these settings: the steps of link_new that need
 * no loop.
 */

#include "elrelay/edge/redis/link.h"

#include "edge/redis/login.h"
#include "edge/redis/tls.h"

bool link_check_conf(const struct redis_conf *conf, struct fault *fault)
{
    struct redis_url url;
    struct tls *tls = NULL;
    if (!redis_url_parse(&url, conf->url, fault))
        return false;
    struct login login = login_of(conf, &url);
    bool good = login_check(&login, fault);
    if (good && url.tls)
        good = (tls = tls_new(conf, fault)) != NULL;
    tls_free(tls);
    redis_url_free(&url);
    return good;
}
