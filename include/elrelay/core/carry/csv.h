#ifndef ELRELAY_CORE_CARRY_CSV_H
#define ELRELAY_CORE_CARRY_CSV_H

/*
 * csv.h - events as rows of RFC 4180, one of the formats of format_table.
 */

#include "elrelay/core/carry/encoder.h"

enum encode_result csv_add(struct encoder *encoder, struct slice event, struct blame *blame);
size_t csv_size(const struct encoder *encoder);
void csv_finish(struct encoder *encoder);

/* One cell, quoted where it must be: with a comma, a quote, CR or LF in it. False at the
 * ceiling. */
bool csv_add_cell(struct buf *line, struct slice text);

#endif
