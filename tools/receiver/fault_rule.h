#ifndef ELRELAY_RECEIVER_FAULT_RULE_H
#define ELRELAY_RECEIVER_FAULT_RULE_H

/*
 * fault_rule.h - one line of the fault language: `WHEN ...: WHAT ...`.
 *
 * Words stand in two tables, one for conditions and one for verbs; a new fault is a row.
 * docs/receiver.md tells the language to people.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"
#include "plan.h"

enum { RULE_CONDITIONS_MAX = 4, RULE_ACTIONS_MAX = 8 };

enum condition_type { WHEN_BETWEEN, WHEN_EVERY, WHEN_SHARE, WHEN_ROWS };

struct condition {
    enum condition_type type;
    uint64_t from; /* WHEN_BETWEEN; WHEN_EVERY: the step */
    uint64_t to;
    double share;
    struct slice field; /* WHEN_ROWS */
    struct slice value;
};

/* The word that opens a condition. */
struct condition_word {
    const char *name;
    bool (*read)(struct condition *condition, struct slice argument);
    bool alone; /* no argument follows */
};

extern const struct condition_word condition_words[];
extern const size_t condition_word_count;

struct unit {
    const char *name; /* what stands behind the digits */
    uint64_t factor;
};

enum verb_trait {
    VERB_TEXT = 1,         /* a quoted text may follow */
    VERB_ROWS = 2,         /* a list of rows may follow */
    VERB_POSTS_ONLY = 4,   /* means nothing to a GET */
    VERB_NO_TLS = 8,       /* writes to the socket beside the TLS layer */
    VERB_BEFORE_BODY = 16, /* cannot depend on rows */
    VERB_WARNS = 32,       /* its rows and its text are those of a warning */
};

/* One fault: what it does to a plan. */
struct verb {
    const char *name;
    const char *argument; /* its word in --help; "" for none */
    const char *help;
    const struct unit *units; /* of its number; NULL: it takes none */
    enum plan_number number;
    enum fate fate;
    enum ending ending;
    unsigned traits;
};

extern const struct verb verb_table[];
extern const size_t verb_count;

struct action {
    const struct verb *verb;
    uint64_t number;
    struct row_list rows;
    struct slice text;
};

/* Owns what its parts point into. */
struct rule {
    bool get; /* of GETs; otherwise of POSTs */
    struct condition conditions[RULE_CONDITIONS_MAX];
    size_t condition_count;
    struct action actions[RULE_ACTIONS_MAX];
    size_t action_count;
    char *words; /* the line, cut into words */
    char *what;  /* what stands behind the colon, as written */
};

/* Reads one line; with_tls refuses verbs that plain sockets alone can do. On failure nothing is
 * left to free. */
bool rule_read(struct rule *rule, struct slice line, bool with_tls, struct fault *fault);
void rule_free(struct rule *rule);

/* The condition on rows, or NULL. */
const struct condition *rule_row_condition(const struct rule *rule);

#endif
