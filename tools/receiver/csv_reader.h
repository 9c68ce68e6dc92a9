#ifndef ELRELAY_RECEIVER_CSV_READER_H
#define ELRELAY_RECEIVER_CSV_READER_H

/*
 * csv_reader.h - CSV as RFC 4180 says, read cell by cell.
 *
 * Written apart from the daemon's own writer on purpose: the one checks the other. Lines end
 * with LF or CRLF, the last one may lack its end.
 */

#include <stdbool.h>
#include <stddef.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/slice.h"

struct csv_reader {
    struct slice bytes;
    size_t at;
    size_t row;    /* of the next cell; the header is row 0 */
    size_t column; /* of the next cell, from 0 */
    struct buf cell;
};

enum csv_step {
    CSV_CELL,      /* more cells follow in its row */
    CSV_LAST_CELL, /* the last of its row */
    CSV_END,
    CSV_BROKEN, /* a quote or a CR where none may stand */
};

void csv_reader_init(struct csv_reader *reader, struct slice bytes);
void csv_reader_free(struct csv_reader *reader);

/* The next cell without its quotes; valid until the next call. */
enum csv_step csv_read(struct csv_reader *reader, struct slice *cell);

enum csv_flaw { CSV_SOUND, CSV_UNEVEN, CSV_UNREADABLE };

/* What a file looks like. A flaw ends the look at its row. */
struct csv_shape {
    size_t columns; /* of the header */
    size_t rows;    /* data rows before the end or the flaw */
    enum csv_flaw flaw;
    size_t flaw_line; /* the row with the flaw, the header being 1 */
};

struct csv_shape csv_measure(struct slice bytes);

/* Calls visit with each data row (from 1) and its cell in the named column. False where the
 * header lacks it. */
bool csv_visit_column(struct slice bytes, struct slice name,
                      void (*visit)(void *ctx, size_t row, struct slice cell), void *ctx);

#endif
