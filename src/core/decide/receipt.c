/*
 * receipt.c - what is kept of an acceptance.
 *
 * What tells that a report was stored stands in front of the lists of warnings, which may be
 * longer than we read. They are no reason to doubt it.
 */

#include "receipt.h"

/*
 * `id` is a UUID exactly when something was stored, and `errorCount` is 0 then. `overallStatus`
 * says "Received" even on a refusal, so it is not looked at.
 */
bool receipt_read(struct receipt *receipt, const struct json *history)
{
    uint64_t errors = 0;
    if (!uuid_parse(&receipt->report_id, json_text(json_member(history, "id"))) ||
        !json_u64(json_member(history, "errorCount"), &errors) || errors > 0)
        return false;
    json_u64(json_member(history, "submissionId"), &receipt->submission_id);
    json_u64(json_member(history, "warningCount"), &receipt->warnings);
    receipt->has_count = json_u64(json_member(history, "reportItemCount"),
                                  &receipt->item_count);
    return true;
}

/* Up to the last comma between its own members; 0 where there is none. */
static size_t head_len(struct slice body)
{
    size_t len = 0;
    size_t depth = 0;
    bool in_text = false;
    for (size_t at = 0; at < body.len; at++) {
        char byte = body.ptr[at];
        if (in_text && byte == '\\')
            at++;
        else if (byte == '"')
            in_text = !in_text;
        else if (!in_text && (byte == '{' || byte == '['))
            depth++;
        else if (!in_text && (byte == '}' || byte == ']'))
            depth -= depth > 0;
        else if (!in_text && byte == ',' && depth == 1)
            len = at;
    }
    return len;
}

struct json *receipt_parse_head(struct slice body)
{
    struct buf head;
    buf_init(&head, body.len + 1);
    buf_add(&head, slice_part(body, 0, head_len(body)));
    buf_add_byte(&head, '}');
    struct json *tree = json_parse(buf_slice(&head));
    buf_free(&head);
    return tree;
}
