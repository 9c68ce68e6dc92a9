#ifndef ELRELAY_EDGE_HOST_CONF_FILE_H
#define ELRELAY_EDGE_HOST_CONF_FILE_H

/*
 * conf_file.h - a YAML file on disk becomes a struct conf, or a fault that names file, line and
 * key.
 */

#include "elrelay/core/told/conf_build.h"
#include "elrelay/ground/fault.h"

enum { CONF_FILE_BYTES_MAX = 1024 * 1024 };

/*
 * Reads, expands ${VAR}, applies the settings table, and checks that the files it names can be
 * read. On false conf is empty and the fault (FAULT_CONF) says what, where and what to do:
 * "FILE:LINE: key: ...".
 */
bool conf_file_read(struct conf *conf, const char *path, struct fault *fault);

/* The same for a text at hand; name stands for FILE, and outside for the environment and the
 * disk. */
bool conf_file_read_text(struct conf *conf, const char *name, struct slice text,
                         const struct conf_outside *outside, struct fault *fault);

#endif
