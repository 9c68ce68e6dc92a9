/*
 * support_post.c - one POST or GET on a loop of its own.
 */

#include "edge/support_post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

#include "elrelay/ground/mem.h"

static const struct profile post_profile = {.name = "test", .batch_header = "payloadname"};

static void on_tick(uv_timer_t *timer)
{
    struct post *post = timer->data;
    uint64_t now_ns = uv_hrtime();
    uint64_t gap_ms = (now_ns - post->last_tick_ns) / 1000000;
    post->ticks++;
    post->last_tick_ns = now_ns;
    if (gap_ms > post->longest_gap_ms)
        post->longest_gap_ms = gap_ms;
    if (now_ns > post->deadline_ns)
        fail_msg("nothing came before the deadline");
}

void post_open(struct post *post, unsigned port)
{
    *post = (struct post){.allowed = UINT32_MAX};
    assert_int_equal(uv_loop_init(&post->loop), 0);
    uv_timer_init(&post->loop, &post->ticker);
    post->ticker.data = post;
    post->last_tick_ns = uv_hrtime();
    post->deadline_ns = post->last_tick_ns + (uint64_t)POST_DEADLINE_MS * 1000000;
    uv_timer_start(&post->ticker, on_tick, POST_TICK_MS, POST_TICK_MS);
    post->uplink = uplink_new(&post->loop);
    snprintf(post->url, sizeof(post->url), "http://127.0.0.1:%u/api/reports?processing=async",
             port);
    post->endpoint = (struct endpoint_conf){
        .profile = &post_profile,
        .url = post->url,
        .connect_timeout_ms = 10000,
        .timeout_ms = 20000,
    };
}

static bool on_may_go_on(void *ctx)
{
    struct post *post = ctx;
    return post->asked++ < post->allowed;
}

static void on_answer(void *ctx, const struct answer *answer)
{
    struct post *post = ctx;
    post->answers++;
    mem_free(post->body_copy);
    post->body_copy = mem_copy_text(answer->body.ptr, answer->body.len);
    post->answer = *answer;
    post->answer.body.ptr = post->body_copy;
    post->request = NULL;
    if (post->in_answer)
        post->in_answer(post);
}

bool post_try(struct post *post, struct slice body, struct fault *fault)
{
    struct request_setup setup = {
        .endpoint = &post->endpoint,
        .content_type = "text/csv",
        .batch_id = POST_BATCH_ID,
        .body = body,
        .may_go_on = on_may_go_on,
        .on_answer = on_answer,
        .ctx = post,
    };
    return uplink_post(post->uplink, &setup, &post->request, fault);
}

bool post_try_get(struct post *post, const char *url, struct fault *fault)
{
    struct request_setup setup = {
        .endpoint = &post->endpoint, .on_answer = on_answer, .ctx = post};
    return uplink_get(post->uplink, &setup, url, &post->request, fault);
}

void post_run_until(struct post *post, bool (*holds)(struct post *post))
{
    while (!holds(post))
        uv_run(&post->loop, UV_RUN_ONCE);
}

static bool post_is_answered(struct post *post)
{
    return post->answers > 0;
}

const struct answer *post_send(struct post *post, struct slice body)
{
    struct fault fault = {0};
    post->answers = 0;
    if (!post_try(post, body, &fault))
        fail_msg("refused: %s", fault.text);
    post_run_until(post, post_is_answered);
    return &post->answer;
}

const struct answer *post_get(struct post *post, const char *url)
{
    struct fault fault = {0};
    post->answers = 0;
    if (!post_try_get(post, url, &fault))
        fail_msg("refused: %s", fault.text);
    post_run_until(post, post_is_answered);
    return &post->answer;
}

static void on_uplink_closed(void *ctx)
{
    struct post *post = ctx;
    post->uplink_closed = true;
}

static bool post_is_closed(struct post *post)
{
    return post->uplink_closed;
}

void post_close(struct post *post)
{
    if (post->uplink)
        uplink_close(post->uplink, on_uplink_closed, post);
    post_run_until(post, post_is_closed);
    uv_close((uv_handle_t *)&post->ticker, NULL);
    uv_run(&post->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&post->loop), 0);
    mem_free(post->body_copy);
}

char *post_make_body(size_t len)
{
    char *body = mem_zalloc(len);
    for (size_t i = 0; i < len; i++)
        body[i] = (char)('a' + (i * 7 + i / 4096) % 26);
    return body;
}

void folder_make(char path[POST_URL_MAX])
{
    snprintf(path, POST_URL_MAX, "/tmp/elrelay-uplink-XXXXXX");
    assert_non_null(mkdtemp(path));
}

void folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (entry->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
    closedir(folder);
    assert_int_equal(rmdir(path), 0);
}

void file_write(const char *path, struct slice bytes)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
}
