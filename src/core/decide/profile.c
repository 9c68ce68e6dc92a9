/*
 * profile.c - the endpoints we know, as rows.
 *
 * `reportstream` follows ReportStream's receiver (its limits, its 201, and that every 5xx may
 * hide a stored report); `plain` is any endpoint that answers 2xx when it has stored the body.
 */

#include "elrelay/core/decide/profile.h"

static const struct status_rule plain_rules[] = {
    {100, 199, VERDICT_UNKNOWN},     {200, 299, VERDICT_ACCEPTED},
    {300, 399, VERDICT_MISDIRECTED}, {400, 400, VERDICT_REFUSED},
    {401, 401, VERDICT_AUTH},        {402, 402, VERDICT_MISDIRECTED},
    {403, 403, VERDICT_AUTH},        {404, 407, VERDICT_MISDIRECTED},
    {408, 408, VERDICT_UNKNOWN},     {409, 412, VERDICT_MISDIRECTED},
    {413, 413, VERDICT_TOO_LARGE},   {414, 421, VERDICT_MISDIRECTED},
    {422, 422, VERDICT_REFUSED},     {423, 424, VERDICT_MISDIRECTED},
    {425, 425, VERDICT_BUSY},        {426, 428, VERDICT_MISDIRECTED},
    {429, 429, VERDICT_BUSY},        {430, 499, VERDICT_MISDIRECTED},
    {500, 599, VERDICT_UNKNOWN},
};

/* A 200 comes only for options that store nothing; other 2xx are never made for a submit. */
static const struct status_rule reportstream_rules[] = {
    {100, 199, VERDICT_UNKNOWN},     {200, 200, VERDICT_MISDIRECTED},
    {201, 201, VERDICT_ACCEPTED},    {202, 299, VERDICT_UNKNOWN},
    {300, 399, VERDICT_MISDIRECTED}, {400, 400, VERDICT_REFUSED},
    {401, 401, VERDICT_AUTH},        {402, 402, VERDICT_MISDIRECTED},
    {403, 403, VERDICT_AUTH},        {404, 407, VERDICT_MISDIRECTED},
    {408, 408, VERDICT_UNKNOWN},     {409, 412, VERDICT_MISDIRECTED},
    {413, 413, VERDICT_TOO_LARGE},   {414, 421, VERDICT_MISDIRECTED},
    {422, 422, VERDICT_REFUSED},     {423, 424, VERDICT_MISDIRECTED},
    {425, 425, VERDICT_BUSY},        {426, 428, VERDICT_MISDIRECTED},
    {429, 429, VERDICT_BUSY},        {430, 499, VERDICT_MISDIRECTED},
    {500, 599, VERDICT_UNKNOWN},
};

#define RULES(rows) .rules = (rows), .rule_count = sizeof(rows) / sizeof((rows)[0])

const struct profile profile_table[] = {
    {
        .name = "reportstream",
        RULES(reportstream_rules),
        .acceptance = ACCEPT_REPORT_RECEIPT,
        .batch_header = "payloadname",
        .lists_submissions = true,
        .max_rows = 10000,
        .max_columns = 2000,
        .max_bytes = 50000000,
        .line_separators_to_space = true,
    },
    {
        .name = "plain",
        RULES(plain_rules),
        .acceptance = ACCEPT_ANY_2XX,
        .busy_needs_retry_after_on_503 = true,
    },
};

const size_t profile_count = sizeof(profile_table) / sizeof(profile_table[0]);

static const char *const verdict_words[] = {
    [VERDICT_ACCEPTED] = "accepted",       [VERDICT_REFUSED] = "refused",
    [VERDICT_TOO_LARGE] = "too_large",     [VERDICT_BUSY] = "busy",
    [VERDICT_NOT_SENT] = "not_sent",       [VERDICT_AUTH] = "auth",
    [VERDICT_MISDIRECTED] = "misdirected", [VERDICT_UNKNOWN] = "unknown",
};

const struct profile *profile_by_name(struct slice name)
{
    for (size_t i = 0; i < profile_count; i++)
        if (slice_is_text(name, profile_table[i].name))
            return &profile_table[i];
    return NULL;
}

enum verdict_class profile_class_of(const struct profile *profile, unsigned status)
{
    for (size_t i = 0; i < profile->rule_count; i++)
        if (status >= profile->rules[i].from && status <= profile->rules[i].to)
            return profile->rules[i].verdict;
    return VERDICT_UNKNOWN;
}

const char *verdict_word(enum verdict_class verdict)
{
    return verdict_words[verdict];
}
