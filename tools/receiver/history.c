/*
 * history.c - the detail of one submission and the list of many.
 *
 * The list shows what has a report: a refused submission is known by its submissionId alone.
 */

#include "history.h"

#include <stdio.h>
#include <stdlib.h>

#include "elrelay/ground/json_out.h"
#include "elrelay/ground/number.h"
#include "elrelay/ground/time_text.h"
#include "elrelay/ground/uuid.h"
#include "route.h"

enum { PAGE_SIZE = 50, NAME_MAX_LEN = 256 };

static const char json[] = "application/json";

void sender_name(char *name, size_t size, const char *client)
{
    const char *dot = strchr(client, '.');
    int len = snprintf(name, size, "%s%s", client, dot ? "" : ".default");
    if (len < 0 || (size_t)len >= size || (dot && strchr(dot + 1, '.')))
        *name = '\0';
}

bool sender_is_listed(const struct text_list *list, const char *sender, bool if_empty)
{
    char listed[NAME_MAX_LEN];
    for (size_t i = 0; i < list->count; i++) {
        sender_name(listed, sizeof(listed), list->items[i]);
        if (strcmp(listed, sender) == 0)
            return true;
    }
    return list->count == 0 && if_empty;
}

/* A text or a null in its place. */
static void write_text(struct json_out *out, const char *key, const char *text)
{
    if (text && *text)
        json_out_text(out, key, slice_of(text));
    else
        json_out_null(out, key);
}

static void write_remarks(struct json_out *out, const char *key, const struct buf *remarks)
{
    json_out_begin_array(out, key);
    buf_add(out->buf, buf_slice(remarks));
    json_out_end_array(out);
}

static void write_rows(struct json_out *out, const struct submission *submission)
{
    if (*submission->report_id.text)
        json_out_number(out, "reportItemCount", submission->rows);
    else
        json_out_null(out, "reportItemCount");
}

static void history_write(struct buf *body, const struct submission *submission)
{
    const bool has_report = *submission->report_id.text;
    char time[TIME_TEXT_MAX];
    time_text_write(time, submission->unix_ms);
    struct json_out out = {.buf = body};
    json_out_begin_object(&out, NULL);
    write_text(&out, "id", submission->report_id.text);
    json_out_number(&out, "submissionId", submission->id);
    json_out_text(&out, "overallStatus", SLICE("Received"));
    json_out_text(&out, "timestamp", slice_of(time));
    json_out_null(&out, "plannedCompletionAt");
    json_out_null(&out, "actualCompletionAt");
    json_out_text(&out, "sender", slice_of(submission->sender));
    write_rows(&out, submission);
    json_out_number(&out, "errorCount", submission->remarks.error_count);
    json_out_number(&out, "warningCount", submission->remarks.warning_count);
    json_out_number(&out, "httpStatus", submission->http_status);
    json_out_begin_array(&out, "destinations");
    json_out_end_array(&out);
    json_out_text(&out, "actionName", SLICE("receive"));
    write_text(&out, "externalName", submission->payload_name);
    write_text(&out, "reportId", submission->report_id.text);
    write_text(&out, "topic", has_report ? "covid-19" : NULL);
    write_remarks(&out, "errors", &submission->remarks.errors);
    write_remarks(&out, "warnings", &submission->remarks.warnings);
    json_out_number(&out, "destinationCount", 0);
    json_out_text(&out, "fileName", SLICE(""));
    json_out_text(&out, "bodyFormat", SLICE(""));
    json_out_end_object(&out);
}

void history_answer(struct exchange *exchange, const struct submission *submission)
{
    const char *id = *submission->report_id.text ? submission->report_id.text : "null";
    answer_set(&exchange->answer, submission->http_status, json, "");
    buf_add_format(&exchange->answer.location, "%s/api/waters/report/%s/history",
                   exchange->receiver->base, id);
    history_write(&exchange->answer.body, submission);
}

static void answer_error(struct exchange *exchange, unsigned status, const char *content_type,
                         const char *message)
{
    answer_set(&exchange->answer, status, content_type, "");
    struct json_out out = {.buf = &exchange->answer.body};
    json_out_begin_object(&out, NULL);
    json_out_text(&out, "error", slice_of(message));
    json_out_end_object(&out);
}

void show_history(struct exchange *exchange)
{
    const struct slice id = exchange->path_part;
    if (!exchange_has_token(exchange))
        return;
    const struct submission *submission = store_find(&exchange->receiver->store, id);
    if (submission) {
        answer_set(&exchange->answer, 200, json, "");
        history_write(&exchange->answer.body, submission);
        return;
    }
    uint64_t number = 0;
    struct uuid uuid;
    char message[NAME_MAX_LEN];
    if (number_read_u64(id, &number))
        snprintf(message, sizeof(message), "No such actionId %.*s", SLICE_ARG(id));
    else if (uuid_parse(&uuid, id))
        snprintf(message, sizeof(message), "No such reportId: %.*s", SLICE_ARG(id));
    else
        snprintf(message, sizeof(message), "Bad format: %.*s must be a num or a UUID",
                 SLICE_ARG(id));
    answer_error(exchange, 404, NULL, message);
}

