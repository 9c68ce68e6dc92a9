#ifndef ELRELAY_CORE_TOLD_CONF_BUILD_H
#define ELRELAY_CORE_TOLD_CONF_BUILD_H

/*
 * conf_build.h - how a struct conf is filled, value by value, by a reader that knows a file's
 * syntax.
 *
 * The reader walks its tree and keeps a spot: where in the tree it stands. It looks a name up
 * with conf_build_find, which moves the spot to that setting, and hands in what it found there.
 * Each fault reads "FILE:LINE: KEY: what is wrong; what to do".
 */

#include "elrelay/core/told/conf.h"
#include "elrelay/core/told/settings.h"
#include "elrelay/core/told/value.h"
#include "elrelay/ground/fault.h"

/* A reader may hand in no more than this; it ends files that repeat themselves through aliases.
 */
enum { CONF_VALUES_MAX = 20000, CONF_VALUE_BYTES_MAX = 64 * 1024, CONF_KEY_TEXT_MAX = 256 };

/* What the builder must ask of the world outside the core. */
struct conf_outside {
    value_variable *variable;
    const char *(*unreadable)(const char *path); /* why it cannot be read; NULL: it can */
};

/* Where in the tree: `= {0}` is the top. */
struct conf_spot {
    enum setting_scope scope;
    const struct setting *setting; /* a row of this scope; NULL: the root of the scope */
    size_t route;                  /* scope route and column */
    size_t column;                 /* scope column */
    size_t pair;                   /* in a map */
    size_t line;                   /* in the file, from 1; 0: nowhere */
};

/* Where a value or section stood, and which variables made the value. */
struct conf_note {
    struct conf_spot spot;
    char *variables; /* NULL: none */
};

struct conf_build {
    struct conf *conf;
    const struct conf_outside *outside;
    struct fault *fault;
};

/* The defaults of the top. conf must be empty; on any failure below, conf_free it. */
void conf_build_begin(struct conf_build *build, const char *file);

/* Moves the spot from a section or root to the setting `name` in it; an unknown one is a fault.
 */
bool conf_build_find(struct conf_build *build, struct conf_spot *spot, struct slice name);

/* A section or list begins: its line is noted, for what is missing there. */
bool conf_build_branch(struct conf_build *build, const struct conf_spot *spot);

/* A text, duration ...: variables are expanded, limits held, a path must be readable. */
bool conf_build_set(struct conf_build *build, const struct conf_spot *spot, struct slice text);

/* One pair of a map. */
bool conf_build_pair(struct conf_build *build, const struct conf_spot *spot, struct slice name,
                     struct slice text);

/* One more item of a list, with its defaults; moves the spot to its root. */
bool conf_build_item(struct conf_build *build, struct conf_spot *spot);

/* What is missing, what contradicts, what the endpoint's profile adds. */
bool conf_build_finish(struct conf_build *build);

/* Refuses what stands at the spot; returns false. */
bool conf_build_refuse(struct conf_build *build, const struct conf_spot *spot,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a name inside what stands there; an empty one is left out. */
bool conf_build_refuse_name(struct conf_build *build, const struct conf_spot *spot,
                            struct slice name, const char *text);

/* What another room says of a finished configuration: "KEY: what is wrong", where KEY is one of
 * the top or, below its route, one of this route. Refuses it at the place of KEY; returns
 * false.
 */
bool conf_build_blame(struct conf_build *build, size_t route, const char *text);

/* "must be ..., as the table says". */
bool conf_build_refuse_type(struct conf_build *build, const struct conf_spot *spot);

/* The struct that the spot's setting stands in. */
void *conf_base(struct conf *conf, const struct conf_spot *spot);

/* "routes[0].endpoint.headers.client"; name may be empty. */
void conf_write_key(const struct conf_spot *spot, struct slice name, struct buf *out);

/* The note of this spot, NULL where it was not given. */
const struct conf_note *conf_find_note(const struct conf *conf, const struct conf_spot *spot);

#endif
