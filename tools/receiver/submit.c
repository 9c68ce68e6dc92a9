/*
 * submit.c - the submit API of ReportStream (ENDPOINT 1 and 2): a row of checks, then the
 * store.
 *
 * Each check lets the request pass or answers it. The order of rows is the order in which the
 * endpoint looks.
 */

#include <stdio.h>

#include "csv_reader.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"
#include "history.h"
#include "route.h"

enum { CSV_COLUMNS_MAX = 2000, SENDER_MAX = 256, MESSAGE_MAX = 512 };

struct submit {
    struct exchange *exchange;
    const char *client;      /* as given */
    char sender[SENDER_MAX]; /* with ".default" where only the organization was given */
    const char *unknown;     /* what a client is called that nobody knows */
    bool validate_only;
    size_t rows;
    struct remarks remarks;
};

static const char json[] = "application/json";

static const char *submit_parameter(const struct submit *submit, const char *name)
{
    const char *header = exchange_header(submit->exchange, name);
    return header ? header : exchange_query(submit->exchange, name);
}

/* 400 with what stands in the remarks; remembered under its submissionId. */
static bool submit_refuse(struct submit *submit)
{
    history_answer(submit->exchange,
                   store_note(&submit->exchange->receiver->store, 400, &submit->remarks));
    return false;
}

static bool submit_refuse_for(struct submit *submit, const char *scope, const char *message)
{
    remarks_add_error(&submit->remarks, scope, slice_of(message));
    return submit_refuse(submit);
}

static bool check_key(struct submit *submit)
{
    return exchange_has_key(submit->exchange);
}

static bool check_token(struct submit *submit)
{
    return exchange_has_token(submit->exchange);
}

static bool check_client_given(struct submit *submit)
{
    submit->client = submit_parameter(submit, "client");
    if (submit->client && *submit->client)
        return true;
    answer_set(&submit->exchange->answer, 400, json, "Expected a 'client' query parameter");
    return false;
}

static bool check_client_known(struct submit *submit)
{
    const struct settings *settings = &submit->exchange->receiver->settings;
    sender_name(submit->sender, sizeof(submit->sender), submit->client);
    if (*submit->sender && sender_is_listed(&settings->clients, submit->sender, true))
        return true;
    char text[MESSAGE_MAX];
    snprintf(text, sizeof(text), "'client:%s': unknown %s", submit->client, submit->unknown);
    answer_set(&submit->exchange->answer, 400, json, text);
    return false;
}

static bool check_client_active(struct submit *submit)
{
    if (!sender_is_listed(&submit->exchange->receiver->settings.inactive, submit->sender,
                          false))
        return true;
    answer_set_status(&submit->exchange->answer, 410);
    return false;
}

static const struct option_word {
    const char *name;
    bool validate_only;
    bool deprecated;
} option_words[] = {
    {"None", false, false},
    {"ValidatePayload", true, false},
    {"CheckConnections", true, false},
    {"SkipSend", false, false},
    {"SendImmediately", false, false},
    {"SkipInvalidItems", false, true},
};
enum { OPTION_WORDS = sizeof(option_words) / sizeof(option_words[0]) };

static bool check_option(struct submit *submit)
{
    static const char valid[] =
        "Valid options: None, ValidatePayload, CheckConnections, SkipSend, SendImmediately";
    const char *given = exchange_query(submit->exchange, "option");
    char text[MESSAGE_MAX];
    for (size_t i = 0; given && i < OPTION_WORDS; i++) {
        if (strcmp(option_words[i].name, given) != 0)
            continue;
        submit->validate_only = option_words[i].validate_only;
        snprintf(text, sizeof(text), "Url Options Parameter, %s has been deprecated. %s", given,
                 valid);
        if (option_words[i].deprecated)
            remarks_add_warning(&submit->remarks, "parameter", slice_of(text));
        return true;
    }
    snprintf(text, sizeof(text), "Invalid Url Options Parameter. %s", valid);
    return !given || submit_refuse_for(submit, "parameter", text);
}

/* The endpoint means to answer 411 and 413, but both escape it and its host answers 500
 * (ENDPOINT 1, limits). */
static bool refuse_length(struct submit *submit, unsigned meant)
{
    bool real = strcmp(submit->exchange->receiver->settings.length_errors, "real") == 0;
    answer_set(&submit->exchange->answer, real ? 500 : meant, NULL, "");
    return false;
}

