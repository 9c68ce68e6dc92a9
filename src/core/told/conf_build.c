/*
 * conf_build.c - values come in, each with the place where it stood.
 *
 * Defaults go through the same door as what a person writes, so the table holds them in the
 * same words.
 */

#include "elrelay/core/told/conf_build.h"

#include <stdarg.h>
#include <stdio.h>

#include "elrelay/core/told/conf_check.h"
#include "elrelay/core/told/shard.h"
#include "elrelay/core/told/slot.h"
#include "elrelay/ground/mem.h"

enum { CONF_VARIABLES_MAX = 1024, CONF_FILE_SHOWN_MAX = 200, CONF_NOTES_FIRST = 64 };

/* A default that cannot be had (a variable that is not set) leaves its setting empty;
 * conf_check sees it. */
static void build_defaults(struct conf_build *build, enum setting_scope scope, void *base)
{
    struct buf value;
    struct fault ignored;
    buf_init(&value, CONF_VALUE_BYTES_MAX);
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        if (setting->scope != scope || !setting->fallback)
            continue;
        buf_clear(&value);
        if (value_expand(slice_of(setting->fallback), build->outside->variable, &value, NULL,
                         &ignored))
            setting_read(setting, base, buf_slice(&value));
    }
    buf_free(&value);
}

void conf_build_begin(struct conf_build *build, const char *file)
{
    build->conf->file = mem_copy_text(file, strlen(file));
    build_defaults(build, SETTING_TOP, build->conf);
}

/* The line of the setting itself, else of the section or item that would hold it. */
static size_t build_line(const struct conf *conf, struct conf_spot spot)
{
    const struct conf_note *note = conf_find_note(conf, &spot);
    while (!note && spot.setting) {
        spot.setting = setting_section(spot.setting);
        spot.pair = 0;
        note = conf_find_note(conf, &spot);
    }
    return note ? note->spot.line : 0;
}

bool conf_build_refuse_name(struct conf_build *build, const struct conf_spot *spot,
                            struct slice name, const char *text)
{
    struct buf key;
    buf_init(&key, CONF_KEY_TEXT_MAX);
    conf_write_key(spot, name, &key);
    const char *file = build->conf->file;
    const char *colon = key.len ? ": " : "";
    size_t line = spot->line ? spot->line : build_line(build->conf, *spot);
    if (line)
        fault_set(build->fault, FAULT_CONF, "%.*s:%zu: %s%s%s", CONF_FILE_SHOWN_MAX, file, line,
                  buf_text(&key), colon, text);
    else
        fault_set(build->fault, FAULT_CONF, "%.*s: %s%s%s", CONF_FILE_SHOWN_MAX, file,
                  buf_text(&key), colon, text);
    buf_free(&key);
    return false;
}

