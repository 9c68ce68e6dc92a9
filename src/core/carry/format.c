/*
 * format.c - the table of formats, and what a configuration must be for them.
 */

#include "elrelay/core/carry/format.h"

#include "elrelay/core/carry/csv.h"
#include "elrelay/core/carry/rule.h"
#include "elrelay/core/carry/single.h"

const struct format format_table[] = {
    /* ReportStream compares the content type letter by letter: no charset */
    {"csv", "text/csv", csv_add, csv_size, csv_finish},
    {"exception", "application/json", single_add, single_size, single_finish},
};
const size_t format_count = sizeof(format_table) / sizeof(format_table[0]);

const struct format *format_by_name(struct slice name)
{
    for (size_t i = 0; i < format_count; i++)
        if (slice_is_text(name, format_table[i].name))
            return &format_table[i];
    return NULL;
}

/* Index of the first column of this name; column_count where there is none. */
static size_t format_column(const struct format_conf *conf, const char *name)
{
    size_t column = 0;
    while (column < conf->column_count && strcmp(conf->columns[column].name, name) != 0)
        column++;
    return column;
}

static bool format_check_column(const struct format_conf *conf, size_t column,
                                struct fault *fault)
{
    if (!conf->columns[column].name)
        return fault_set(fault, FAULT_CONF, "format.columns[%zu].name: is missing", column);
    if (format_column(conf, conf->columns[column].name) != column)
        return fault_set(fault, FAULT_CONF,
                         "format.columns[%zu].name: names a column a second time", column);
    struct fault why;
    if (rule_check(&conf->columns[column], &why))
        return true;
    return fault_set(fault, FAULT_CONF, "format.columns[%zu].%s", column, why.text);
}

bool format_check(const struct format_conf *conf, struct fault *fault)
{
    if (conf->header != HEADER_FIXED)
        return true;
    if (conf->column_count == 0)
        return fault_set(fault, FAULT_CONF,
                         "format.columns: header fixed needs at least one column");
    if (conf->max_columns && conf->column_count > conf->max_columns)
        return fault_set(fault, FAULT_CONF,
                         "format.columns: %zu columns, and the endpoint takes %zu",
                         conf->column_count, conf->max_columns);
    for (size_t i = 0; i < conf->column_count; i++)
        if (!format_check_column(conf, i, fault))
            return false;
    if (conf->tracking_id && format_column(conf, conf->tracking_id) == conf->column_count)
        return fault_set(fault, FAULT_CONF, "format.tracking_id: no column has this name");
    return true;
}
