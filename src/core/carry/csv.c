/*
 * csv.c - rows that are written once and completed at the end.
 *
 * While a batch grows, so does its set of columns; a row has the cells of the columns known
 * when it was written. What it lacks is only commas, so the size of the finished body is a sum
 * that is kept up with each event, and the finish moves the rows apart inside their own buffer,
 * from the last one backwards.
 *
 * A line without a byte is no row to most readers. It can only be one of a single empty cell,
 * and that is written "". A batch of nothing but {} has no column at all and is written as one
 * without a name.
 */

#include "elrelay/core/carry/csv.h"

#include <assert.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/word.h"

enum { CSV_FIRST_ROWS = 256 };

/* True: nothing here needs a quote. False: perhaps. */
static bool csv_is_plain(struct slice text)
{
    size_t at = 0;
    for (; text.len - at >= WORD_BYTES; at += WORD_BYTES) {
        uint64_t word = word_load(text.ptr + at);
        uint64_t marks = word_is(word, ',') | word_is(word, '"') | word_below(word, '\r' + 1);
        if (marks & ~word_beyond_ascii(word))
            return false;
    }
    for (; at < text.len; at++)
        if (text.ptr[at] == ',' || text.ptr[at] == '"' || (unsigned char)text.ptr[at] <= '\r')
            return false;
    return true;
}

bool csv_add_cell(struct buf *line, struct slice text)
{
    static const unsigned char special[256] = {[','] = 1, ['\r'] = 1, ['\n'] = 1, ['"'] = 2};
    if (csv_is_plain(text))
        return buf_add(line, text);
    size_t quotes = 0;
    unsigned seen = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned kind = special[(unsigned char)text.ptr[i]];
        seen |= kind;
        quotes += kind == 2;
    }
    if (!seen)
        return buf_add(line, text);
    char *to = buf_reserve(line, text.len + quotes + 2);
    if (!to)
        return false;
    *to++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            *to++ = '"';
        *to++ = text.ptr[i];
    }
    *to = '"';
    line->len += text.len + quotes + 2;
    return true;
}

static bool csv_is_fixed(const struct encoder *encoder)
{
    return encoder->conf->header == HEADER_FIXED;
}

static struct slice csv_line_end(const struct encoder *encoder)
{
    return encoder->conf->crlf ? SLICE("\r\n") : SLICE("\n");
}

static size_t csv_column_count(const struct encoder *encoder)
{
    return csv_is_fixed(encoder) ? encoder->conf->column_count : encoder->columns.count;
}

/* Cells of a whole row: one at least. */
static size_t csv_width(const struct encoder *encoder)
{
    size_t count = csv_column_count(encoder);
    return count ? count : 1;
}

static size_t csv_line_len(size_t len, size_t width)
{
    return len == 0 && width == 1 ? 2 : len;
}

size_t csv_size(const struct encoder *encoder)
{
    if (encoder->finished || encoder->count == 0)
        return encoder->body.len;
    size_t width = csv_width(encoder);
    size_t header = csv_line_len(encoder->header.len, width) + csv_line_end(encoder).len;
    size_t missing = width * encoder->count - encoder->cells;
    size_t empty = csv_line_len(0, width) * encoder->empty_rows;
    return header + encoder->body.len + missing + empty;
}

static void csv_add_header_cell(struct encoder *encoder, struct slice name, size_t column)
{
    if (encoder->conf->tracking_id && slice_is_text(name, encoder->conf->tracking_id))
        encoder->tracking_column = column;
    if (encoder->conf->line_separators_to_space)
        name = cell_space_separators(name, &encoder->text);
    if (column > 0)
        buf_add_byte(&encoder->header, ',');
    csv_add_cell(&encoder->header, name);
}

static void csv_begin_fixed(struct encoder *encoder)
{
    encoder->rules = rules_new(encoder->conf, &encoder->columns);
    for (size_t i = 0; i < encoder->conf->column_count; i++)
        csv_add_header_cell(encoder, slice_of(encoder->conf->columns[i].name), i);
}

/* All that an event changes and that must be as before where it is not taken. */
struct csv_mark {
    size_t columns;
    size_t header;
    size_t body;
    size_t tracking;
    size_t tracking_column;
};

static struct csv_mark csv_mark(const struct encoder *encoder)
{
    return (struct csv_mark){encoder->columns.count, encoder->header.len, encoder->body.len,
                             encoder->tracking.len, encoder->tracking_column};
}