bool conf_build_refuse(struct conf_build *build, const struct conf_spot *spot,
                       const char *format, ...)
{
    char text[FAULT_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return conf_build_refuse_name(build, spot, SLICE(""), text);
}

/* Whether text begins with the spot's key, without its route; if so, the fault is the spot's.
 */
static bool build_owns_fault(struct conf_build *build, const struct conf_spot *spot,
                             const char *text)
{
    struct buf key;
    buf_init(&key, CONF_KEY_TEXT_MAX);
    conf_write_key(spot, SLICE(""), &key);
    const char *local = buf_text(&key);
    if (spot->scope != SETTING_TOP)
        local = strchr(local, '.') + 1;
    size_t len = strlen(local);
    bool owns = strncmp(text, local, len) == 0 && strncmp(text + len, ": ", 2) == 0;
    if (owns)
        conf_build_refuse(build, spot, "%s", text + len + 2);
    buf_free(&key);
    return owns;
}

bool conf_build_blame(struct conf_build *build, size_t route, const char *text)
{
    struct conf_spot spot = {.route = route};
    const size_t columns = build->conf->written[route].format.column_count;
    for (size_t i = 0; i < setting_count; i++) {
        spot.setting = &setting_table[i];
        spot.scope = spot.setting->scope;
        const size_t end = spot.scope == SETTING_COLUMN ? columns : 1;
        for (spot.column = 0; spot.column < end; spot.column++)
            if (build_owns_fault(build, &spot, text))
                return false;
    }
    return conf_check_refuse_route(build, route, "endpoint", text);
}

bool conf_build_refuse_type(struct conf_build *build, const struct conf_spot *spot)
{
    struct buf wanted;
    buf_init(&wanted, FAULT_TEXT_MAX);
    setting_describe(spot->setting, &wanted);
    conf_build_refuse(build, spot, "must be %s", buf_text(&wanted));
    buf_free(&wanted);
    return false;
}

bool conf_build_find(struct conf_build *build, struct conf_spot *spot, struct slice name)
{
    const struct setting *found = setting_find(spot->scope, spot->setting, name);
    if (found) {
        spot->setting = found;
        return true;
    }
    char text[FAULT_TEXT_MAX] = "unknown setting; elrelay.yaml(5) lists all";
    const struct setting *near = setting_nearest(spot->scope, spot->setting, name);
    if (near && setting_section(near) == spot->setting)
        snprintf(text, sizeof(text), "unknown setting; did you mean %.*s?",
                 SLICE_ARG(setting_name(near)));
    else if (near)
        snprintf(text, sizeof(text), "unknown setting; did you mean %s?", near->key);
    return conf_build_refuse_name(build, spot, name, text);
}

/* Takes variables. */
static bool build_note(struct conf_build *build, const struct conf_spot *spot, char *variables)
{
    struct conf *conf = build->conf;
    if (conf->note_count == CONF_VALUES_MAX) {
        mem_free(variables);
        return conf_build_refuse(build, spot, "more than %d values in one file",
                                 CONF_VALUES_MAX);
    }
    size_t count = conf->note_count;
    if (count % CONF_NOTES_FIRST == 0)
        conf->notes = mem_resize(conf->notes, count + CONF_NOTES_FIRST, sizeof(*conf->notes));
    conf->notes[count] = (struct conf_note){.spot = *spot, .variables = variables};
    conf->note_count++;
    return true;
}

bool conf_build_branch(struct conf_build *build, const struct conf_spot *spot)
{
    return build_note(build, spot, NULL);
}

/* What a value is made of. */
struct built_value {
    struct buf text;
    struct buf variables;
};

static void built_value_free(struct built_value *value)
{
    buf_free(&value->text);
    buf_free(&value->variables);
}

static bool build_expand(struct conf_build *build, const struct conf_spot *spot,
                         struct slice name, struct slice text, struct built_value *value)
{
    struct fault fault;
    buf_init(&value->text, CONF_VALUE_BYTES_MAX);
    buf_init(&value->variables, CONF_VARIABLES_MAX);
    if (value_expand(text, build->outside->variable, &value->text, &value->variables, &fault))
        return true;
    return conf_build_refuse_name(build, spot, name, fault.text);
}

static bool build_note_value(struct conf_build *build, const struct conf_spot *spot,
                             const struct built_value *value)
{
    const struct buf *names = &value->variables;
    return build_note(build, spot, names->len ? mem_copy_text(names->ptr, names->len) : NULL);
}

static bool build_store(struct conf_build *build, const struct conf_spot *spot,
                        struct built_value *value)
{
    if (!setting_read(spot->setting, conf_base(build->conf, spot), buf_slice(&value->text)))
        return conf_build_refuse_type(build, spot);
    if (spot->setting->type == SETTING_PATH && value->text.len) {
        const char *path = buf_text(&value->text);
        const char *why = build->outside->unreadable(path);
        if (why)
            return conf_build_refuse(build, spot, "%s cannot be read: %s", path, why);
    }
    return build_note_value(build, spot, value);
}

bool conf_build_set(struct conf_build *build, const struct conf_spot *spot, struct slice text)
{
    struct built_value value;
    bool done = build_expand(build, spot, SLICE(""), text, &value) &&
                build_store(build, spot, &value);
    built_value_free(&value);
    return done;
}

static bool build_store_pair(struct conf_build *build, struct conf_spot spot, struct slice name,
                             struct built_value *value)
{
    void *base = conf_base(build->conf, &spot);
    spot.pair = setting_item_count(spot.setting, base);
    if (!setting_add_pair(spot.setting, base, name, buf_slice(&value->text)))
        return conf_build_refuse_name(build, &spot, name,
                                      "the name holds a NUL character; take it out");
    return build_note_value(build, &spot, value);
}

bool conf_build_pair(struct conf_build *build, const struct conf_spot *spot, struct slice name,
                     struct slice text)
{
    struct built_value value;
    bool done = build_expand(build, spot, name, text, &value) &&
                build_store_pair(build, *spot, name, &value);
    built_value_free(&value);
    return done;
}

bool conf_build_item(struct conf_build *build, struct conf_spot *spot)
{
    void *base = conf_base(build->conf, spot);
    size_t index = setting_item_count(spot->setting, base);
    void *item = setting_add_item(spot->setting, base);
    spot->scope = spot->setting->inner;
    spot->setting = NULL;
    if (spot->scope == SETTING_ROUTE)
        spot->route = index;
    else
        spot->column = index;
    build_defaults(build, spot->scope, item);
    return build_note(build, spot, NULL);
}

static char *build_key(const char *tag, const char *word)
{
    struct buf key;
    buf_init(&key, CONF_VALUE_BYTES_MAX);
    buf_add_format(&key, "elrelay:{%s}:%s", tag, word);
    char *copy = mem_copy_text(key.ptr, key.len);
    buf_free(&key);
    return copy;
}

/* In a cluster a key that is given says where the others must lie. */
static void build_derive_keys(struct route_conf *route, bool in_cluster)
{
    struct queue_conf *queue = &route->queue;
    const char *given = queue->stream ? queue->stream : queue->inbox;
    struct slice tag = in_cluster && given ? slot_tag(slice_of(given)) : slice_of(route->name);
    queue->tag = mem_copy_text(tag.ptr, tag.len);
    if (!queue->stream)
        queue->stream = build_key(queue->tag, "events");
    if (!queue->exceptions && route->type == ROUTE_RELAY)
        queue->exceptions = build_key(queue->tag, "exceptions");
}

/* What is not given and follows from other settings. */
static void build_derive(struct conf_build *build, size_t index)
{
    struct route_conf *route = &build->conf->written[index];
    conf_derive_forward(build, index);
    const struct profile *profile = route->endpoint.profile;
    struct conf_spot spot = {.scope = SETTING_ROUTE, .route = index};
    spot.setting = setting_by_key(SETTING_ROUTE, SLICE("endpoint.on_unknown"));
    route->format.line_separators_to_space = profile->line_separators_to_space;
    route->format.max_columns = profile->max_columns;
    if (!conf_find_note(build->conf, &spot))
        route->endpoint.on_unknown = profile->sends_nothing       ? UNKNOWN_HOLD
                                     : profile->lists_submissions ? UNKNOWN_LOOKUP
                                                                  : UNKNOWN_RESEND;
    if (route->name)
        build_derive_keys(route, redis_conf_is_cluster(&build->conf->redis));
}

bool conf_build_finish(struct conf_build *build)
{
    for (size_t i = 0; i < build->conf->written_count; i++)
        build_derive(build, i);
    if (!conf_check(build))
        return false;
    shard_spread(build->conf);
    return conf_check_served(build);
}
