/*
 * conf.c - what a finished configuration can be asked, and its end.
 */

#include "elrelay/core/told/conf.h"

#include "elrelay/core/told/conf_build.h"
#include "elrelay/core/told/conf_check.h"
#include "elrelay/core/told/shard.h"
#include "elrelay/ground/mem.h"

enum {
    CONF_NAME_SHOWN_MAX = 64,
    CONF_ORIGIN_MAX = 8192,
    CONF_SHOWN_MAX = 2 * CONF_VALUE_BYTES_MAX
};

static void conf_clear_scope(enum setting_scope scope, void *base)
{
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].scope == scope)
            setting_clear(&setting_table[i], base);
}

void conf_free(struct conf *conf)
{
    for (size_t i = 0; i < conf->route_count; i++)
        shard_free(&conf->routes[i]);
    mem_free(conf->routes);
    shard_free(&conf->beyond);
    for (size_t i = 0; i < conf->written_count; i++) {
        struct format_conf *format = &conf->written[i].format;
        for (size_t j = 0; j < format->column_count; j++)
            conf_clear_scope(SETTING_COLUMN, &format->columns[j]);
        conf_clear_scope(SETTING_ROUTE, &conf->written[i]);
        mem_free(conf->written[i].queue.tag);
        mem_free(conf->written[i].queue.space);
    }
    conf_clear_scope(SETTING_TOP, conf);
    for (size_t i = 0; i < conf->note_count; i++)
        mem_free(conf->notes[i].variables);
    mem_free(conf->notes);
    mem_free(conf->file);
    *conf = (struct conf){0};
}

const struct route_conf *conf_route(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->route_count; i++)
        if (strcmp(conf->routes[i].name, name) == 0)
            return &conf->routes[i];
    return NULL;
}

void *conf_base(struct conf *conf, const struct conf_spot *spot)
{
    switch (spot->scope) {
    case SETTING_TOP:
        return conf;
    case SETTING_ROUTE:
        return &conf->written[spot->route];
    case SETTING_COLUMN:
        return &conf->written[spot->route].format.columns[spot->column];
    }
    return NULL;
}

void conf_write_key(const struct conf_spot *spot, struct slice name, struct buf *out)
{
    size_t start = out->len;
    if (spot->scope != SETTING_TOP)
        buf_add_format(out, "routes[%zu]", spot->route);
    if (spot->scope == SETTING_COLUMN)
        buf_add_format(out, ".format.columns[%zu]", spot->column);
    if (spot->setting)
        buf_add_format(out, "%s%s", out->len > start ? "." : "", spot->setting->key);
    if (name.len) {
        buf_add_text(out, out->len > start ? "." : "");
        buf_add(out, slice_part(name, 0, CONF_NAME_SHOWN_MAX));
    }
}

const struct conf_note *conf_find_note(const struct conf *conf, const struct conf_spot *spot)
{
    for (size_t i = 0; i < conf->note_count; i++) {
        const struct conf_spot *noted = &conf->notes[i].spot;
        if (noted->scope == spot->scope && noted->setting == spot->setting &&
            noted->route == spot->route && noted->column == spot->column &&
            noted->pair == spot->pair)
            return &conf->notes[i];
    }
    return NULL;
}

/* What conf_each needs for a line. */
struct conf_walk {
    const struct conf *conf;
    conf_line *line;
    void *ctx;
    const struct route_conf *shard; /* whose value it is; NULL: not of one alone */
    struct buf key;
    struct buf value;
    struct buf origin;
};

static void conf_show(struct conf_walk *walk, const struct conf_spot *spot, struct slice pair)
{
    const struct conf_note *note = conf_find_note(walk->conf, spot);
    buf_clear(&walk->key);
    buf_clear(&walk->origin);
    conf_write_key(spot, pair, &walk->key);
    if (walk->shard)
        buf_add_format(&walk->key, "[%zu]", walk->shard->shard);
    if (note && note->variables)
        buf_add_format(&walk->origin, "environment %s, ", note->variables);
    if (note)
        buf_add_format(&walk->origin, "%s:%zu", walk->conf->file, note->spot.line);
    else
        buf_add_text(&walk->origin, "default");
    walk->line(walk->ctx, buf_text(&walk->key), buf_text(&walk->value),
               buf_text(&walk->origin));
}

static void conf_show_pairs(struct conf_walk *walk, struct conf_spot spot, const void *base)
{
    for (spot.pair = 0; spot.pair < setting_item_count(spot.setting, base); spot.pair++) {
        buf_clear(&walk->value);
        setting_write_pair(spot.setting, base, spot.pair, &walk->value);
        conf_show(walk, &spot, slice_of(setting_pair_name(spot.setting, base, spot.pair)));
    }
}

