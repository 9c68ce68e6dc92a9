/*
 * test_conf_disk.c - a configuration that lies on the disk, with the real environment and the
 * files that it names.
 */

#include "elrelay/edge/host/conf_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_conf.h"
#include "elrelay/edge/redis/link.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A folder of this test, and a file in it. */
struct folder {
    char path[64];
    char file[96];
};

static void folder_open(struct folder *folder, const char *text)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/elrelay-conf-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->file, sizeof(folder->file), "%s/e.yaml", folder->path);
    FILE *file = fopen(folder->file, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void folder_close(const struct folder *folder)
{
    unlink(folder->file);
    rmdir(folder->path);
}

static void folder_refuses(const struct bad_row *row)
{
    struct folder folder = {0};
    struct conf conf;
    struct fault fault = {0};
    folder_open(&folder, row->text);
    if (conf_file_read(&conf, folder.file, &fault) || !strstr(fault.text, row->wanted))
        fail_msg("%s: %s", row->name, fault.text);
    assert_int_equal(fault.code, FAULT_CONF);
    assert_null(strstr(fault.text, "hush"));
    folder_close(&folder);
}

static void test_conf_disk_reads_a_file_with_the_real_environment(void **state)
{
    struct folder folder = {0};
    struct conf conf;
    struct fault fault = {0};
    char host[256] = {0};
    (void)state;
    folder_open(&folder, "log: {level: '${TEST_LEVEL}'}\n" ROUTE);
    gethostname(host, sizeof(host) - 1);
    unsetenv("HOSTNAME");
    setenv("TEST_LEVEL", "debug", 1);
    if (!conf_file_read(&conf, folder.file, &fault))
        fail_msg("%s", fault.text);
    assert_string_equal(conf.instance, host);
    assert_int_equal(conf.log.level, LOG_DEBUG);
    conf_free(&conf);
    setenv("HOSTNAME", "other", 1);
    assert_true(conf_file_read(&conf, folder.file, &fault));
    assert_string_equal(conf.instance, "other");
    conf_free(&conf);
    unsetenv("TEST_LEVEL");
    folder_close(&folder);
}

static void test_conf_disk_refuses_files_it_cannot_read(void **state)
{
    static const struct bad_row rows[] = {
        {"secret file", ROUTE "    auth: {type: bearer, secret_file: /nonexistent/key}\n",
         ":6: routes[0].endpoint.auth.secret_file: "
         "/nonexistent/key cannot be read: No such file"},
        {"CA is a folder", ROUTE "    ca_file: /tmp\n",
         ":6: routes[0].endpoint.ca_file: /tmp cannot be read: Is a directory"},
    };
    struct conf conf;
    struct fault fault = {0};
    (void)state;
    assert_false(conf_file_read(&conf, "/nonexistent/e.yaml", &fault));
    assert_string_equal(fault.text,
                        "/nonexistent/e.yaml: cannot be read: No such file or directory");
    assert_int_equal(fault.code, FAULT_CONF);
    assert_false(conf_file_read(&conf, "/tmp", &fault));
    assert_string_equal(fault.text, "/tmp: cannot be read: Is a directory");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        folder_refuses(&rows[i]);
}

static void test_conf_disk_refuses_what_cannot_be_used(void **state)
{
    static const struct bad_row rows[] = {
        {"a port too high", "redis: {url: 'redis://127.0.0.1:99999/0'}\n" ROUTE,
         ":1: redis.url: the port is not"},
        {"a port of letters", "redis: {url: 'redis://127.0.0.1:abc'}\n" ROUTE,
         ":1: redis.url: the port is not"},
        {"a database of letters", "redis: {url: 'redis://127.0.0.1:1/x'}\n" ROUTE,
         ":1: redis.url: what stands behind"},
        {"no host", "redis: {url: 'redis://'}\n" ROUTE, ":1: redis.url: the host is empty"},
        {"no socket", "redis: {url: 'unix://'}\n" ROUTE, ":1: redis.url: a socket is written"},
        {"a relative socket", "redis: {url: 'unix://r.sock'}\n" ROUTE,
         ":1: redis.url: a socket is written"},
        {"another query", "redis: {url: 'unix:///x?foo=1'}\n" ROUTE,
         ":1: redis.url: only ?db=N"},
        {"no scheme of Redis", "redis: {url: 'http://:hush@h'}\n" ROUTE,
         ":1: redis.url: must begin with redis://, rediss://, unix://, "
         "redis+sentinel:// or redis+cluster://"},
        {"no password", "redis:\n  url: redis://me@h\n" ROUTE,
         ":2: redis.url: names a user without a password"},
        {"garbage CA", ROUTE "    ca_file: /etc/passwd\n",
         ":6: routes[0].endpoint.ca_file: /etc/passwd holds no certificate in PEM"},
        {"garbage certificate", ROUTE "    cert_file: /etc/passwd\n",
         ":6: routes[0].endpoint.cert_file: /etc/passwd holds no certificate in PEM"},
        {"empty secret", ROUTE "    auth: {type: bearer, secret_file: /dev/null}\n",
         ":6: routes[0].endpoint.auth.secret_file: /dev/null is empty"},
        {"secret of two lines", ROUTE "    auth: {type: bearer, secret_file: /etc/passwd}\n",
         ":6: routes[0].endpoint.auth.secret_file: /etc/passwd holds a line break"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        folder_refuses(&rows[i]);
    const struct bad_row tls = {"TLS", "redis: {url: 'rediss://h'}\n" ROUTE,
                                ":1: redis.url: rediss:// needs TLS"};
    if (!link_can_tls())
        folder_refuses(&tls);
}

static void test_conf_disk_refuses_a_file_that_is_too_large(void **state)
{
    struct folder folder = {0};
    struct conf conf;
    struct fault fault = {0};
    (void)state;
    folder_open(&folder, ROUTE);
    assert_int_equal(truncate(folder.file, CONF_FILE_BYTES_MAX + 1), 0);
    assert_false(conf_file_read(&conf, folder.file, &fault));
    assert_non_null(strstr(fault.text, "larger than 1048576 bytes"));
    folder_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_disk_reads_a_file_with_the_real_environment),
        cmocka_unit_test(test_conf_disk_refuses_files_it_cannot_read),
        cmocka_unit_test(test_conf_disk_refuses_what_cannot_be_used),
        cmocka_unit_test(test_conf_disk_refuses_a_file_that_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
