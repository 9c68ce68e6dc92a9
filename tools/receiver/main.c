/*
 * main.c - elrelay-receiver: a stand-in for the reporting endpoint that can be told how to
 * misbehave.
 *
 * libmicrohttpd's threads serve requests; the main thread waits for signals and for what is due
 * later.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <microhttpd.h>

#include "elrelay/ground/mem.h"
#include "exchange.h"
#include "fault_rule.h"

enum {
    THREADS = 4,
    CONNECTION_MEMORY = 256 * 1024,
    SMALL_FILE_MAX = 64 * 1024,
    DEFAULT_ROWS = 10000
};

static const char intro[] =
    "Usage: elrelay-receiver [OPTION]...\n"
    "A stand-in for the reporting endpoint, on loopback. docs/receiver.md tells more.\n\n";

/* Where every option goes; the order is that of --help. */
#define SETTING_ROWS(s)                                                                        \
    {                                                                                          \
        {"port", "N", "listen here; 0 (the default): any free port", .number = &(s)->port},    \
            {"port-file", "FILE", "write the port here once it listens",                       \
             .text = &(s)->port_file},                                                         \
            {"cert", "FILE", "serve https with this certificate (PEM)", .text = &(s)->cert},   \
            {"key", "FILE", "the certificate's private key (PEM)", .text = &(s)->tls_key},     \
            {"key-file", "FILE",                                                               \
             "ask for the key in this file; below /api/waters as a Bearer token",              \
             .text = &(s)->key_file},                                                          \
            {"client", "NAME", "a known client, org or org.sender; repeatable; none: any",     \
             .list = &(s)->clients},                                                           \
            {"inactive", "NAME", "a client that gets 410; repeatable",                         \
             .list = &(s)->inactive},                                                          \
            {"plain", "PATH", "a path that takes any POST; repeatable", .list = &(s)->plain},  \
            {"plain-status", "CODE", "its answer: 200, 201 (the default) or 204",              \
             .number = &(s)->plain_status},                                                    \
            {"idempotent", NULL, "its Idempotency-Key counts: stored once, same answer",       \
             .flag = &(s)->idempotent},                                                        \
            {"max-bytes", "N", "largest body, 50000000", .number = &(s)->max_bytes},           \
            {"max-rows", "N", "most data rows, 10000", .number = &(s)->max_rows},              \
            {"length-errors", "WORD", "intended: 411 and 413; real: 500 as the real one",      \
             .text = &(s)->length_errors},                                                     \
            {"accepted", "FILE", "append a line for each delivery taken",                      \
             .text = &(s)->accepted},                                                          \
            {"bodies", "DIR", "keep the body of each delivery taken", .text = &(s)->bodies},   \
            {"requests", "FILE", "append a line for each request", .text = &(s)->requests},    \
            {"faults", "FILE", "fault rules, read again on SIGHUP", .text = &(s)->faults},     \
            {"fault", "LINE", "one fault rule; repeatable", .list = &(s)->fault_lines},        \
            {"seed", "N", "of the rules with a share", .number = &(s)->seed},                  \
            {"help", NULL, "this text", .flag = &(s)->help},                                   \
    }

static void print_help(const struct option_row *rows, size_t count)
{
    options_print_help(intro, rows, count);
    fputs("\nA fault rule is `[get] WHEN...: VERB...`. "
          "WHEN: all, request N, requests A-B, from N, until N, every K,\n"
          "share P, rows-with FIELD=VALUE. Verbs:\n",
          stdout);
    for (size_t i = 0; i < verb_count; i++) {
        char left[48];
        snprintf(left, sizeof(left), "%s %s", verb_table[i].name, verb_table[i].argument);
        printf("  %-28s %s\n", left, verb_table[i].help);
    }
}

static bool settings_check(const struct settings *settings, struct fault *fault)
{
    bool lengths_known = strcmp(settings->length_errors, "intended") == 0 ||
                         strcmp(settings->length_errors, "real") == 0;
    bool status_known = settings->plain_status == 200 || settings->plain_status == 201 ||
                        settings->plain_status == 204;
    if (settings->port > UINT16_MAX)
        return fault_set(fault, FAULT_USAGE, "--port: at most %d", UINT16_MAX);
    if (!settings->cert != !settings->tls_key)
        return fault_set(fault, FAULT_USAGE, "--cert and --key belong together");
    if (!lengths_known)
        return fault_set(fault, FAULT_USAGE, "--length-errors: intended or real");
    if (!status_known)
        return fault_set(fault, FAULT_USAGE, "--plain-status: 200, 201 or 204");
    return true;
}

