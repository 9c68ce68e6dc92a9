/*
 * fuzz_csv.c - any bytes as cells of a table, written and read back.
 *
 * The first byte is the room a row has (in units of four bytes, 255: plenty); a record
 * separator (0x1e) ends a row, a unit separator (0x1f) a cell. A cell that does not fit leaves
 * the row as it was.
 */

#include <stdint.h>
#include <stdlib.h>

#include "elrelay/core/carry/csv.h"
#include "csv_reader.h"

enum { ROW_SEPARATOR = 0x1e, CELL_SEPARATOR = 0x1f, ROOMY = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(bool holds)
{
    if (!holds)
        abort();
}

/* Cuts text at the first separator; gives what stands before it. */
static struct slice take(struct slice *text, char separator)
{
    const char *end = text->len ? memchr(text->ptr, separator, text->len) : NULL;
    size_t len = end ? (size_t)(end - text->ptr) : text->len;
    struct slice part = slice_part(*text, 0, len);
    *text = slice_part(*text, len + 1, text->len);
    return part;
}

static void check_separators(struct slice cell)
{
    struct buf room;
    buf_init(&room, ROOMY);
    struct slice spaced = cell_space_separators(cell, &room);
    want(spaced.len <= cell.len && (cell.len - spaced.len) % 2 == 0);
    for (size_t i = 0; i + 2 < spaced.len; i++)
        want(memcmp(spaced.ptr + i, "\xe2\x80\xa8", 3) != 0 &&
             memcmp(spaced.ptr + i, "\xe2\x80\xa9", 3) != 0);
    buf_free(&room);
}

/* A row is written whole or given up; gives whether it was written. */
static bool write_row(struct buf *line, struct slice row)
{
    bool first = true;
    bool whole = true;
    while (whole && (row.len || first)) {
        struct slice cell = take(&row, CELL_SEPARATOR);
        check_separators(cell);
        whole = first || buf_add_byte(line, ',');
        size_t before = line->len;
        whole = whole && csv_add_cell(line, cell);
        want(whole || line->len == before);
        first = false;
    }
    if (whole && line->len == 0)
        whole = buf_add_text(line, "\"\"");
    return whole && buf_add_byte(line, '\n');
}

static void check_row(struct buf *line, struct slice row)
{
    struct csv_table table;
    csv_table_read(&table, buf_slice(line));
    want(table.good && table.rows == 1);
    for (size_t column = 0; column < table.width; column++)
        want(slice_is(csv_table_cell(&table, 0, column), take(&row, CELL_SEPARATOR)));
    want(row.len == 0);
    csv_table_free(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = size && data[0] < 255 ? data[0] * (size_t)4 : ROOMY;
    struct slice rest = {(const char *)data + (size > 0), size - (size > 0)};
    while (rest.len) {
        struct slice row = take(&rest, ROW_SEPARATOR);
        struct buf line;
        buf_init(&line, room);
        if (write_row(&line, row))
            check_row(&line, row);
        buf_free(&line);
    }
    return 0;
}
