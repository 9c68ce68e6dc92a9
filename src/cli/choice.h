#ifndef ELRELAY_CLI_CHOICE_H
#define ELRELAY_CLI_CHOICE_H

/*
 * choice.h - the configuration that a command works with, and which of its routes.
 */

#include "cli/cli_table.h"
#include "elrelay/core/carry/reason.h"
#include "elrelay/core/told/conf.h"

struct choice {
    struct conf conf;
    const struct route_conf *routes; /* all, or those named; in conf */
    size_t count;
    const char *name; /* as it was given; NULL: all are meant */
};

/* --config, else the environment, else the default. */
const char *choice_conf_path(const struct cli_call *call);

/* Reads the configuration and finds --route in it; without one, all routes are meant. The name
 * of a route means all its shards, NAME.K shard K (shard.h). */
bool choice_read(struct choice *choice, const struct cli_call *call, struct fault *fault);

/* The same for commands that need exactly one route, in all its shards; and, for what stands on
 * one queue alone, exactly one shard. */
bool choice_read_one(struct choice *choice, const struct cli_call *call, struct fault *fault);
bool choice_read_shard(struct choice *choice, const struct cli_call *call, struct fault *fault);

void choice_free(struct choice *choice);

/* --count, or what is meant without it. */
bool choice_read_count(const struct cli_call *call, size_t otherwise, size_t *count,
                       struct fault *fault);

/* --reason of dead letters; REASON_NONE without it. */
enum reason choice_reason(const struct cli_call *call);

#endif
