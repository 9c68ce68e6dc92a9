/*
 * core_file.c - what the kernel is told of our memory.
 *
 * The limit alone would not do: a handler that core files are piped to (kernel.core_pattern)
 * gets them in spite of it. The filter belongs to root once the process is not dumpable, so it
 * comes first. What a machine does not permit is left undone; the others hold.
 */

#include "elrelay/edge/host/core_file.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void core_file_empty(void)
{
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t written = write(fd, "0", 1);
    (void)written;
    close(fd);
}

void core_file_forbid(void)
{
    core_file_empty();
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