/* What is asked of the list. */
struct listing {
    char sender[NAME_MAX_LEN]; /* "org.sender", or "org." for all of it */
    bool ascending;
    uint64_t since_ms;
    uint64_t until_ms;  /* before this */
    uint64_t cursor_ms; /* beyond this, in the direction of the list */
    uint64_t page_size;
};

static bool listing_read_time(struct exchange *exchange, const char *name, uint64_t *unix_ms)
{
    const char *given = exchange_query(exchange, name);
    if (!given || time_text_read(slice_of(given), unix_ms))
        return true;
    char message[NAME_MAX_LEN];
    snprintf(message, sizeof(message), "\"%s\" must be a valid datetime", name);
    answer_error(exchange, 400, json, message);
    return false;
}

static bool listing_read_order(struct exchange *exchange, struct listing *listing)
{
    const char *order = exchange_query(exchange, "sortdir");
    const char *size = exchange_query(exchange, "pageSize");
    listing->ascending = order && strcmp(order, "ASC") == 0;
    if (order && !listing->ascending && strcmp(order, "DESC") != 0)
        answer_error(exchange, 400, json, "\"sortdir\" must be ASC or DESC");
    else if (size &&
             (!number_read_u64(slice_of(size), &listing->page_size) || !listing->page_size))
        answer_error(exchange, 400, json, "\"pageSize\" must be a positive number");
    else
        return true;
    return false;
}

/* False where the organization is unknown: "org" needs "org.default" among the known ones. */
static bool listing_read_sender(struct exchange *exchange, struct listing *listing)
{
    char name[NAME_MAX_LEN];
    snprintf(name, sizeof(name), "%.*s", SLICE_ARG(exchange->path_part));
    sender_name(listing->sender, sizeof(listing->sender), name);
    if (!*listing->sender ||
        !sender_is_listed(&exchange->receiver->settings.clients, listing->sender, true)) {
        answer_error(exchange, 404, json, "No such organization or sender");
        return false;
    }
    if (!strchr(name, '.'))
        snprintf(listing->sender, sizeof(listing->sender), "%.*s.", NAME_MAX_LEN - 2, name);
    return true;
}

static bool listing_read(struct exchange *exchange, struct listing *listing)
{
    *listing = (struct listing){.until_ms = UINT64_MAX, .page_size = PAGE_SIZE};
    if (!listing_read_sender(exchange, listing) || !listing_read_order(exchange, listing))
        return false;
    listing->cursor_ms = listing->ascending ? 0 : UINT64_MAX;
    return listing_read_time(exchange, "since", &listing->since_ms) &&
           listing_read_time(exchange, "until", &listing->until_ms) &&
           listing_read_time(exchange, "cursor", &listing->cursor_ms);
}

static bool listing_shows(const struct listing *listing, const struct submission *submission)
{
    const uint64_t at_ms = submission->unix_ms;
    size_t sender_len = strlen(listing->sender);
    bool whole_org = listing->sender[sender_len - 1] == '.';
    if (!*submission->report_id.text ||
        strncmp(submission->sender, listing->sender, sender_len) != 0)
        return false;
    if (!whole_org && submission->sender[sender_len] != '\0')
        return false;
    bool beyond_cursor = listing->ascending ? at_ms > listing->cursor_ms
                                            : at_ms < listing->cursor_ms;
    return at_ms >= listing->since_ms && at_ms < listing->until_ms && beyond_cursor;
}

static void listing_write(struct json_out *out, const struct submission *submission)
{
    char time[TIME_TEXT_MAX];
    time_text_write(time, submission->unix_ms);
    json_out_begin_object(out, NULL);
    json_out_number(out, "submissionId", submission->id);
    json_out_text(out, "timestamp", slice_of(time));
    json_out_text(out, "sender", slice_of(submission->sender));
    json_out_number(out, "httpStatus", submission->http_status);
    json_out_text(out, "id", slice_of(submission->report_id.text));
    json_out_text(out, "topic", SLICE("covid-19"));
    write_rows(out, submission);
    json_out_text(out, "fileName", SLICE(""));
    json_out_text(out, "fileType", SLICE("CSV"));
    write_text(out, "externalName", submission->payload_name);
    json_out_end_object(out);
}

void show_submissions(struct exchange *exchange)
{
    struct listing listing;
    if (!exchange_has_token(exchange) || !listing_read(exchange, &listing))
        return;
    struct store *store = &exchange->receiver->store;
    answer_set(&exchange->answer, 200, json, "");
    struct json_out out = {.buf = &exchange->answer.body};
    json_out_begin_array(&out, NULL);
    uint64_t shown = 0;
    size_t count = store_count(store);
    for (size_t i = 0; i < count && shown < listing.page_size; i++) {
        const struct submission *submission = store_at(store,
                                                       listing.ascending ? i : count - 1 - i);
        if (!listing_shows(&listing, submission))
            continue;
        listing_write(&out, submission);
        shown++;
    }
    json_out_end_array(&out);
}
