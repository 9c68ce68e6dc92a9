#ifndef ELRELAY_CORE_DECIDE_REFUSAL_H
#define ELRELAY_CORE_DECIDE_REFUSAL_H

/*
 * refusal.h - a refusal's body: what it refuses, and which rows it names.
 */

#include "elrelay/core/decide/verdict.h"

/*
 * The class of a refusal by its body; in the verdict what it says, and for VERDICT_ITEMS a
 * letter for each row in fates. Gives `unread` where the body has no list of errors that can be
 * read.
 */
enum verdict_class refusal_read(struct verdict *verdict, const struct profile *profile,
                                enum verdict_class unread, struct slice body,
                                const struct verdict_rows *rows);

#endif
