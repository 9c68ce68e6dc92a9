/*
 * rates.c - reads probabilities, and the names of the columns they are for.
 */

#include "rates.h"

#include <stdlib.h>

#include "elrelay/ground/fault.h"
#include "elrelay/ground/near.h"
#include "elrelay/ground/slice.h"

/* COLUMN_COUNT: none is near. */
static size_t column_nearest(struct slice name)
{
    size_t nearest = COLUMN_COUNT;
    size_t best = near_end(name);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        size_t distance = near_distance_any_case(name, slice_of(columns[i].name));
        if (distance < best) {
            best = distance;
            nearest = i;
        }
    }
    return nearest;
}

bool rates_read(double *rate, const char *option, const char *text, struct fault *fault)
{
    char *end = NULL;
    *rate = strtod(text, &end);
    if (end == text || *end != '\0' || !(*rate >= 0 && *rate <= 1))
        return fault_set(fault, FAULT_USAGE, "%s: \"%s\" is not a probability from 0 to 1",
                         option, text);
    return true;
}

bool rates_read_error(struct rates *rates, const char *text, struct fault *fault)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        return fault_set(fault, FAULT_USAGE,
                         "--error-rate: \"%s\" is not FIELD=P, as in Patient_state=0.05", text);
    struct slice name = {text, (size_t)(equals - text)};
    size_t nearest = column_nearest(name);
    if (nearest == COLUMN_COUNT)
        return fault_set(fault, FAULT_USAGE, "--error-rate: no column is named \"%.*s\"",
                         SLICE_ARG(name));
    if (!slice_is_text(name, columns[nearest].name))
        return fault_set(fault, FAULT_USAGE,
                         "--error-rate: no column is named \"%.*s\"; the nearest is %s",
                         SLICE_ARG(name), columns[nearest].name);
    return rates_read(&rates->error[nearest], "--error-rate", equals + 1, fault);
}
