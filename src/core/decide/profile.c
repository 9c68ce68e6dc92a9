/*
 * profile.c - the endpoints we know, as rows.
 *
 * `reportstream` follows ReportStream's receiver (its limits, its 201, and that every 5xx may
 * hide a stored report); `plain` is any endpoint that answers 2xx when it has stored the body;
 * `callback` is one that is told of exceptions, so that what it says of them makes no new ones;
 * `none` is none at all: nothing goes out, and so no answer means anything.
 * A 408 or a 5xx that did not wait for the last byte cannot have stored it; a 2xx that did not
 * is nothing to build on.
 */

#include "elrelay/core/decide/profile.h"

#define WHENEVER(class) VERDICT_##class, VERDICT_##class

static const struct status_rule plain_rules[] = {
    {100, 199, WHENEVER(UNKNOWN)},
    {200, 299, VERDICT_ACCEPTED, VERDICT_UNKNOWN},
    {300, 399, WHENEVER(MISDIRECTED)},
    {400, 400, WHENEVER(ROWS)},
    {401, 401, WHENEVER(AUTH)},
    {402, 402, WHENEVER(MISDIRECTED)},
    {403, 403, WHENEVER(AUTH)},
    {404, 407, WHENEVER(MISDIRECTED)},
    {408, 408, VERDICT_UNKNOWN, VERDICT_BUSY},
    {409, 412, WHENEVER(MISDIRECTED)},
    {413, 413, WHENEVER(TOO_LARGE)},
    {414, 421, WHENEVER(MISDIRECTED)},
    {422, 422, WHENEVER(ROWS)},
    {423, 424, WHENEVER(MISDIRECTED)},
    {425, 425, WHENEVER(BUSY)},
    {426, 428, WHENEVER(MISDIRECTED)},
    {429, 429, WHENEVER(BUSY)},
    {430, 499, WHENEVER(MISDIRECTED)},
    {500, 599, VERDICT_UNKNOWN, VERDICT_NOT_SENT},
};

/* A 200 comes only for options that store nothing; other 2xx are never made for a submit. A 400
 * without errors is a bare text about the client. */
static const struct status_rule reportstream_rules[] = {
    {100, 199, WHENEVER(UNKNOWN)},
    {200, 200, VERDICT_MISDIRECTED, VERDICT_UNKNOWN},
    {201, 201, VERDICT_ACCEPTED, VERDICT_UNKNOWN},
    {202, 299, WHENEVER(UNKNOWN)},
    {300, 399, WHENEVER(MISDIRECTED)},
    {400, 400, WHENEVER(FILE)},
    {401, 401, WHENEVER(AUTH)},
    {402, 402, WHENEVER(MISDIRECTED)},
    {403, 403, WHENEVER(AUTH)},
    {404, 407, WHENEVER(MISDIRECTED)},
    {408, 408, VERDICT_UNKNOWN, VERDICT_BUSY},
    {409, 412, WHENEVER(MISDIRECTED)},
    {413, 413, WHENEVER(TOO_LARGE)},
    {414, 421, WHENEVER(MISDIRECTED)},
    {422, 422, WHENEVER(ROWS)},
    {423, 424, WHENEVER(MISDIRECTED)},
    {425, 425, WHENEVER(BUSY)},
    {426, 428, WHENEVER(MISDIRECTED)},
    {429, 429, WHENEVER(BUSY)},
    {430, 499, WHENEVER(MISDIRECTED)},
    {500, 599, VERDICT_UNKNOWN, VERDICT_NOT_SENT},
};

static const struct status_rule none_rules[] = {{100, 599, WHENEVER(UNKNOWN)}};

static const struct message_rule plain_messages[] = {
    {"item", "Item is a duplicate", "", VERDICT_THERE},
    {"", "All items in this submission are duplicates", "", VERDICT_THERE},
    {"parameter", "", "", VERDICT_FILE},
};

/* ENDPOINT 1, 2.1, 2.3 and 5. What is said of a parameter of the request is never about a row.
 */
