/*
 * enqueue.c - `elrelay enqueue`: lines become events, a window of them at a time.
 *
 * A window is one script: all of its lines are in, or none. So a refusal leaves no gap, and one
 * line number says where to go on; when the connection breaks, one window at most is in doubt.
 *
 * The shards of a route take turns, a window's worth of events each, beginning with any of
 * them.
 */

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/lines.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/session.h"
#include "elrelay/core/told/shard.h"
#include "elrelay/edge/host/crypto.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/mem.h"

enum { ENQUEUE_WINDOW = 1000, ENQUEUE_WINDOW_BYTES = 8 * 1024 * 1024, ENQUEUE_FIRST_EVENT = 4 };

#define ENQUEUE_LINE_MAX ((size_t)512 * 1024 * 1024) /* Redis takes no longer value */

/* Lines that go together. */
struct window {
    struct buf bytes;
    size_t ends[ENQUEUE_WINDOW]; /* of each event, in bytes */
    size_t events;
    uint64_t first_line;
    uint64_t last_line;
};

struct enqueue {
    struct session *session;
    const struct choice *choice;
    const struct route_conf *shard; /* whose turn it is */
    size_t in_turn;                 /* events that it got in this turn */
    struct keys names;
    struct slice keys[2]; /* the stream and the inbox */
    size_t key_count;
    bool to_inbox;
    struct slice args[ENQUEUE_FIRST_EVENT + ENQUEUE_WINDOW];
    struct lines lines;
    struct progress progress;
    struct window window;
    uint64_t added;
    uint64_t added_line; /* the last one that is surely in */
    uint64_t blank;
    bool doubted; /* the link went down before the answer about the window */
};

static const char *enqueue_key(const struct enqueue *enqueue)
{
    return enqueue->keys[enqueue->key_count - 1].ptr;
}

static void enqueue_aim(struct enqueue *enqueue, const struct route_conf *shard)
{
    const struct queue_conf *queue = &shard->queue;
    keys_free(&enqueue->names);
    keys_init(&enqueue->names, shard);
    enqueue->shard = shard;
    enqueue->in_turn = 0;
    enqueue->args[0] = slice_of(keys_prefix(&enqueue->names));
    enqueue->args[3] = SLICE("stream");
    enqueue->keys[0] = slice_of(keys_name(&enqueue->names, KEY_STREAM));
    enqueue->key_count = 1;
    if (enqueue->to_inbox) { /* the end we do not take from */
        enqueue->args[3] = queue->inbox_end == INBOX_LEFT ? SLICE("right") : SLICE("left");
        enqueue->keys[enqueue->key_count++] = slice_of(queue->inbox);
    }
}

static void enqueue_end_turn(struct enqueue *enqueue)
{
    const struct choice *choice = enqueue->choice;
    size_t next = (size_t)(enqueue->shard - choice->routes) + 1;
    if (enqueue->in_turn >= ENQUEUE_WINDOW && choice->count > 1)
        enqueue_aim(enqueue, &choice->routes[next % choice->count]);
}

/* Sends the window and waits for its answer. */
static bool enqueue_settle(struct enqueue *enqueue, struct fault *fault)
{
    struct window *window = &enqueue->window;
    if (window->events == 0)
        return true;
    if (!session_aim(enqueue->session, &enqueue->names, fault))
        return false;
    size_t start = 0;
    for (size_t i = 0; i < window->events; i++) {
        enqueue->args[ENQUEUE_FIRST_EVENT + i] = (struct slice){window->bytes.ptr + start,
                                                                window->ends[i] - start};
        start = window->ends[i];
    }
    bool done = session_ask(enqueue->session,
                            &(struct question){.script = "add",
                                               .keys = enqueue->keys,
                                               .key_count = enqueue->key_count,
                                               .args = enqueue->args,
                                               .count = ENQUEUE_FIRST_EVENT + window->events,
                                               .doing = "add events",
                                               .key = enqueue_key(enqueue)},
                            fault);
    enqueue->doubted = !done && !session_is_up(enqueue->session);
    if (!done)
        return false;
    enqueue->added += window->events;
    enqueue->added_line = window->last_line;
    enqueue->in_turn += window->events;
    window->events = 0;
    buf_clear(&window->bytes);
    progress_show(&enqueue->progress, enqueue->lines.bytes, enqueue->added);
    enqueue_end_turn(enqueue);
    return true;
}

static bool enqueue_take_line(struct enqueue *enqueue, struct slice line, struct fault *fault)
{
    struct window *window = &enqueue->window;
    if (lines_is_blank(line)) {
        enqueue->blank++;
        return true;
    }
    if (window->events == 0)
        window->first_line = enqueue->lines.number;
    buf_add(&window->bytes, line);
    window->ends[window->events++] = window->bytes.len;
    window->last_line = enqueue->lines.number;
    bool full = window->events == ENQUEUE_WINDOW || window->bytes.len >= ENQUEUE_WINDOW_BYTES;
    return !(full || lines_would_wait(&enqueue->lines)) || enqueue_settle(enqueue, fault);
}

