#ifndef TESTS_EDGE_SUPPORT_CONF_H
#define TESTS_EDGE_SUPPORT_CONF_H

/*
 * support_conf.h - a configuration from a text, with a small world outside: a few variables,
 * and every file can be read but those with "missing" in their path.
 */

#include "elrelay/edge/host/conf_file.h"

/* A good route of five lines; rows go on inside its endpoint (4 spaces) or behind it (2
 * spaces). */
#define ROUTE                                                                                  \
    "routes:\n"                                                                                \
    "- name: covid\n"                                                                          \
    "  endpoint:\n"                                                                            \
    "    profile: plain\n"                                                                     \
    "    url: https://reports.example.org/api\n"

struct bad_row {
    const char *name;
    const char *text;
    const char *wanted; /* the beginning of the fault */
};

extern const struct conf_outside conf_support_outside;

/* The file is called e.yaml. */
bool conf_support_read(struct conf *conf, const char *text, struct fault *fault);

/* Fails the test at the first row that is taken or refused for another reason. */
void conf_support_refuses(const struct bad_row *rows, size_t count);

#endif
