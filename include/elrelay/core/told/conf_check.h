#ifndef ELRELAY_CORE_TOLD_CONF_CHECK_H
#define ELRELAY_CORE_TOLD_CONF_CHECK_H

/*
 * conf_check.h - what no single setting can tell: what is missing, and what contradicts.
 *
 * Called by conf_build_finish, when every value is in its place.
 */

#include "elrelay/core/told/conf_build.h"

/* Of the routes as they are written, the first fault first. */
bool conf_check(struct conf_build *build);

/* Of the routes as they are served: what two may not share. */
bool conf_check_served(struct conf_build *build);

/* Of a route of type forward: defaults that follow, and what cannot be chosen. */
void conf_derive_forward(struct conf_build *build, size_t index);
bool conf_check_forward(struct conf_build *build, size_t index);

/* It forwards exceptions, and no route of the file writes any to its stream. */
bool conf_forwards_nothing(const struct conf *conf, const struct route_conf *route);

/* Of one route: that it has an endpoint, or nothing of one with profile none. */
bool conf_check_sends(struct conf_build *build, size_t index);

/* The section `endpoint` of one route that sends. */
bool conf_check_endpoint(struct conf_build *build, size_t route);

/* In a cluster: the keys of one route, and what two routes may not share. */
bool conf_check_cluster(struct conf_build *build, const struct route_conf *route);
bool conf_check_cluster_pair(struct conf_build *build, const struct route_conf *first,
                             const struct route_conf *second);

/* Refuses a setting of a route by its key; returns false. */
bool conf_check_refuse_route(struct conf_build *build, size_t route, const char *key,
                             const char *text);
bool conf_check_refuse_served(struct conf_build *build, const struct route_conf *route,
                              const char *key, const char *text);

#endif
