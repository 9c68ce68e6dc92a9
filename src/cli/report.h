#ifndef ELRELAY_CLI_REPORT_H
#define ELRELAY_CLI_REPORT_H

/*
 * report.h - what became of a day's batches and events, as the receipts tell it.
 */

#include "cli/session.h"
#include "elrelay/core/carry/reason.h"
#include "elrelay/ground/json_out.h"

enum { REPORT_DAY_LEN = 10, REPORT_DAY_MS = 24 * 3600 * 1000 };

/* name, word as the script and JSON have it, label for a person, whether it counts batches */
#define REPORT_LIST(ROW)                                                                       \
    ROW(ACCEPTED, "accepted", "accepted", true)                                                \
    ROW(BY_PERSON, "by_person", "by a person", true)                                           \
    ROW(WARNINGS, "warnings", "warnings", false)                                               \
    ROW(ERRORS, "errors", "errors", false)                                                     \
    ROW(UNREPORTED, "unreported", "not sent", true)                                            \
    ROW(DUPLICATES, "duplicates", "duplicates", false)                                         \
    ROW(SPLIT, "split", "split", true)                                                         \
    ROW(TERMINATED, "terminated", "terminated", true)                                          \
    ROW(FAILED, "failed", "failed", true)                                                      \
    ROW(HELD, "held", "held", true)                                                            \
    ROW(UNKNOWN, "unknown", "in doubt", true)                                                  \
    ROW(OPEN, "open", "to be sent", true)

#define REPORT_ENUM(name, word, label, batches) REPORT_##name,
enum report_outcome { REPORT_LIST(REPORT_ENUM) REPORT_COUNT };
#undef REPORT_ENUM

struct report_row {
    const char *word;
    const char *label;
    bool counts_batches;
};

extern const struct report_row report_rows[REPORT_COUNT];

struct report_sum {
    uint64_t batches;
    uint64_t events;
};

struct report {
    struct session *session;
    const struct keys *keys;
    const char *route;
    const char *day; /* YYYY-MM-DD */
    uint64_t from_ms;
    struct report_sum sums[REPORT_COUNT];
    uint64_t dead[REASON_COUNT]; /* 0: reasons that this version does not know */
};

/* Sums of all batches that may have had something on that day; what stands above them is set.
 */
bool report_read(struct report *report, struct fault *fault);

/* report_say.c */
void report_say(const struct report *report);
void report_csv_head(void);
void report_csv(const struct report *report);
void report_json(const struct report *report, struct json_out *out);

#endif
