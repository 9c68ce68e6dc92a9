/*
 * remarks.c - remarks are written as JSON at once; nobody asks for their parts again.
 */

#include "remarks.h"

#include <stdio.h>

#include "csv_reader.h"
#include "elrelay/ground/json_out.h"
#include "elrelay/ground/mem.h"

enum { REMARKS_MAX = 4 << 20 };

void remarks_init(struct remarks *remarks)
{
    *remarks = (struct remarks){0};
    buf_init(&remarks->errors, REMARKS_MAX);
    buf_init(&remarks->warnings, REMARKS_MAX);
}

void remarks_free(struct remarks *remarks)
{
    buf_free(&remarks->errors);
    buf_free(&remarks->warnings);
}

static void remark_write(struct buf *buf, const char *scope, struct slice message)
{
    struct json_out out = {.buf = buf, .comma = buf->len > 0};
    json_out_begin_object(&out, NULL);
    json_out_text(&out, "scope", slice_of(scope));
    json_out_text(&out, "message", message);
    json_out_text(&out, "errorCode", SLICE("UNKNOWN"));
    json_out_end_object(&out);
}

void remarks_add_error(struct remarks *remarks, const char *scope, struct slice message)
{
    remark_write(&remarks->errors, scope, message);
    remarks->error_count++;
}

void remarks_add_warning(struct remarks *remarks, const char *scope, struct slice message)
{
    remark_write(&remarks->warnings, scope, message);
    remarks->warning_count++;
}

struct tracking {
    const struct row_list *rows;
    char **ids; /* in the order of rows; NULL where the cell is blank or absent */
    bool null_ids;
};

static void on_tracking_id(void *ctx, size_t row, struct slice cell)
{
    struct tracking *tracking = ctx;
    for (size_t i = 0; i < tracking->rows->count && cell.len; i++)
        if (tracking->rows->items[i] == row && !tracking->ids[i])
            tracking->ids[i] = mem_copy_text(cell.ptr, cell.len);
}

static void tracking_write(struct json_out *out, const struct tracking *tracking)
{
    json_out_begin_array(out, "trackingIds");
    for (size_t i = 0; i < tracking->rows->count; i++) {
        char substitute[32];
        snprintf(substitute, sizeof(substitute), "row%zu", tracking->rows->items[i]);
        if (tracking->null_ids)
            json_out_null(out, NULL);
        else
            json_out_text(out, NULL,
                          slice_of(tracking->ids[i] ? tracking->ids[i] : substitute));
    }
    json_out_end_array(out);
}

void remarks_add_rows(struct remarks *remarks, const struct row_remark *remark,
                      struct slice csv)
{
    const struct row_list *rows = &remark->rows;
    struct tracking tracking = {rows, mem_zalloc_array(rows->count, sizeof(char *)),
                                remark->null_ids};
    struct buf *list = remark->is_error ? &remarks->errors : &remarks->warnings;
    csv_visit_column(csv, SLICE("Result_ID"), on_tracking_id, &tracking);
    struct json_out out = {.buf = list, .comma = list->len > 0};
    json_out_begin_object(&out, NULL);
    json_out_text(&out, "scope", SLICE("item"));
    json_out_begin_array(&out, "indices");
    for (size_t i = 0; i < rows->count; i++)
        json_out_number(&out, NULL, rows->items[i]);
    json_out_end_array(&out);
    tracking_write(&out, &tracking);
    json_out_text(&out, "field", SLICE("Patient_state (patient_state)"));
    json_out_text(&out, "message", remark->message);
    json_out_text(&out, "errorCode", SLICE("INVALID_MSG_MISSING_FIELD"));
    json_out_end_object(&out);
    *(remark->is_error ? &remarks->error_count : &remarks->warning_count) += rows->count;
    for (size_t i = 0; i < rows->count; i++)
        mem_free(tracking.ids[i]);
    mem_free(tracking.ids);
}