static const struct message_rule reportstream_messages[] = {
    {"item", "Item is a duplicate", "", VERDICT_THERE},
    {"", "All items in this submission are duplicates", "", VERDICT_THERE},
    {"", "CSV file has an inconsistent number of columns on row", "", VERDICT_ROWS},
    {"", "There's an issue parsing your file on row", "", VERDICT_ROWS},
    {"", "Your file's row size of ", "exceeds the maximum", VERDICT_ROWS},
    {"", "Number of columns in your report exceeds the maximum", "", VERDICT_FILE},
    {"", "Your file is missing ", " header", VERDICT_FILE},
    {"", "Missing ", " header", VERDICT_FILE},
    {"", "Unexpected column header", "", VERDICT_FILE},
    {"", "", "Resubmit as '", VERDICT_FILE},
    {"", "", "Url Options Parameter", VERDICT_FILE},
    {"", "Expected a 'client' query parameter", "", VERDICT_FILE},
    {"", "'client:", "", VERDICT_FILE},
    {"", "Invalid receiver name: ", "", VERDICT_FILE},
    {"", "Expecting a post message with content", "", VERDICT_FILE},
    {"", "Provided raw data is empty", "", VERDICT_FILE},
    {"parameter", "", "", VERDICT_FILE},
};

#define RULES(rows)    .rules = (rows), .rule_count = sizeof(rows) / sizeof((rows)[0])
#define MESSAGES(rows) .messages = (rows), .message_count = sizeof(rows) / sizeof((rows)[0])

const struct profile profile_table[] = {
    {
        .name = "reportstream",
        RULES(reportstream_rules),
        MESSAGES(reportstream_messages),
        .acceptance = ACCEPT_REPORT_RECEIPT,
        .batch_header = "payloadname",
        .lists_submissions = true,
        .speaks_of_rows = true,
        .max_rows = 10000,
        .max_columns = 2000,
        .max_bytes = 50000000,
        .line_separators_to_space = true,
    },
    {
        .name = "plain",
        RULES(plain_rules),
        MESSAGES(plain_messages),
        .acceptance = ACCEPT_ANY_2XX,
        .busy_needs_retry_after_on_503 = true,
        .speaks_of_rows = true,
    },
    {
        .name = "callback",
        RULES(plain_rules),
        MESSAGES(plain_messages),
        .acceptance = ACCEPT_ANY_2XX,
        .busy_needs_retry_after_on_503 = true,
    },
    {
        .name = "none",
        RULES(none_rules),
        .sends_nothing = true,
    },
};

const size_t profile_count = sizeof(profile_table) / sizeof(profile_table[0]);

static const char *const verdict_words[] = {
    [VERDICT_ACCEPTED] = "accepted", [VERDICT_ITEMS] = "items",
    [VERDICT_THERE] = "there",       [VERDICT_ROWS] = "rows",
    [VERDICT_FILE] = "file",         [VERDICT_TOO_LARGE] = "too_large",
    [VERDICT_BUSY] = "busy",         [VERDICT_NOT_SENT] = "not_sent",
    [VERDICT_AUTH] = "auth",         [VERDICT_MISDIRECTED] = "misdirected",
    [VERDICT_UNKNOWN] = "unknown",
};

const struct profile *profile_by_name(struct slice name)
{
    for (size_t i = 0; i < profile_count; i++)
        if (slice_is_text(name, profile_table[i].name))
            return &profile_table[i];
    return NULL;
}

enum verdict_class profile_class_of(const struct profile *profile, unsigned status,
                                    bool all_sent)
{
    for (size_t i = 0; i < profile->rule_count; i++) {
        const struct status_rule *rule = &profile->rules[i];
        if (status >= rule->from && status <= rule->to)
            return all_sent ? rule->verdict : rule->early;
    }
    return VERDICT_UNKNOWN;
}

static bool message_begins(struct slice message, struct slice text)
{
    return slice_is(slice_part(message, 0, text.len), text);
}

static bool message_holds(struct slice message, struct slice text)
{
    for (size_t at = 0; at + text.len <= message.len; at++)
        if (message_begins(slice_part(message, at, message.len), text))
            return true;
    return false;
}

static bool message_fits(const struct message_rule *rule, struct slice scope,
                         struct slice message)
{
    const struct slice begins = slice_of(rule->begins);
    bool in_scope = *rule->scope ? slice_is_text(scope, rule->scope)
                                 : !slice_is(scope, SLICE("item"));
    return in_scope && message_begins(message, begins) &&
           message_holds(slice_part(message, begins.len, message.len), slice_of(rule->holds));
}

enum verdict_class profile_class_of_error(const struct profile *profile, struct slice scope,
                                          struct slice message)
{
    for (size_t i = 0; i < profile->message_count; i++)
        if (message_fits(&profile->messages[i], scope, message))
            return profile->messages[i].verdict;
    return slice_is(scope, SLICE("item")) ? VERDICT_ITEMS : VERDICT_ROWS;
}

const char *verdict_word(enum verdict_class verdict)
{
    return verdict_words[verdict];
}
