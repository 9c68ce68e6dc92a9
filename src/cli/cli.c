/*
 * cli.c - from argv to an exit code.
 *
 * Whatever goes wrong in a command comes back here as one fault: it is printed once, on
 * standard error, and its code is the exit code.
 */

#include "elrelay/cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_table.h"
#include "elrelay/edge/host/core_file.h"
#include "elrelay/edge/host/crash.h"

static bool cli_is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool cli_run(int argc, char **argv, struct fault *fault)
{
    if (argc > 1 && cli_is_help(argv[1])) {
        cli_help(stdout);
        return true;
    }
    if (argc > 2 && cli_is_help(argv[2]) && cli_help_group(stdout, argv[1]))
        return true;
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        argv[1] += 2; /* as everywhere else */
    int used = 0;
    struct cli_call call = {.command = cli_find(argc, (const char *const *)argv, &used, fault)};
    if (!call.command || !cli_read_options(&call, argc - used, argv + used, fault))
        return false;
    if (call.values[OPTION_HELP]) {
        cli_help_command(stdout, call.command);
        return true;
    }
    return call.command->run(&call, fault);
}

/* Whoever started us may have closed a standard stream. The next file opened would take its
 * number, which libuv does not expect; what stands there instead fails where it is used. */
static void fill_closed_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        int filled = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (filled != fd)
            fault_bug("a closed standard stream", "/dev/null does not take its place");
    }
}

int cli_main(int argc, char **argv)
{
    fill_closed_streams();
    core_file_forbid();
    CRASH_BEGIN();
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error of writing, below */
    struct fault fault = {0};
    bool done = cli_run(argc, argv, &fault);
    if ((fflush(stdout) != 0 || ferror(stdout)) && done)
        done = fault_set(&fault, FAULT_GENERAL, "cannot write to standard output");
    if (done)
        return 0;
    if (fault.text[0])
        fprintf(stderr, "elrelay: %s\n", fault.text);
    return fault_exit_code(fault.code);
}
