#ifndef ELRELAY_CORE_TOLD_VALUE_H
#define ELRELAY_CORE_TOLD_VALUE_H

/*
 * value.h - one value of the configuration as a person writes it: 120s, 48MB, ${HOSTNAME}.
 *
 * Pure: variables come through a function that the caller hands in. Units are part of a value;
 * a number that needs one and has none is refused, never guessed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/fault.h"

enum { VALUE_VARIABLE_MAX = 64, VALUE_SIZE_TEXT_MAX = 32 };

/* A whole number and one of ms, s, m, h, d, as in 120s; false on anything else or beyond 64
 * bits. */
bool value_read_duration(struct slice text, uint64_t *ms);

/* A whole number and one of B, kB, MB, GB (powers of 1000), KiB, MiB, GiB (of 1024). */
bool value_read_size(struct slice text, uint64_t *bytes);

/* In the largest unit that leaves a whole number: 48MB, 1MiB, 1500B. */
void value_write_size(char text[VALUE_SIZE_TEXT_MAX], uint64_t bytes);

/* The value of a variable of the environment, NULL where it is not set. */
typedef const char *value_variable(const char *name);

/*
 * Writes text to out with each ${NAME} replaced by its value and each ${NAME:-TEXT} by TEXT
 * where the variable is unset or empty; every other $ stays. `used`, where not NULL, gets the
 * names whose values were taken, ", " between them. False, and what is wrong in fault, for a
 * variable that is not set, a bad name, a NUL, or a value that out cannot hold.
 */
bool value_expand(struct slice text, value_variable *variable, struct buf *out,
                  struct buf *used, struct fault *fault);

/* True for a name that a secret may stand behind, as in x-functions-key or access_token. */
bool value_name_is_secret(struct slice name);

/* A URL with *** for its password and for the secret values of its query. */
void value_write_url(struct buf *out, struct slice url);

#endif
