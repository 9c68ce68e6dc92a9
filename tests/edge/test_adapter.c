/*
 * test_adapter.c - hiredis on the loop, against a server of our own: when a command goes, and
 * what a broken connection leaves behind.
 */

#include "edge/redis/adapter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000 };

struct stage {
    uv_loop_t loop;
    uv_timer_t patience;
    int listener;
    int served; /* the server's end */
    redisAsyncContext *context;
    bool connected;
    bool gone;
};

static void on_connected(void *ctx)
{
    struct stage *stage = ctx;
    stage->connected = true;
}

static void on_gone(void *ctx, const char *why)
{
    struct stage *stage = ctx;
    assert_non_null(why);
    stage->gone = true;
}

static void on_patience(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("it never came");
}

static void on_reply(redisAsyncContext *context, void *reply, void *ctx)
{
    (void)context;
    (void)reply;
    (void)ctx;
}

static redisAsyncContext *listen_on_path(struct stage *stage, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    stage->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stage->listener, (const void *)&address, sizeof(address)), 0);
    assert_int_equal(listen(stage->listener, 1), 0);
    return redisAsyncConnectUnix(path);
}

static redisAsyncContext *listen_on_port(struct stage *stage)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    stage->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(stage->listener, (const void *)&address, len), 0);
    assert_int_equal(listen(stage->listener, 1), 0);
    assert_int_equal(getsockname(stage->listener, (void *)&address, &len), 0);
    return redisAsyncConnect("127.0.0.1", ntohs(address.sin_port));
}

static void wait_until(struct stage *stage, const bool *flag)
{
    uv_timer_start(&stage->patience, on_patience, PATIENCE_MS, 0);
    while (!*flag)
        uv_run(&stage->loop, UV_RUN_ONCE);
    uv_timer_stop(&stage->patience);
}

/* So many bytes of commands have come. */
static void serve_commands(struct stage *stage, size_t count)
{
    char bytes[4096];
    while (count) {
        uv_run(&stage->loop, UV_RUN_NOWAIT);
        size_t want = count < sizeof(bytes) ? count : sizeof(bytes);
        ssize_t got = recv(stage->served, bytes, want, MSG_DONTWAIT);
        count -= got > 0 ? (size_t)got : 0;
    }
}

static const char ping[] = "*1\r\n$4\r\nPING\r\n";

/* One command has come. */
static struct adapter *connect_to(struct stage *stage)
{
    const struct adapter_events events = {
        .on_connected = on_connected, .on_gone = on_gone, .ctx = stage};
    struct adapter *adapter = adapter_new(&stage->loop, stage->context, &events);
    assert_non_null(adapter);
    redisAsyncCommand(stage->context, on_reply, NULL, "PING");
    wait_until(stage, &stage->connected);
    stage->served = accept(stage->listener, NULL, NULL);
    serve_commands(stage, strlen(ping));
    return adapter;
}

/* The server answers one command and a part of the next, and goes with a third one unread: the
 * kernel tells of an error while there are bytes to read, and only behind them what it was. */
static void break_off(struct stage *stage)
{
    static const char part[] = "+PONG\r\n$100\r\nabc";
    connect_to(stage);
    redisAsyncCommand(stage->context, on_reply, NULL, "PING");
    char byte;
    while (recv(stage->served, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
        uv_run(&stage->loop, UV_RUN_NOWAIT);
    assert_int_equal(write(stage->served, part, strlen(part)), strlen(part));
    close(stage->served);
    wait_until(stage, &stage->gone);
}

static void end(struct stage *stage)
{
    close(stage->listener);
    uv_close((uv_handle_t *)&stage->patience, NULL);
    uv_run(&stage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&stage->loop), 0);
}

static void begin(struct stage *stage)
{
    *stage = (struct stage){.served = -1};
    uv_loop_init(&stage->loop);
    uv_timer_init(&stage->loop, &stage->patience);
}

static void test_adapter_sees_a_reset_behind_bytes_of_a_port(void **state)
{
    (void)state;
    struct stage stage;
    begin(&stage);
    stage.context = listen_on_port(&stage);
    break_off(&stage);
    end(&stage);
}

static void test_adapter_sees_a_reset_behind_bytes_of_a_socket(void **state)
{
    (void)state;
    char folder[] = "/tmp/elrelay-adapter-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    snprintf(path, sizeof(path), "%s/s", folder);
    struct stage stage;
    begin(&stage);
    stage.context = listen_on_path(&stage, path);
    break_off(&stage);
    end(&stage);
    unlink(path);
    rmdir(folder);
}

static void test_adapter_writes_within_the_turn(void **state)
{
    (void)state;
    struct stage stage;
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    char bytes[sizeof(ping)];
    begin(&stage);
    stage.context = listen_on_port(&stage);
    struct adapter *adapter = connect_to(&stage);
    setsockopt(stage.served, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    redisAsyncCommand(stage.context, on_reply, NULL, "PING"); /* and no turn of the loop */
    assert_int_equal(recv(stage.served, bytes, strlen(ping), MSG_WAITALL), strlen(ping));
    adapter_close(adapter);
    close(stage.served);
    end(&stage);
}

static void test_adapter_writes_the_rest_when_there_is_room(void **state)
{
    (void)state;
    enum { LARGE = 16 * 1024 * 1024 };
    static char large[LARGE];
    struct stage stage;
    begin(&stage);
    stage.context = listen_on_port(&stage);
    struct adapter *adapter = connect_to(&stage);
    redisAsyncCommand(stage.context, on_reply, NULL, "ECHO %b", large, sizeof(large));
    redisAsyncCommand(stage.context, on_reply, NULL, "PING");
    serve_commands(&stage,
                   strlen("*2\r\n$4\r\nECHO\r\n$16777216\r\n\r\n") + LARGE + strlen(ping));
    adapter_close(adapter);
    close(stage.served);
    end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapter_sees_a_reset_behind_bytes_of_a_port),
        cmocka_unit_test(test_adapter_sees_a_reset_behind_bytes_of_a_socket),
        cmocka_unit_test(test_adapter_writes_within_the_turn),
        cmocka_unit_test(test_adapter_writes_the_rest_when_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