static bool check_length(struct submit *submit)
{
    const char *text = exchange_header(submit->exchange, "content-length");
    uint64_t length = 0;
    if (text && number_read_u64(slice_of(text), &length))
        return true;
    return refuse_length(submit, 411);
}

static bool check_size(struct submit *submit)
{
    return submit->exchange->body_bytes <= submit->exchange->receiver->settings.max_bytes ||
           refuse_length(submit, 413);
}

static bool check_content_type(struct submit *submit)
{
    const char *type = exchange_header(submit->exchange, "content-type");
    if (!type)
        return submit_refuse_for(submit, "parameter", "Missing Content-Type header");
    return strcmp(type, "text/csv") == 0 ||
           submit_refuse_for(submit, "parameter", "Resubmit as 'text/csv'");
}

static bool check_body(struct submit *submit)
{
    return submit->exchange->body_bytes > 0 ||
           submit_refuse_for(submit, "parameter", "Expecting a post message with content");
}

/* ValidatePayload and CheckConnections end here: nothing is parsed, no report is made. */
static bool check_only_validation(struct submit *submit)
{
    if (!submit->validate_only)
        return true;
    history_answer(submit->exchange,
                   store_note(&submit->exchange->receiver->store, 200, &submit->remarks));
    return false;
}

static bool check_csv(struct submit *submit)
{
    const struct csv_shape shape = csv_measure(buf_slice(&submit->exchange->body));
    uint64_t rows_max = submit->exchange->receiver->settings.max_rows;
    char text[MESSAGE_MAX] = "";
    if (shape.flaw == CSV_UNREADABLE)
        snprintf(text, sizeof(text),
                 "There's an issue parsing your file on row: %zu. "
                 "Contact the ReportStream team at reportstream@cdc.gov.",
                 shape.flaw_line);
    else if (shape.columns > CSV_COLUMNS_MAX)
        snprintf(text, sizeof(text),
                 "Number of columns in your report exceeds the maximum of %d allowed. "
                 "Adjust the excess columnar data in your report.",
                 CSV_COLUMNS_MAX);
    else if (shape.flaw == CSV_UNEVEN)
        snprintf(text, sizeof(text),
                 "CSV file has an inconsistent number of columns on row: %zu", shape.flaw_line);
    else if (shape.rows > rows_max)
        snprintf(text, sizeof(text),
                 "Your file's row size of %zu exceeds the maximum of %llu rows per file. "
                 "Reduce the amount of rows in this file.",
                 shape.rows, (unsigned long long)rows_max);
    if (shape.rows == 0)
        remarks_add_warning(&submit->remarks, "report",
                            SLICE("No reports were found in CSV content"));
    submit->rows = shape.rows;
    return !*text || submit_refuse_for(submit, "report", text);
}

static struct slice plan_text(const struct plan *plan, const char *usual)
{
    return plan->text.len ? plan->text : slice_of(usual);
}

static void remark_rows(struct remarks *remarks, const struct exchange *exchange,
                        struct slice message)
{
    const struct plan *plan = &exchange->plan;
    const bool null_ids = plan_number(plan, PLAN_NULL_IDS, 1) == 0;
    remarks_add_rows(remarks, &(struct row_remark){true, null_ids, plan->rows, message},
                     buf_slice(&exchange->body));
}

static void warn_as_planned(struct remarks *remarks, const struct exchange *exchange)
{
    const struct plan *plan = &exchange->plan;
    const bool null_ids = plan_number(plan, PLAN_NULL_IDS, 1) == 0;
    for (size_t i = 0; i < plan->warning_count; i++) {
        const struct warning *warning = &plan->warnings[i];
        struct slice text = warning->text.len ? warning->text : SLICE("Invalid phone number.");
        if (warning->rows.count)
            remarks_add_rows(remarks,
                             &(struct row_remark){false, null_ids, warning->rows, text},
                             buf_slice(&exchange->body));
        else
            remarks_add_warning(remarks, "report", text);
    }
}

/* What a fault rule refuses although it is good. False, and nothing answered, where the plan
 * asks for no refusal. */
