#ifndef ELRELAY_EDGE_HTTP_SECRET_H
#define ELRELAY_EDGE_HTTP_SECRET_H

/*
 * secret.h - a secret that lies in a file, held in memory only as long as it is used.
 *
 * Its bytes never reach a fault: a text names the file and what is wrong with it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "elrelay/ground/fault.h"

enum { SECRET_MAX = 64 * 1024 };

struct secret {
    char *text; /* NUL at the end */
    size_t cap; /* bytes to wipe */
};

/*
 * Reads the file and cuts one line end at its end. False (FAULT_CONF), with nothing held, where
 * it cannot be read, is empty, is larger than SECRET_MAX, or has a control character (a line
 * break, for one) in it.
 */
bool secret_read(struct secret *secret, const char *path, struct fault *fault);

/* Clears the bytes and gives the memory back. Accepts a zeroed one. */
void secret_free(struct secret *secret);

#endif
