#ifndef ELRELAY_TESTS_FUZZ_CSV_READER_H
#define ELRELAY_TESTS_FUZZ_CSV_READER_H

/*
 * csv_reader.h - a small strict reader of RFC 4180, written from the standard and not from the
 * encoder.
 *
 * Lines end with LF or CR LF, all alike; every row has as many cells as the first; quotes stand
 * only around a whole cell; an empty line is no row.
 */

#include <stdbool.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/mem.h"

struct csv_table {
    struct buf bytes; /* of all cells, one behind the other */
    size_t *ends;     /* of each cell in bytes */
    size_t cells;
    size_t cap;
    size_t rows;
    size_t width;
    bool good;
};

static inline void csv_table_end_cell(struct csv_table *table)
{
    if (table->cells == table->cap) {
        table->cap = table->cap ? table->cap * 2 : 64;
        table->ends = mem_resize(table->ends, table->cap, sizeof(*table->ends));
    }
    table->ends[table->cells++] = table->bytes.len;
}

static inline void csv_table_end_row(struct csv_table *table)
{
    table->rows++;
    if (table->rows == 1)
        table->width = table->cells;
    table->good = table->good && table->cells == table->rows * table->width;
}

/* The text between the quotes; gives the offset behind the last one. */
static inline size_t csv_table_read_quoted(struct csv_table *table, struct slice text,
                                           size_t at)
{
    at++;
    while (at < text.len) {
        if (text.ptr[at] == '"') {
            if (at + 1 >= text.len || text.ptr[at + 1] != '"')
                return at + 1;
            at++;
        }
        buf_add_byte(&table->bytes, text.ptr[at++]);
    }
    table->good = false;
    return at;
}

static inline bool csv_table_ends_cell(struct slice text, size_t at)
{
    return at >= text.len || text.ptr[at] == ',' || text.ptr[at] == '\n' ||
           text.ptr[at] == '\r';
}

static inline size_t csv_table_read_cell(struct csv_table *table, struct slice text, size_t at)
{
    if (at < text.len && text.ptr[at] == '"') {
        at = csv_table_read_quoted(table, text, at);
        table->good = table->good && csv_table_ends_cell(text, at);
    }
    for (; !csv_table_ends_cell(text, at); at++) {
        table->good = table->good && text.ptr[at] != '"';
        buf_add_byte(&table->bytes, text.ptr[at]);
    }
    csv_table_end_cell(table);
    return at;
}

/* One row with its line end; gives where the next begins. */
static inline size_t csv_table_read_row(struct csv_table *table, struct slice text, size_t at)
{
    table->good = table->good && text.ptr[at] != '\n' && text.ptr[at] != '\r';
    at = csv_table_read_cell(table, text, at);
    while (at < text.len && text.ptr[at] == ',')
        at = csv_table_read_cell(table, text, at + 1);
    if (at < text.len && text.ptr[at] == '\r')
        at++;
    table->good = table->good && at < text.len && text.ptr[at] == '\n';
    csv_table_end_row(table);
    return at + 1;
}

static inline void csv_table_read(struct csv_table *table, struct slice text)
{
    *table = (struct csv_table){.good = true};
    buf_init(&table->bytes, text.len);
    for (size_t at = 0; at < text.len && table->good;)
        at = csv_table_read_row(table, text, at);
}

static inline struct slice csv_table_cell(const struct csv_table *table, size_t row,
                                          size_t column)
{
    size_t cell = row * table->width + column;
    size_t begin = cell ? table->ends[cell - 1] : 0;
    return slice_part(buf_slice(&table->bytes), begin, table->ends[cell] - begin);
}

static inline void csv_table_free(struct csv_table *table)
{
    buf_free(&table->bytes);
    mem_free(table->ends);
}

#endif
