/*
 * fault_rule.c - the reading of a line against the two tables of the fault language.
 */

#include "fault_rule.h"

#include "elrelay/ground/mem.h"
#include "elrelay/ground/near.h"
#include "elrelay/ground/number.h"
#include "words.h"

/* Far beyond what anybody waits for or sends, and small enough to reckon with. */
#define NUMBER_MAX (UINT64_C(1) << 40)

static bool read_with_unit(struct slice text, const struct unit *units, uint64_t *number)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    if (!number_read_u64(slice_part(text, 0, digits), number))
        return false;
    while (units->name && !slice_is_text(slice_part(text, digits, text.len), units->name))
        units++;
    if (!units->name || *number > NUMBER_MAX / units->factor)
        return false;
    *number *= units->factor;
    return true;
}

static const char *condition_name(size_t i)
{
    return condition_words[i].name;
}

static const char *verb_name(size_t i)
{
    return verb_table[i].name;
}

/* Index of the word in a table of count names; where it is none of them, says which one is
 * nearest. */
static bool find_name(const char *(*name)(size_t), size_t count, struct slice word,
                      size_t *found, struct fault *fault)
{
    size_t nearest = 0;
    for (*found = 0; *found < count; (*found)++) {
        if (slice_is_text(word, name(*found)))
            return true;
        if (near_distance(word, slice_of(name(*found))) <
            near_distance(word, slice_of(name(nearest))))
            nearest = *found;
    }
    return fault_set(fault, FAULT_USAGE, "unknown word \"%.*s\"; did you mean \"%s\"?",
                     SLICE_ARG(word), name(nearest));
}

static bool rule_read_conditions(struct rule *rule, const struct words *words,
                                 struct fault *fault)
{
    size_t at = rule->get;
    if (at == words->colon)
        return fault_set(fault, FAULT_USAGE, "no condition in front of the colon");
    while (at < words->colon) {
        size_t kind = 0;
        if (!find_name(condition_name, condition_word_count, words->items[at].text, &kind,
                       fault))
            return false;
        const struct condition_word *word = &condition_words[kind];
        bool has_argument = word->alone || at + 1 < words->colon;
        if (rule->condition_count == RULE_CONDITIONS_MAX)
            return fault_set(fault, FAULT_USAGE, "more than %d conditions",
                             RULE_CONDITIONS_MAX);
        if (!has_argument ||
            !word->read(&rule->conditions[rule->condition_count++], words->items[at + 1].text))
            return fault_set(fault, FAULT_USAGE,
                             "\"%s\" lacks what it needs, or cannot be read", word->name);
        at += word->alone ? 1 : 2;
    }
    return true;
}

static bool read_rows(struct row_list *rows, struct slice text)
{
    for (;;) {
        const char *comma = memchr(text.ptr, ',', text.len);
        size_t len = comma ? (size_t)(comma - text.ptr) : text.len;
        uint64_t row = 0;
        if (!number_read_u64(slice_part(text, 0, len), &row) || row == 0)
            return false;
        row_list_add(rows, (size_t)row);
        if (!comma)
            return true;
        text = slice_part(text, len + 1, text.len);
    }
}

static bool action_read_number(struct action *action, const struct words *words, size_t *at,
                               struct fault *fault)
{
    const struct verb *verb = action->verb;
    if (!verb->units)
        return true;
    bool ok = *at < words->count &&
              read_with_unit(words->items[*at].text, verb->units, &action->number);
    if (ok && verb->number == PLAN_STATUS)
        ok = action->number >= 200 && action->number <= 599;
    if (ok && verb->number == PLAN_BYTES_PER_S)
        ok = action->number > 0;
    if (!ok)
        return fault_set(fault, FAULT_USAGE, "\"%s\" needs %s", verb->name, verb->argument);
    (*at)++;
    return true;
}

static bool action_read(struct action *action, const struct words *words, size_t *at,
                        struct fault *fault)
{
    const struct verb *verb = action->verb;
    if (!action_read_number(action, words, at, fault))
        return false;
    const struct word *next = *at < words->count ? &words->items[*at] : NULL;
    if (next && (verb->traits & VERB_ROWS) && !next->quoted && next->text.ptr[0] >= '0' &&
        next->text.ptr[0] <= '9') {
        if (!read_rows(&action->rows, next->text))
            return fault_set(fault, FAULT_USAGE, "\"%s\" needs rows from 1 as 3,17",
                             verb->name);
        next = ++*at < words->count ? &words->items[*at] : NULL;
    }
    if (next && (verb->traits & VERB_TEXT) && next->quoted) {
        action->text = next->text;
        ++*at;
    }
    return true;
}

static bool action_suits(const struct rule *rule, const struct action *action, bool with_tls,
                         struct fault *fault)
{
    const struct verb *verb = action->verb;
    if (rule->get && (verb->traits & VERB_POSTS_ONLY))
        return fault_set(fault, FAULT_USAGE, "\"%s\" is for POSTs, not for GETs", verb->name);
    if (with_tls && (verb->traits & VERB_NO_TLS))
        return fault_set(fault, FAULT_USAGE, "\"%s\" needs plain http, not --cert", verb->name);
    if (rule_row_condition(rule) && (verb->traits & VERB_BEFORE_BODY))
        return fault_set(fault, FAULT_USAGE, "\"%s\" comes before any row is known",
                         verb->name);
    if ((verb->traits & VERB_ROWS) && !action->rows.count && !rule_row_condition(rule))
        return fault_set(fault, FAULT_USAGE, "\"%s\" needs rows as 3,17, or rows-with in front",
                         verb->name);
    return true;
}

static bool rule_read_actions(struct rule *rule, const struct words *words, bool with_tls,
                              struct fault *fault)
{
    size_t at = words->colon;
    if (at == words->count)
        return fault_set(fault, FAULT_USAGE, "nothing behind the colon");
    while (at < words->count) {
        size_t kind = 0;
        if (!find_name(verb_name, verb_count, words->items[at].text, &kind, fault))
            return false;
        if (rule->action_count == RULE_ACTIONS_MAX)
            return fault_set(fault, FAULT_USAGE, "more than %d verbs", RULE_ACTIONS_MAX);
        struct action *action = &rule->actions[rule->action_count++];
        action->verb = &verb_table[kind];
        at++;
        if (!action_read(action, words, &at, fault) ||
            !action_suits(rule, action, with_tls, fault))
            return false;
    }
    return true;
}

bool rule_read(struct rule *rule, struct slice line, bool with_tls, struct fault *fault)
{
    struct words words;
    *rule = (struct rule){.words = mem_copy_text(line.ptr, line.len)};
    if (words_cut(&words, rule->words, fault)) {
        rule->get = words.colon > 0 && slice_is_text(words.items[0].text, "get");
        struct slice what = slice_part(line, words.rest, line.len);
        rule->what = mem_copy_text(what.ptr, what.len);
        if (rule_read_conditions(rule, &words, fault) &&
            rule_read_actions(rule, &words, with_tls, fault))
            return true;
    }
    rule_free(rule);
    return false;
}

void rule_free(struct rule *rule)
{
    for (size_t i = 0; i < rule->action_count; i++)
        mem_free(rule->actions[i].rows.items);
    mem_free(rule->words);
    mem_free(rule->what);
    *rule = (struct rule){0};
}

const struct condition *rule_row_condition(const struct rule *rule)
{
    for (size_t i = 0; i < rule->condition_count; i++)
        if (rule->conditions[i].type == WHEN_ROWS)
            return &rule->conditions[i];
    return NULL;
}