static void csv_cut(struct buf *buf, size_t len)
{
    buf_cut(buf, len);
    buf->full = false;
}

static void csv_undo(struct encoder *encoder, const struct csv_mark *mark)
{
    encoder->placed = false;
    csv_cut(&encoder->body, mark->body);
    csv_cut(&encoder->tracking, mark->tracking);
    if (csv_is_fixed(encoder))
        return;
    csv_cut(&encoder->header, mark->header);
    columns_cut(&encoder->columns, mark->columns);
    encoder->tracking_column = mark->tracking_column;
}

static void csv_make_found(struct encoder *encoder)
{
    if (encoder->found_cap >= encoder->columns.cap)
        return;
    encoder->found_cap = encoder->columns.cap;
    encoder->found = mem_resize(encoder->found, encoder->found_cap, sizeof(*encoder->found));
}

static size_t csv_add_column(struct encoder *encoder, struct slice key)
{
    size_t column = columns_add(&encoder->columns, key);
    if (column == COLUMN_NONE)
        return COLUMN_NONE;
    csv_add_header_cell(encoder, key, column);
    return column;
}

static void csv_make_places(struct encoder *encoder)
{
    if (encoder->place_cap >= encoder->scan.cap)
        return;
    encoder->place_cap = encoder->scan.cap;
    encoder->places = mem_resize(encoder->places, encoder->place_cap, sizeof(*encoder->places));
}

/* The column of each key. */
static void csv_find_places(struct encoder *encoder)
{
    bool grows = encoder->conf->header == HEADER_UNION ||
                 (encoder->conf->header == HEADER_FIRST && encoder->columns.count == 0);
    encoder->keys = (struct encoder_keys){0};
    csv_make_places(encoder);
    columns_rewind(&encoder->columns);
    for (size_t i = 0; i < encoder->scan.count; i++) {
        struct slice key = cell_key(&encoder->scan.members[i], &encoder->text);
        size_t column = columns_find(&encoder->columns, key);
        if (column == COLUMN_NONE && grows)
            column = csv_add_column(encoder, key);
        encoder->places[i] = column;
        encoder->keys.dropped += column == COLUMN_NONE;
    }
}

/* Each value to its column; of a repeated key the last. */
static void csv_place(struct encoder *encoder)
{
    if (!encoder->placed || !encoder->scan.same_keys)
        csv_find_places(encoder);
    csv_make_found(encoder);
    for (size_t i = 0; i < encoder->columns.count; i++)
        encoder->found[i] = 0;
    encoder->keys.known = 0;
    for (size_t i = 0; i < encoder->scan.count; i++) {
        size_t column = encoder->places[i];
        if (column == COLUMN_NONE)
            continue;
        encoder->keys.known += !encoder->found[column];
        encoder->found[column] = i + 1;
    }
    encoder->placed = true;
}

/* NULL where the event has nothing there. */
static const struct scan_member *csv_found(const struct encoder *encoder, size_t column)
{
    size_t found = encoder->found[column];
    return found ? &encoder->scan.members[found - 1] : NULL;
}

static enum reason csv_cell_text(struct encoder *encoder, size_t column, struct slice *text)
{
    if (csv_is_fixed(encoder)) {
        const struct rule *rule = &encoder->rules[column];
        return rule_text(rule, csv_found(encoder, rule->key), &encoder->text, text);
    }
    *text = cell_text(csv_found(encoder, column), &encoder->text);
    if (encoder->conf->line_separators_to_space)
        *text = cell_space_separators(*text, &encoder->text);
    return REASON_NONE;
}

static enum reason csv_add_cells(struct encoder *encoder, struct blame *blame)
{
    size_t count = csv_column_count(encoder);
    for (size_t column = 0; column < count; column++) {
        struct slice text;
        enum reason reason = csv_cell_text(encoder, column, &text);
        if (reason != REASON_NONE) {
            *blame = (struct blame){.reason = reason, .column = column + 1};
            return reason;
        }
        if (column > 0)
            buf_add_byte(&encoder->body, ',');
        csv_add_cell(&encoder->body, text);
        if (column == encoder->tracking_column)
            buf_add(&encoder->tracking, text);
    }
    return REASON_NONE;
}

