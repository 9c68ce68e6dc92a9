/*
 * encoder.c - what all formats share: memory and its release.
 */

#include "elrelay/core/carry/encoder.h"

#include <assert.h>

#include "elrelay/core/carry/csv.h"
#include "elrelay/ground/mem.h"

static const struct format *encoder_format(const struct encoder *encoder)
{
    return encoder->conf->format ? encoder->conf->format : &format_table[0];
}

void encoder_init(struct encoder *encoder, const struct format_conf *conf, size_t max_bytes)
{
    *encoder = (struct encoder){
        .conf = conf, .max_bytes = max_bytes, .tracking_column = COLUMN_NONE};
    columns_init(&encoder->columns, CELL_TEXT_MAX); /* the header has the tighter ceiling */
    buf_init(&encoder->header, max_bytes);
    buf_init(&encoder->body, max_bytes);
    buf_init(&encoder->tracking, max_bytes);
    buf_init(&encoder->text, CELL_TEXT_MAX);
}

void encoder_free(struct encoder *encoder)
{
    columns_free(&encoder->columns);
    buf_free(&encoder->header);
    buf_free(&encoder->body);
    buf_free(&encoder->tracking);
    buf_free(&encoder->text);
    rules_free(encoder->rules, encoder->rules ? encoder->conf->column_count : 0);
    scan_free(&encoder->scan);
    mem_free(encoder->rows);
    mem_free(encoder->found);
    mem_free(encoder->places);
    *encoder = (struct encoder){0};
}

void encoder_clear(struct encoder *encoder)
{
    buf_clear(&encoder->body);
    buf_clear(&encoder->tracking);
    encoder->count = 0;
    encoder->cells = 0;
    encoder->empty_rows = 0;
    encoder->dropped_keys = 0;
    encoder->finished = false;
    encoder->placed = false;
    if (encoder->rules)
        return;
    columns_cut(&encoder->columns, 0);
    buf_clear(&encoder->header);
    encoder->tracking_column = COLUMN_NONE;
}

enum encode_result encoder_add(struct encoder *encoder, struct slice event, struct blame *blame)
{
    assert(!encoder->finished);
    return encoder_format(encoder)->add(encoder, event, blame);
}

size_t encoder_size(const struct encoder *encoder)
{
    return encoder_format(encoder)->size(encoder);
}

struct slice encoder_finish(struct encoder *encoder)
{
    if (!encoder->finished)
        encoder_format(encoder)->finish(encoder);
    encoder->finished = true;
    return buf_slice(&encoder->body);
}

struct slice encoder_tracking_id(const struct encoder *encoder, size_t row)
{
    if (!encoder->rows || row >= encoder->count)
        return SLICE("");
    size_t begin = encoder->rows[row].tracking;
    size_t end = row + 1 < encoder->count ? encoder->rows[row + 1].tracking
                                          : encoder->tracking.len;
    return slice_part(buf_slice(&encoder->tracking), begin, end - begin);
}

void encoder_release_body(struct encoder *encoder)
{
    buf_free(&encoder->body);
    buf_free(&encoder->tracking);
    buf_free(&encoder->text);
    mem_free(encoder->rows);
    encoder->rows = NULL;
    encoder->row_cap = 0;
    encoder->finished = true;
}
