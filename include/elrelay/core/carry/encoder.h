#ifndef ELRELAY_CORE_CARRY_ENCODER_H
#define ELRELAY_CORE_CARRY_ENCODER_H

/*
 * encoder.h - events in, one body out, and never a byte more than max_bytes.
 *
 * Rows are written once, as events come, each with the cells of the columns known by then; the
 * header and the commas that a row lacks at its end are put in at the finish, inside the same
 * buffer. So the size of the body is known exactly after every event, and no event or tree is
 * kept.
 */

#include <stdint.h>

#include "elrelay/core/carry/cell.h"
#include "elrelay/core/carry/columns.h"
#include "elrelay/core/carry/format.h"
#include "elrelay/core/carry/rule.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/scan.h"

struct encoder_row {
    size_t len;      /* bytes of the row so far, without its line end */
    size_t cells;    /* how many cells those are */
    size_t tracking; /* where its tracking id begins in `tracking` */
};

struct encoder_keys {
    size_t known;   /* different keys that have a column */
    size_t dropped; /* keys that have none */
};

struct encoder {
    const struct format_conf *conf; /* borrowed for the encoder's life */
    size_t max_bytes;
    struct columns columns; /* header: fixed: the top-level keys that its columns take from */
    struct buf header;      /* the first line, without its line end */
    struct buf body;        /* the rows; after encoder_finish the body as it is sent */
    struct encoder_row *rows;
    size_t count; /* rows taken */
    size_t row_cap;
    size_t cells;        /* sum of the rows' cells */
    size_t empty_rows;   /* rows without a byte so far */
    size_t dropped_keys; /* keys of events that found no column (header: first) */
    struct buf tracking; /* the rows' tracking ids, one behind the other */
    size_t tracking_column;
    struct rule *rules; /* header: fixed: one for each configured column */
    bool finished;

    /* work space, kept between events */
    struct scan scan;
    size_t *found; /* by column: the last member of that name, from 1; 0: none */
    size_t found_cap;
    size_t *places; /* by member of the event taken last: its column */
    size_t place_cap;
    bool placed;              /* places are those of the event scanned last */
    struct encoder_keys keys; /* of that event */
    struct buf text;          /* a cell on its way */
};

/* Takes no memory yet. conf must outlive the encoder. */
void encoder_init(struct encoder *encoder, const struct format_conf *conf, size_t max_bytes);

/* Gives everything back; accepts a zeroed one. */
void encoder_free(struct encoder *encoder);

/* Empties it for the next batch and keeps conf, limits and memory. */
void encoder_clear(struct encoder *encoder);

/*
 * One event, before the finish. One that is too large for an empty batch is ENCODE_INVALID with
 * REASON_TOO_LARGE; into a batch with rows it is ENCODE_FULL, as nobody knows yet.
 */
enum encode_result encoder_add(struct encoder *encoder, struct slice event,
                               struct blame *blame);

/* Exact bytes of the body if it were finished now; 0 without rows. */
size_t encoder_size(const struct encoder *encoder);

/* Finishes the body; the same again when called again. Valid until clear, release or free. */
struct slice encoder_finish(struct encoder *encoder);

/* The tracking id of a row (0-based), empty where it has none; patient-related: never into
 * logs. */
struct slice encoder_tracking_id(const struct encoder *encoder, size_t row);

/* Gives up the body and the row table (they can be large), tracking ids with them, and keeps
 * the count. */
void encoder_release_body(struct encoder *encoder);

#endif
