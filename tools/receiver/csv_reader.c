/*
 * csv_reader.c - one pass over the bytes, no copies but for cells with doubled quotes.
 */

#include "csv_reader.h"

#include <stdint.h>

void csv_reader_init(struct csv_reader *reader, struct slice bytes)
{
    *reader = (struct csv_reader){.bytes = bytes};
    buf_init(&reader->cell, bytes.len);
}

void csv_reader_free(struct csv_reader *reader)
{
    buf_free(&reader->cell);
}

/* Behind a cell there is a comma, the end of the line, or the end of the file. */
static enum csv_step csv_leave_cell(struct csv_reader *reader)
{
    const struct slice bytes = reader->bytes;
    if (reader->at < bytes.len && bytes.ptr[reader->at] == ',') {
        reader->at++;
        reader->column++;
        return CSV_CELL;
    }
    if (reader->at < bytes.len && bytes.ptr[reader->at] == '\r')
        reader->at++;
    if (reader->at < bytes.len && bytes.ptr[reader->at] == '\n')
        reader->at++;
    else if (reader->at < bytes.len || bytes.ptr[reader->at - 1] == '\r')
        return CSV_BROKEN;
    reader->row++;
    reader->column = 0;
    return CSV_LAST_CELL;
}

static enum csv_step csv_read_plain(struct csv_reader *reader, struct slice *cell)
{
    const struct slice bytes = reader->bytes;
    size_t from = reader->at;
    while (reader->at < bytes.len && bytes.ptr[reader->at] != ',' &&
           bytes.ptr[reader->at] != '\n' && bytes.ptr[reader->at] != '\r') {
        if (bytes.ptr[reader->at] == '"')
            return CSV_BROKEN;
        reader->at++;
    }
    *cell = slice_part(bytes, from, reader->at - from);
    return csv_leave_cell(reader);
}

/* Each turn takes the bytes up to a quote; a second quote right behind it stands for itself. */
static enum csv_step csv_read_quoted(struct csv_reader *reader, struct slice *cell)
{
    const struct slice bytes = reader->bytes;
    buf_clear(&reader->cell);
    for (size_t from = reader->at + 1;; from = reader->at + 1) {
        const char *quote = from < bytes.len ? memchr(bytes.ptr + from, '"', bytes.len - from)
                                             : NULL;
        if (!quote)
            return CSV_BROKEN;
        size_t end = (size_t)(quote - bytes.ptr);
        reader->at = end + 1;
        bool doubled = reader->at < bytes.len && bytes.ptr[reader->at] == '"';
        buf_add(&reader->cell, slice_part(bytes, from, end - from + doubled));
        if (!doubled)
            break;
    }
    *cell = buf_slice(&reader->cell);
    return csv_leave_cell(reader);
}

enum csv_step csv_read(struct csv_reader *reader, struct slice *cell)
{
    if (reader->at == reader->bytes.len && reader->column == 0)
        return CSV_END;
    if (reader->at < reader->bytes.len && reader->bytes.ptr[reader->at] == '"')
        return csv_read_quoted(reader, cell);
    return csv_read_plain(reader, cell);
}

/* The step that ended a row, and how many cells it had. */
static enum csv_step csv_skip_row(struct csv_reader *reader, size_t *cells)
{
    struct slice cell;
    enum csv_step step = CSV_CELL;
    *cells = 0;
    while (step == CSV_CELL) {
        step = csv_read(reader, &cell);
        *cells += step == CSV_CELL || step == CSV_LAST_CELL;
    }
    return step;
}

struct csv_shape csv_measure(struct slice bytes)
{
    struct csv_reader reader;
    csv_reader_init(&reader, bytes);
    struct csv_shape shape = {0};
    size_t cells = 0;
    enum csv_step step = csv_skip_row(&reader, &shape.columns);
    while (step == CSV_LAST_CELL && shape.flaw == CSV_SOUND) {
        step = csv_skip_row(&reader, &cells);
        if (step == CSV_LAST_CELL && cells != shape.columns)
            shape.flaw = CSV_UNEVEN;
        else if (step == CSV_LAST_CELL)
            shape.rows++;
    }
    if (step == CSV_BROKEN)
        shape.flaw = CSV_UNREADABLE;
    shape.flaw_line = shape.flaw == CSV_SOUND ? 0 : reader.row + (step == CSV_BROKEN);
    csv_reader_free(&reader);
    return shape;
}

bool csv_visit_column(struct slice bytes, struct slice name,
                      void (*visit)(void *ctx, size_t row, struct slice cell), void *ctx)
{
    struct csv_reader reader;
    csv_reader_init(&reader, bytes);
    size_t wanted = SIZE_MAX;
    for (;;) {
        size_t row = reader.row;
        size_t column = reader.column;
        struct slice cell;
        enum csv_step step = csv_read(&reader, &cell);
        if (step == CSV_END || step == CSV_BROKEN)
            break;
        if (row == 0 && wanted == SIZE_MAX && slice_is(cell, name))
            wanted = column;
        else if (row > 0 && column == wanted)
            visit(ctx, row, cell);
    }
    csv_reader_free(&reader);
    return wanted != SIZE_MAX;
}
