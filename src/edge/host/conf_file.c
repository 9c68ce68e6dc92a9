/*
 * conf_file.c - a YAML file walked node by node, each with its own line.
 *
 * libyaml reads the document; here its mappings are held against the settings table. The tree
 * of settings has known levels, so a short stack of frames takes the place of recursion, and an
 * alias that holds itself is refused at the first name that does not belong there.
 */

#include "elrelay/edge/host/conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "elrelay/edge/http/uplink.h"
#include "elrelay/edge/redis/link.h"

/* top, routes, route, format, columns, column: one more than the deepest */
enum { FRAMES_MAX = 7, HOST_NAME_MAX_LEN = 255 };

#define NO_VALUE "has no value; give one or take the setting out"

/* A mapping or a sequence that is being walked. */
struct frame {
    yaml_node_t *node;
    struct conf_spot spot; /* of the mapping's section or root, of the sequence's list */
    size_t next;
};

struct walk {
    yaml_document_t document;
    struct conf_build build;
    struct frame frames[FRAMES_MAX];
    size_t depth;
};

static struct slice node_text(const yaml_node_t *node)
{
    return (struct slice){(const char *)node->data.scalar.value, node->data.scalar.length};
}

static size_t node_line(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

/* Nothing behind the colon, ~ or null. */
static bool node_is_null(const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    struct slice text = node_text(node);
    return text.len == 0 || slice_is(text, SLICE("~")) || slice_is(text, SLICE("null"));
}

static size_t mapping_count(const yaml_node_t *node)
{
    return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
}

static size_t sequence_count(const yaml_node_t *node)
{
    return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
}

static yaml_node_t *walk_key(struct walk *walk, const yaml_node_t *mapping, size_t index)
{
    return yaml_document_get_node(&walk->document,
                                  mapping->data.mapping.pairs.start[index].key);
}

static yaml_node_t *walk_value(struct walk *walk, const yaml_node_t *mapping, size_t index)
{
    return yaml_document_get_node(&walk->document,
                                  mapping->data.mapping.pairs.start[index].value);
}

static void walk_push(struct walk *walk, yaml_node_t *node, const struct conf_spot *spot)
{
    if (walk->depth == FRAMES_MAX) {
        fputs("elrelay: the settings table is deeper than the walk over a file\n", stderr);
        abort();
    }
    walk->frames[walk->depth++] = (struct frame){.node = node, .spot = *spot};
}

/* The key at index must be a scalar that does not stand in front of it already. */
static bool walk_check_key(struct walk *walk, const yaml_node_t *mapping, struct conf_spot spot,
                           size_t index)
{
    const yaml_node_t *key = walk_key(walk, mapping, index);
    spot.line = node_line(key);
    if (key->type != YAML_SCALAR_NODE)
        return conf_build_refuse_name(&walk->build, &spot, SLICE(""),
                                      "the name of a setting must be a plain text");
    for (size_t i = 0; i < index; i++) {
        const yaml_node_t *other = walk_key(walk, mapping, i);
        if (!slice_is(node_text(other), node_text(key)))
            continue;
        char text[FAULT_TEXT_MAX];
        snprintf(text, sizeof(text), "given twice, first on line %zu; keep one",
                 node_line(other));
        return conf_build_refuse_name(&walk->build, &spot, node_text(key), text);
    }
    return true;
}

static bool walk_map_pair(struct walk *walk, const yaml_node_t *mapping, struct conf_spot spot,
                          size_t index)
{
    if (!walk_check_key(walk, mapping, spot, index))
        return false;
    struct slice name = node_text(walk_key(walk, mapping, index));
    const yaml_node_t *value = walk_value(walk, mapping, index);
    spot.line = node_line(walk_key(walk, mapping, index));
    if (value->type != YAML_SCALAR_NODE)
        return conf_build_refuse_name(&walk->build, &spot, name, "must be a text");
    if (node_is_null(value))
        return conf_build_refuse_name(&walk->build, &spot, name, NO_VALUE);
    return conf_build_pair(&walk->build, &spot, name, node_text(value));
}

static bool walk_map(struct walk *walk, const yaml_node_t *mapping,
                     const struct conf_spot *spot)
{
    for (size_t i = 0; i < mapping_count(mapping); i++)
        if (!walk_map_pair(walk, mapping, *spot, i))
            return false;
    return true;
}

static bool walk_scalar(struct walk *walk, yaml_node_t *node, const struct conf_spot *spot)
{
    if (node->type != YAML_SCALAR_NODE)
        return conf_build_refuse_type(&walk->build, spot);
    if (node_is_null(node))
        return conf_build_refuse(&walk->build, spot,
                                 "has no value; give one or take the setting out");
    return conf_build_set(&walk->build, spot, node_text(node));
}

/* A section, map or list with nothing in it is as good as none. */
static bool walk_branch(struct walk *walk, yaml_node_t *node, const struct conf_spot *spot)
{
    bool is_list = spot->setting->type == SETTING_LIST;
    bool is_empty = node_is_null(node);
    if (!is_empty && node->type != (is_list ? YAML_SEQUENCE_NODE : YAML_MAPPING_NODE))
        return conf_build_refuse_type(&walk->build, spot);
    if (spot->setting->type == SETTING_MAP)
        return is_empty || walk_map(walk, node, spot);
    if (!is_empty)
        walk_push(walk, node, spot);
    return conf_build_branch(&walk->build, spot);
}

static bool walk_pair(struct walk *walk, struct frame *frame)
{
    size_t index = frame->next++;
    struct conf_spot spot = frame->spot;
    if (!walk_check_key(walk, frame->node, spot, index))
        return false;
    const yaml_node_t *key = walk_key(walk, frame->node, index);
    yaml_node_t *value = walk_value(walk, frame->node, index);
    spot.line = node_line(key);
    if (!conf_build_find(&walk->build, &spot, node_text(key)))
        return false;
    switch (spot.setting->type) {
    case SETTING_SECTION:
    case SETTING_MAP:
    case SETTING_LIST:
        return walk_branch(walk, value, &spot);
    case SETTING_TEXT:
    case SETTING_PATH:
    case SETTING_COUNT:
    case SETTING_DURATION:
    case SETTING_SIZE:
    case SETTING_CHOICE:
    case SETTING_ROW:
        break;
    }
    return walk_scalar(walk, value, &spot);
}

static bool walk_item(struct walk *walk, struct frame *frame)
{
    yaml_node_item_t item = frame->node->data.sequence.items.start[frame->next++];
    yaml_node_t *node = yaml_document_get_node(&walk->document, item);
    struct conf_spot spot = frame->spot;
    spot.line = node_line(node);
    if (node->type != YAML_MAPPING_NODE)
        return conf_build_refuse_type(&walk->build, &spot);
    if (!conf_build_item(&walk->build, &spot))
        return false;
    walk_push(walk, node, &spot);
    return true;
}

static bool walk_frames(struct walk *walk)
{
    while (walk->depth > 0) {
        struct frame *frame = &walk->frames[walk->depth - 1];
        bool is_mapping = frame->node->type == YAML_MAPPING_NODE;
        if (frame->next ==
            (is_mapping ? mapping_count(frame->node) : sequence_count(frame->node)))
            walk->depth--;
        else if (!(is_mapping ? walk_pair(walk, frame) : walk_item(walk, frame)))
            return false;
    }
    return true;
}

static bool walk_document(struct walk *walk)
{
    yaml_node_t *root = yaml_document_get_root_node(&walk->document);
    struct conf_spot top = {0};
    if (!root || node_is_null(root))
        return conf_build_refuse(&walk->build, &top,
                                 "the file is empty; at least one route must be given");
    top.line = node_line(root);
    if (root->type != YAML_MAPPING_NODE)
        return conf_build_refuse(&walk->build, &top,
                                 "must be a mapping of settings at its top");
    top.line = 0;
    walk_push(walk, root, &top);
    return walk_frames(walk);
}

/* What libyaml reads, and for whom. */
struct reading {
    yaml_parser_t parser;
    struct slice text;
    struct conf_build build;
};

/* Where bytes are no text at all, libyaml knows their offset alone. */
static size_t reading_line(const struct reading *reading)
{
    if (reading->parser.error != YAML_READER_ERROR)
        return reading->parser.problem_mark.line + 1;
    size_t line = 1;
    for (size_t i = 0; i < reading->parser.problem_offset && i < reading->text.len; i++)
        line += reading->text.ptr[i] == '\n';
    return line;
}

static bool reading_refuse(struct reading *reading)
{
    const char *problem = reading->parser.problem ? reading->parser.problem
                                                  : "it cannot be read";
    const char *context = reading->parser.context ? reading->parser.context : "";
    struct conf_spot spot = {.line = reading_line(reading)};
    return conf_build_refuse(&reading->build, &spot, "not YAML: %s%s%s", problem,
                             *context ? ", " : "", context);
}

/* The one document must be the last thing in the file. */
static bool reading_check_end(struct reading *reading)
{
    yaml_document_t next;
    if (!yaml_parser_load(&reading->parser, &next))
        return reading_refuse(reading);
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    struct conf_spot spot = {.line = next.start_mark.line + 1};
    yaml_document_delete(&next);
    return !root || conf_build_refuse(&reading->build, &spot,
                                      "a second document begins here; one file holds one");
}

static bool reading_walk(struct reading *reading)
{
    struct walk walk = {.build = reading->build};
    if (!yaml_parser_load(&reading->parser, &walk.document))
        return reading_refuse(reading);
    bool done = walk_document(&walk) && reading_check_end(reading) &&
                conf_build_finish(&walk.build);
    yaml_document_delete(&walk.document);
    return done;
}

bool conf_file_read_text(struct conf *conf, const char *name, struct slice text,
                         const struct conf_outside *outside, struct fault *fault)
{
    struct reading reading = {.text = text,
                              .build = {.conf = conf, .outside = outside, .fault = fault}};
    *conf = (struct conf){0};
    if (!yaml_parser_initialize(&reading.parser))
        return fault_set(fault, FAULT_CONF, "%s: no memory for the YAML parser", name);
    conf_build_begin(&reading.build, name);
    const char *bytes = text.ptr ? text.ptr : "";
    yaml_parser_set_input_string(&reading.parser, (const unsigned char *)bytes, text.len);
    bool done = reading_walk(&reading);
    yaml_parser_delete(&reading.parser);
    if (!done)
        conf_free(conf);
    return done;
}

/* HOSTNAME is a variable of shells, which service managers do not set. */
static const char *outside_variable(const char *name)
{
    static char host[HOST_NAME_MAX_LEN + 1];
    const char *value = getenv(name);
    bool is_host = strcmp(name, "HOSTNAME") == 0;
    if (!is_host || (value && *value))
        return value;
    return gethostname(host, sizeof(host) - 1) == 0 ? host : NULL;
}

/* NULL where a regular file, pipe or device at path can be opened for reading. */
static const char *outside_unreadable(const char *path)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return strerror(errno);
    bool is_folder = fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode);
    close(fd);
    return is_folder ? strerror(EISDIR) : NULL;
}