/* The text of a small file without line ends behind it; the caller frees it. */
static bool read_small_file(const char *path, char **text, struct fault *fault)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return fault_set(fault, FAULT_GENERAL, "%s: %s", path, strerror(errno));
    *text = mem_zalloc(SMALL_FILE_MAX + 1);
    size_t len = fread(*text, 1, SMALL_FILE_MAX, file);
    fclose(file);
    while (len && ((*text)[len - 1] == '\n' || (*text)[len - 1] == '\r'))
        (*text)[--len] = '\0';
    return true;
}

static bool write_port_file(const char *path, unsigned port, struct fault *fault)
{
    char part[4096];
    snprintf(part, sizeof(part), "%s.part", path);
    FILE *file = fopen(part, "w");
    if (!file)
        return fault_set(fault, FAULT_GENERAL, "--port-file %s: %s", part, strerror(errno));
    fprintf(file, "%u\n", port);
    if (fclose(file) != 0 || rename(part, path) != 0)
        return fault_set(fault, FAULT_GENERAL, "--port-file %s: %s", path, strerror(errno));
    return true;
}

static bool receiver_open_requests(struct receiver *receiver, struct fault *fault)
{
    const char *path = receiver->settings.requests;
    receiver->requests_fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
                                 : -1;
    return !path || receiver->requests_fd >= 0 ||
           fault_set(fault, FAULT_GENERAL, "--requests %s: %s", path, strerror(errno));
}

static bool receiver_open(struct receiver *receiver, struct fault *fault)
{
    const struct settings *settings = &receiver->settings;
    size_t rules = 0;
    receiver->requests_fd = -1;
    receiver->store.accepted_fd = -1;
    receiver->faults = (struct faults){.lines = &settings->fault_lines,
                                       .path = settings->faults,
                                       .seed = settings->seed,
                                       .with_tls = settings->cert != NULL};
    if (!wakes_init(&receiver->wakes))
        return fault_set(fault, FAULT_GENERAL, "eventfd: %s", strerror(errno));
    return faults_load(&receiver->faults, &rules, fault) &&
           (!settings->key_file ||
            read_small_file(settings->key_file, &receiver->key, fault)) &&
           receiver_open_requests(receiver, fault) &&
           store_open(&receiver->store, settings->accepted, settings->bodies, fault);
}

static void receiver_close(struct receiver *receiver)
{
    store_close(&receiver->store);
    faults_free(&receiver->faults);
    wakes_free(&receiver->wakes);
    if (receiver->requests_fd >= 0)
        close(receiver->requests_fd);
    mem_free(receiver->key);
    mem_free(receiver->base);
    text_list_free(&receiver->settings.clients);
    text_list_free(&receiver->settings.inactive);
    text_list_free(&receiver->settings.plain);
    text_list_free(&receiver->settings.fault_lines);
}

/* A socket on loopback that listens, and the port it has. */
static bool listen_on_loopback(uint64_t wanted, int *fd, unsigned *port, struct fault *fault)
{
    const int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)wanted),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *name = (struct sockaddr *)&address;
    socklen_t len = sizeof(address);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok = *fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
              bind(*fd, name, len) == 0 && listen(*fd, SOMAXCONN) == 0 &&
              getsockname(*fd, name, &len) == 0;
    if (!ok) {
        fault_set(fault, FAULT_GENERAL, "cannot listen on 127.0.0.1 port %llu: %s",
                  (unsigned long long)wanted, strerror(errno));
        if (*fd >= 0)
            close(*fd);
        return false;
    }
    *port = ntohs(address.sin_port);
    return true;
}

