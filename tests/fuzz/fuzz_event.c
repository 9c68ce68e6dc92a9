/*
 * fuzz_event.c - lines of bytes as events, through scan, parser and encoder, and back from CSV
 * to cells.
 *
 * Holds for all input: what the scan lets pass, the parser reads; the size told before the
 * finish is the size of the body; with exactly that room the same body comes out, with one byte
 * less it does not; and a reader that shares no line with the encoder finds in the CSV what the
 * events said.
 */

#include <stdint.h>
#include <stdlib.h>

#include "elrelay/core/carry/encoder.h"
#include "elrelay/ground/json.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/scan.h"
#include "csv_reader.h"

enum { ROOMY = 64 * 1024 * 1024, LINES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct lines {
    struct slice list[LINES_MAX]; /* those that were taken, after the first run */
    size_t count;
};

static struct lines split(const uint8_t *data, size_t size)
{
    struct lines lines = {.count = 0};
    struct slice rest = {(const char *)data, size};
    while (lines.count < LINES_MAX && rest.len) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
        lines.list[lines.count++] = slice_part(rest, 0, len);
        rest = slice_part(rest, len + 1, rest.len);
    }
    return lines;
}

static void want(bool holds)
{
    if (!holds)
        abort();
}

/* What passes the scan is a JSON object to the parser too, with as many members. */
static void check_scan(struct slice line)
{
    struct scan scan = {0};
    if (scan_event(&scan, line) == SCAN_OK) {
        struct json *tree = json_parse(line);
        want(tree && json_kind(tree) == JSON_OBJECT);
        size_t count = 0;
        for (const struct json *child = json_first(tree); child; child = json_next(child))
            count++;
        want(count == scan.count);
        json_free(tree);
    }
    want(scan.offset <= line.len);
    scan_free(&scan);
}

/* Keeps in lines what was taken. */
static void encode_all(struct encoder *encoder, struct lines *lines)
{
    size_t kept = 0;
    for (size_t i = 0; i < lines->count; i++) {
        struct blame blame;
        size_t before = encoder_size(encoder);
        enum encode_result result = encoder_add(encoder, lines->list[i], &blame);
        want(result == ENCODE_TAKEN || encoder_size(encoder) == before);
        want((result == ENCODE_INVALID) == (blame.reason != REASON_NONE));
        if (result == ENCODE_TAKEN)
            lines->list[kept++] = lines->list[i];
    }
    lines->count = kept;
    want(encoder->count == kept);
}

/* How many backslashes stand right before at. */
static size_t slashes_before(struct slice bytes, size_t at)
{
    size_t count = 0;
    while (count < at && bytes.ptr[at - count - 1] == '\\')
        count++;
    return count;
}

static struct slice without_space(struct slice bytes, char *room)
{
    size_t len = 0;
    bool inside = false;
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] == '"' && slashes_before(bytes, i) % 2 == 0)
            inside = !inside;
        if (inside || !strchr(" \t\r\n", bytes.ptr[i]))
            room[len++] = bytes.ptr[i];
    }
    return (struct slice){room, len};
}

static bool cell_says(struct slice cell, const struct json *value, struct slice bytes)
{
    enum json_kind kind = value ? json_kind(value) : JSON_NULL;
    char *room = mem_zalloc(bytes.len + cell.len + 1);
    bool same = false;
    if (kind == JSON_NULL)
        same = cell.len == 0;
    else if (kind == JSON_TRUE || kind == JSON_FALSE)
        same = slice_is_text(cell, kind == JSON_TRUE ? "true" : "false");
    else if (kind == JSON_TEXT)
        same = slice_is(cell, json_text(value));
    else if (kind == JSON_NUMBER)
        same = cell.len && strtod(memcpy(room, cell.ptr, cell.len), NULL) == json_number(value);
    else
        same = slice_is(cell, without_space(bytes, room));
    mem_free(room);
    return same;
}