/* Where a shard has a value of its own. */
static void conf_show_shards(struct conf_walk *walk, const struct conf_spot *spot,
                             const void *whole)
{
    for (size_t i = 0; i < walk->conf->route_count; i++) {
        const struct route_conf *shard = &walk->conf->routes[i];
        if (shard->whole != whole || setting_is_same(spot->setting, shard, whole))
            continue;
        buf_clear(&walk->value);
        setting_write(spot->setting, shard, &walk->value);
        walk->shard = shard;
        conf_show(walk, spot, SLICE(""));
    }
    walk->shard = NULL;
}

static void conf_show_scope(struct conf_walk *walk, struct conf_spot spot, const void *base)
{
    for (size_t i = 0; i < setting_count; i++) {
        spot.setting = &setting_table[i];
        if (spot.setting->scope != spot.scope || spot.setting->type == SETTING_SECTION ||
            spot.setting->type == SETTING_LIST)
            continue;
        buf_clear(&walk->value);
        if (spot.setting->type == SETTING_MAP) {
            conf_show_pairs(walk, spot, base);
        } else {
            setting_write(spot.setting, base, &walk->value);
            conf_show(walk, &spot, SLICE(""));
            conf_show_shards(walk, &spot, base);
        }
    }
}

static void conf_show_route(struct conf_walk *walk, size_t index)
{
    const struct route_conf *route = &walk->conf->written[index];
    struct conf_spot spot = {.scope = SETTING_ROUTE, .route = index};
    conf_show_scope(walk, spot, route);
    spot.scope = SETTING_COLUMN;
    for (; spot.column < route->format.column_count; spot.column++)
        conf_show_scope(walk, spot, &route->format.columns[spot.column]);
}

void conf_each(const struct conf *conf, conf_line *line, void *ctx)
{
    struct conf_walk walk = {.conf = conf, .line = line, .ctx = ctx};
    buf_init(&walk.key, CONF_KEY_TEXT_MAX);
    buf_init(&walk.value, CONF_SHOWN_MAX);
    buf_init(&walk.origin, CONF_ORIGIN_MAX);
    conf_show_scope(&walk, (struct conf_spot){.scope = SETTING_TOP}, conf);
    for (size_t i = 0; i < conf->written_count; i++)
        conf_show_route(&walk, i);
    buf_free(&walk.key);
    buf_free(&walk.value);
    buf_free(&walk.origin);
}

/* A request that its instance has given up, or died with, may still be under way for so long.
 */
static bool conf_looks_early(const struct conf *conf, const struct endpoint_conf *endpoint)
{
    return endpoint->on_unknown == UNKNOWN_LOOKUP &&
           endpoint->lookup.settle_ms < endpoint->timeout_ms + conf->heartbeat.life_ms;
}

void conf_each_warning(const struct conf *conf, conf_warning *warn, void *ctx)
{
    struct buf key;
    buf_init(&key, CONF_KEY_TEXT_MAX);
    for (size_t i = 0; i < conf->written_count; i++) {
        struct conf_spot spot = {.scope = SETTING_ROUTE, .route = i};
        const char *text = NULL;
        if (conf_looks_early(conf, &conf->written[i].endpoint)) {
            spot.setting = setting_by_key(SETTING_ROUTE, SLICE("endpoint.lookup.settle"));
            text = "is below endpoint.timeout + heartbeat.life: a look may come while the "
                   "request is still under way";
        } else if (conf_forwards_nothing(conf, &conf->written[i])) {
            spot.setting = setting_by_key(SETTING_ROUTE, SLICE("queue.stream"));
            text = "no route of this file writes its exceptions there (queue.exceptions)";
        } else if (conf->written[i].endpoint.profile->sends_nothing) {
            spot.setting = setting_by_key(SETTING_ROUTE, SLICE("endpoint.profile"));
            text = "is none: this route sends nothing; its events are reported nowhere";
        }
        if (!text)
            continue;
        buf_clear(&key);
        conf_write_key(&spot, SLICE(""), &key);
        warn(ctx, buf_text(&key), text);
    }
    buf_free(&key);
}

const char *conf_restart_key(const struct conf *old, const struct conf *new)
{
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].flags & SETTING_RESTART &&
            !setting_is_same(&setting_table[i], old, new))
            return setting_table[i].key;
    return NULL;
}
