/*
 * support_redis.c - fork, exec, wait for an answer; signals; one folder.
 */

#include "edge/support_redis.h"

#include <arpa/inet.h>
#include <fts.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_MS = 20000, STOP_MS = 5000, WAIT_MS = 20000, STEP_MS = 2, ARGS_MAX = 72 };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int redis_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void exec_server(const struct redis_server *server)
{
    char port[16];
    char log[sizeof(server->folder) + 16];
    snprintf(port, sizeof(port), "%d", server->port);
    snprintf(log, sizeof(log), "%s/log", server->folder);
    const char *args[ARGS_MAX] = {"redis-server",
                                  "--port",
                                  port,
                                  "--bind",
                                  "127.0.0.1",
                                  "--unixsocket",
                                  server->socket_path,
                                  "--dir",
                                  server->folder,
                                  "--logfile",
                                  log,
                                  "--save",
                                  "",
                                  "--appendonly",
                                  "no",
                                  "--daemonize",
                                  "no"};
    size_t count = 0;
    while (args[count])
        count++;
    for (size_t i = 0; i < REDIS_EXTRA_MAX && server->extra[i]; i++)
        args[count++] = server->extra[i];
    char *argv[ARGS_MAX + 1] = {NULL};
    for (size_t i = 0; i < count; i++)
        argv[i] = strdup(args[i]);
    execvp(argv[0], argv);
    _exit(127);
}

void redis_server_run(struct redis_server *server)
{
    assert_int_equal(server->pid, 0);
    pid_t parent = getpid();
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        exec_server(server);
    _exit(127);
}

redisContext *redis_server_client(const struct redis_server *server)
{
    redisContext *client = redisConnectUnix(server->socket_path);
    assert_non_null(client);
    assert_int_equal(client->err, 0);
    return client;
}

static bool server_answers(const struct redis_server *server)
{
    redisContext *client = redisConnectUnix(server->socket_path);
    redisReply *reply = client && !client->err ? redisCommand(client, "PING") : NULL;
    bool answers = reply && !(reply->type == REDIS_REPLY_ERROR &&
                              strncmp(reply->str, "LOADING", 7) == 0);
    freeReplyObject(reply);
    redisFree(client);
    return answers;
}

static void fail_if_ended(struct redis_server *server)
{
    if (waitpid(server->pid, NULL, WNOHANG) != server->pid)
        return;
    server->pid = 0;
    fail_msg("redis-server ended at its start: see %s/log", server->folder);
}

static void wait_for_answer(struct redis_server *server)
{
    uint64_t give_up_ms = now_ms() + START_MS;
    while (!server_answers(server)) {
        fail_if_ended(server);
        assert_true(now_ms() < give_up_ms);
        poll(NULL, 0, STEP_MS);
    }
}

void redis_server_restart(struct redis_server *server)
{
    redis_server_run(server);
    wait_for_answer(server);
}

void redis_server_start(struct redis_server *server)
{
    snprintf(server->folder, sizeof(server->folder), "/tmp/elrelay-test-XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->socket_path, sizeof(server->socket_path), "%s/redis.sock", server->folder);
    snprintf(server->url, sizeof(server->url), "unix://%s", server->socket_path);
    server->port = server->tcp ? redis_free_port() : 0;
    server->pid = 0;
    redis_server_restart(server);
}

static void remove_folder(char *folder)
{
    FTS *walk = fts_open((char *[]){folder, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *entry = fts_read(walk); entry; entry = fts_read(walk))
        if (entry->fts_info != FTS_D)
            remove(entry->fts_accpath);
    fts_close(walk);
}

void redis_server_kill(struct redis_server *server)
{
    kill(server->pid, SIGKILL);
    assert_int_equal(waitpid(server->pid, NULL, 0), server->pid);
    server->pid = 0;
}

static void end_server(struct redis_server *server)
{
    uint64_t give_up_ms = now_ms() + STOP_MS;
    kill(server->pid, SIGTERM);
    kill(server->pid, SIGCONT);
    while (waitpid(server->pid, NULL, WNOHANG) == 0) {
        if (now_ms() >= give_up_ms)
            kill(server->pid, SIGKILL);
        poll(NULL, 0, STEP_MS);
    }
    server->pid = 0;
}

void redis_server_stop(struct redis_server *server)
{
    if (server->pid)
        end_server(server);
    remove_folder(server->folder);
}

void redis_server_pause(struct redis_server *server)
{
    kill(server->pid, SIGSTOP);
    int status = 0;
    assert_int_equal(waitpid(server->pid, &status, WUNTRACED), server->pid);
}

void redis_server_resume(struct redis_server *server)
{
    kill(server->pid, SIGCONT);
}

long long redis_server_do(const struct redis_server *server, const char *format, ...)
{
    redisContext *client = redis_server_client(server);
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(client, format, args);
    va_end(args);
    long long integer = reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
    freeReplyObject(reply);
    redisFree(client);
    return integer;
}

struct wait {
    bool (*holds)(void *ctx);
    void *ctx;
    bool held;
};

/* Just before the loop would sleep. */
static void on_wait_look(uv_prepare_t *look)
{
    struct wait *wait = look->data;
    wait->held = wait->holds(wait->ctx);
    if (wait->held)
        uv_stop(look->loop);
}

static void on_wait_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

bool redis_wait(uv_loop_t *loop, bool (*holds)(void *ctx), void *ctx)
{
    struct wait wait = {.holds = holds, .ctx = ctx};
    uv_timer_t over;
    uv_prepare_t look;
    uv_update_time(loop);
    uv_timer_init(loop, &over);
    uv_timer_start(&over, on_wait_over, WAIT_MS, 0);
    uv_prepare_init(loop, &look);
    look.data = &wait;
    uv_prepare_start(&look, on_wait_look);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&over, NULL);
    uv_close((uv_handle_t *)&look, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
    return wait.held;
}
