/*
 * sink.c - elrelay-sink: an endpoint that takes every body and throws it away.
 *
 * The stand-in endpoint (tools/receiver) reads CSV, stores and fsyncs; beside the daemon that
 * would be half of what is measured. This one reads each byte once into the same room and
 * answers 200, after a delay where one is wanted. A GET answers how many POSTs and bytes of
 * bodies there were. Requests on a connection come one after the other, never pipelined.
 */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "common/options.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/mem.h"

enum {
    SINK_BACKLOG = 128,
    SINK_HEAD_MAX = 16 * 1024,
    SINK_READ = 256 * 1024,
    SINK_ANSWER = 256
};

#define SINK_KEPT_MAX ((size_t)256 * 1024 * 1024)

struct sink {
    uv_loop_t loop;
    uv_tcp_t listener;
    uint64_t delay_ms;
    const char *keep; /* folder for bodies; "": they are thrown away */
    uint64_t posts;
    uint64_t bytes;
    char room[SINK_READ]; /* all connections read into it */
};

struct peer {
    uv_tcp_t tcp;
    uv_timer_t delay;
    uv_write_t write;
    struct sink *sink;
    char head[SINK_HEAD_MAX + 1];
    size_t head_len;
    bool in_body;
    bool is_post;
    uint64_t left;   /* bytes of the body that are still to come */
    struct buf kept; /* the body, where bodies are kept */
    char answer[SINK_ANSWER];
    int open_handles;
};

/* The end of a connection */

static void peer_on_closed(uv_handle_t *handle)
{
    struct peer *peer = handle->data;
    if (--peer->open_handles)
        return;
    buf_free(&peer->kept);
    mem_free(peer);
}

static void peer_close(struct peer *peer)
{
    if (uv_is_closing((uv_handle_t *)&peer->tcp))
        return;
    uv_close((uv_handle_t *)&peer->tcp, peer_on_closed);
    uv_close((uv_handle_t *)&peer->delay, peer_on_closed);
}

/* Answers */

static void peer_on_written(uv_write_t *write, int status)
{
    struct peer *peer = write->data;
    if (status < 0)
        peer_close(peer);
}

static void peer_write(struct peer *peer)
{
    uv_buf_t bytes = uv_buf_init(peer->answer, (unsigned)strlen(peer->answer));
    peer->write.data = peer;
    if (uv_write(&peer->write, (uv_stream_t *)&peer->tcp, &bytes, 1, peer_on_written) < 0)
        peer_close(peer);
}

static void peer_on_delayed(uv_timer_t *timer)
{
    peer_write(timer->data);
}

static void peer_make_answer(struct peer *peer)
{
    char counts[SINK_ANSWER / 2];
    int len = snprintf(counts, sizeof(counts),
                       "{\"posts\": %" PRIu64 ", \"bytes\": %" PRIu64 "}", peer->sink->posts,
                       peer->sink->bytes);
    snprintf(
        peer->answer, sizeof(peer->answer),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
        len, counts);
}

static void peer_keep(struct peer *peer)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%06" PRIu64, peer->sink->keep, peer->sink->posts);
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(peer->kept.ptr, 1, peer->kept.len, file) == peer->kept.len;
    if (!file || fclose(file) != 0 || !good)
        fprintf(stderr, "elrelay-sink: a body could not be kept\n");
    buf_clear(&peer->kept);
}

static void peer_end_request(struct peer *peer)
{
    peer->in_body = false;
    peer->head_len = 0;
    peer->sink->posts += peer->is_post;
    if (peer->is_post && *peer->sink->keep)
        peer_keep(peer);
    peer_make_answer(peer);
    if (peer->is_post && peer->sink->delay_ms)
        uv_timer_start(&peer->delay, peer_on_delayed, peer->sink->delay_ms, 0);
    else
        peer_write(peer);
}

/* Requests */

/* The head is whole and ends with a NUL: false where it is not one of ours. */
static bool peer_read_head(struct peer *peer)
{
    static const char length[] = "content-length:";
    bool has_length = false;
    peer->left = 0;
    for (const char *line = peer->head; (line = strchr(line, '\n')); line++) {
        if (strncasecmp(line + 1, length, strlen(length)) != 0)
            continue;
        peer->left = strtoull(line + 1 + strlen(length), NULL, 10);
        has_length = true;
    }
    peer->is_post = strncmp(peer->head, "POST ", 5) == 0;
    peer->in_body = true;
    return has_length || !peer->is_post;
}

