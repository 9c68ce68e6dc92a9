/*
 * test_uplink_tls.c - TLS: who is trusted, who is not, and what an end inside it means.
 *
 * The certificates are made by openssl(1) at the start; the peer is `openssl s_server`.
 */

#include "elrelay/edge/http/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/support_post.h"
#include "edge/support_wire.h"
#include "elrelay/ground/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MB           ((size_t)1000 * 1000)

enum { TEXT_MAX = 256 };

static char folder[POST_URL_MAX];

static void run_shell(const char *script, const char *const args[4])
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", script, args[0], args[1], args[2], args[3], folder,
              (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* A certificate NAME.pem with its NAME.key; signed by the CA, or by itself where ca is NULL. */
static void make_cert(const char *name, const char *ca, const char *extension)
{
    static const char script[] =
        "set -e; cd \"$4\"; exec 2>/dev/null; "
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj \"/CN=$1\" -keyout \"$1.key\" -out \"$1.pem\" "
        "${2:+-CA \"$2.pem\" -CAkey \"$2.key\"} ${3:+-addext \"$3\"}";
    run_shell(script,
              (const char *const[4]){"sh", name, ca ? ca : "", extension ? extension : ""});
}

/* client.key under a pass phrase. */
static void make_locked_key(void)
{
    static const char script[] =
        "set -e; cd \"$4\"; exec 2>/dev/null; "
        "openssl pkey -in client.key -aes256 -passout pass:x -out locked.key";
    run_shell(script, (const char *const[4]){"sh", "", "", ""});
}

static int make_certs(void **state)
{
    (void)state;
    folder_make(folder);
    make_cert("ca", NULL, NULL);
    make_cert("stranger", NULL, NULL);
    make_cert("good", "ca", "subjectAltName=IP:127.0.0.1");
    make_cert("other", "ca", "subjectAltName=DNS:other.test");
    make_cert("client", "ca", "extendedKeyUsage=clientAuth");
    make_locked_key();
    return 0;
}

static int remove_certs(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static char *in_folder(char path[POST_URL_MAX * 2], const char *file)
{
    snprintf(path, (size_t)POST_URL_MAX * 2, "%s/%s", folder, file);
    return path;
}

struct tls_row {
    const char *name;
    const char *cert;    /* of the peer */
    const char *version; /* of TLS, as s_server's flag */
    const char *ca;      /* that we trust; NULL: the system's */
    const char *client;  /* our certificate; NULL: none */
    size_t body_len;
    enum transport_end end;
    bool wants_client_cert;
    struct wire_step script[4];
};

/* It would give each field of a row a line of its own. */
/* clang-format off */
static const struct tls_row tls_rows[] = {
    {"all well", "good", "-tls1_3", "ca.pem", NULL,
     1000, TRANSPORT_ANSWERED, false, {READ_ALL, SAY(CREATED)}},
    {"all well, the older TLS", "good", "-tls1_2", "ca.pem", NULL,
     1000, TRANSPORT_ANSWERED, false, {READ_ALL, SAY(CREATED)}},
    {"TLS 1.1", "good", "-tls1_1", "ca.pem", NULL,
     1000, TRANSPORT_TLS_FAILED, false, {READ_ALL}},
    {"a CA that is not ours", "good", "-tls1_3", "stranger.pem", NULL,
     1000, TRANSPORT_TLS_FAILED, false, {READ_ALL}},
    {"the system's CAs only", "good", "-tls1_3", NULL, NULL,
     1000, TRANSPORT_TLS_FAILED, false, {READ_ALL}},
    {"a name that is not theirs", "other", "-tls1_3", "ca.pem", NULL,
     1000, TRANSPORT_TLS_FAILED, false, {READ_ALL}},
    {"signed by itself", "stranger", "-tls1_3", "ca.pem", NULL,
     1000, TRANSPORT_TLS_FAILED, false, {READ_ALL}},
    {"no CA file", "good", "-tls1_3", "nothing.pem", NULL,
     1000, TRANSPORT_TLS_FAILED, false, {READ_ALL}},
    {"our certificate wanted and given", "good", "-tls1_3", "ca.pem", "client",
     1000, TRANSPORT_ANSWERED, true, {READ_ALL, SAY(CREATED)}},
    {"our certificate wanted, none given", "good", "-tls1_2", "ca.pem", NULL,
     1000, TRANSPORT_TLS_FAILED, true, {READ_ALL}},
    {"gone when all was read", "good", "-tls1_3", "ca.pem", NULL,
     1000, TRANSPORT_NO_ANSWER, false, {READ_ALL, RESET}},
    {"gone in the middle of the answer", "good", "-tls1_3", "ca.pem", NULL,
     1000, TRANSPORT_NO_ANSWER, false,
     {READ_ALL, SAY("HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{"), RESET}},
    {"gone while it went up", "good", "-tls1_3", "ca.pem", NULL,
     32 * MB, TRANSPORT_UPLOAD_CUT, false, {HEAD, READ_SOME(1000000), RESET}},
};
/* clang-format on */

static struct wire *start_peer(const struct tls_row *row)
{
    static const char *const want[] = {"-Verify", "1", "-verify_return_error", "-CAfile"};
    char cert[POST_URL_MAX * 2];
    char key[POST_URL_MAX * 2];
    char ca[POST_URL_MAX * 2];
    char file[TEXT_MAX];
    const char *args[16] = {
        "-cert", cert, "-key", key, row->version, "-cipher", "DEFAULT@SECLEVEL=0"};
    snprintf(file, sizeof(file), "%s.pem", row->cert);
    in_folder(cert, file);
    snprintf(file, sizeof(file), "%s.key", row->cert);
    in_folder(key, file);
    in_folder(ca, "ca.pem");
    for (size_t i = 0; row->wants_client_cert && i < COUNT(want); i++)
        args[7 + i] = want[i];
    if (row->wants_client_cert)
        args[7 + COUNT(want)] = ca;
    return wire_start_tls(row->script, args);
}

static enum transport_end end_of_post(const struct tls_row *row)
{
    struct post post;
    struct wire_seen seen;
    struct wire *wire = start_peer(row);
    char ca[POST_URL_MAX * 2];
    char cert[POST_URL_MAX * 2];
    char key[POST_URL_MAX * 2];
    char *body = post_make_body(row->body_len);
    post_open(&post, wire_port(wire));
    snprintf(post.url, sizeof(post.url), "https://127.0.0.1:%u/api", wire_port(wire));
    post.endpoint.ca_file = row->ca ? in_folder(ca, row->ca) : NULL;
    in_folder(cert, "client.pem");
    in_folder(key, "client.key");
    post.endpoint.cert_file = row->client ? cert : NULL;
    post.endpoint.key_file = row->client ? key : NULL;
    enum transport_end end = post_send(&post, (struct slice){body, row->body_len})->end;
    post_close(&post);
    wire_stop(wire, &seen);
    if (end == TRANSPORT_TLS_FAILED && seen.head[0])
        fail_msg("%s: a request was sent", row->name);
    mem_free(body);
    return end;
}

static void test_uplink_trusts_whom_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(tls_rows); i++)
        if (end_of_post(&tls_rows[i]) != tls_rows[i].end)
            fail_msg("%s: another end", tls_rows[i].name);
}