static bool refuse_as_planned(struct exchange *exchange)
{
    const struct plan *plan = &exchange->plan;
    struct remarks remarks;
    remarks_init(&remarks);
    if (plan->fate == FATE_REFUSE_ROWS)
        remark_rows(&remarks, exchange,
                    plan_text(plan, "Blank value for element Patient_state (patient_state). "
                                    "Please refer to the ReportStream Programmer's Guide for "
                                    "required fields."));
    else if (plan->fate == FATE_ROWS_THERE)
        remark_rows(&remarks, exchange, SLICE("Item is a duplicate."));
    else if (plan->fate == FATE_ALL_THERE)
        remarks_add_error(&remarks, "report",
                          SLICE("All items in this submission are duplicates."));
    else if (plan->fate == FATE_REFUSE_REPORT)
        remarks_add_error(&remarks, "report",
                          plan_text(plan,
                                    "An unexpected error occurred requiring additional help. "
                                    "Contact the ReportStream team at reportstream@cdc.gov."));
    if (remarks.error_count)
        warn_as_planned(&remarks, exchange);
    if (remarks.error_count)
        history_answer(exchange, store_note(&exchange->receiver->store, 400, &remarks));
    else if (plan->fate == FATE_REFUSE_TEXT) {
        answer_set(&exchange->answer, 400, json, "");
        buf_add(&exchange->answer.body, plan_text(plan, "Bad request"));
    }
    return exchange->answer.status != 0;
}

static bool check_plan(struct submit *submit)
{
    return !refuse_as_planned(submit->exchange);
}

typedef bool submit_check(struct submit *submit);

static submit_check *const reports_checks[] = {
    check_key,    check_client_given,    check_client_known, check_client_active,
    check_option, check_length,          check_size,         check_content_type,
    check_body,   check_only_validation, check_csv,          check_plan,
    NULL,
};

static submit_check *const waters_checks[] = {
    check_client_given,
    check_token,
    check_client_known,
    check_client_active,
    check_option,
    check_length,
    check_size,
    check_content_type,
    check_body,
    check_only_validation,
    check_csv,
    check_plan,
    NULL,
};

static void submit_run(struct exchange *exchange, submit_check *const *checks,
                       const char *unknown)
{
    struct submit submit = {.exchange = exchange, .unknown = unknown};
    remarks_init(&submit.remarks);
    while (*checks && (*checks)(&submit))
        checks++;
    if (!*checks) {
        warn_as_planned(&submit.remarks, exchange); /* while the body is there */
        struct delivery delivery = exchange_delivery(exchange, submit.sender);
        delivery.rows = submit.rows;
        delivery.has_rows = true;
        const struct submission *submission = exchange_store(exchange, &delivery,
                                                             &submit.remarks);
        if (submission)
            history_answer(exchange, submission);
    } else {
        remarks_free(&submit.remarks);
    }
}

void submit_to_reports(struct exchange *exchange)
{
    submit_run(exchange, reports_checks, "sender");
}

void submit_to_waters(struct exchange *exchange)
{
    submit_run(exchange, waters_checks, "client");
}

static void write_plain_answer(struct buf *body, const struct submission *submission)
{
    const struct buf *warnings = &submission->remarks.warnings;
    buf_add_format(body, "{\"id\": \"%s\"", submission->report_id.text);
    if (warnings->len) {
        buf_add_text(body, ", \"warnings\": [");
        buf_add(body, buf_slice(warnings));
        buf_add_byte(body, ']');
    }
    buf_add_byte(body, '}');
}

void submit_plain(struct exchange *exchange)
{
    const struct settings *settings = &exchange->receiver->settings;
    if (!exchange_has_key(exchange))
        return;
    if (exchange->body_bytes > settings->max_bytes) {
        answer_set_status(&exchange->answer, 413);
        return;
    }
    if (refuse_as_planned(exchange))
        return;
    const struct csv_shape shape = csv_measure(buf_slice(&exchange->body));
    struct remarks remarks;
    remarks_init(&remarks);
    warn_as_planned(&remarks, exchange);
    struct delivery delivery = exchange_delivery(exchange, "");
    delivery.once = settings->idempotent;
    delivery.has_rows = strncmp(delivery.content_type, "text/csv", 8) == 0 &&
                        shape.flaw == CSV_SOUND;
    delivery.rows = shape.rows;
    const struct submission *submission = exchange_store(exchange, &delivery, &remarks);
    if (!submission)
        return;
    answer_set(&exchange->answer, (unsigned)settings->plain_status, json, "");
    if (settings->plain_status != 204)
        write_plain_answer(&exchange->answer.body, submission);
}
