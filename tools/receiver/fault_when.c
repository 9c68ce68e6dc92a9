/*
 * fault_when.c - the conditions of the fault language: when a rule holds.
 */

#include "fault_rule.h"

#include <stdlib.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"

static bool when_all(struct condition *condition, struct slice argument)
{
    (void)argument;
    *condition = (struct condition){.type = WHEN_BETWEEN, .from = 1, .to = UINT64_MAX};
    return true;
}

static bool when_request(struct condition *condition, struct slice argument)
{
    condition->type = WHEN_BETWEEN;
    bool ok = number_read_u64(argument, &condition->from) && condition->from > 0;
    condition->to = condition->from;
    return ok;
}

static bool when_requests(struct condition *condition, struct slice argument)
{
    const char *dash = memchr(argument.ptr, '-', argument.len);
    size_t len = dash ? (size_t)(dash - argument.ptr) : argument.len;
    condition->type = WHEN_BETWEEN;
    return dash && number_read_u64(slice_part(argument, 0, len), &condition->from) &&
           number_read_u64(slice_part(argument, len + 1, argument.len), &condition->to) &&
           condition->from > 0 && condition->from <= condition->to;
}

static bool when_from(struct condition *condition, struct slice argument)
{
    *condition = (struct condition){.type = WHEN_BETWEEN, .to = UINT64_MAX};
    return number_read_u64(argument, &condition->from);
}

static bool when_until(struct condition *condition, struct slice argument)
{
    *condition = (struct condition){.type = WHEN_BETWEEN, .from = 1};
    return number_read_u64(argument, &condition->to);
}

static bool when_every(struct condition *condition, struct slice argument)
{
    condition->type = WHEN_EVERY;
    return number_read_u64(argument, &condition->from) && condition->from > 0;
}

static bool when_share(struct condition *condition, struct slice argument)
{
    char *text = mem_copy_text(argument.ptr, argument.len);
    char *end = text;
    condition->type = WHEN_SHARE;
    condition->share = strtod(text, &end);
    bool ok = end != text && *end == '\0' && condition->share >= 0 && condition->share <= 1;
    mem_free(text);
    return ok;
}

static bool when_rows_with(struct condition *condition, struct slice argument)
{
    const char *equals = memchr(argument.ptr, '=', argument.len);
    size_t len = equals ? (size_t)(equals - argument.ptr) : 0;
    condition->type = WHEN_ROWS;
    condition->field = slice_part(argument, 0, len);
    condition->value = slice_part(argument, len + 1, argument.len);
    return len > 0;
}

const struct condition_word condition_words[] = {
    {"all", when_all, true},
    {"request", when_request, false},
    {"requests", when_requests, false},
    {"from", when_from, false},
    {"until", when_until, false},
    {"every", when_every, false},
    {"share", when_share, false},
    {"rows-with", when_rows_with, false},
};
const size_t condition_word_count = sizeof(condition_words) / sizeof(condition_words[0]);
