/*
 * field.c - what a row of the settings table can do with its field.
 *
 * Fields are reached through memcpy, by offset and size: pointers and numbers of any width go
 * the same way.
 */

#include "elrelay/core/told/settings.h"

#include "elrelay/core/told/value.h"
#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"
#include "elrelay/ground/time_text.h"

static void *field_pointer(const void *base, size_t offset)
{
    void *pointer = NULL;
    memcpy(&pointer, (const char *)base + offset, sizeof(pointer));
    return pointer;
}

static void field_set_pointer(void *base, size_t offset, const void *pointer)
{
    memcpy((char *)base + offset, &pointer, sizeof(pointer));
}

static uint64_t field_number(const struct setting *setting, const void *base)
{
    const char *field = (const char *)base + setting->offset;
    uint64_t number = 0;
    unsigned word = 0;
    bool flag = false;
    if (setting->size == sizeof(flag)) {
        memcpy(&flag, field, sizeof(flag));
        number = flag;
    } else if (setting->size == sizeof(word)) {
        memcpy(&word, field, sizeof(word));
        number = word;
    } else {
        memcpy(&number, field, sizeof(number));
    }
    return number;
}

static void field_set_number(const struct setting *setting, void *base, uint64_t number)
{
    char *field = (char *)base + setting->offset;
    unsigned word = (unsigned)number;
    bool flag = number != 0;
    if (setting->size == sizeof(flag))
        memcpy(field, &flag, sizeof(flag));
    else if (setting->size == sizeof(word))
        memcpy(field, &word, sizeof(word));
    else
        memcpy(field, &number, sizeof(number));
}

static const void *field_row(const struct setting_words *words, size_t index)
{
    return (const char *)words->rows + index * words->stride;
}

static const char *field_word(const struct setting_words *words, size_t index)
{
    return field_pointer(field_row(words, index), 0);
}

static void field_describe_words(const struct setting_words *words, struct buf *out)
{
    for (size_t i = 0; i < *words->count; i++) {
        const char *between = i == 0 ? "" : i + 1 == *words->count ? " or " : ", ";
        buf_add_format(out, "%s%s", between, field_word(words, i));
    }
}

static void field_write_duration(uint64_t ms, struct buf *out)
{
    char text[TIME_TEXT_MAX];
    time_text_write_duration(text, ms);
    buf_add_text(out, text);
}

static void field_write_size(uint64_t bytes, struct buf *out)
{
    char text[VALUE_SIZE_TEXT_MAX];
    value_write_size(text, bytes);
    buf_add_text(out, text);
}

static void field_write_number(enum setting_type type, uint64_t number, struct buf *out)
{
    if (type == SETTING_DURATION)
        field_write_duration(number, out);
    else if (type == SETTING_SIZE)
        field_write_size(number, out);
    else
        buf_add_number(out, number);
}

static void field_describe_number(const struct setting *setting, const char *what,
                                  const char *units, struct buf *out)
{
    buf_add_format(out, "%s from ", what);
    field_write_number(setting->type, setting->min, out);
    buf_add_text(out, " to ");
    field_write_number(setting->type, setting->max, out);
    buf_add_text(out, units);
}

void setting_describe(const struct setting *setting, struct buf *out)
{
    switch (setting->type) {
    case SETTING_SECTION:
        buf_add_text(out, "a mapping of settings");
        break;
    case SETTING_TEXT:
        buf_add_text(out, "a text");
        break;
    case SETTING_PATH:
        buf_add_text(out, "the path of a file");
        break;
    case SETTING_COUNT:
        field_describe_number(setting, "a whole number", "", out);
        break;
    case SETTING_DURATION:
        field_describe_number(setting, "a duration", " (ms, s, m, h, d)", out);
        break;
    case SETTING_SIZE:
        field_describe_number(setting, "a size", " (B, kB, MB, GB, KiB, MiB, GiB)", out);
        break;
    case SETTING_CHOICE:
    case SETTING_ROW:
        field_describe_words(setting->words, out);
        break;
    case SETTING_MAP:
        buf_add_text(out, "a mapping of names to texts");
        break;
    case SETTING_LIST:
        buf_add_text(out, "a list of mappings");
        break;
    }
}

static bool field_has_nul(struct slice text)
{
    return text.len && memchr(text.ptr, '\0', text.len);
}

static bool field_read_text(const struct setting *setting, void *base, struct slice text)
{
    if (field_has_nul(text))
        return false;
    mem_free(field_pointer(base, setting->offset));
    const char *copy = text.len ? mem_copy_text(text.ptr, text.len) : NULL;
    field_set_pointer(base, setting->offset, copy);
    return true;
}

static bool field_read_number(const struct setting *setting, void *base, struct slice text)
{
    uint64_t number = 0;
    bool read = setting->type == SETTING_DURATION ? value_read_duration(text, &number)
                : setting->type == SETTING_SIZE   ? value_read_size(text, &number)
                                                  : number_read_u64(text, &number);
    if (!read || number < setting->min || number > setting->max)
        return false;
    field_set_number(setting, base, number);
    return true;
}

static bool field_read_word(const struct setting *setting, void *base, struct slice text)
{
    for (size_t i = 0; i < *setting->words->count; i++) {
        if (!slice_is_text(text, field_word(setting->words, i)))
            continue;
        if (setting->type == SETTING_ROW)
            field_set_pointer(base, setting->offset, field_row(setting->words, i));
        else
            field_set_number(setting, base, i);
        return true;
    }
    return false;
}

