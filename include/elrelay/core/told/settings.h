#ifndef ELRELAY_CORE_TOLD_SETTINGS_H
#define ELRELAY_CORE_TOLD_SETTINGS_H

/*
 * settings.h - the table of all settings, and what one row can do with its field.
 *
 * Parsing, defaults, limits, the effective configuration, the manual page and the shipped
 * elrelay.yaml all come from setting_table. A row knows its place in struct conf, route_conf or
 * column_conf; the room knows neither files nor YAML.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/buf.h"

/* The struct a row's field stands in. */
enum setting_scope {
    SETTING_TOP,    /* struct conf */
    SETTING_ROUTE,  /* struct route_conf, an item of `routes` */
    SETTING_COLUMN, /* struct column_conf, an item of `format.columns` */
};

enum setting_type {
    SETTING_SECTION,  /* a mapping of settings; no field of its own */
    SETTING_TEXT,     /* char * */
    SETTING_PATH,     /* char *, a file that must be readable */
    SETTING_COUNT,    /* size_t */
    SETTING_DURATION, /* uint64_t, ms */
    SETTING_SIZE,     /* size_t or uint64_t, bytes */
    SETTING_CHOICE,   /* enum or bool: the index of the word */
    SETTING_ROW,      /* const T *: a row of a table whose rows begin with their name */
    SETTING_MAP,      /* pairs of char * with their count: any names */
    SETTING_LIST, /* items with their count, each a mapping of the settings of scope `inner` */
};

enum setting_flags {
    SETTING_REQUIRED = 1 << 0, /* must be given, or have a default that holds */
    SETTING_RESTART = 1 << 1,  /* a changed value is taken only by a restart */
    SETTING_SECRET = 1 << 2,   /* a URL or a map that may carry a secret: shown with *** */
};

/* Words to choose from: a plain list, or the rows of a table. */
struct setting_words {
    const void *rows;
    size_t stride;
    const size_t *count;
};

struct setting {
    const char *key; /* dotted, from the root of its scope: "redis.retry.first" */
    enum setting_scope scope;
    enum setting_type type;
    enum setting_scope inner; /* list */
    unsigned flags;
    size_t offset;        /* of the field */
    size_t size;          /* of the field; of an item for map and list */
    size_t count_offset;  /* map, list */
    const char *fallback; /* the default as one would write it; NULL: none */
    uint64_t min;         /* count, duration, size */
    uint64_t max;
    const struct setting_words *words; /* choice, row */
    const char *sentence;              /* what it does, for a person */
};

extern const struct setting setting_table[];
extern const size_t setting_count;

/* The part of the key behind the last dot. */
struct slice setting_name(const struct setting *setting);

/* The row of this dotted key, NULL where there is none. */
const struct setting *setting_by_key(enum setting_scope scope, struct slice key);

/* The row of `name` in a section (NULL: the root of the scope); NULL where there is none. */
const struct setting *setting_find(enum setting_scope scope, const struct setting *section,
                                   struct slice name);

/* What may have been meant by an unknown name there; NULL where nothing is near. */
const struct setting *setting_nearest(enum setting_scope scope, const struct setting *section,
                                      struct slice name);

/* The section a row stands in, NULL at the root of its scope. */
const struct setting *setting_section(const struct setting *setting);

/* What a value must be, with limits and units: "a duration from 1s to 1d (ms, s, m, h, d)". */
void setting_describe(const struct setting *setting, struct buf *out);

/*
 * Below, base is the struct of the row's scope. read stores a text, taken as it is; false, and
 * nothing changed, where it is not what setting_describe says. An empty text or path is the
 * same as none.
 */
bool setting_read(const struct setting *setting, void *base, struct slice text);

/* The value as the file would hold it, secrets masked; nothing for a text that is not given. */
void setting_write(const struct setting *setting, const void *base, struct buf *out);

/* True for a text that is not given and for a map or list without items. */
bool setting_is_empty(const struct setting *setting, const void *base);

/* Of texts, numbers and choices: whether both structs hold the same. */
bool setting_is_same(const struct setting *setting, const void *a, const void *b);

/* Maps and lists: how many, and one more, zeroed. */
size_t setting_item_count(const struct setting *setting, const void *base);
void *setting_add_item(const struct setting *setting, void *base);

/* Of maps: copies both texts; false, and nothing changed, where one holds a NUL. */
bool setting_add_pair(const struct setting *setting, void *base, struct slice name,
                      struct slice value);
const char *setting_pair_name(const struct setting *setting, const void *base, size_t index);
void setting_write_pair(const struct setting *setting, const void *base, size_t index,
                        struct buf *out);

/* Frees what the field owns and leaves it empty; the items of a list own nothing by then. */
void setting_clear(const struct setting *setting, void *base);

#endif
