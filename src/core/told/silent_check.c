/*
 * silent_check.c - a route sends somewhere, or with profile none nowhere; nothing between.
 *
 * Whoever writes an endpoint down beside profile none means one of the two. Which, only a
 * person knows.
 */

#include "elrelay/core/told/conf_check.h"

static bool silent_is_of_endpoint(const struct conf_spot *spot, size_t index)
{
    static const char section[] = "endpoint.";
    return spot->scope == SETTING_ROUTE && spot->route == index && spot->setting &&
           strncmp(spot->setting->key, section, sizeof(section) - 1) == 0 &&
           strcmp(spot->setting->key, "endpoint.profile") != 0;
}

static bool check_silent(struct conf_build *build, size_t index)
{
    for (size_t i = 0; i < build->conf->note_count; i++) {
        const struct conf_spot *spot = &build->conf->notes[i].spot;
        if (silent_is_of_endpoint(spot, index))
            return conf_check_refuse_route(build, index, spot->setting->key,
                                           "is not used with endpoint.profile: none, which "
                                           "sends nothing; take the one or the other out");
    }
    return true;
}

bool conf_check_sends(struct conf_build *build, size_t index)
{
    const struct endpoint_conf *endpoint = &build->conf->written[index].endpoint;
    if (endpoint->profile->sends_nothing)
        return check_silent(build, index);
    return endpoint->url ||
           conf_check_refuse_route(build, index, "endpoint.url", "missing; it must be given");
}
