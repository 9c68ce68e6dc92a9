#ifndef ELRELAY_EVENTS_RATES_H
#define ELRELAY_EVENTS_RATES_H

/*
 * rates.h - how often something is wrong with an event, each a probability from 0 to 1.
 */

#include <stdbool.h>

#include "columns.h"

struct fault;

struct rates {
    double error[COLUMN_COUNT];
    double malformed;
    double duplicate;
};

/* Reads "0.05" for the option named. */
bool rates_read(double *rate, const char *option, const char *text, struct fault *fault);

/* Reads "Patient_state=0.05"; of a column that is not there the fault names the nearest. */
bool rates_read_error(struct rates *rates, const char *text, struct fault *fault);

#endif
