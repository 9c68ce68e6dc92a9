#ifndef ELRELAY_GROUND_LOG_H
#define ELRELAY_GROUND_LOG_H

/*
 * log.h - one line per thing that happened: `time level event key=value ...`.
 *
 * Nothing that comes from an event, an answer's body or a secret can get in here: fields are
 * numbers, ids and words of our own (constants, configured names, fault texts). warn = heals by
 * itself, error = a person must act. The room knows neither files nor clocks; both are handed
 * in.
 *
 *     log_write(LOG_INFO, "batch_accepted", log_word("route", name), log_id("batch", &id),
 *               log_number("events", n));
 */

#include <stddef.h>
#include <stdint.h>

#include "elrelay/ground/fault.h"
#include "elrelay/ground/slice.h"
#include "elrelay/ground/uuid.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_sink {
    void (*write)(void *ctx, struct slice line); /* the line ends with LF */
    uint64_t (*unix_ms)(void *ctx);
    void *ctx;
    enum log_format format;
    enum log_level level; /* lines below are not made */
};

struct log_field {
    const char *key;
    const char *word; /* NULL: a number */
    uint64_t number;
};

static inline struct log_field log_number(const char *key, uint64_t number)
{
    return (struct log_field){.key = key, .number = number};
}

/* A word of our own: constant or configured; never from an event or an answer. Quoted where it
 * needs to be. */
static inline struct log_field log_word(const char *key, const char *word)
{
    return (struct log_field){.key = key, .word = word ? word : ""};
}

static inline struct log_field log_id(const char *key, const struct uuid *id)
{
    return log_word(key, id->text);
}

/* Where lines go from now on; before the first call they go nowhere. The sink is copied. */
void log_open(const struct log_sink *sink);

/* Changes the level while running. */
void log_set_level(enum log_level level);

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count);

#define log_write(level, event, ...)                                                           \
    log_fields((level), (event), (const struct log_field[]){__VA_ARGS__},                      \
               sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
