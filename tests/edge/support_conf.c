/*
 * support_conf.c - a configuration from a text.
 */

#include "edge/support_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static const char *support_variable(const char *name)
{
    static const char *const pairs[][2] = {{"HOSTNAME", "relay-1"},
                                           {"NAME", "flu"},
                                           {"PASSWORD", "hush"},
                                           {"EVERY", "30s"},
                                           {"INJECT", "a\nb: [c, d"},
                                           {"EMPTY", ""},
                                           {"A", "a"}};
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        if (strcmp(name, pairs[i][0]) == 0)
            return pairs[i][1];
    return NULL;
}

static const char *support_unreadable(const char *path)
{
    return strstr(path, "missing") ? "No such file or directory" : NULL;
}

const struct conf_outside conf_support_outside = {support_variable, support_unreadable};

bool conf_support_read(struct conf *conf, const char *text, struct fault *fault)
{
    return conf_file_read_text(conf, "e.yaml", slice_of(text), &conf_support_outside, fault);
}

void conf_support_refuses(const struct bad_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct conf conf = {0};
        struct fault fault = {0};
        const struct conf empty = {0};
        if (conf_support_read(&conf, rows[i].text, &fault))
            fail_msg("%s: not refused", rows[i].name);
        assert_memory_equal(&conf, &empty, sizeof(conf));
        assert_int_equal(fault.code, FAULT_CONF);
        if (strncmp(fault.text, rows[i].wanted, strlen(rows[i].wanted)) != 0)
            fail_msg("%s: %s", rows[i].name, fault.text);
    }
}