/* In TLS 1.3 we are done first: the body may be out before the refusal is in. */
static void test_uplink_does_not_guess_when_its_certificate_is_missed_late(void **state)
{
    (void)state;
    static const struct tls_row row = {.cert = "good",
                                       .version = "-tls1_3",
                                       .wants_client_cert = true,
                                       .ca = "ca.pem",
                                       .body_len = 1000};
    enum transport_end end = end_of_post(&row);
    assert_true(end == TRANSPORT_NO_ANSWER || end == TRANSPORT_UPLOAD_CUT);
}

/* A peer that speaks no TLS, or says nothing at all. */
static void test_uplink_tells_a_peer_without_tls(void **state)
{
    (void)state;
    static const struct wire_step rude[] = {SAY("HTTP/1.1 400 Bad\r\n\r\n"), END};
    static const struct wire_step mute[] = {HOLD, END};
    for (int i = 0; i < 2; i++) {
        struct post post;
        struct wire_seen seen;
        struct wire *wire = wire_start(i ? mute : rude);
        post_open(&post, wire_port(wire));
        snprintf(post.url, sizeof(post.url), "https://127.0.0.1:%u/api", wire_port(wire));
        post.endpoint.connect_timeout_ms = 500;
        assert_int_equal(post_send(&post, SLICE("a"))->end, TRANSPORT_TLS_FAILED);
        post_close(&post);
        wire_stop(wire, &seen);
    }
}

