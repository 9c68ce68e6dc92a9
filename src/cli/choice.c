/*
 * choice.c - from options to what is meant by them.
 */

#include "cli/choice.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "elrelay/core/told/shard.h"
#include "elrelay/edge/host/conf_file.h"
#include "elrelay/ground/number.h"

enum { CHOICE_COUNT_MAX = 100000 };

const char *choice_conf_path(const struct cli_call *call)
{
    if (call->values[OPTION_CONFIG])
        return call->values[OPTION_CONFIG];
    const char *path = getenv(CLI_CONFIG_VARIABLE);
    return path && *path ? path : CLI_CONFIG_DEFAULT;
}

/* "covid, flu", cut where there are many. */
static bool choice_fault(struct choice *choice, const struct route_conf *routes, size_t count,
                         const char *what, struct fault *fault)
{
    char names[FAULT_TEXT_MAX / 2] = "";
    size_t used = 0;
    assert(routes); /* a file without any was refused */
    for (size_t i = 0; i < count && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
                                 routes[i].name);
    fault_set(fault, FAULT_USAGE, "%s %s", what, names);
    choice_free(choice);
    return false;
}

bool choice_read(struct choice *choice, const struct cli_call *call, struct fault *fault)
{
    *choice = (struct choice){0};
    if (!conf_file_read(&choice->conf, choice_conf_path(call), fault))
        return false;
    choice->name = call->values[OPTION_ROUTE];
    choice->routes = choice->conf.routes;
    choice->count = choice->conf.route_count;
    if (choice->name)
        choice->routes = shard_choose(&choice->conf, choice->name, &choice->count);
    if (choice->routes)
        return true;
    return choice_fault(choice, choice->conf.written, choice->conf.written_count,
                        "--route names none of the configuration; the routes are:", fault);
}

bool choice_read_one(struct choice *choice, const struct cli_call *call, struct fault *fault)
{
    if (!choice_read(choice, call, fault))
        return false;
    if (choice->routes->whole == choice->routes[choice->count - 1].whole)
        return true;
    return choice_fault(choice, choice->conf.written, choice->conf.written_count,
                        "which route? say it with --route; the routes are:", fault);
}

bool choice_read_shard(struct choice *choice, const struct cli_call *call, struct fault *fault)
{
    if (!choice_read_one(choice, call, fault))
        return false;
    if (choice->count == 1)
        return true;
    return choice_fault(choice, choice->routes, choice->count,
                        "which shard? say it with --route; its shards are:", fault);
}

void choice_free(struct choice *choice)
{
    conf_free(&choice->conf);
    *choice = (struct choice){0};
}

bool choice_read_count(const struct cli_call *call, size_t otherwise, size_t *count,
                       struct fault *fault)
{
    const char *text = call->values[OPTION_COUNT];
    uint64_t number = otherwise;
    if (text &&
        (!number_read_u64(slice_of(text), &number) || number < 1 || number > CHOICE_COUNT_MAX))
        return fault_set(fault, FAULT_USAGE, "--count wants a number from 1 to %d",
                         CHOICE_COUNT_MAX);
    *count = (size_t)number;
    return true;
}

enum reason choice_reason(const struct cli_call *call)
{
    const char *word = call->values[OPTION_WITH_REASON];
    return reason_of_word(slice_of(word ? word : ""));
}