bool setting_read(const struct setting *setting, void *base, struct slice text)
{
    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_PATH:
        return field_read_text(setting, base, text);
    case SETTING_COUNT:
    case SETTING_DURATION:
    case SETTING_SIZE:
        return field_read_number(setting, base, text);
    case SETTING_CHOICE:
    case SETTING_ROW:
        return field_read_word(setting, base, text);
    case SETTING_SECTION:
    case SETTING_MAP:
    case SETTING_LIST:
        break;
    }
    return false;
}

static void field_write_text(const struct setting *setting, const void *base, struct buf *out)
{
    struct slice text = slice_of(field_pointer(base, setting->offset));
    if (setting->flags & SETTING_SECRET)
        value_write_url(out, text);
    else
        buf_add(out, text);
}

void setting_write(const struct setting *setting, const void *base, struct buf *out)
{
    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_PATH:
        field_write_text(setting, base, out);
        break;
    case SETTING_COUNT:
    case SETTING_DURATION:
    case SETTING_SIZE:
        field_write_number(setting->type, field_number(setting, base), out);
        break;
    case SETTING_CHOICE:
        buf_add_text(out, field_word(setting->words, (size_t)field_number(setting, base)));
        break;
    case SETTING_ROW:
        buf_add_text(out, field_pointer(field_pointer(base, setting->offset), 0));
        break;
    case SETTING_SECTION:
    case SETTING_MAP:
    case SETTING_LIST:
        break;
    }
}

bool setting_is_empty(const struct setting *setting, const void *base)
{
    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_PATH:
        return field_pointer(base, setting->offset) == NULL;
    case SETTING_MAP:
    case SETTING_LIST:
        return setting_item_count(setting, base) == 0;
    case SETTING_SECTION:
    case SETTING_COUNT:
    case SETTING_DURATION:
    case SETTING_SIZE:
    case SETTING_CHOICE:
    case SETTING_ROW:
        break;
    }
    return false;
}

bool setting_is_same(const struct setting *setting, const void *a, const void *b)
{
    bool is_text = setting->type == SETTING_TEXT || setting->type == SETTING_PATH;
    if (!is_text)
        return memcmp((const char *)a + setting->offset, (const char *)b + setting->offset,
                      setting->size) == 0;
    return slice_is(slice_of(field_pointer(a, setting->offset)),
                    slice_of(field_pointer(b, setting->offset)));
}

size_t setting_item_count(const struct setting *setting, const void *base)
{
    size_t count = 0;
    memcpy(&count, (const char *)base + setting->count_offset, sizeof(count));
    return count;
}

static void *field_item(const struct setting *setting, const void *base, size_t index)
{
    return (char *)field_pointer(base, setting->offset) + index * setting->size;
}

void *setting_add_item(const struct setting *setting, void *base)
{
    size_t count = setting_item_count(setting, base) + 1;
    void *items = mem_resize(field_pointer(base, setting->offset), count, setting->size);
    field_set_pointer(base, setting->offset, items);
    memcpy((char *)base + setting->count_offset, &count, sizeof(count));
    void *item = field_item(setting, base, count - 1);
    memset(item, 0, setting->size);
    return item;
}

bool setting_add_pair(const struct setting *setting, void *base, struct slice name,
                      struct slice value)
{
    if (field_has_nul(name) || field_has_nul(value))
        return false;
    char *pair = setting_add_item(setting, base);
    field_set_pointer(pair, 0, mem_copy_text(name.ptr, name.len));
    field_set_pointer(pair, sizeof(char *), mem_copy_text(value.ptr, value.len));
    return true;
}

const char *setting_pair_name(const struct setting *setting, const void *base, size_t index)
{
    return field_pointer(field_item(setting, base, index), 0);
}

void setting_write_pair(const struct setting *setting, const void *base, size_t index,
                        struct buf *out)
{
    bool secret = (setting->flags & SETTING_SECRET) &&
                  value_name_is_secret(slice_of(setting_pair_name(setting, base, index)));
    buf_add_text(out, secret ? "***"
                             : field_pointer(field_item(setting, base, index), sizeof(char *)));
}

static void field_clear_items(const struct setting *setting, void *base)
{
    size_t none = 0;
    size_t pairs = setting->type == SETTING_MAP ? setting_item_count(setting, base) : 0;
    for (size_t i = 0; i < pairs; i++) {
        mem_free(field_pointer(field_item(setting, base, i), 0));
        mem_free(field_pointer(field_item(setting, base, i), sizeof(char *)));
    }
    mem_free(field_pointer(base, setting->offset));
    field_set_pointer(base, setting->offset, NULL);
    memcpy((char *)base + setting->count_offset, &none, sizeof(none));
}

void setting_clear(const struct setting *setting, void *base)
{
    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_PATH:
        mem_free(field_pointer(base, setting->offset));
        field_set_pointer(base, setting->offset, NULL);
        break;
    case SETTING_MAP:
    case SETTING_LIST:
        field_clear_items(setting, base);
        break;
    case SETTING_SECTION:
    case SETTING_COUNT:
    case SETTING_DURATION:
    case SETTING_SIZE:
    case SETTING_CHOICE:
    case SETTING_ROW:
        break;
    }
}
