/*
 * acks_exceptions.c - what the endpoint said of single events.
 *
 * All that one answer says is written in one script, so under one time of Redis: that is one
 * group, of at most GROUP_MAX entries, within which what is said of one event is told together.
 */

#include "cli/acks.h"

#include "elrelay/ground/mem.h"

enum { EXCEPTIONS_CHUNK = 100, GROUP_MAX = 3000, GROUP_BYTES = 16 * 1024 * 1024 };

struct exception_said {
    struct stream_id entry;
    size_t id; /* where it begins in texts; details follow it, up to the next one */
    size_t details;
    bool is_error;
    bool told;
};

struct exceptions {
    struct acks *acks;
    const struct acks_wish *wish; /* NULL: all */
    struct exception_said group[GROUP_MAX];
    struct ack_error errors[GROUP_MAX]; /* of one event */
    size_t count;
    struct buf texts;
    uint64_t group_ms;
    char after[STREAM_ID_TEXT_MAX + 1]; /* where the next chunk begins */
    bool more;
};

static struct slice exceptions_part(const struct exceptions *all, size_t from, size_t to)
{
    return slice_part(buf_slice(&all->texts), from, to - from);
}

static struct slice exceptions_id(const struct exceptions *all, size_t at)
{
    return exceptions_part(all, all->group[at].id, all->group[at].details);
}

static struct slice exceptions_details(const struct exceptions *all, size_t at)
{
    size_t end = at + 1 < all->count ? all->group[at + 1].id : all->texts.len;
    return exceptions_part(all, all->group[at].details, end);
}

/* All of the group about the event that is named at `from`; how many. */
static size_t exceptions_gather(struct exceptions *all, size_t from, bool *is_error)
{
    size_t count = 0;
    struct slice id = exceptions_id(all, from);
    *is_error = false;
    for (size_t i = from; i < all->count; i++) {
        struct exception_said *said = &all->group[i];
        if (said->told || !slice_is(exceptions_id(all, i), id))
            continue;
        said->told = true;
        *is_error |= said->is_error;
        all->errors[count++] = (struct ack_error){said->is_error, exceptions_details(all, i)};
    }
    return count;
}

static void exceptions_tell_one(struct exceptions *all, size_t from)
{
    bool is_error;
    struct acks *acks = all->acks;
    size_t count = exceptions_gather(all, from, &is_error);
    struct ack ack = {.route = acks->route->name,
                      .queue = acks_queue(acks),
                      .id = exceptions_id(all, from),
                      .at_ms = all->group_ms,
                      .acceptance = ACK_CA,
                      .application = is_error ? ACK_AE : ACK_AA,
                      .errors = all->errors,
                      .error_count = count};
    if (is_error && acks_take_refused(acks, ack.id)) {
        ack.acceptance = ACK_CR;
        ack.application = ACK_AR;
    }
    ack.control[0] = 'x';
    stream_id_write(ack.control + 1, all->group[from].entry);
    acks_tell(acks, &ack);
}

static void exceptions_end_group(struct exceptions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        bool is_error;
        if (all->group[i].told)
            continue;
        if (all->wish)
            all->wish->on_errors(all->wish->ctx, all->errors,
                                 exceptions_gather(all, i, &is_error));
        else
            exceptions_tell_one(all, i);
    }
    all->count = 0;
    buf_clear(&all->texts);
}

/* Several routes may write to one stream. */
static bool exceptions_is_wanted(const struct exceptions *all, const redisReply *fields)
{
    struct slice id = reply_text(reply_field(fields, "testEventInternalId"));
    return id.len > 0 &&
           slice_is_text(reply_text(reply_field(fields, "queueName")), acks_queue(all->acks)) &&
           (!all->wish || slice_is(id, all->wish->id));
}

static void exceptions_add(struct exceptions *all, struct stream_id entry,
                           const redisReply *fields)
{
    struct exception_said *said = &all->group[all->count++];
    *said = (struct exception_said){.entry = entry, .id = all->texts.len};
    said->is_error = slice_is_text(reply_text(reply_field(fields, "isError")), "true");
    buf_add(&all->texts, reply_text(reply_field(fields, "testEventInternalId")));
    said->details = all->texts.len;
    buf_add(&all->texts, reply_text(reply_field(fields, "details")));
}

static void exceptions_take(struct exceptions *all, const redisReply *entry)
{
    struct stream_id id;
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements < 2 ||
        entry->element[1]->type != REDIS_REPLY_ARRAY ||
        !stream_id_read(reply_text(entry->element[0]), &id))
        return;
    all->after[0] = '(';
    stream_id_write(all->after + 1, id);
    if (!exceptions_is_wanted(all, entry->element[1]))
        return;
    if (id.ms != all->group_ms || all->count == GROUP_MAX || all->texts.len > GROUP_BYTES / 2)
        exceptions_end_group(all);
    all->group_ms = id.ms;
    exceptions_add(all, id, entry->element[1]);
}

static void exceptions_on_entries(void *ctx, const redisReply *reply)
{
    struct exceptions *all = ctx;
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    all->more = count == EXCEPTIONS_CHUNK;
    for (size_t i = 0; i < count; i++)
        exceptions_take(all, reply->element[i]);
}

static bool exceptions_ask(struct exceptions *all, const char *key, struct fault *fault)
{
    char chunk[16];
    snprintf(chunk, sizeof(chunk), "%d", EXCEPTIONS_CHUNK);
    return session_ask(
        all->acks->session,
        &(struct question){SESSION_ARGS(SLICE("XRANGE"), slice_of(key), slice_of(all->after),
                                        SLICE("+"), SLICE("COUNT"), slice_of(chunk)),
                           .doing = "read the exceptions", .key = key,
                           .use = exceptions_on_entries, .ctx = all},
        fault);
}

static bool exceptions_read(struct acks *acks, const struct acks_wish *wish,
                            struct fault *fault)
{
    const char *key = keys_name(acks->keys, KEY_EXCEPTIONS);
    struct exceptions *all = mem_zalloc(sizeof(*all));
    *all = (struct exceptions){.acks = acks, .wish = wish, .more = key != NULL};
    bool done = true;
    buf_init(&all->texts, GROUP_BYTES);
    stream_id_write(all->after, (struct stream_id){.ms = acks->from_ms});
    while (done && all->more)
        done = exceptions_ask(all, key, fault);
    if (done)
        exceptions_end_group(all);
    buf_free(&all->texts);
    mem_free(all);
    return done;
}

bool acks_read_exceptions(struct acks *acks, struct fault *fault)
{
    return exceptions_read(acks, NULL, fault);
}

bool acks_find_exceptions(struct acks *acks, const struct acks_wish *wish, struct fault *fault)
{
    return exceptions_read(acks, wish, fault);
}
