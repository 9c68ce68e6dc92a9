#ifndef ELRELAY_CORE_CARRY_TRACKER_H
#define ELRELAY_CORE_CARRY_TRACKER_H

/*
 * tracker.h - the tracking id of one event that is no row of a batch: it was refused by the
 * encoder, or still waits.
 *
 * The same text that the encoder keeps of a row (encoder_tracking_id), also where the cell
 * breaks its column's rule.
 */

#include "elrelay/core/carry/columns.h"
#include "elrelay/core/carry/format.h"
#include "elrelay/core/carry/rule.h"
#include "elrelay/ground/scan.h"

struct tracker {
    const struct format_conf *conf; /* borrowed for the tracker's life */
    struct columns keys;            /* header: fixed: the one that its column takes from */
    struct rule *rule;              /* header: fixed: its column's; made when first needed */
    struct scan scan;
    struct buf text;
};

void tracker_init(struct tracker *tracker, const struct format_conf *conf);

/* Accepts a zeroed one. */
void tracker_free(struct tracker *tracker);

/* False where the event is not what scan_event takes. Else the id, empty where it has none, or
 * none is configured; patient-related: never into logs. Valid until the next call, as long as
 * the event. */
bool tracker_find(struct tracker *tracker, struct slice event, struct slice *id);

#endif
