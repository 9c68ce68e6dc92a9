#ifndef ELRELAY_CORE_CARRY_RULE_H
#define ELRELAY_CORE_CARRY_RULE_H

/*
 * rule.h - a configured column at work: from which value its cell comes, and what becomes of it
 * on the way.
 */

#include <regex.h>

#include "elrelay/core/carry/cell.h"
#include "elrelay/core/carry/columns.h"
#include "elrelay/core/carry/format.h"

struct rule {
    const struct column_conf *column; /* borrowed */
    size_t key;                       /* index of the top-level key it takes from */
    struct slice path; /* RFC 6901 pointer from there on; empty: the value itself */
    bool space_separators;
    regex_t pattern; /* compiled where the column has one */
};

/* One rule for each column of conf, which must have passed format_check; their top-level keys
 * go into keys. */
struct rule *rules_new(const struct format_conf *conf, struct columns *keys);

/* Accepts NULL. */
void rules_free(struct rule *rules, size_t count);

/*
 * Value, the fallback where that is empty, value map, separators to space, pattern, required:
 * in this order. top is what the event has under the rule's key, or NULL. Text as with
 * cell_text.
 */
enum reason rule_text(const struct rule *rule, const struct scan_member *top, struct buf *room,
                      struct slice *text);

/* Whether path and pattern of a column can be read; the fault names which, without the column.
 */
bool rule_check(const struct column_conf *column, struct fault *fault);

#endif
