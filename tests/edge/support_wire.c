/*
 * support_wire.c - the scripted peer.
 */

#include "edge/support_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "elrelay/ground/mem.h"

enum { WIRE_ARGS_MAX = 32, WIRE_DEADLINE_MS = 20000 };

struct wire {
    const struct wire_step *script;
    int listener; /* -1 behind TLS */
    int conn;     /* the one served now */
    int stop[2];  /* a pair: its closed end wakes the thread */
    unsigned port;
    pid_t tls; /* s_server, or 0 */
    pthread_t thread;
    size_t head_len;
    struct wire_seen seen;
};

uint64_t wire_hash(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* False when nothing happened for ms milliseconds, or the test wants an end and nothing is left
 * to be seen. */
static bool wire_wait(struct wire *wire, int fd, short events, int ms)
{
    struct pollfd fds[] = {{.fd = wire->stop[0], .events = POLLIN},
                           {.fd = fd, .events = events}};
    return poll(fds, 2, ms) > 0 && fds[1].revents;
}

static ssize_t wire_recv(struct wire *wire, char *bytes, size_t len)
{
    if (!wire_wait(wire, wire->conn, POLLIN, WIRE_DEADLINE_MS))
        return 0;
    return recv(wire->conn, bytes, len, 0);
}

static bool wire_read_head(struct wire *wire)
{
    wire->head_len = 0;
    while (wire->head_len < WIRE_HEAD_MAX - 1) {
        if (wire_recv(wire, wire->seen.head + wire->head_len, 1) <= 0)
            return false;
        wire->seen.head[++wire->head_len] = '\0';
        if (strstr(wire->seen.head + (wire->head_len < 4 ? 0 : wire->head_len - 4), "\r\n\r\n"))
            return true;
    }
    return false;
}

static bool wire_read_some(struct wire *wire, size_t len)
{
    static _Thread_local char room[32 * 1024];
    while (len) {
        ssize_t got = wire_recv(wire, room, len < sizeof(room) ? len : sizeof(room));
        if (got <= 0)
            return false;
        wire->seen.body_hash = wire_hash(wire->seen.body_hash, room, (size_t)got);
        wire->seen.body_len += (size_t)got;
        len -= (size_t)got;
    }
    return true;
}

static bool wire_read_body(struct wire *wire)
{
    const char *length = strstr(wire->seen.head, "Content-Length: ");
    return wire_read_some(wire,
                          length ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0);
}

static bool wire_say(struct wire *wire, const char *bytes, size_t len)
{
    while (len) {
        if (!wire_wait(wire, wire->conn, POLLOUT, WIRE_DEADLINE_MS))
            return false;
        ssize_t put = send(wire->conn, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0)
            return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

static bool wire_drip(struct wire *wire, const char *text)
{
    setsockopt(wire->conn, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    for (; *text; text++) {
        if (!wire_say(wire, text, 1))
            return false;
        wire_wait(wire, -1, 0, 1);
    }
    return true;
}

static bool wire_flood(struct wire *wire, const char *text, size_t number)
{
    for (size_t len = strlen(text); number >= len; number -= len)
        if (!wire_say(wire, text, len))
            return false;
    return true;
}

static bool wire_hold(struct wire *wire)
{
    wire_wait(wire, wire->conn, 0, WIRE_DEADLINE_MS);
    return true;
}

static bool wire_reset(struct wire *wire)
{
    setsockopt(wire->conn, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
               sizeof(struct linger));
    if (wire->tls)
        kill(wire->tls, SIGKILL);
    return false;
}

static bool wire_do(struct wire *wire, const struct wire_step *step)
{
    switch (step->op) {
    case WIRE_END:
        return false;
    case WIRE_READ_HEAD:
        return wire_read_head(wire);
    case WIRE_READ_BODY:
        return wire_read_body(wire);
    case WIRE_READ_SOME:
        return wire_read_some(wire, step->number);
    case WIRE_SAY:
        return wire_say(wire, step->text, strlen(step->text));
    case WIRE_DRIP:
        return wire_drip(wire, step->text);
    case WIRE_FLOOD:
        return wire_flood(wire, step->text, step->number);
    case WIRE_THINK:
        wire_wait(wire, -1, 0, (int)step->number);
        return true;
    case WIRE_HOLD:
        return wire_hold(wire);
    case WIRE_RESET:
        return wire_reset(wire);
    }
    return false;
}

static void wire_serve(struct wire *wire)
{
    static _Thread_local char room[64 * 1024];
    for (const struct wire_step *step = wire->script; wire_do(wire, step); step++)
        ;
    ssize_t surplus = recv(wire->conn, room, sizeof(room), MSG_DONTWAIT);
    wire->seen.surplus += surplus > 0 ? (size_t)surplus : 0;
    close(wire->conn);
}

static void *wire_run(void *ctx)
{
    struct wire *wire = ctx;
    if (wire->tls) {
        wire_serve(wire);
        return NULL;
    }
    while (wire_wait(wire, wire->listener, POLLIN, -1)) {
        wire->conn = accept(wire->listener, NULL, NULL);
        wire->seen.connections++;
        wire_serve(wire);
    }
    return NULL;
}

static int wire_bind(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t at_len = sizeof(at);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &at_len) < 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(at.sin_port);
    return fd;
}

static struct wire *wire_new(const struct wire_step *script)
{
    struct wire *wire = mem_zalloc(sizeof(*wire));
    wire->script = script;
    wire->listener = -1;
    wire->seen.body_hash = WIRE_HASH_START;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire->stop), 0);
    return wire;
}

struct wire *wire_start(const struct wire_step *script)
{
    struct wire *wire = wire_new(script);
    wire->listener = wire_bind(&wire->port);
    assert_true(wire->listener >= 0);
    assert_int_equal(listen(wire->listener, 8), 0);
    assert_int_equal(pthread_create(&wire->thread, NULL, wire_run, wire), 0);
    return wire;
}

static void wire_exec_tls(int io, unsigned port, const char *const *args)
{
    static const char *const fixed[] = {"openssl", "s_server", "-quiet", "-accept"};
    char accept_at[32];
    char *argv[WIRE_ARGS_MAX] = {0};
    size_t count = 0;
    while (count < sizeof(fixed) / sizeof(fixed[0])) {
        argv[count] = strdup(fixed[count]);
        count++;
    }
    snprintf(accept_at, sizeof(accept_at), "127.0.0.1:%u", port);
    argv[count++] = accept_at;
    for (; *args && count < WIRE_ARGS_MAX - 1; args++)
        argv[count++] = strdup(*args);
    int quiet = open("/dev/null", O_WRONLY);
    dup2(io, STDIN_FILENO);
    dup2(io, STDOUT_FILENO);
    dup2(quiet, STDERR_FILENO);
    execvp(argv[0], argv);
    _exit(127);
}

/* A port on which somebody listens cannot be bound, even with SO_REUSEADDR. */
static void wire_await_listener(const struct wire *wire)
{
    for (int i = 0; i < WIRE_DEADLINE_MS; i++) {
        unsigned port = wire->port;
        int fd = wire_bind(&port);
        if (fd < 0)
            return;
        close(fd);
        poll(NULL, 0, 1);
    }
    fail_msg("openssl s_server does not listen");
}

struct wire *wire_start_tls(const struct wire_step *script, const char *const *args)
{
    struct wire *wire = wire_new(script);
    int io[2];
    close(wire_bind(&wire->port)); /* a free port */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, io), 0);
    wire->conn = io[0];
    wire->tls = fork();
    if (wire->tls == 0)
        wire_exec_tls(io[1], wire->port, args);
    close(io[1]);
    wire_await_listener(wire);
    assert_int_equal(pthread_create(&wire->thread, NULL, wire_run, wire), 0);
    return wire;
}

unsigned wire_port(const struct wire *wire)
{
    return wire->port;
}

void wire_stop(struct wire *wire, struct wire_seen *seen)
{
    close(wire->stop[1]);
    pthread_join(wire->thread, NULL);
    close(wire->stop[0]);
    if (wire->listener >= 0)
        close(wire->listener);
    if (wire->tls) {
        kill(wire->tls, SIGKILL);
        waitpid(wire->tls, NULL, 0);
    }
    *seen = wire->seen;
    mem_free(wire);
}
