/*
 * refusal.c - errors one by one, then what they come to together.
 *
 * An error is about the file, about rows it names, or about rows it does not name (ENDPOINT
 * 2.3). A row is named by its number, or where that is null by its tracking id; a name that
 * fits no row makes the whole list useless, since what is left would be guessed.
 */

#include "refusal.h"

#include <stdlib.h>

#include "elrelay/ground/json.h"
#include "elrelay/ground/mem.h"

enum { ROW_GOES_ON = 'a', ROW_REFUSED = 'd', ROW_THERE = 's' };

struct tracked {
    struct slice id;
    size_t row;
    char marked; /* first of its id: with what all rows of the id were marked last */
};

struct reading {
    const struct profile *profile;
    const struct verdict_rows *rows;
    char *fates;             /* of the rows */
    struct tracked *tracked; /* the rows by tracking id; NULL until one is asked for */
    bool seen[VERDICT_CLASS_COUNT];
    bool astray; /* an error names a row that is not there */
    size_t count;
};

static int tracked_compare(const void *one, const void *other)
{
    struct slice a = ((const struct tracked *)one)->id;
    struct slice b = ((const struct tracked *)other)->id;
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

static void reading_index(struct reading *reading)
{
    const struct verdict_rows *rows = reading->rows;
    reading->tracked = mem_zalloc_array(rows->count + 1, sizeof(*reading->tracked));
    for (size_t row = 0; row < rows->count; row++)
        reading->tracked[row] = (struct tracked){rows->tracking_id(rows->ctx, row), row, '\0'};
    qsort(reading->tracked, rows->count, sizeof(*reading->tracked), tracked_compare);
}

/* The first of the rows with this tracking id, or NULL. */
static struct tracked *reading_find(struct reading *reading, struct slice id)
{
    const struct tracked wanted = {.id = id};
    if (id.len == 0)
        return NULL;
    if (!reading->tracked)
        reading_index(reading);
    size_t from = 0;
    for (size_t to = reading->rows->count; from < to;) {
        size_t middle = from + (to - from) / 2;
        if (tracked_compare(&reading->tracked[middle], &wanted) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    struct tracked *found = &reading->tracked[from];
    return from < reading->rows->count && slice_is(found->id, id) ? found : NULL;
}

/* Refused stands: what was refused now may be no copy of anything that is there. */
static void reading_mark_row(struct reading *reading, size_t row, char fate)
{
    if (reading->fates[row] != ROW_REFUSED)
        reading->fates[row] = fate;
}

/* Once for each id and fate, however often it is named. */
static void reading_mark_all(struct reading *reading, struct tracked *first, char fate)
{
    const struct tracked *end = reading->tracked + reading->rows->count;
    if (first->marked == fate || first->marked == ROW_REFUSED)
        return;
    for (const struct tracked *at = first; at < end && slice_is(at->id, first->id); at++)
        reading_mark_row(reading, at->row, fate);
    first->marked = fate;
}

/* False where the number and the tracking id name no row, or different ones. */
static bool reading_mark(struct reading *reading, const struct json *index,
                         const struct json *tracking_id, char fate)
{
    const struct verdict_rows *rows = reading->rows;
    struct slice id = json_text(tracking_id);
    struct tracked *first = reading_find(reading, id);
    uint64_t number = 0;
    if (index && json_kind(index) != JSON_NULL) {
        if (!json_u64(index, &number) || number < 1 || number > rows->count ||
            (first && !slice_is(rows->tracking_id(rows->ctx, (size_t)number - 1), id)))
            return false;
        reading_mark_row(reading, (size_t)number - 1, fate);
        return true;
    }
    if (first)
        reading_mark_all(reading, first, fate);
    return first != NULL;
}

static const struct json *array_first(const struct json *array)
{
    return array && json_kind(array) == JSON_ARRAY ? json_first(array) : NULL;
}

static const struct json *array_next(const struct json *child)
{
    return child ? json_next(child) : NULL;
}

static void reading_take_rows(struct reading *reading, const struct json *error, char fate)
{
    const struct json *index = array_first(json_member(error, "indices"));
    const struct json *tracking_id = array_first(json_member(error, "trackingIds"));
    reading->astray |= !index && !tracking_id;
    while (index || tracking_id) {
        reading->astray |= !reading_mark(reading, index, tracking_id, fate);
        index = array_next(index);
        tracking_id = array_next(tracking_id);
    }
}

/* An error that names rows is about them, also where it does not say so. */
static struct slice error_scope(const struct json *error)
{
    const struct json *scope = json_member(error, "scope");
    if (!scope && (json_member(error, "indices") || json_member(error, "trackingIds")))
        return SLICE("item");
    return json_text(scope);
}

static void reading_take(struct reading *reading, const struct json *error)
{
    struct slice scope = error_scope(error);
    enum verdict_class class = profile_class_of_error(reading->profile, scope,
                                                      json_text(json_member(error, "message")));
    reading->count++;
    if (!slice_is(scope, SLICE("item"))) {
        reading->seen[class] = true;
        return;
    }
    reading->seen[VERDICT_ITEMS] = true;
    reading_take_rows(reading, error, class == VERDICT_THERE ? ROW_THERE : ROW_REFUSED);
}

/* "All are duplicates" is false beside other errors (ENDPOINT 5, the trap). */
static bool reading_is_sole(const struct reading *reading, const struct json *tree)
{
    uint64_t logged = 1; /* before equal ones were merged, hidden ones among them */
    json_u64(json_member(tree, "errorCount"), &logged);
    return reading->count == 1 && logged == 1;
}

static enum verdict_class reading_sum(const struct reading *reading, const struct json *tree)
{
    if (reading->seen[VERDICT_FILE])
        return VERDICT_FILE;
    if (reading->seen[VERDICT_ITEMS] && !reading->astray)
        return VERDICT_ITEMS;
    if (reading->seen[VERDICT_THERE] && reading_is_sole(reading, tree))
        return VERDICT_THERE;
    return VERDICT_ROWS;
}

static enum verdict_class refusal_sum(struct buf *fates, struct reading *reading,
                                      const struct json *tree)
{
    const size_t count = reading->rows->count;
    buf_init(fates, count);
    reading->fates = buf_reserve(fates, count);
    memset(reading->fates, ROW_GOES_ON, count);
    for (const struct json *error = array_first(json_member(tree, "errors")); error;
         error = json_next(error))
        reading_take(reading, error);
    mem_free(reading->tracked);
    enum verdict_class class = reading_sum(reading, tree);
    if (class == VERDICT_ITEMS)
        fates->len = count;
    else
        buf_free(fates);
    return class;
}

enum verdict_class refusal_read(struct verdict *verdict, const struct profile *profile,
                                enum verdict_class unread, struct slice body,
                                const struct verdict_rows *rows)
{
    struct reading reading = {.profile = profile, .rows = rows};
    struct json *tree = json_parse(body);
    const struct json *errors = json_member(tree, "errors");
    struct uuid id;
    enum verdict_class class = unread;
    if (profile->acceptance == ACCEPT_REPORT_RECEIPT &&
        uuid_parse(&id, json_text(json_member(tree, "id"))))
        class = VERDICT_UNKNOWN;
    else if (errors && json_kind(errors) == JSON_ARRAY)
        class = refusal_sum(&verdict->fates, &reading, tree);
    if (class != VERDICT_UNKNOWN && profile->speaks_of_rows)
        remarks_read(&verdict->remarks,
                     &(struct remarks_about){rows, tree, true, buf_slice(&verdict->fates)});
    json_free(tree);
    return class;
}