static bool file_read(const char *path, struct buf *text, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return fault_set(fault, FAULT_CONF, "%s: cannot be read: %s", path, strerror(errno));
    char *room = buf_reserve(text, CONF_FILE_BYTES_MAX + 1);
    text->len = fread(room, 1, CONF_FILE_BYTES_MAX + 1, file);
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error)
        return fault_set(fault, FAULT_CONF, "%s: cannot be read: %s", path, strerror(error));
    if (text->len > CONF_FILE_BYTES_MAX)
        return fault_set(fault, FAULT_CONF, "%s: larger than %d bytes", path,
                         CONF_FILE_BYTES_MAX);
    return true;
}

/* What only the rooms know that will use it. */
static bool file_check(struct conf *conf, struct fault *fault)
{
    struct conf_build build = {.conf = conf, .fault = fault};
    struct fault found;
    if (!link_check_conf(&conf->redis, &found))
        return conf_build_blame(&build, 0, found.text);
    for (size_t i = 0; i < conf->written_count; i++)
        if (!uplink_check_conf(&conf->written[i].endpoint, &found))
            return conf_build_blame(&build, i, found.text);
    return true;
}

bool conf_file_read(struct conf *conf, const char *path, struct fault *fault)
{
    static const struct conf_outside outside = {outside_variable, outside_unreadable};
    struct buf text;
    *conf = (struct conf){0};
    buf_init(&text, CONF_FILE_BYTES_MAX + 1);
    bool done = file_read(path, &text, fault) &&
                conf_file_read_text(conf, path, buf_slice(&text), &outside, fault);
    buf_free(&text);
    if (!done || file_check(conf, fault))
        return done;
    conf_free(conf);
    return false;
}
