/*
 * faults.c - sets of rules, and the matching of a request against the newest one.
 */

#include "faults.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/splitmix.h"
#include "csv_reader.h"
#include "elrelay/ground/mem.h"
#include "fault_rule.h"

struct rule_set {
    struct rule *rules;
    size_t count;
    struct rule_set *older;
};

static pthread_mutex_t faults_lock = PTHREAD_MUTEX_INITIALIZER;

static void rule_set_free(struct rule_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        rule_free(&set->rules[i]);
    mem_free(set->rules);
    mem_free(set);
}

/* Blank lines and lines that begin with # say nothing. */
static bool rule_set_add(struct rule_set *set, struct slice line, bool with_tls,
                         struct fault *fault)
{
    while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    struct slice bare = line;
    while (bare.len && (*bare.ptr == ' ' || *bare.ptr == '\t'))
        bare = slice_part(bare, 1, bare.len);
    if (!bare.len || *bare.ptr == '#')
        return true;
    set->rules = mem_resize(set->rules, set->count + 1, sizeof(set->rules[0]));
    if (!rule_read(&set->rules[set->count], line, with_tls, fault))
        return false;
    set->count++;
    return true;
}

static bool rule_set_add_file(struct rule_set *set, const char *path, bool with_tls,
                              struct fault *fault)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return fault_set(fault, FAULT_GENERAL, "%s: %s", path, strerror(errno));
    char *line = NULL;
    size_t cap = 0;
    bool ok = true;
    ssize_t len = 0;
    for (unsigned number = 1; ok && (len = getline(&line, &cap, file)) >= 0; number++) {
        ok = rule_set_add(set, (struct slice){line, (size_t)len}, with_tls, fault);
        if (!ok)
            fault_add_context(fault, "%s line %u", path, number);
    }
    mem_free(line);
    fclose(file);
    return ok;
}

static bool rule_set_fill(struct rule_set *set, const struct faults *faults,
                          struct fault *fault)
{
    for (size_t i = 0; i < faults->lines->count; i++)
        if (!rule_set_add(set, slice_of(faults->lines->items[i]), faults->with_tls, fault))
            return fault_add_context(fault, "--fault \"%s\"", faults->lines->items[i]);
    return !faults->path || rule_set_add_file(set, faults->path, faults->with_tls, fault);
}

bool faults_load(struct faults *faults, size_t *count, struct fault *fault)
{
    struct rule_set *set = mem_zalloc(sizeof(*set));
    if (!rule_set_fill(set, faults, fault)) {
        rule_set_free(set);
        return false;
    }
    *count = set->count;
    pthread_mutex_lock(&faults_lock);
    set->older = faults->newest;
    faults->newest = set;
    pthread_mutex_unlock(&faults_lock);
    return true;
}

void faults_free(struct faults *faults)
{
    while (faults->newest) {
        struct rule_set *set = faults->newest;
        faults->newest = set->older;
        rule_set_free(set);
    }
}

static const struct rule_set *faults_in_force(struct faults *faults)
{
    pthread_mutex_lock(&faults_lock);
    const struct rule_set *set = faults->newest;
    pthread_mutex_unlock(&faults_lock);
    return set;
}

static bool share_is_drawn(const struct faults *faults, uint64_t number, size_t place,
                           double share)
{
    struct splitmix source = {faults->seed};
    source.state = splitmix_next(&source) ^ number;
    source.state = splitmix_next(&source) ^ place;
    return splitmix_happens(&source, share);
}

/* Whether the rule at this place speaks of the request, rows aside. */
static bool rule_matches(const struct faults *faults, const struct rule *rule, size_t place,
                         const struct faults_request *request)
{
    bool holds = rule->get == request->get;
    for (size_t i = 0; i < rule->condition_count && holds; i++) {
        const struct condition *condition = &rule->conditions[i];
        switch (condition->type) {
        case WHEN_BETWEEN:
            holds = request->number >= condition->from && request->number <= condition->to;
            break;
        case WHEN_EVERY:
            holds = request->number % condition->from == 0;
            break;
        case WHEN_SHARE:
            holds = share_is_drawn(faults, request->number, place, condition->share);
            break;
        case WHEN_ROWS:
            break;
        }
    }
    return holds;
}

/* A rule that says what becomes of the request takes back what earlier ones made of its end. */
static void plan_forget_ending(struct plan *plan, const struct rule *rule)
{
    bool decides = false;
    for (size_t i = 0; i < rule->action_count; i++)
        decides = decides || rule->actions[i].verb->fate != FATE_HONEST;
    if (!decides)
        return;
    if (plan->ending == ENDING_SILENCE)
        plan->numbers[PLAN_HOLD_MS] = PLAN_UNSET;
    plan->ending = ENDING_ANSWER;
}

/* rows: those that the action names, or that the rule was matched by. */
static void plan_take_action(struct plan *plan, const struct action *action,
                             const struct row_list *rows)
{
    const struct row_list none = {0};
    const struct verb *verb = action->verb;
    if (!(verb->traits & VERB_ROWS))
        rows = &none;
    if (verb->fate != FATE_HONEST)
        plan->fate = verb->fate;
    if (verb->ending != ENDING_ANSWER)
        plan->ending = verb->ending;
    if (verb->number != PLAN_NONE)
        plan->numbers[verb->number] = action->number;
    if (verb->traits & VERB_WARNS) {
        plan_warn(plan, rows, action->text);
        return;
    }
    if (action->text.len)
        plan->text = action->text;
    for (size_t i = 0; i < rows->count; i++)
        row_list_add(&plan->rows, rows->items[i]);
}

static void plan_take(struct plan *plan, const struct rule *rule,
                      const struct row_list *matched)
{
    plan_forget_ending(plan, rule);
    for (size_t i = 0; i < rule->action_count; i++) {
        const struct action *action = &rule->actions[i];
        plan_take_action(plan, action, action->rows.count ? &action->rows : matched);
    }
    plan_tell(plan, rule->what);
}

void faults_apply(struct faults *faults, struct plan *plan,
                  const struct faults_request *request)
{
    const struct rule_set *set = faults_in_force(faults);
    const struct row_list none = {0};
    for (size_t i = 0; i < set->count; i++)
        if (!rule_row_condition(&set->rules[i]) &&
            rule_matches(faults, &set->rules[i], i, request))
            plan_take(plan, &set->rules[i], &none);
}

struct row_search {
    struct slice value;
    struct row_list found;
};

static void on_cell(void *ctx, size_t row, struct slice cell)
{
    struct row_search *search = ctx;
    if (slice_is(cell, search->value))
        row_list_add(&search->found, row);
}

void faults_apply_to_rows(struct faults *faults, struct plan *plan,
                          const struct faults_request *request, struct slice csv)
{
    const struct rule_set *set = faults_in_force(faults);
    for (size_t i = 0; i < set->count; i++) {
        const struct condition *condition = rule_row_condition(&set->rules[i]);
        if (!condition || !rule_matches(faults, &set->rules[i], i, request))
            continue;
        struct row_search search = {.value = condition->value};
        csv_visit_column(csv, condition->field, on_cell, &search);
        if (search.found.count)
            plan_take(plan, &set->rules[i], &search.found);
        mem_free(search.found.items);
    }
}
