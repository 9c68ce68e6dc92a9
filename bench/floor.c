/*
 * floor.c - elrelay-floor: the command line, the loop, the POST.
 *
 * At its end nothing is closed one by one: the process ends, and Redis is thrown away.
 */

#include "floor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/options.h"
#include "elrelay/edge/host/clock.h"
#include "elrelay/edge/host/conf_file.h"
#include "elrelay/edge/host/crypto.h"
#include "elrelay/edge/host/signals.h"
#include "elrelay/ground/mem.h"

enum { FLOOR_BODY_MAX = 64 * 1024 * 1024 };

static const char INTRO[] =
    "elrelay-floor - drain a route's queue without converting anything, for the bench\n"
    "\n"
    "usage: elrelay-floor --config FILE --body FILE [--bare]\n"
    "\n"
    "options:\n";

void floor_say_ready(void)
{
    puts("ready");
    fflush(stdout);
}

void floor_give_up(const char *what)
{
    fprintf(stderr, "elrelay-floor: %s\n", what);
    exit(1);
}

void floor_begin(struct slot *slot)
{
    uint8_t random[UUID_RANDOM_BYTES];
    batch_clear(&slot->batch);
    crypto_random(random, sizeof(random));
    uuid_make(&slot->batch.manifest.id, clock_unix_ms(), random);
}

/* The POST */

static void floor_on_answer(void *ctx, const struct answer *answer)
{
    struct slot *slot = ctx;
    if (answer->end != TRANSPORT_ANSWERED || answer->status < 200 || answer->status > 299)
        floor_give_up("the endpoint did not take a batch");
    slot->batch.receipt.status = answer->status;
    slot->floor->kind->on_taken(slot);
}

void floor_post(struct slot *slot)
{
    const struct floor *floor = slot->floor;
    size_t len = floor->body.len * slot->batch.id_count / floor->route->batch.max_events;
    struct request_setup setup = {
        .endpoint = &floor->route->endpoint,
        .content_type = "text/csv",
        .batch_id = slot->batch.manifest.id.text,
        .body = slice_part(floor->body, 0, len),
        .may_go_on = floor->kind->may_go_on,
        .on_answer = floor_on_answer,
        .ctx = slot,
    };
    struct fault fault = {0};
    if (!uplink_post(floor->uplink, &setup, &slot->request, &fault))
        floor_give_up(fault.text);
}

/* The loop */

static void floor_on_up(void *ctx)
{
    struct floor *floor = ctx;
    floor->kind->on_up(floor);
}

static void floor_on_down(void *ctx, const struct fault *fault, uint64_t retry_ms)
{
    (void)ctx;
    (void)retry_ms;
    floor_give_up(fault->text);
}

static void floor_on_release(void *ctx)
{
    struct floor *floor = ctx;
    for (size_t i = 0; i < floor->slot_count; i++) {
        struct slot *slot = &floor->slots[i];
        if (slot->busy)
            continue;
        slot->busy = true;
        floor->kind->next(slot);
    }
}

static void floor_on_stop(void *ctx)
{
    struct floor *floor = ctx;
    uv_stop(&floor->loop);
}

static void floor_open_slots(struct floor *floor)
{
    floor->slot_count = floor->route->endpoint.max_in_flight;
    for (size_t i = 0; i < floor->slot_count; i++) {
        struct slot *slot = &floor->slots[i];
        slot->floor = floor;
        snprintf(slot->consumer, sizeof(slot->consumer), "slot-%zu", i);
        batch_init(&slot->batch, &floor->route->format, floor->route->batch.max_bytes);
    }
}

static bool floor_run(struct floor *floor, struct fault *fault)
{
    static const struct signal_row rows[] = {
        {SIGUSR1, floor_on_release}, {SIGTERM, floor_on_stop}, {SIGINT, floor_on_stop}};
    const struct link_events events = {floor_on_up, floor_on_down, floor};
    uv_loop_init(&floor->loop);
    signals_ignore_pipe();
    if (!signals_new(&floor->loop, rows, sizeof(rows) / sizeof(rows[0]), floor, fault))
        return false;
    floor->link = link_new(&floor->loop, &floor->conf.redis, &events, fault);
    if (!floor->link)
        return false;
    floor->uplink = uplink_new(&floor->loop);
    floor_open_slots(floor);
    floor->kind->open(floor);
    link_open(floor->link);
    uv_run(&floor->loop, UV_RUN_DEFAULT);
    return true;
}

static bool floor_read_body(struct floor *floor, const char *path, struct fault *fault)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return fault_set(fault, FAULT_USAGE, "--body: the file cannot be opened");
    char *bytes = mem_zalloc(FLOOR_BODY_MAX);
    floor->body = (struct slice){bytes, fread(bytes, 1, FLOOR_BODY_MAX, file)};
    fclose(file);
    return true;
}

int main(int argc, char **argv)
{
    static struct floor floor;
    struct fault fault = {0};
    const char *config = "";
    const char *body = "";
    bool bare = false;
    bool help = false;
    const struct option_row rows[] = {
        {.name = "config", .argument = "FILE", .help = "the daemon's", .text = &config},
        {.name = "body", .argument = "FILE", .help = "what is POSTed", .text = &body},
        {.name = "bare", .help = "XREADGROUP, POST, XACK, XDEL and no more", .flag = &bare},
        {.name = "help", .help = "print this", .flag = &help},
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    bool ok = options_read(rows, count, argc, argv, &fault);
    if (ok && help) {
        options_print_help(INTRO, rows, count);
        return 0;
    }
    ok = ok && conf_file_read(&floor.conf, config, &fault) &&
         floor_read_body(&floor, body, &fault);
    floor.route = floor.conf.routes;
    floor.kind = bare ? &floor_bare : &floor_scripts;
    if (ok && floor_run(&floor, &fault))
        return 0;
    fprintf(stderr, "elrelay-floor: %s\n", fault.text);
    return fault_exit_code(fault.code);
}
