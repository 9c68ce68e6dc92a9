/*
 * rule.c - JSON pointers, value maps and patterns.
 *
 * A pointer is followed through the event's own bytes, which have passed the scan.
 */

#include "elrelay/core/carry/rule.h"

#include <assert.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"
#include "elrelay/ground/scan.h"

/* The pointer of a column, or an empty slice where it takes from a plain key. */
static struct slice rule_pointer(const struct column_conf *column)
{
    bool is_pointer = column->path && column->path[0] == '/';
    return is_pointer ? slice_of(column->path) : SLICE("");
}

/* Takes "/token" from the front of a pointer and gives the token, still escaped. */
static struct slice rule_take_token(struct slice *pointer)
{
    struct slice rest = slice_part(*pointer, 1, pointer->len);
    size_t len = 0;
    while (len < rest.len && rest.ptr[len] != '/')
        len++;
    *pointer = slice_part(rest, len, rest.len);
    return slice_part(rest, 0, len);
}

/* One byte of a token; ~0 stands for ~ and ~1 for /. */
static char rule_take_byte(struct slice *token)
{
    bool escaped = token->ptr[0] == '~' && token->len > 1;
    char byte = token->ptr[0];
    if (escaped)
        byte = token->ptr[1] == '1' ? '/' : '~';
    *token = slice_part(*token, escaped ? 2 : 1, token->len);
    return byte;
}

static bool rule_token_is(struct slice token, struct slice key)
{
    size_t at = 0;
    while (token.len && at < key.len)
        if (rule_take_byte(&token) != key.ptr[at++])
            return false;
    return token.len == 0 && at == key.len;
}

static size_t rule_add_key(struct columns *keys, struct slice key)
{
    size_t index = columns_find(keys, key);
    return index == COLUMN_NONE ? columns_add(keys, key) : index;
}

static size_t rule_add_token_key(struct columns *keys, struct slice token)
{
    struct buf key;
    buf_init(&key, token.len);
    while (token.len)
        buf_add_byte(&key, rule_take_byte(&token));
    size_t index = rule_add_key(keys, buf_slice(&key));
    buf_free(&key);
    return index;
}

static void rule_init(struct rule *rule, const struct column_conf *column, struct columns *keys)
{
    rule->column = column;
    rule->path = rule_pointer(column);
    if (rule->path.len)
        rule->key = rule_add_token_key(keys, rule_take_token(&rule->path));
    else
        rule->key = rule_add_key(keys, slice_of(column->path ? column->path : column->name));
    if (column->pattern) {
        int failed = regcomp(&rule->pattern, column->pattern, REG_EXTENDED);
        assert(!failed && "format_check lets no other pattern pass");
        (void)failed;
    }
}

struct rule *rules_new(const struct format_conf *conf, struct columns *keys)
{
    struct rule *rules = mem_zalloc_array(conf->column_count, sizeof(*rules));
    for (size_t i = 0; i < conf->column_count; i++) {
        rules[i].space_separators = conf->line_separators_to_space;
        rule_init(&rules[i], &conf->columns[i], keys);
    }
    return rules;
}

void rules_free(struct rule *rules, size_t count)
{
    for (size_t i = 0; rules && i < count; i++)
        if (rules[i].column->pattern)
            regfree(&rules[i].pattern);
    mem_free(rules);
}

static bool rule_find_item(struct slice array, struct slice token, struct scan_member *found)
{
    uint64_t wanted = 0;
    if (!number_read_u64(token, &wanted) || (token.len > 1 && token.ptr[0] == '0'))
        return false;
    for (size_t at = 0; scan_next(array, &at, found); wanted--)
        if (wanted == 0)
            return true;
    return false;
}

/* Of repeated keys the last. */
static bool rule_find_member(struct slice object, struct slice token, struct buf *room,
                             struct scan_member *found)
{
    bool is_found = false;
    struct scan_member member;
    for (size_t at = 0; scan_next(object, &at, &member);)
        if (rule_token_is(token, cell_key(&member, room))) {
            *found = member;
            is_found = true;
        }
    return is_found;
}

/* False where the pointer leads nowhere. */
static bool rule_step(struct scan_member *at, struct slice token, struct buf *room)
{
    struct slice from = at->value;
    if (from.ptr[0] == '[')
        return rule_find_item(from, token, at);
    return from.ptr[0] == '{' && rule_find_member(from, token, room, at);
}

static struct slice rule_cell(const struct rule *rule, const struct scan_member *top,
                              struct buf *room)
{
    struct slice pointer = rule->path;
    if (!top || !pointer.len)
        return cell_text(top, room);
    struct scan_member at = *top;
    while (pointer.len)
        if (!rule_step(&at, rule_take_token(&pointer), room))
            return SLICE("");
    return cell_text(&at, room);
}

/* NULL where the map does not know the text. */
static const char *rule_map(const struct column_conf *column, struct slice text)
{
    for (size_t i = 0; i < column->value_count; i++)
        if (slice_is_text(text, column->values[i].from))
            return column->values[i].to;
    return NULL;
}

/* The longest match from the leftmost place: if the whole text matches, it is this one. regexec
 * wants a NUL behind the text. */
static bool rule_matches_whole(const struct rule *rule, struct slice text, struct buf *room)
{
    if (text.ptr != room->ptr) {
        buf_cut(room, 0);
        buf_add(room, text);
    }
    regmatch_t match;
    return regexec(&rule->pattern, buf_text(room), 1, &match, 0) == 0 && match.rm_so == 0 &&
           (size_t)match.rm_eo == text.len;
}

enum reason rule_text(const struct rule *rule, const struct scan_member *top, struct buf *room,
                      struct slice *text)
{
    const struct column_conf *column = rule->column;
    *text = rule_cell(rule, top, room);
    if (text->len == 0 && column->fallback)
        *text = slice_of(column->fallback);
    const char *mapped = column->value_count ? rule_map(column, *text) : NULL;
    if (mapped)
        *text = slice_of(mapped);
    else if (column->value_count && text->len)
        return REASON_NOT_IN_VALUES;
    if (rule->space_separators)
        *text = cell_space_separators(*text, room);
    if (column->pattern && text->len && !rule_matches_whole(rule, *text, room))
        return REASON_PATTERN;
    return column->required && text->len == 0 ? REASON_REQUIRED : REASON_NONE;
}

static bool rule_check_pointer(struct slice pointer, struct fault *fault)
{
    for (size_t i = 0; i < pointer.len; i++) {
        bool escapes = pointer.ptr[i] == '~';
        bool known = i + 1 < pointer.len && strchr("01", pointer.ptr[i + 1]);
        if (escapes && !known)
            return fault_set(fault, FAULT_CONF,
                             "path: in a JSON pointer ~ is written ~0, and / within a key ~1");
    }
    return true;
}

bool rule_check(const struct column_conf *column, struct fault *fault)
{
    if (column->path && !column->path[0])
        return fault_set(fault, FAULT_CONF,
                         "path: is empty; leave it out to take the name as key");
    if (!rule_check_pointer(rule_pointer(column), fault))
        return false;
    if (!column->pattern)
        return true;
    regex_t pattern;
    int failed = regcomp(&pattern, column->pattern, REG_EXTENDED);
    if (!failed) {
        regfree(&pattern);
        return true;
    }
    char why[128];
    regerror(failed, &pattern, why, sizeof(why));
    return fault_set(fault, FAULT_CONF, "pattern: no POSIX extended regular expression: %s",
                     why);
}
