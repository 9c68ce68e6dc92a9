/*
 * test_link_tls.c - rediss:// against a real server; in a build without TLS the refusal alone
 * is tested elsewhere.
 */

#include "elrelay/edge/redis/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_link.h"
#include "elrelay/ground/mem.h"

static char folder[] = "/tmp/elrelay-test-XXXXXX";
static char cert_path[64];
static char key_path[64];
static char port_text[16];
static struct redis_server server = {
    .tcp = true,
    .extra = {"--tls-port", port_text, "--tls-cert-file", cert_path, "--tls-key-file", key_path,
              "--tls-ca-cert-file", cert_path, "--tls-auth-clients", "optional"}};

/* A certificate for the name localhost, signed by itself. */
static void make_certificate(void)
{
    int status = 1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(STDERR_FILENO);
        execlp("openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-nodes", "-batch", "-subj", "/CN=test", "-addext",
               "subjectAltName=DNS:localhost", "-days", "2", "-keyout", key_path, "-out",
               cert_path, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int start_server(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(cert_path, sizeof(cert_path), "%s/cert.pem", folder);
    snprintf(key_path, sizeof(key_path), "%s/key.pem", folder);
    snprintf(port_text, sizeof(port_text), "%d", redis_free_port());
    make_certificate();
    redis_server_start(&server);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    redis_server_stop(&server);
    unlink(cert_path);
    unlink(key_path);
    rmdir(folder);
    return 0;
}

static void open_box(struct link_box *box, const char *host, const char *port, bool trusted)
{
    char url[64];
    snprintf(url, sizeof(url), "rediss://%s:%s", host, port);
    link_box_init(box, url);
    box->conf.ca_file = trusted ? cert_path : NULL;
    link_box_open(box);
}

static void test_link_tls_carries_large_values(void **state)
{
    (void)state;
    enum { LARGE = 5 * 1024 * 1024 };
    struct link_box box;
    char *large = mem_zalloc(LARGE);
    memset(large, 'x', LARGE);
    open_box(&box, "localhost", port_text, true);
    link_box_wait(&box, "U");
    struct slice echo[] = {SLICE("ECHO"), {large, LARGE}};
    assert_true(link_send(box.link, &(struct command){echo, 2, 0}, link_box_on_reply, &box));
    link_box_wait(&box, "UA");
    assert_true(slice_is(box.answer, echo[1]));
    assert_true(link_box_send(&box, 0, "PING", NULL));
    redis_server_kill(&server);
    link_box_wait(&box, "UAND");
    redis_server_restart(&server);
    link_box_wait_up(&box);
    link_box_free(&box);
    mem_free(large);
}

static void test_link_tls_verifies(void **state)
{
    (void)state;
    char plain[16];
    snprintf(plain, sizeof(plain), "%d", server.port);
    const struct {
        const char *host;
        const char *port;
        bool trusted;
        const char *says;
        const char *or_says;
    } rows[] = {
        {"localhost", port_text, false, "certificate verify failed", "?"},
        {"127.0.0.1", port_text, true, "certificate verify failed", "?"},
        /* an older server waits for the end of a line, a newer one answers at once */
        {"localhost", plain, true, "redis.connect_timeout", "wrong version number"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_box box;
        open_box(&box, rows[i].host, rows[i].port, rows[i].trusted);
        box.conf.connect_timeout_ms = 1000;
        link_box_wait(&box, "DD");
        if (!strstr(box.fault.text, rows[i].says) && !strstr(box.fault.text, rows[i].or_says))
            fail_msg("%s", box.fault.text);
        link_box_free(&box);
    }
}

static void test_link_tls_closes_at_each_stage(void **state)
{
    (void)state;
    for (int turns = 0; turns < 8; turns++) {
        struct link_box box;
        open_box(&box, "localhost", port_text, true);
        for (int i = 0; i < turns; i++)
            uv_run(&box.loop, UV_RUN_NOWAIT);
        link_box_free(&box);
    }
}

static void test_link_tls_refuses_files_that_are_no_use(void **state)
{
    (void)state;
    char missing[] = "/nothing/here";
    const struct {
        char *ca, *cert, *key;
        const char *says;
    } rows[] = {
        {missing, NULL, NULL, "redis.ca_file: /nothing/here"},
        {key_path, NULL, NULL, "redis.ca_file"},
        {cert_path, cert_path, NULL, "need each other"},
        {cert_path, NULL, key_path, "need each other"},
        {cert_path, missing, key_path, "redis.cert_file: /nothing/here"},
        {cert_path, cert_path, missing, "redis.key_file: /nothing/here"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_box box;
        struct fault fault = {.code = FAULT_NONE};
        link_box_init(&box, "rediss://localhost");
        box.conf.ca_file = rows[i].ca;
        box.conf.cert_file = rows[i].cert;
        box.conf.key_file = rows[i].key;
        assert_null(link_new(&box.loop, &box.conf, &(struct link_events){.ctx = NULL}, &fault));
        if (!strstr(fault.text, rows[i].says))
            fail_msg("%s", fault.text);
        assert_int_equal(fault.code, FAULT_CONF);
        link_box_free(&box);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_tls_carries_large_values),
        cmocka_unit_test(test_link_tls_verifies),
        cmocka_unit_test(test_link_tls_closes_at_each_stage),
        cmocka_unit_test(test_link_tls_refuses_files_that_are_no_use),
    };
    return link_can_tls() ? cmocka_run_group_tests(tests, start_server, stop_server) : 0;
}
