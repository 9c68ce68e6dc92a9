/*
 * run.c - `elrelay run`.
 */

#include "cli/run.h"

#include <unistd.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "elrelay/edge/host/clock.h"
#include "elrelay/edge/host/conf_file.h"
#include "elrelay/ground/mem.h"

/* One write a line, so that lines of several processes do not mix. What cannot be written is
 * lost. */
static void run_write_line(void *ctx, struct slice line)
{
    (void)ctx;
    ssize_t written = write(STDERR_FILENO, line.ptr, line.len);
    (void)written;
}

static uint64_t run_unix_ms(void *ctx)
{
    (void)ctx;
    return clock_unix_ms();
}

void run_open_log(const struct log_conf *conf, enum log_level least)
{
    log_open(&(struct log_sink){.write = run_write_line,
                                .unix_ms = run_unix_ms,
                                .format = conf->format,
                                .level = conf->level > least ? conf->level : least});
}

struct conf *run_read_conf(const char *path, struct fault *fault)
{
    struct conf *conf = mem_zalloc(sizeof(*conf));
    if (conf_file_read(conf, path, fault))
        return conf;
    mem_free(conf);
    return NULL;
}

bool run_daemon(const struct cli_call *call, struct fault *fault)
{
    const char *path = choice_conf_path(call);
    struct conf *conf = run_read_conf(path, fault);
    if (!conf)
        return false;
    run_open_log(&conf->log, LOG_DEBUG);
    struct daemon_setup setup = {.conf_path = path, .conf = conf};
    fault->code = (enum fault_code)daemon_run(&setup, fault);
    return fault->code == FAULT_NONE;
}
