#ifndef ELRELAY_CLI_LINES_H
#define ELRELAY_CLI_LINES_H

/*
 * lines.h - the lines of a file descriptor, of any length up to a ceiling.
 */

#include <stdint.h>

#include "elrelay/ground/buf.h"
#include "elrelay/ground/fault.h"

struct lines {
    int fd;
    size_t max; /* the longest line that is taken */
    struct buf buf;
    size_t start;    /* where the next line begins in buf */
    size_t seen;     /* bytes of it that hold no line end */
    uint64_t number; /* of the line given last, from 1 */
    uint64_t bytes;  /* read so far */
    bool ended;
};

enum lines_result { LINES_ONE, LINES_END, LINES_FAILED };

void lines_init(struct lines *lines, int fd, size_t max);
void lines_free(struct lines *lines);

/* The next line without its LF, valid until the next call; the last one may lack the LF. */
enum lines_result lines_next(struct lines *lines, struct slice *line, struct fault *fault);

/* True where the next call would wait for whoever writes. */
bool lines_would_wait(const struct lines *lines);

/* Nothing but white space. */
bool lines_is_blank(struct slice line);

#endif
