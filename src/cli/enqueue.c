/*
 * enqueue.c - `elrelay enqueue`: lines become events, many commands on their way at a time.
 *
 * Redis answers in order, so when the connection breaks it is known exactly which lines are in,
 * which are in doubt and which were never sent. Standard input is read blocking; so no answer
 * is ever outstanding while it is waited for.
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
#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/mem.h"

enum { ENQUEUE_WINDOW = 1000, ENQUEUE_WINDOW_BYTES = 8 * 1024 * 1024 };

#define ENQUEUE_LINE_MAX ((size_t)512 * 1024 * 1024) /* Redis takes no longer value */

struct enqueue {
    struct session *session;
    struct slice command[4]; /* all but the event */
    size_t command_count;
    const char *key;
    struct lines lines;
    struct progress progress;
    uint64_t window[ENQUEUE_WINDOW]; /* line numbers on their way */
    size_t sent;                     /* of the window */
    size_t answered;
    size_t bytes;
    uint64_t added;
    uint64_t added_line; /* the last one that is surely in */
    uint64_t blank;
    uint64_t doubted;
    uint64_t refused;
    uint64_t refused_line; /* the first one */
    struct fault refusal;
};

static void enqueue_on_reply(void *ctx, const redisReply *reply)
{
    struct enqueue *enqueue = ctx;
    uint64_t line = enqueue->window[enqueue->answered++];
    if (!reply) {
        enqueue->doubted++;
    } else if (reply->type != REDIS_REPLY_ERROR) {
        enqueue->added++;
        enqueue->added_line = line;
    } else if (enqueue->refused++ == 0) {
        enqueue->refused_line = line;
        session_refused(reply,
                        &(struct question){.args = enqueue->command,
                                           .doing = "add events",
                                           .key = enqueue->key},
                        &enqueue->refusal);
    }
}

/* Waits for all that is on its way. */
static bool enqueue_settle(struct enqueue *enqueue, struct fault *fault)
{
    bool up = true;
    while (up && enqueue->answered < enqueue->sent)
        up = session_turn(enqueue->session, fault);
    if (up && enqueue->refused > 0)
        *fault = enqueue->refusal;
    if (!up || enqueue->refused > 0)
        return false;
    enqueue->sent = enqueue->answered = enqueue->bytes = 0;
    progress_show(&enqueue->progress, enqueue->lines.bytes, enqueue->added);
    return true;
}

static bool enqueue_send(struct enqueue *enqueue, struct slice line, struct fault *fault)
{
    if (enqueue->sent == 0)
        session_wake(enqueue->session);
    struct slice args[5];
    for (size_t i = 0; i < enqueue->command_count; i++)
        args[i] = enqueue->command[i];
    args[enqueue->command_count] = line;
    struct command command = {args, enqueue->command_count + 1, 0};
    if (!link_send(session_link(enqueue->session), &command, enqueue_on_reply, enqueue)) {
        while (session_turn(enqueue->session, fault))
            ;
        return false;
    }
    enqueue->window[enqueue->sent++] = enqueue->lines.number;
    enqueue->bytes += line.len;
    return true;
}

static bool enqueue_take_line(struct enqueue *enqueue, struct slice line, struct fault *fault)
{
    if (lines_is_blank(line)) {
        enqueue->blank++;
        return true;
    }
    if (!enqueue_send(enqueue, line, fault))
        return false;
    bool full = enqueue->sent == ENQUEUE_WINDOW || enqueue->bytes >= ENQUEUE_WINDOW_BYTES;
    return !(full || lines_would_wait(&enqueue->lines)) || enqueue_settle(enqueue, fault);
}

/* What is known at the end of it, added to a fault. */
static bool enqueue_account(const struct enqueue *enqueue, struct fault *fault)
{
    char added[SAY_MAX];
    char doubted[SAY_MAX];
    struct fault account;
    say_count(added, enqueue->added, "event", "s");
    say_count(doubted, enqueue->doubted, "event", "s");
    if (enqueue->doubted > 0)
        fault_set(&account, fault->code,
                  "%s surely on the queue (up to line %" PRIu64 "), %s in doubt (lines %" PRIu64
                  " to %" PRIu64 "), the rest was not sent",
                  added, enqueue->added_line, doubted,
                  enqueue->window[enqueue->sent - enqueue->doubted],
                  enqueue->window[enqueue->sent - 1]);
    else if (enqueue->refused > 0)
        fault_set(&account, fault->code,
                  "%s on the queue, %" PRIu64 " refused, the first is line %" PRIu64, added,
                  enqueue->refused, enqueue->refused_line);
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
    printf("%s added to %s", say_count(text, enqueue->added, "event", "s"), enqueue->key);
    if (enqueue->blank > 0)
        printf(", %s skipped", say_count(text, enqueue->blank, "blank line", "s"));
    putchar('\n');
}

static bool enqueue_choose_command(struct enqueue *enqueue, const struct route_conf *route,
                                   struct keys *keys, const struct cli_call *call,
                                   struct fault *fault)
{
    if (!call->values[OPTION_INBOX]) {
        enqueue->key = keys_name(keys, KEY_STREAM);
        struct slice command[] = {SLICE("XADD"), slice_of(enqueue->key), SLICE("*"),
                                  SLICE("event")};
        memcpy(enqueue->command, command, sizeof(command));
        enqueue->command_count = 4;
        return true;
    }
    if (!route->queue.inbox)
        return fault_set(fault, FAULT_USAGE,
                         "route %s has no inbox: set queue.inbox, or leave --inbox out",
                         route->name);
    enqueue->key = route->queue.inbox;
    enqueue->command[0] = route->queue.inbox_end == INBOX_LEFT ? SLICE("RPUSH")
                                                               : SLICE("LPUSH");
    enqueue->command[1] = slice_of(enqueue->key);
    enqueue->command_count = 2;
    return true;
}

static uint64_t enqueue_input_size(void)
{
    struct stat input;
    bool is_file = fstat(STDIN_FILENO, &input) == 0 && S_ISREG(input.st_mode);
    return is_file ? (uint64_t)input.st_size : 0;
}

static bool enqueue_to(struct enqueue *enqueue, const struct choice *choice,
                       struct fault *fault)
{
    enqueue->session = session_open(&choice->conf.redis, fault);
    if (!enqueue->session)
        return false;
    lines_init(&enqueue->lines, STDIN_FILENO, ENQUEUE_LINE_MAX);
    progress_begin(&enqueue->progress, choice->routes->name, enqueue_input_size());
    bool done = enqueue_all(enqueue, fault);
    progress_end(&enqueue->progress);
    if (done)
        enqueue_report(enqueue);
    else
        enqueue_account(enqueue, fault);
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
    struct keys keys;
    keys_init(&keys, choice.routes);
    bool done = enqueue_choose_command(enqueue, choice.routes, &keys, call, fault) &&
                enqueue_to(enqueue, &choice, fault);
    keys_free(&keys);
    mem_free(enqueue);
    choice_free(&choice);
    return done;
}
