/*
 * choice.c - from options to what is meant by them.
 */

#include "cli/choice.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

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
static bool choice_fault(const struct choice *choice, const char *what, struct fault *fault)
{
    char names[FAULT_TEXT_MAX / 2] = "";
    size_t used = 0;
    assert(choice->conf.routes); /* a file without any was refused */
    for (size_t i = 0; i < choice->conf.route_count && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
                                 choice->conf.routes[i].name);
    return fault_set(fault, FAULT_USAGE, "%s; the routes are: %s", what, names);
}

bool choice_read(struct choice *choice, const struct cli_call *call, struct fault *fault)
{
    *choice = (struct choice){0};
    if (!conf_file_read(&choice->conf, choice_conf_path(call), fault))
        return false;
    const char *name = call->values[OPTION_ROUTE];
    choice->routes = name ? conf_route(&choice->conf, name) : choice->conf.routes;
    choice->count = name ? 1 : choice->conf.route_count;
    if (choice->routes)
        return true;
    choice_fault(choice, "--route names none of the configuration", fault);
    choice_free(choice);
    return false;
}

bool choice_read_one(struct choice *choice, const struct cli_call *call, struct fault *fault)
{
    if (!choice_read(choice, call, fault))
        return false;
    if (choice->count == 1)
        return true;
    choice_fault(choice, "which route? say it with --route", fault);
    choice_free(choice);
    return false;
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