/* Serves from here on; the daemon takes the socket. */
static struct MHD_Daemon *start_http(struct receiver *receiver, int listen_fd, const char *cert,
                                     const char *tls_key)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, mem_copy_text(cert, strlen(cert))},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, mem_copy_text(tls_key, strlen(tls_key))},
        {MHD_OPTION_END, 0, NULL}};
    /* Not epoll: libmicrohttpd 0.9.75 asks it for edges, and overlooks a connection that is
     * closed together with its last bytes. */
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        *cert ? flags | MHD_USE_TLS : flags, 0, NULL, NULL, exchange_on_request, receiver,
        MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_on_completed, receiver,
        *cert ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
    mem_free(tls[0].ptr_value);
    mem_free(tls[1].ptr_value);
    return daemon;
}

/* Threads read the base from the first request on, so it is set before there are any. */
static bool receiver_listen(struct receiver *receiver, struct MHD_Daemon **daemon,
                            unsigned *port, struct fault *fault)
{
    const struct settings *settings = &receiver->settings;
    char *cert = NULL;
    char *tls_key = NULL;
    int fd = -1;
    bool ok = (!settings->cert || (read_small_file(settings->cert, &cert, fault) &&
                                   read_small_file(settings->tls_key, &tls_key, fault))) &&
              listen_on_loopback(settings->port, &fd, port, fault);
    if (ok) {
        char base[64];
        snprintf(base, sizeof(base), "%s://127.0.0.1:%u", cert ? "https" : "http", *port);
        receiver->base = mem_copy_text(base, strlen(base));
        *daemon = start_http(receiver, fd, cert ? cert : "", tls_key ? tls_key : "");
        ok = *daemon || fault_set(fault, FAULT_GENERAL, "cannot serve %s%s", base,
                                  cert ? "; --cert or --key is no PEM" : "");
    }
    mem_free(cert);
    mem_free(tls_key);
    return ok;
}

static bool receiver_announce(const struct receiver *receiver, unsigned port,
                              struct fault *fault)
{
    const char *port_file = receiver->settings.port_file;
    if (port_file && !write_port_file(port_file, port, fault))
        return false;
    printf("listening on %s\n", receiver->base);
    fflush(stdout);
    return true;
}

static void receiver_reload(struct receiver *receiver)
{
    struct fault fault = {0};
    size_t rules = 0;
    if (faults_load(&receiver->faults, &rules, &fault))
        printf("fault rules: %zu\n", rules);
    else
        printf("fault rules unchanged: %s\n", fault.text);
    fflush(stdout);
}

static void receiver_serve(struct receiver *receiver, int signal_fd)
{
    struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN},
                           {.fd = receiver->wakes.event_fd, .events = POLLIN}};
    for (;;) {
        struct signalfd_siginfo got;
        poll(fds, sizeof(fds) / sizeof(fds[0]), wakes_run(&receiver->wakes));
        if (!(fds[0].revents & POLLIN) ||
            read(signal_fd, &got, sizeof(got)) != (ssize_t)sizeof(got))
            continue;
        if (got.ssi_signo != SIGHUP)
            return;
        receiver_reload(receiver);
    }
}

static bool receiver_run(struct receiver *receiver, struct fault *fault)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    struct MHD_Daemon *daemon = NULL;
    unsigned port = 0;
    bool ok = receiver_listen(receiver, &daemon, &port, fault) &&
              receiver_announce(receiver, port, fault);
    if (ok)
        receiver_serve(receiver, signal_fd);
    wakes_stop(&receiver->wakes);
    if (daemon)
        MHD_stop_daemon(daemon);
    close(signal_fd);
    return ok;
}

int main(int argc, char **argv)
{
    struct receiver receiver = {.settings = {.plain_status = 201,
                                             .max_bytes = 50000000,
                                             .max_rows = DEFAULT_ROWS,
                                             .length_errors = "intended"}};
    const struct option_row rows[] = SETTING_ROWS(&receiver.settings);
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    struct fault fault = {0};
    bool ok = options_read(rows, count, argc, argv, &fault) &&
              settings_check(&receiver.settings, &fault);
    if (receiver.settings.help)
        print_help(rows, count);
    else if (ok)
        ok = receiver_open(&receiver, &fault) && receiver_run(&receiver, &fault);
    receiver_close(&receiver);
    if (ok || receiver.settings.help)
        return 0;
    fprintf(stderr, "elrelay-receiver: %s\n", fault.text);
    return fault_exit_code(fault.code);
}
