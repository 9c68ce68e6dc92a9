#ifndef ELRELAY_GROUND_FAULT_H
#define ELRELAY_GROUND_FAULT_H

/*
 * fault.h - what went wrong: a code for the program, a text for the person.
 *
 * A fallible function returns bool and fills the fault it was handed as its last argument
 * (never NULL). Context is added on the way up, and the fault is logged once, at the top. A
 * text names settings, columns, keys, positions and our own words; no byte of an event, an
 * answer or a secret may be put into it.
 */

#include <stdbool.h>

enum fault_code {
    FAULT_NONE,
    FAULT_GENERAL,  /* exit code 1 */
    FAULT_USAGE,    /* exit code 2 */
    FAULT_CONF,     /* exit code 3 */
    FAULT_REDIS,    /* exit code 4 */
    FAULT_ENDPOINT, /* exit code 5 */
    FAULT_PENDING,  /* exit code 6: something is held or unknown */
};

enum { FAULT_TEXT_MAX = 512 };

struct fault {
    enum fault_code code;
    char text[FAULT_TEXT_MAX]; /* cut at the end when longer */
};

/* Sets both and returns false, so that a function can end with `return fault_set(...)`. */
bool fault_set(struct fault *fault, enum fault_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text; returns false. */
bool fault_add_context(struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A bug of ours: says what was wrong on stderr and aborts. The service manager restarts us;
 * Redis has everything. */
_Noreturn void fault_bug(const char *where, const char *what);

/* The exit code of the command line for this code. */
int fault_exit_code(enum fault_code code);

#endif
