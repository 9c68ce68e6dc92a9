/*
 * verdict.c - from an answer to what it means.
 *
 * The way of the bytes comes first (was there a whole answer at all?), then the code, then,
 * where the profile wants it, the body. Each step can only take certainty away.
 */

#include "receipt.h"
#include "refusal.h"

#include <stdio.h>

#include "elrelay/ground/json.h"

struct transport_row {
    const char *word;
    const char *sentence;
    enum verdict_class verdict; /* of an end without an answer */
};

static const struct transport_row transport_table[TRANSPORT_END_COUNT] = {
    [TRANSPORT_ANSWERED] = {"answered", "HTTP ", VERDICT_UNKNOWN},
    [TRANSPORT_NOT_BEGUN] = {"not_begun", "secret, URL or certificate unusable",
                             VERDICT_MISDIRECTED},
    [TRANSPORT_NAME_UNRESOLVED] = {"name_unresolved", "name not found", VERDICT_NOT_SENT},
    [TRANSPORT_NOT_CONNECTED] = {"not_connected", "connection refused, or none made in time",
                                 VERDICT_NOT_SENT},
    [TRANSPORT_TLS_FAILED] = {"tls_failed", "TLS failed", VERDICT_NOT_SENT},
    [TRANSPORT_UPLOAD_CUT] = {"upload_cut", "connection lost while the body went out",
                              VERDICT_NOT_SENT},
    [TRANSPORT_UPLOAD_STOPPED] = {"upload_stopped", "stopped while the body went out",
                                  VERDICT_NOT_SENT},
    [TRANSPORT_NO_ANSWER] = {"no_answer", "no whole answer: time-out, reset or cut",
                             VERDICT_UNKNOWN},
    [TRANSPORT_ANSWER_TOO_LARGE] = {"answer_too_large", "answer too large", VERDICT_UNKNOWN},
};

const char *transport_end_word(enum transport_end end)
{
    return transport_table[end].word;
}

static bool receipt_is_good(struct receipt *receipt, const struct profile *profile,
                            const struct json *tree)
{
    switch (profile->acceptance) {
    case ACCEPT_ANY_2XX:
        return true;
    case ACCEPT_REPORT_RECEIPT:
        return receipt_read(receipt, tree);
    }
    return false;
}

static bool verdict_may_accept(struct verdict *verdict, const struct profile *profile,
                               const struct answer *answer, const struct verdict_rows *rows)
{
    bool whole = answer->end == TRANSPORT_ANSWERED;
    struct json *tree = whole ? json_parse(answer->body) : receipt_parse_head(answer->body);
    verdict->receipt.status = answer->status;
    bool good = receipt_is_good(&verdict->receipt, profile, tree);
    if (good && profile->speaks_of_rows)
        remarks_read(&verdict->remarks, &(struct remarks_about){.rows = rows, .answer = tree});
    if (good && !json_member(tree, "warnings"))
        verdict->remarks.left_out += verdict->receipt.warnings;
    json_free(tree);
    return good;
}

/* A 2xx that stores nothing (ENDPOINT 2.1: options that only validate) says so: a history
 * without an id. */
static bool verdict_says_not_stored(const struct answer *answer)
{
    struct json *tree = json_parse(answer->body);
    struct uuid id;
    uint64_t errors = 0;
    bool says = json_u64(json_member(tree, "errorCount"), &errors) &&
                !uuid_parse(&id, json_text(json_member(tree, "id")));
    json_free(tree);
    return says;
}

static bool verdict_is_refusal(enum verdict_class verdict)
{
    return verdict == VERDICT_ROWS || verdict == VERDICT_FILE;
}

static enum verdict_class verdict_of_answer(struct verdict *verdict,
                                            const struct profile *profile,
                                            const struct answer *answer,
                                            const struct verdict_rows *rows)
{
    enum verdict_class class = profile_class_of(profile, answer->status, answer->all_sent);
    if (answer->status == 503 && profile->busy_needs_retry_after_on_503 &&
        answer->has_retry_after)
        return VERDICT_BUSY;
    if (verdict_is_refusal(class))
        return refusal_read(verdict, profile, class, answer->body, rows);
    if (class == VERDICT_ACCEPTED && !verdict_may_accept(verdict, profile, answer, rows))
        return VERDICT_UNKNOWN;
    if (class == VERDICT_MISDIRECTED && answer->status / 100 == 2 &&
        !verdict_says_not_stored(answer))
        return VERDICT_UNKNOWN;
    return class;
}

/*
 * A refusal with more to say than we read is one all the same, and half a batch has less. A
 * receipt too: what it warns of is no reason to send anything twice. Where the code alone
 * tells, an answer without an end is no answer.
 */
static enum verdict_class verdict_of_end(struct verdict *verdict, const struct profile *profile,
                                         const struct answer *answer,
                                         const struct verdict_rows *rows)
{
    enum verdict_class class = profile_class_of(profile, answer->status, answer->all_sent);
    if (answer->end != TRANSPORT_ANSWER_TOO_LARGE)
        return transport_table[answer->end].verdict;
    if (verdict_is_refusal(class))
        return VERDICT_ROWS;
    if (class == VERDICT_ACCEPTED && profile->acceptance == ACCEPT_REPORT_RECEIPT &&
        verdict_may_accept(verdict, profile, answer, rows))
        return VERDICT_ACCEPTED;
    return transport_table[answer->end].verdict;
}

void verdict_read(struct verdict *verdict, const struct profile *profile,
                  const struct answer *answer, const struct verdict_rows *rows)
{
    verdict_free(verdict);
    *verdict = (struct verdict){
        .has_retry_after = answer->has_retry_after,
        .retry_after_ms = answer->retry_after_ms,
    };
    if (answer->end == TRANSPORT_ANSWERED)
        verdict->verdict = verdict_of_answer(verdict, profile, answer, rows);
    else
        verdict->verdict = verdict_of_end(verdict, profile, answer, rows);
    if (verdict->verdict != VERDICT_ACCEPTED)
        verdict->receipt = (struct receipt){0};
    verdict->count_differs = verdict->receipt.has_count &&
                             verdict->receipt.item_count != rows->count;
}

void verdict_free(struct verdict *verdict)
{
    buf_free(&verdict->fates);
    remarks_free(&verdict->remarks);
}

void outcome_write(char text[OUTCOME_TEXT_MAX], enum verdict_class verdict,
                   const struct answer *answer)
{
    snprintf(text, OUTCOME_TEXT_MAX, "%s %s %u", verdict_word(verdict),
             transport_end_word(answer->end), answer->status);
}

const char *outcome_say(char text[OUTCOME_TEXT_MAX], struct slice outcome)
{
    struct slice verdict = slice_next_word(&outcome);
    struct slice end = slice_next_word(&outcome);
    text[0] = '\0';
    for (size_t i = 0; i < TRANSPORT_END_COUNT; i++)
        if (slice_is_text(end, transport_table[i].word))
            snprintf(text, OUTCOME_TEXT_MAX, "%s%.*s (%.*s)", transport_table[i].sentence,
                     i == TRANSPORT_ANSWERED ? (int)outcome.len : 0, outcome.ptr,
                     SLICE_ARG(verdict));
    return text;
}