/* What is known at the end of it, added to a fault. */
static bool enqueue_account(const struct enqueue *enqueue, struct fault *fault)
{
    const struct window *window = &enqueue->window;
    struct fault account;
    char added[SAY_MAX];
    say_count(added, enqueue->added, "event", "s");
    if (enqueue->doubted)
        fault_set(&account, fault->code,
                  "%s surely on the queue (up to line %" PRIu64 "), in doubt: all or none of "
                  "lines %" PRIu64 " to %" PRIu64 ", the rest was not sent",
                  added, enqueue->added_line, window->first_line, window->last_line);
    else
        fault_set(&account, fault->code,
                  "%s on the queue (up to line %" PRIu64 "), none in doubt", added,
                  enqueue->added_line);
    fault_add_context(fault, "%s", account.text);
    return false;
}

static bool enqueue_all(struct enqueue *enqueue, struct fault *fault)
{
    struct slice line;
    enum lines_result result = LINES_END;
    bool done = true;
    while (done && (result = lines_next(&enqueue->lines, &line, fault)) == LINES_ONE)
        done = enqueue_take_line(enqueue, line, fault);
    if (done && result == LINES_FAILED) {
        struct fault ignored;
        enqueue_settle(enqueue, &ignored);
        return false;
    }
    return done && enqueue_settle(enqueue, fault);
}

static void enqueue_report(const struct enqueue *enqueue)
{
    char text[SAY_MAX];
    const struct choice *choice = enqueue->choice;
    say_count(text, enqueue->added, "event", "s");
    if (choice->count > 1)
        printf("%s added to the %zu shards of route %s", text, choice->count,
               choice->routes->whole->name);
    else
        printf("%s added to %s", text, enqueue_key(enqueue));
    if (enqueue->blank > 0)
        printf(", %s skipped", say_count(text, enqueue->blank, "blank line", "s"));
    putchar('\n');
}

static bool enqueue_choose_target(struct enqueue *enqueue, const struct cli_call *call,
                                  struct fault *fault)
{
    const struct choice *choice = enqueue->choice;
    uint64_t random = 0;
    enqueue->to_inbox = call->values[OPTION_INBOX] != NULL;
    if (shard_is_beyond(choice->routes))
        return fault_set(fault, FAULT_USAGE, "no daemon reads %s: route %s has shards: %zu",
                         choice->routes->name, choice->routes->whole->name,
                         choice->routes->shards);
    if (choice->routes->type == ROUTE_FORWARD)
        return fault_set(fault, FAULT_USAGE,
                         "route %s forwards what an endpoint has said; it takes no events",
                         choice->routes->whole->name);
    if (enqueue->to_inbox && !choice->routes->queue.inbox)
        return fault_set(fault, FAULT_USAGE,
                         "route %s has no inbox: set queue.inbox, or leave --inbox out",
                         choice->routes->whole->name);
    crypto_random((uint8_t *)&random, sizeof(random));
    enqueue_aim(enqueue, &choice->routes[random % choice->count]);
    return true;
}

static uint64_t enqueue_input_size(void)
{
    struct stat input;
    bool is_file = fstat(STDIN_FILENO, &input) == 0 && S_ISREG(input.st_mode);
    return is_file ? (uint64_t)input.st_size : 0;
}

static bool enqueue_from_input(struct enqueue *enqueue, struct fault *fault)
{
    enqueue->session = session_open(enqueue->choice, fault);
    if (!enqueue->session)
        return false;
    lines_init(&enqueue->lines, STDIN_FILENO, ENQUEUE_LINE_MAX);
    buf_init(&enqueue->window.bytes, ENQUEUE_LINE_MAX + ENQUEUE_WINDOW_BYTES);
    progress_begin(&enqueue->progress, enqueue->choice->routes->whole->name,
                   enqueue_input_size());
    bool done = enqueue_all(enqueue, fault);
    progress_end(&enqueue->progress);
    if (done)
        enqueue_report(enqueue);
    else
        enqueue_account(enqueue, fault);
    buf_free(&enqueue->window.bytes);
    lines_free(&enqueue->lines);
    session_close(enqueue->session);
    return done;
}

bool enqueue_lines(const struct cli_call *call, struct fault *fault)
{
    struct choice choice;
    if (!choice_read_one(&choice, call, fault))
        return false;
    struct enqueue *enqueue = mem_zalloc(sizeof(*enqueue));
    enqueue->choice = &choice;
    bool done = enqueue_choose_target(enqueue, call, fault) &&
                enqueue_from_input(enqueue, fault);
    keys_free(&enqueue->names);
    mem_free(enqueue);
    choice_free(&choice);
    return done;
}