static void test_uplink_probes_tls(void **state)
{
    (void)state;
    static const struct tls_row row = {
        .cert = "good",
        .version = "-tls1_3",
        .script = {HEAD, SAY("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n")}};
    struct post post = {0};
    struct wire_seen seen;
    struct fault fault;
    char text[TEXT_MAX];
    char ca[POST_URL_MAX * 2];
    struct wire *wire = start_peer(&row);
    post_open(&post, 1);
    snprintf(post.url, sizeof(post.url), "https://127.0.0.1:%u/api", wire_port(wire));
    post.endpoint.ca_file = in_folder(ca, "ca.pem");
    assert_true(uplink_probe(&post.endpoint, text, sizeof(text), &fault));
    assert_string_equal(text, "resolved 127.0.0.1, TLSv1.3, answered 405");
    wire_stop(wire, &seen);
    post_close(&post);
}

static const struct {
    const char *cert;
    const char *ca;
    const char *text;
} probe_rows[] = {
    {"good", "stranger.pem",
     "TLS failed: unable to get local issuer certificate; check ca_file, cert_file and url"},
    {"other", "ca.pem",
     "TLS failed: its certificate is for another host name; check ca_file, cert_file and url"},
};

static void test_uplink_probe_says_why_tls_failed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(probe_rows); i++) {
        const struct tls_row row = {
            .cert = probe_rows[i].cert, .version = "-tls1_3", .script = {HEAD}};
        struct post post;
        struct wire_seen seen;
        struct fault fault;
        char text[TEXT_MAX];
        char ca[POST_URL_MAX * 2];
        struct wire *wire = start_peer(&row);
        post_open(&post, 1);
        snprintf(post.url, sizeof(post.url), "https://127.0.0.1:%u/api", wire_port(wire));
        post.endpoint.ca_file = in_folder(ca, probe_rows[i].ca);
        assert_false(uplink_probe(&post.endpoint, text, sizeof(text), &fault));
        assert_int_equal(fault.code, FAULT_ENDPOINT);
        assert_string_equal(fault.text, probe_rows[i].text);
        wire_stop(wire, &seen);
        post_close(&post);
    }
}

static const struct {
    const char *ca;
    const char *cert;
    const char *key;
    const char *complaint; /* NULL: good */
} file_rows[] = {
    {NULL, NULL, NULL, NULL},
    {"ca.pem", "client.pem", "client.key", NULL},
    {"nothing.pem", NULL, NULL, "cannot be read: No such file or directory"},
    {"client.key", NULL, NULL, "holds no certificate in PEM"},
    {NULL, "nothing.pem", "client.key", "cannot be read"},
    {NULL, "client.key", "client.key", "holds no certificate in PEM"},
    {NULL, "client.pem", "nothing.key", "cannot be read"},
    {NULL, "client.pem", NULL, "holds no private key in PEM without a pass phrase"},
    {NULL, "client.pem", "locked.key", "holds no private key in PEM without a pass phrase"},
    {NULL, "client.pem", "good.key", "is not the key of cert_file"},
    {NULL, NULL, "client.key", "is given without cert_file"},
};

static void test_uplink_checks_the_files_of_tls(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(file_rows); i++) {
        struct post post;
        struct fault fault = {0};
        char paths[3][POST_URL_MAX * 2];
        post_open(&post, 1);
        post.endpoint.ca_file = file_rows[i].ca ? in_folder(paths[0], file_rows[i].ca) : NULL;
        post.endpoint.cert_file = file_rows[i].cert ? in_folder(paths[1], file_rows[i].cert)
                                                    : NULL;
        post.endpoint.key_file = file_rows[i].key ? in_folder(paths[2], file_rows[i].key)
                                                  : NULL;
        assert_int_equal(uplink_check_conf(&post.endpoint, &fault), !file_rows[i].complaint);
        if (file_rows[i].complaint && !strstr(fault.text, file_rows[i].complaint))
            fail_msg("row %zu: %s", i, fault.text);
        post_close(&post);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplink_trusts_whom_it_should),
        cmocka_unit_test(test_uplink_does_not_guess_when_its_certificate_is_missed_late),
        cmocka_unit_test(test_uplink_tells_a_peer_without_tls),
        cmocka_unit_test(test_uplink_probes_tls),
        cmocka_unit_test(test_uplink_probe_says_why_tls_failed),
        cmocka_unit_test(test_uplink_checks_the_files_of_tls),
    };
    return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
