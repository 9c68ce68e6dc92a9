/*
 * options.c - getopt_long(3), driven by the table.
 */

#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "elrelay/ground/mem.h"
#include "elrelay/ground/number.h"
#include "elrelay/ground/slice.h"

void text_list_add(struct text_list *list, const char *text)
{
    list->items = mem_resize(list->items, list->count + 1, sizeof(list->items[0]));
    list->items[list->count++] = text;
}

void text_list_free(struct text_list *list)
{
    mem_free(list->items);
    *list = (struct text_list){0};
}

static bool option_set(const struct option_row *row, const char *value, struct fault *fault)
{
    if (row->flag)
        *row->flag = true;
    else if (row->text)
        *row->text = value;
    else if (row->list)
        text_list_add(row->list, value);
    else if (!number_read_u64(slice_of(value), row->number))
        return fault_set(fault, FAULT_USAGE, "--%s: \"%s\" is not a whole number", row->name,
                         value);
    return true;
}

static struct option *option_table(const struct option_row *rows, size_t count)
{
    struct option *table = mem_zalloc_array(count + 1, sizeof(table[0]));
    for (size_t i = 0; i < count; i++) {
        table[i].name = rows[i].name;
        table[i].has_arg = rows[i].argument ? required_argument : no_argument;
    }
    return table;
}

static bool options_walk(const struct option_row *rows, const struct option *table, int argc,
                         char **argv, struct fault *fault)
{
    int index = 0;
    int found = 0;
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":", table, &index)) != -1) {
        if (found == ':')
            return fault_set(fault, FAULT_USAGE, "%s needs a value", argv[optind - 1]);
        if (found != 0)
            return fault_set(fault, FAULT_USAGE, "unknown option %s", argv[optind - 1]);
        if (!option_set(&rows[index], optarg, fault))
            return false;
    }
    if (optind < argc)
        return fault_set(fault, FAULT_USAGE, "unexpected argument \"%s\"", argv[optind]);
    return true;
}

bool options_read(const struct option_row *rows, size_t count, int argc, char **argv,
                  struct fault *fault)
{
    struct option *table = option_table(rows, count);
    bool ok = options_walk(rows, table, argc, argv, fault);
    mem_free(table);
    return ok;
}

void options_print_help(const char *intro, const struct option_row *rows, size_t count)
{
    fputs(intro, stdout);
    for (size_t i = 0; i < count; i++) {
        char left[48];
        snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
                 rows[i].argument ? rows[i].argument : "");
        printf("  %-26s %s\n", left, rows[i].help);
    }
}
