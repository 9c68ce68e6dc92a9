/*
 * remarks.c - from the lists of an answer to lists that a script can go through.
 *
 * A remark names rows by number and by tracking id, side by side; either may be null or absent.
 * The id counts as it is written: it is what the sender's own programs know the row by.
 */

#include "elrelay/core/decide/remarks.h"

#include <stdio.h>

#include "elrelay/core/decide/verdict.h"
#include "elrelay/ground/json_out.h"

enum {
    REMARKS_TEXT_MAX = 8 * REMARKS_BYTES_MAX, /* of JSON: no byte takes more than six */
    REMARK_OWN_BYTES = 100,                   /* an exception's names, and Redis's own */
    ROW_NAME_MAX = 32,
};

struct remark {
    const struct remarks_about *about;
    struct remarks *remarks;
    struct json_out out;
    struct slice details;
    bool is_error;
    bool begun;              /* an id of it has been written */
    char name[ROW_NAME_MAX]; /* of a row that has no id */
};

/* Whole characters, so many bytes of them at most. */
static struct slice details_cut(struct slice text)
{
    size_t len = text.len;
    if (len <= REMARK_DETAILS_MAX)
        return text;
    len = REMARK_DETAILS_MAX;
    while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return slice_part(text, 0, len);
}

static struct json_out list_go_on(struct buf *list, size_t max)
{
    if (list->max == 0) {
        buf_init(list, max);
        buf_add_byte(list, '[');
    }
    return (struct json_out){.buf = list, .comma = list->len > 1};
}

static void list_end(struct buf *list)
{
    if (list->len)
        buf_add_byte(list, ']');
}

static void remark_write_head(struct json_out *out, const struct remark *remark)
{
    json_out_begin_object(out, NULL);
    json_out_bool(out, "isError", remark->is_error);
    json_out_text(out, "details", remark->details);
}

static void remark_add_id(struct remark *remark, struct slice id)
{
    struct remarks *remarks = remark->remarks;
    size_t bytes = id.len + remark->details.len + REMARK_OWN_BYTES;
    if (remarks->count == REMARKS_MAX || remarks->bytes + bytes > REMARKS_BYTES_MAX) {
        remarks->left_out++;
        return;
    }
    if (!remark->begun) {
        remark->out = list_go_on(&remarks->about_rows, REMARKS_TEXT_MAX);
        remark_write_head(&remark->out, remark);
        json_out_begin_array(&remark->out, "ids");
        remark->begun = true;
    }
    json_out_text(&remark->out, NULL, id);
    remarks->count++;
    remarks->bytes += bytes;
}

static void remark_add_about_all(struct remark *remark)
{
    struct remarks *remarks = remark->remarks;
    size_t bytes = remarks->about_all.len + REMARK_OWN_BYTES;
    if (remarks->all_count == REMARKS_ABOUT_ALL_MAX ||
        bytes + remark->details.len > REMARKS_ABOUT_ALL_BYTES) {
        remarks->left_out++;
        return;
    }
    struct json_out out = list_go_on(&remarks->about_all, REMARKS_TEXT_MAX);
    remark_write_head(&out, remark);
    json_out_end_object(&out);
    remarks->all_count++;
}

/* number 0: none was named. */
static bool remark_is_wanted(const struct remark *remark, uint64_t number)
{
    const struct slice fates = remark->about->fates;
    if (!remark->about->refused)
        return true;
    if (number && number <= fates.len)
        return fates.ptr[number - 1] != 'a';
    return fates.len && remark->is_error;
}

static struct slice remark_row_id(struct remark *remark, uint64_t number)
{
    const struct verdict_rows *rows = remark->about->rows;
    struct slice id = rows->tracking_id(rows->ctx, (size_t)number - 1);
    snprintf(remark->name, ROW_NAME_MAX, "row%llu", (unsigned long long)number);
    return id.len ? id : slice_of(remark->name);
}

/* False where it names no row. */
static bool remark_take_row(struct remark *remark, const struct json *index,
                            const struct json *tracking_id)
{
    const struct verdict_rows *rows = remark->about->rows;
    uint64_t number = 0;
    struct slice id = json_text(tracking_id);
    bool is_row = json_u64(index, &number) && number >= 1 && number <= rows->count;
    if (!is_row)
        number = 0;
    if (id.len == 0 && is_row)
        id = remark_row_id(remark, number);
    if (id.len && remark_is_wanted(remark, number))
        remark_add_id(remark, id);
    return id.len > 0;
}

static const struct json *list_first(const struct json *list)
{
    return list && json_kind(list) == JSON_ARRAY ? json_first(list) : NULL;
}

static void remark_take(struct remark *remark, const struct json *said)
{
    const struct json *index = list_first(json_member(said, "indices"));
    const struct json *tracking_id = list_first(json_member(said, "trackingIds"));
    bool names_a_row = false;
    remark->details = details_cut(json_text(json_member(said, "message")));
    while (index || tracking_id) {
        names_a_row |= remark_take_row(remark, index, tracking_id);
        index = index ? json_next(index) : NULL;
        tracking_id = tracking_id ? json_next(tracking_id) : NULL;
    }
    if (remark->begun) {
        json_out_end_array(&remark->out);
        json_out_end_object(&remark->out);
    }
    if (!names_a_row)
        remark_add_about_all(remark);
}

static void remarks_take(struct remarks *remarks, const struct remarks_about *about,
                         const char *list, bool is_error)
{
    for (const struct json *said = list_first(json_member(about->answer, list)); said;
         said = json_next(said)) {
        struct remark remark = {.about = about, .remarks = remarks, .is_error = is_error};
        remark_take(&remark, said);
    }
}

void remarks_read(struct remarks *remarks, const struct remarks_about *about)
{
    remarks_free(remarks);
    remarks_take(remarks, about, "warnings", false);
    remarks_take(remarks, about, "errors", true);
    list_end(&remarks->about_rows);
    list_end(&remarks->about_all);
}

void remarks_free(struct remarks *remarks)
{
    buf_free(&remarks->about_rows);
    buf_free(&remarks->about_all);
    *remarks = (struct remarks){0};
}
