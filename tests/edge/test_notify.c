/*
 * test_notify.c - what a service manager would read from its socket.
 */

#include "elrelay/edge/host/notify.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_post.h"

struct manager {
    char folder[POST_URL_MAX];
    struct sockaddr_un at;
    int fd;
};

static void manager_open(struct manager *manager)
{
    folder_make(manager->folder);
    manager->at = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(manager->at.sun_path, sizeof(manager->at.sun_path), "%.64s/notify",
             manager->folder);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(manager->fd, (struct sockaddr *)&manager->at, sizeof(manager->at)),
                     0);
    setenv("NOTIFY_SOCKET", manager->at.sun_path, 1);
}

static void manager_close(struct manager *manager)
{
    unsetenv("NOTIFY_SOCKET");
    close(manager->fd);
    folder_remove(manager->folder);
}

/* Datagrams on a unix socket are there when the sender's call has returned. */
static void assert_told(const struct manager *manager, const char *wanted)
{
    char told[256] = "";
    ssize_t len = recv(manager->fd, told, sizeof(told) - 1, MSG_DONTWAIT);
    assert_true(len >= 0);
    assert_string_equal(told, wanted);
}

static void test_notify_tells_the_manager(void **state)
{
    (void)state;
    struct manager manager;
    manager_open(&manager);
    notify_ready();
    assert_told(&manager, "READY=1");
    notify_status("2 routes, 14 events waiting");
    assert_told(&manager, "STATUS=2 routes, 14 events waiting");
    notify_status("one line\nREADY=1");
    assert_told(&manager, "STATUS=one line");
    notify_watchdog();
    assert_told(&manager, "WATCHDOG=1");
    notify_stopping();
    assert_told(&manager, "STOPPING=1");
    manager_close(&manager);
}

static uint64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void test_notify_dates_a_reload(void **state)
{
    (void)state;
    static const char opening[] = "RELOADING=1\nMONOTONIC_USEC=";
    char told[256] = "";
    struct manager manager;
    manager_open(&manager);
    uint64_t before_us = monotonic_us();
    notify_reloading();
    assert_true(recv(manager.fd, told, sizeof(told) - 1, MSG_DONTWAIT) > 0);
    assert_memory_equal(told, opening, strlen(opening));
    assert_in_range(strtoull(told + strlen(opening), NULL, 10), before_us, monotonic_us());
    manager_close(&manager);
}

static void test_notify_is_silent_without_a_manager(void **state)
{
    (void)state;
    notify_ready();
    notify_status("nobody reads this");
    notify_reloading();
    assert_int_equal(notify_watchdog_every_ms(), 0);
}

static void test_notify_halves_the_watchdogs_limit(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof(pid), "%jd", (intmax_t)getpid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_every_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1); /* another process's */
    assert_int_equal(notify_watchdog_every_ms(), 0);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notify_tells_the_manager),
        cmocka_unit_test(test_notify_dates_a_reload),
        cmocka_unit_test(test_notify_is_silent_without_a_manager),
        cmocka_unit_test(test_notify_halves_the_watchdogs_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
