/*
 * columns.c - a list of names, and a hash table of open addressing beside it.
 *
 * Columns leave only from the end of the list, in the reverse of the order in which they came,
 * so that a slot can be emptied without a mark: no other column's search has ever gone past it.
 * A growing table is filled anew in the order of the list, which keeps that true.
 */

#include "elrelay/core/carry/columns.h"

#include "elrelay/ground/mem.h"

void columns_init(struct columns *columns, size_t max_bytes)
{
    *columns = (struct columns){.last = COLUMN_NONE};
    buf_init(&columns->names, max_bytes);
}

void columns_free(struct columns *columns)
{
    mem_free(columns->list);
    mem_free(columns->slots);
    buf_free(&columns->names);
    columns_init(columns, columns->names.max);
}

void columns_rewind(struct columns *columns)
{
    columns->last = COLUMN_NONE;
}

struct slice columns_name(const struct columns *columns, size_t index)
{
    const struct column *column = &columns->list[index];
    return (struct slice){columns->names.ptr + column->name, column->name_len};
}

/* FNV-1a. */
static uint32_t columns_hash(struct slice name)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619U;
    return hash;
}

/* The slot that holds name, or the free one where it belongs. */
static size_t columns_slot(const struct columns *columns, struct slice name, uint32_t hash)
{
    size_t slot = hash & (columns->slot_count - 1);
    for (; columns->slots[slot]; slot = (slot + 1) & (columns->slot_count - 1)) {
        size_t index = columns->slots[slot] - 1;
        if (columns->list[index].hash == hash && slice_is(columns_name(columns, index), name))
            break;
    }
    return slot;
}

static void columns_put_slot(struct columns *columns, size_t index)
{
    struct slice name = columns_name(columns, index);
    columns->slots[columns_slot(columns, name, columns->list[index].hash)] = index + 1;
}

static void columns_grow(struct columns *columns)
{
    columns->cap = columns->cap ? columns->cap * 2 : COLUMNS_FIRST_CAP;
    columns->list = mem_resize(columns->list, columns->cap, sizeof(*columns->list));
    mem_free(columns->slots);
    columns->slot_count = columns->cap * 2;
    columns->slots = mem_zalloc_array(columns->slot_count, sizeof(*columns->slots));
    for (size_t i = 0; i < columns->count; i++)
        columns_put_slot(columns, i);
}

/* Where it is remembered which column is asked for now. */
static size_t *columns_guess(struct columns *columns)
{
    return columns->last == COLUMN_NONE ? &columns->first : &columns->list[columns->last].next;
}

static size_t columns_look_up(const struct columns *columns, struct slice name)
{
    if (columns->count == 0)
        return COLUMN_NONE;
    size_t slot = columns_slot(columns, name, columns_hash(name));
    return columns->slots[slot] ? columns->slots[slot] - 1 : COLUMN_NONE;
}

size_t columns_find(struct columns *columns, struct slice name)
{
    size_t index = *columns_guess(columns);
    if (index >= columns->count || !slice_is(columns_name(columns, index), name)) {
        index = columns_look_up(columns, name);
        if (index == COLUMN_NONE)
            return COLUMN_NONE;
        *columns_guess(columns) = index;
    }
    columns->last = index;
    return index;
}

size_t columns_add(struct columns *columns, struct slice name)
{
    size_t begin = columns->names.len;
    if (!buf_add(&columns->names, name))
        return COLUMN_NONE;
    if (columns->count == columns->cap)
        columns_grow(columns);
    size_t index = columns->count++;
    columns->list[index] = (struct column){
        .name = begin, .name_len = name.len, .next = index + 1, .hash = columns_hash(name)};
    columns_put_slot(columns, index);
    *columns_guess(columns) = index;
    columns->last = index;
    return index;
}

void columns_cut(struct columns *columns, size_t count)
{
    while (columns->count > count) {
        size_t last = columns->count - 1;
        struct slice name = columns_name(columns, last);
        columns->slots[columns_slot(columns, name, columns->list[last].hash)] = 0;
        buf_cut(&columns->names, columns->list[last].name);
        columns->count = last;
    }
    columns->names.full = false;
    columns->last = COLUMN_NONE;
}