static size_t peer_take_head(struct peer *peer, const char *bytes, size_t len)
{
    size_t used = 0;
    while (used < len && peer->head_len < SINK_HEAD_MAX && !peer->in_body) {
        peer->head[peer->head_len++] = bytes[used++];
        peer->head[peer->head_len] = '\0';
        if (peer->head_len < 4 || bytes[used - 1] != '\n' ||
            strcmp(peer->head + peer->head_len - 4, "\r\n\r\n") != 0)
            continue;
        if (!peer_read_head(peer))
            return 0;
    }
    return peer->in_body || used == len ? used : 0;
}

static size_t peer_take_body(struct peer *peer, const char *bytes, size_t len)
{
    size_t used = len < peer->left ? len : (size_t)peer->left;
    if (*peer->sink->keep)
        buf_add(&peer->kept, (struct slice){bytes, used});
    peer->left -= used;
    peer->sink->bytes += used;
    return used;
}

static void peer_take(struct peer *peer, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t used = peer->in_body ? peer_take_body(peer, bytes, len)
                                    : peer_take_head(peer, bytes, len);
        if (used == 0) {
            peer_close(peer);
            return;
        }
        bytes += used;
        len -= used;
        if (peer->in_body && peer->left == 0)
            peer_end_request(peer);
    }
}

static void peer_on_room(uv_handle_t *handle, size_t size, uv_buf_t *room)
{
    struct peer *peer = handle->data;
    (void)size;
    *room = uv_buf_init(peer->sink->room, SINK_READ);
}

static void peer_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *bytes)
{
    struct peer *peer = stream->data;
    if (len < 0)
        peer_close(peer);
    else
        peer_take(peer, bytes->base, (size_t)len);
}

static void sink_on_peer(uv_stream_t *listener, int status)
{
    struct sink *sink = listener->data;
    if (status < 0)
        return;
    struct peer *peer = mem_zalloc(sizeof(*peer));
    peer->sink = sink;
    buf_init(&peer->kept, SINK_KEPT_MAX);
    uv_tcp_init(&sink->loop, &peer->tcp);
    uv_timer_init(&sink->loop, &peer->delay);
    peer->tcp.data = peer;
    peer->delay.data = peer;
    peer->open_handles = 2;
    if (uv_accept(listener, (uv_stream_t *)&peer->tcp) < 0 ||
        uv_read_start((uv_stream_t *)&peer->tcp, peer_on_room, peer_on_read) < 0)
        peer_close(peer);
}

/* The process */

static bool sink_listen(struct sink *sink, struct fault *fault)
{
    struct sockaddr_in address;
    int len = sizeof(address);
    uv_loop_init(&sink->loop);
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_init(&sink->loop, &sink->listener);
    sink->listener.data = sink;
    if (uv_tcp_bind(&sink->listener, (const struct sockaddr *)&address, 0) < 0 ||
        uv_listen((uv_stream_t *)&sink->listener, SINK_BACKLOG, sink_on_peer) < 0 ||
        uv_tcp_getsockname(&sink->listener, (struct sockaddr *)&address, &len) < 0)
        return fault_set(fault, FAULT_GENERAL, "no port of this machine can be had");
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    static struct sink sink = {.keep = ""};
    struct fault fault = {0};
    bool help = false;
    const struct option_row rows[] = {
        {.name = "delay",
         .argument = "MS",
         .help = "answers so long after the last byte (0)",
         .number = &sink.delay_ms},
        {.name = "keep",
         .argument = "FOLDER",
         .help = "writes each body into a file there",
         .text = &sink.keep},
        {.name = "help", .help = "print this", .flag = &help},
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    signal(SIGPIPE, SIG_IGN);
    bool ok = options_read(rows, count, argc, argv, &fault);
    if (ok && help) {
        options_print_help("usage: elrelay-sink [OPTION...]\n\noptions:\n", rows, count);
        return 0;
    }
    if (ok && sink_listen(&sink, &fault))
        return uv_run(&sink.loop, UV_RUN_DEFAULT);
    fprintf(stderr, "elrelay-sink: %s\n", fault.text);
    return fault_exit_code(fault.code);
}
