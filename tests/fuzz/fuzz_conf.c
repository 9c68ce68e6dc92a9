/*
 * fuzz_conf.c - any bytes as a configuration file.
 *
 * Whatever they are, they are taken or refused with a fault that begins with the file's name,
 * and what was taken can be shown and freed.
 */

#include <stdint.h>
#include <stdlib.h>

#include "elrelay/edge/host/conf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *fuzz_variable(const char *name)
{
    return strcmp(name, "UNSET") == 0 ? NULL : name;
}

static const char *fuzz_unreadable(const char *path)
{
    return strstr(path, "missing") ? "No such file or directory" : NULL;
}

static void fuzz_show(void *ctx, const char *key, const char *value, const char *origin)
{
    size_t *bytes = ctx;
    *bytes += strlen(key) + strlen(value) + strlen(origin);
}

static void fuzz_want(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct conf_outside outside = {fuzz_variable, fuzz_unreadable};
    struct slice text = {(const char *)data, size};
    struct conf conf;
    struct fault fault = {0};
    size_t bytes = 0;
    if (!conf_file_read_text(&conf, "fuzz.yaml", text, &outside, &fault)) {
        fuzz_want(fault.code == FAULT_CONF && strncmp(fault.text, "fuzz.yaml:", 10) == 0);
        fuzz_want(!conf.routes && !conf.notes && !conf.file);
        return 0;
    }
    conf_each(&conf, fuzz_show, &bytes);
    fuzz_want(conf.route_count > 0 && bytes > 0 && !conf_restart_key(&conf, &conf));
    conf_free(&conf);
    return 0;
}