static void csv_note_row(struct encoder *encoder, size_t body, size_t tracking)
{
    if (encoder->count == encoder->row_cap) {
        encoder->row_cap = encoder->row_cap ? encoder->row_cap * 2 : CSV_FIRST_ROWS;
        encoder->rows = mem_resize(encoder->rows, encoder->row_cap, sizeof(*encoder->rows));
    }
    struct encoder_row row = {encoder->body.len - body, csv_width(encoder), tracking};
    encoder->rows[encoder->count++] = row;
    encoder->cells += row.cells;
    encoder->empty_rows += row.len == 0;
    buf_add(&encoder->body, csv_line_end(encoder));
}

static void csv_forget_row(struct encoder *encoder)
{
    struct encoder_row row = encoder->rows[--encoder->count];
    encoder->cells -= row.cells;
    encoder->empty_rows -= row.len == 0;
}

static bool csv_is_over(const struct encoder *encoder)
{
    return encoder->body.full || encoder->header.full || encoder->tracking.full ||
           encoder->text.full || encoder->columns.names.full ||
           csv_size(encoder) > encoder->max_bytes;
}

/* What an empty batch could not take either is invalid. */
static enum encode_result csv_refuse(struct blame *blame, enum reason reason, bool alone)
{
    if (!alone)
        return ENCODE_FULL;
    *blame = (struct blame){.reason = reason};
    return ENCODE_INVALID;
}

static enum encode_result csv_add_row(struct encoder *encoder, struct blame *blame)
{
    csv_place(encoder);
    size_t max_columns = csv_is_fixed(encoder) ? 0 : encoder->conf->max_columns;
    if (max_columns && encoder->columns.count > max_columns)
        return csv_refuse(blame, REASON_TOO_MANY_COLUMNS, encoder->keys.known > max_columns);
    size_t body = encoder->body.len;
    size_t tracking = encoder->tracking.len;
    if (csv_add_cells(encoder, blame) != REASON_NONE)
        return ENCODE_INVALID;
    csv_note_row(encoder, body, tracking);
    if (csv_is_over(encoder)) {
        csv_forget_row(encoder);
        return csv_refuse(blame, REASON_TOO_LARGE, encoder->count == 0);
    }
    if (encoder->conf->header == HEADER_FIRST)
        encoder->dropped_keys += encoder->keys.dropped;
    return ENCODE_TAKEN;
}

enum encode_result csv_add(struct encoder *encoder, struct slice event, struct blame *blame)
{
    *blame = (struct blame){0};
    enum scan_result scanned = scan_event(&encoder->scan, event);
    if (scanned != SCAN_OK) {
        *blame = (struct blame){.reason = reason_of_scan(scanned),
                                .offset = encoder->scan.offset};
        return ENCODE_INVALID;
    }
    buf_clear(&encoder->text);
    if (csv_is_fixed(encoder) && !encoder->rules)
        csv_begin_fixed(encoder);
    struct csv_mark mark = csv_mark(encoder);
    enum encode_result result = csv_add_row(encoder, blame);
    if (result != ENCODE_TAKEN)
        csv_undo(encoder, &mark);
    return result;
}

/* Writes len bytes that end at `end`; gives where they begin. */
static char *csv_put_before(char *end, const char *ptr, size_t len)
{
    return len ? memmove(end - len, ptr, len) : end;
}

static char *csv_fill_before(char *end, char byte, size_t len)
{
    return memset(end - len, byte, len);
}

/* One line that ends at `end`, with the commas it lacks. */
static char *csv_put_line_before(char *end, const struct encoder *encoder, struct slice line,
                                 size_t cells)
{
    struct slice line_end = csv_line_end(encoder);
    size_t width = csv_width(encoder);
    end = csv_put_before(end, line_end.ptr, line_end.len);
    if (line.len == 0 && width == 1)
        return csv_fill_before(end, '"', 2);
    end = csv_fill_before(end, ',', width - cells);
    return csv_put_before(end, line.ptr, line.len);
}

void csv_finish(struct encoder *encoder)
{
    if (encoder->count == 0)
        return;
    size_t size = csv_size(encoder);
    size_t from = encoder->body.len;
    char *room = buf_reserve(&encoder->body, size - from);
    assert(room && "no event is taken that passes max_bytes");
    char *end = room + (size - from);
    for (size_t i = encoder->count; i-- > 0;) {
        const struct encoder_row *row = &encoder->rows[i];
        from -= row->len + csv_line_end(encoder).len;
        struct slice line = {encoder->body.ptr + from, row->len};
        end = csv_put_line_before(end, encoder, line, row->cells);
    }
    end = csv_put_line_before(end, encoder, buf_slice(&encoder->header), csv_width(encoder));
    assert(end == encoder->body.ptr);
    encoder->body.len = size;
}