/* The last member of this name, by its decoded key. */
static const struct json *member(const struct json *tree, struct slice key, size_t *place)
{
    const struct json *found = NULL;
    size_t at = 0;
    for (const struct json *child = json_first(tree); child; child = json_next(child), at++)
        if (slice_is(json_key(child), key)) {
            found = child;
            *place = at;
        }
    return found;
}

/* One row against its event: each cell says what the event has under the column's name. */
static void check_row(const struct csv_table *table, size_t row, struct slice event)
{
    struct scan scan = {0};
    want(scan_event(&scan, event) == SCAN_OK);
    struct json *tree = json_parse(event);
    for (size_t column = 0; column < table->width; column++) {
        size_t place = 0;
        struct slice name = csv_table_cell(table, 0, column);
        const struct json *value = member(tree, name, &place);
        struct slice bytes = value ? scan.members[place].value : SLICE("");
        want(cell_says(csv_table_cell(table, row, column), value, bytes));
    }
    json_free(tree);
    scan_free(&scan);
}

/* Each key of the event is a column. */
static void check_keys(const struct csv_table *table, struct slice event)
{
    struct json *tree = json_parse(event);
    for (const struct json *child = json_first(tree); child; child = json_next(child)) {
        bool found = false;
        for (size_t column = 0; column < table->width && !found; column++)
            found = slice_is(csv_table_cell(table, 0, column), json_key(child));
        want(found);
    }
    json_free(tree);
}

static void check_csv(struct slice body, const struct lines *lines, bool all_keys)
{
    struct csv_table table;
    csv_table_read(&table, body);
    want(table.good && table.rows == (lines->count ? lines->count + 1 : 0));
    for (size_t i = 0; i < lines->count; i++) {
        check_row(&table, i + 1, lines->list[i]);
        if (all_keys)
            check_keys(&table, lines->list[i]);
    }
    csv_table_free(&table);
}

/* Exactly the room it needs gives the same body, one byte less does not. */
static void check_room(const struct format_conf *conf, struct slice body,
                       const struct lines *taken)
{
    for (size_t missing = 0; missing < 2 && body.len > missing; missing++) {
        struct lines lines = *taken;
        struct encoder encoder;
        encoder_init(&encoder, conf, body.len - missing);
        encode_all(&encoder, &lines);
        want((lines.count == taken->count) == (missing == 0));
        size_t size = encoder_size(&encoder);
        struct slice again = encoder_finish(&encoder);
        want(again.len == size && size <= body.len - missing);
        want(missing || slice_is(again, body));
        encoder_free(&encoder);
    }
}

static void check_format(const struct format_conf *conf, struct lines lines)
{
    struct encoder encoder;
    encoder_init(&encoder, conf, ROOMY);
    encode_all(&encoder, &lines);
    size_t size = encoder_size(&encoder);
    struct slice body = encoder_finish(&encoder);
    want(body.len == size);
    if (conf->header != HEADER_FIXED && !conf->line_separators_to_space)
        check_csv(body, &lines, conf->header == HEADER_UNION);
    check_room(conf, body, &lines);
    encoder_free(&encoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "id";
    static char pointer[] = "/a/0/b";
    static char deep[] = "/a~1b/x";
    static char pattern[] = "[^,]*";
    static char other[] = "other";
    static char third[] = "third";
    static struct column_conf columns[] = {
        {.name = name, .required = true},
        {.name = other, .path = pointer, .pattern = pattern},
        {.name = third, .path = deep, .fallback = name},
    };
    static const struct format_conf formats[] = {
        {.header = HEADER_UNION, .tracking_id = name},
        {.header = HEADER_FIRST, .crlf = true},
        {.header = HEADER_UNION, .line_separators_to_space = true, .max_columns = 4},
        {.header = HEADER_FIXED, .columns = columns, .column_count = 3, .tracking_id = other},
    };
    struct lines lines = split(data, size);
    for (size_t i = 0; i < lines.count; i++)
        check_scan(lines.list[i]);
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        check_format(&formats[i], lines);
    return 0;
}
