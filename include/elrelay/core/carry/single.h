#ifndef ELRELAY_CORE_CARRY_SINGLE_H
#define ELRELAY_CORE_CARRY_SINGLE_H

/*
 * single.h - one event as it is, a body of its own: one of the formats of format_table.
 */

#include "elrelay/core/carry/encoder.h"

enum encode_result single_add(struct encoder *encoder, struct slice event, struct blame *blame);
size_t single_size(const struct encoder *encoder);
void single_finish(struct encoder *encoder);

#endif
