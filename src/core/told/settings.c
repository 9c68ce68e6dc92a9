/*
 * settings.c - the settings, one row each.
 *
 * A section's row stands before its settings, and the rows in the order in which a person reads
 * them: the manual page and the shipped elrelay.yaml keep it.
 */

#include "elrelay/core/told/settings.h"

#include "elrelay/core/told/conf.h"
#include "elrelay/core/told/shard.h"
#include "elrelay/ground/near.h"

enum { KB = 1000, MB = 1000 * 1000, GB = 1000 * 1000 * 1000 };
enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Words in the order of their enum. */
#define WORDS(name, ...)                                                                       \
    static const char *const name##_list[] = {__VA_ARGS__};                                    \
    static const size_t name##_count = COUNT_OF(name##_list);                                  \
    static const struct setting_words name = {name##_list, sizeof(char *), &name##_count}

WORDS(bool_words, "false", "true");
WORDS(log_format_words, "text", "json");
WORDS(log_level_words, "debug", "info", "warn", "error");
WORDS(stop_words, "finish", "drain");
WORDS(route_type_words, "relay", "forward");
WORDS(inbox_end_words, "left", "right");
WORDS(header_words, "union", "first", "fixed");
WORDS(line_end_words, "lf", "crlf");
WORDS(auth_words, "none", "key", "bearer");
WORDS(unknown_words, "lookup", "resend", "hold");
WORDS(fallback_words, "hold", "resend");

_Static_assert(offsetof(struct profile, name) == 0, "a row begins with its name");
_Static_assert(offsetof(struct format, name) == 0, "a row begins with its name");
_Static_assert(sizeof(struct header_pair) == 2 * sizeof(char *), "a pair is two texts");
_Static_assert(sizeof(struct value_pair) == 2 * sizeof(char *), "a pair is two texts");

static const struct setting_words profile_words = {profile_table, sizeof(struct profile),
                                                   &profile_count};
static const struct setting_words format_words = {format_table, sizeof(struct format),
                                                  &format_count};

#define FIELD(type, member)                                                                    \
    .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define TOP(member)   .scope = SETTING_TOP, FIELD(struct conf, member)
#define ROUTE(member) .scope = SETTING_ROUTE, FIELD(struct route_conf, member)
#define ROUTE_ROW(member)                                                                      \
    .scope = SETTING_ROUTE, .offset = offsetof(struct route_conf, member),                     \
    .size = sizeof(void *)
#define COLUMN(member) .scope = SETTING_COLUMN, FIELD(struct column_conf, member)
#define ITEMS(type, member, count_member)                                                      \
    .offset = offsetof(type, member), .size = sizeof(*((type *)0)->member),                    \
    .count_offset = offsetof(type, count_member)
#define SECTION(path, in, text)                                                                \
    {                                                                                          \
        .key = (path), .scope = (in), .sentence = (text)                                       \
    }
#define TEXT(path, place, usual, bits, text)                                                   \
    {                                                                                          \
        .key = (path), .type = SETTING_TEXT, place, .fallback = (usual), .flags = (bits),      \
        .sentence = (text)                                                                     \
    }
#define PATH(path, place, bits, text)                                                          \
    {                                                                                          \
        .key = (path), .type = SETTING_PATH, place, .flags = (bits), .sentence = (text)        \
    }
#define NUMBER(kind, path, place, usual, least, most, bits, text)                              \
    {                                                                                          \
        .key = (path), .type = (kind), place, .fallback = (usual), .min = (uint64_t)(least),   \
        .max = (uint64_t)(most), .flags = (bits), .sentence = (text)                           \
    }
#define WORD(kind, path, place, choice, usual, text)                                           \
    {                                                                                          \
        .key = (path), .type = (kind), place, .words = (choice), .fallback = (usual),          \
        .sentence = (text)                                                                     \
    }
#define MAP(path, in, place, bits, text)                                                       \
    {                                                                                          \
        .key = (path), .type = SETTING_MAP, .scope = (in), place, .flags = (bits),             \
        .sentence = (text)                                                                     \
    }
#define LIST(path, in, place, of, bits, text)                                                  \
    {                                                                                          \
        .key = (path), .type = SETTING_LIST, .scope = (in), place, .inner = (of),              \
        .flags = (bits), .sentence = (text)                                                    \
    }

const struct setting setting_table[] = {
    SECTION("redis", SETTING_TOP, "The Redis server (7.0 or later) that holds the queues."),
    TEXT("redis.url", TOP(redis.url), "redis://127.0.0.1:6379/0",
         SETTING_RESTART | SETTING_SECRET,
         "redis://[USER[:PASSWORD]@]HOST[:PORT][/DB], "
         "unix:///PATH[?db=N], rediss:// for TLS, redis+sentinel://HOST:PORT,.../NAME[/DB], "
         "or redis+cluster://HOST:PORT,..."),
    PATH("redis.password_file", TOP(redis.password_file), SETTING_RESTART,
         "File with the password; it wins over a password in the URL."),
    PATH("redis.sentinel_password_file", TOP(redis.sentinel_password_file), SETTING_RESTART,
         "File with the password of the Sentinels themselves, where they want one."),
    PATH("redis.ca_file", TOP(redis.ca_file), SETTING_RESTART,
         "Certificates that are trusted for rediss://, PEM, instead of the system's."),
    PATH("redis.cert_file", TOP(redis.cert_file), SETTING_RESTART,
         "Client certificate for rediss://, PEM."),
    PATH("redis.key_file", TOP(redis.key_file), SETTING_RESTART,
         "Private key of the client certificate, PEM."),
    NUMBER(SETTING_DURATION, "redis.connect_timeout", TOP(redis.connect_timeout_ms), "5s", 100,
           10 * MINUTE, SETTING_RESTART, "Longest wait for a connection."),
    NUMBER(SETTING_DURATION, "redis.command_timeout", TOP(redis.command_timeout_ms), "10s", 100,
           10 * MINUTE, SETTING_RESTART,
           "Longest wait for the answer to a command; then the connection is made anew."),
    TEXT("redis.durability", TOP(redis.durability), "auto", SETTING_RESTART,
         "What is waited for before a batch is sent, so that Redis still knows of it after a "
         "power loss: always (appendfsync always), waitaof (Redis 7.2), wait:N (so many "
         "replicas), none; auto is always or waitaof where Redis offers them, else none."),
    SECTION(
        "redis.retry", SETTING_TOP,
        "Waits between attempts to reconnect: drawn at random below a ceiling that doubles."),
    NUMBER(SETTING_DURATION, "redis.retry.first", TOP(redis.retry_first_ms), "100ms", 1, HOUR,
           SETTING_RESTART, "The first ceiling."),
    NUMBER(SETTING_DURATION, "redis.retry.cap", TOP(redis.retry_cap_ms), "5s", 1, HOUR,
           SETTING_RESTART, "The highest ceiling."),

    TEXT("instance", TOP(instance), "${HOSTNAME}", SETTING_REQUIRED | SETTING_RESTART,
         "Name of this daemon among those that serve the same queues; "
         "1 to 64 of A-Z a-z 0-9 . _ -"),

    SECTION("heartbeat", SETTING_TOP,
            "The sign of life that tells other instances whether to take over."),
    NUMBER(SETTING_DURATION, "heartbeat.every", TOP(heartbeat.every_ms), "10s", 100, HOUR, 0,
           "How often it is renewed."),
    NUMBER(SETTING_DURATION, "heartbeat.life", TOP(heartbeat.life_ms), "30s", 200, DAY, 0,
           "How long it lasts; at least twice heartbeat.every."),

    SECTION("ledger", SETTING_TOP,
            "What was sent, on this machine: for a single instance whose Redis may come back "
            "older than it was."),
    TEXT("ledger.path", TOP(ledger.path), NULL, SETTING_RESTART,
         "The file, as a path that begins with /; made at the first start, with its key "
         "PATH.key beside it. No ledger where not given."),

    SECTION("log", SETTING_TOP, "What the daemon tells about its work."),
    WORD(SETTING_CHOICE, "log.format", TOP(log.format), &log_format_words, "text",
         "One line of key=value fields, or one JSON object, for each thing that happened."),
    WORD(SETTING_CHOICE, "log.level", TOP(log.level), &log_level_words, "info",
         "The least level that is written."),

    WORD(SETTING_CHOICE, "on_stop", TOP(on_stop), &stop_words, "finish",
         "At SIGTERM: finish ends after the request under way, "
         "drain also sends what is queued."),
    NUMBER(SETTING_DURATION, "stop_grace", TOP(stop_grace_ms), "25s", 0, HOUR, 0,
           "Longest time a stop may take; unsent events stay in Redis."),

    LIST("routes", SETTING_TOP, ITEMS(struct conf, written, written_count), SETTING_ROUTE,
         SETTING_REQUIRED,
         "The routes: each has its own queue, schedule, format and endpoint. At least one."),
    TEXT("name", ROUTE(name), NULL, SETTING_REQUIRED,
         "Name of the route, 1 to 64 of A-Z a-z 0-9 . _ - ; part of its keys in Redis."),
    WORD(
        SETTING_CHOICE, "type", ROUTE(type), &route_type_words, "relay",
        "relay sends events in batches to an endpoint; forward sends what the endpoint said of "
        "them, exception by exception, to a callback of the application."),
    NUMBER(SETTING_COUNT, "shards", ROUTE(shards), "1", 1, SHARDS_MAX, 0,
           "Over how many queues the route is spread; in a Redis Cluster they can lie on "
           "different nodes. What is set below holds for each, and producers write to any of "
           "them."),

    SECTION("queue", SETTING_ROUTE, "Where applications put their events."),
    TEXT("queue.stream", ROUTE(queue.stream), NULL, 0,
         "Key of the stream; elrelay:{NAME}:events, with the route's name, where not given. "
         "With type forward the exceptions that are read, which must be given."),
    TEXT("queue.inbox", ROUTE(queue.inbox), NULL, 0,
         "Key of a list for producers that RPUSH or LPUSH; none where not given."),
    WORD(SETTING_CHOICE, "queue.inbox_end", ROUTE(queue.inbox_end), &inbox_end_words, "left",
         "The end of the list to take from: left for RPUSH producers, right for LPUSH ones."),
    TEXT("queue.exceptions", ROUTE(queue.exceptions), NULL, 0,
         "Key of the stream that gets an entry for each warning or error of the endpoint about "
         "an event; elrelay:{NAME}:exceptions, with the route's name, where not given."),
    NUMBER(SETTING_COUNT, "queue.peek_count", ROUTE(queue.peek_count), "40", 1, PEEK_COUNT_MAX,
           0, "Events read from Redis at a time, at most; large ones come fewer at a time."),

    SECTION("schedule", SETTING_ROUTE, "When the queue is looked at."),
    NUMBER(
        SETTING_DURATION, "schedule.every", ROUTE(schedule.every_ms), "120s", SECOND, DAY, 0,
        "Time between two looks; each sends batch after batch until too few events are left."),

    SECTION("batch", SETTING_ROUTE, "How many events go into one request."),
    NUMBER(SETTING_COUNT, "batch.min_events", ROUTE(batch.min_events), "1", 1, 10000, 0,
           "Fewer than these wait, up to batch.max_wait."),
    NUMBER(SETTING_COUNT, "batch.max_events", ROUTE(batch.max_events), "500", 1, 10000, 0,
           "A batch is closed at this many events."),
    NUMBER(SETTING_SIZE, "batch.max_bytes", ROUTE(batch.max_bytes), "48MB", KB, GB, 0,
           "Largest body; memory grows with it."),
    NUMBER(
        SETTING_DURATION, "batch.max_wait", ROUTE(batch.max_wait_ms), "10m", 0, 7 * DAY, 0,
        "A batch below batch.min_events is sent when its oldest event has waited this long."),

    SECTION("receipts", SETTING_ROUTE, "What is known of events that have left the queue."),
    NUMBER(SETTING_DURATION, "receipts.keep", ROUTE(receipts.keep_ms), "30d", HOUR,
           RECEIPTS_KEEP_MAX_MS, 0,
           "How long a finished batch is remembered, without any content: what `elrelay trace` "
           "and `elrelay report` answer from. With a ledger at least 30d."),

    SECTION("format", SETTING_ROUTE, "How events become a body."),
    WORD(SETTING_ROW, "format.type", ROUTE_ROW(format.format), &format_words, "csv",
         "The kind of body; exception is that of routes of type forward."),
    WORD(SETTING_CHOICE, "format.header", ROUTE(format.header), &header_words, "union",
         "Columns: union of the keys of all events, "
         "keys of the first event, or fixed as listed."),
    TEXT("format.tracking_id", ROUTE(format.tracking_id), NULL, 0,
         "The key (with header fixed: the column) that names an event at the endpoint."),
    WORD(SETTING_CHOICE, "format.line_end", ROUTE(format.crlf), &line_end_words, "lf",
         "How lines end."),
    LIST("format.columns", SETTING_ROUTE,
         ITEMS(struct route_conf, format.columns, format.column_count), SETTING_COLUMN, 0,
         "The columns in their order, with header fixed and only then."),

    SECTION("endpoint", SETTING_ROUTE, "Where bodies are sent."),
    WORD(SETTING_ROW, "endpoint.profile", ROUTE_ROW(endpoint.profile), &profile_words,
         "reportstream",
         "What is known of the endpoint: its limits, and which answer means what; "
         "callback is that of routes of type forward; with none nothing is sent: events are "
         "converted, counted and taken off the queue."),
    TEXT("endpoint.url", ROUTE(endpoint.url), NULL, SETTING_SECRET,
         "https://HOST[:PORT]/PATH; http only to this machine, or with allow_http. Required, "
         "but for profile none, which leaves no other setting of the endpoint."),
    MAP("endpoint.headers", SETTING_ROUTE,
        ITEMS(struct route_conf, endpoint.headers, endpoint.header_count), SETTING_SECRET,
        "Headers sent with each request, NAME: VALUE."),
    SECTION("endpoint.auth", SETTING_ROUTE, "How the endpoint knows who sends."),
    WORD(SETTING_CHOICE, "endpoint.auth.type", ROUTE(endpoint.auth.type), &auth_words, "none",
         "key: the secret in a header of its own; bearer: Authorization: Bearer SECRET."),
    TEXT("endpoint.auth.header", ROUTE(endpoint.auth.header), NULL, 0,
         "The header that carries the secret, for type key."),
    PATH("endpoint.auth.secret_file", ROUTE(endpoint.auth.secret_file), 0,
         "File with the secret, for type key and bearer; read at each use."),
    NUMBER(SETTING_DURATION, "endpoint.connect_timeout", ROUTE(endpoint.connect_timeout_ms),
           "10s", 100, 10 * MINUTE, 0, "Longest wait for a connection."),
    NUMBER(SETTING_DURATION, "endpoint.timeout", ROUTE(endpoint.timeout_ms), "300s", 100, HOUR,
           0, "Longest time for one request, from its start to the last byte of the answer."),
    SECTION("endpoint.low_speed", SETTING_ROUTE, "Ends a transfer that has become too slow."),
    NUMBER(SETTING_SIZE, "endpoint.low_speed.bytes", ROUTE(endpoint.low_speed_bytes), "1B", 1,
           GB, 0, "Slower than this per second ..."),
    NUMBER(SETTING_DURATION, "endpoint.low_speed.time", ROUTE(endpoint.low_speed_time_ms), "0s",
           0, HOUR, 0, "... for this long; 0s: never."),
    PATH("endpoint.ca_file", ROUTE(endpoint.ca_file), 0,
         "Certificates that are trusted, PEM, instead of the system's."),
    PATH("endpoint.cert_file", ROUTE(endpoint.cert_file), 0, "Client certificate, PEM."),
    PATH("endpoint.key_file", ROUTE(endpoint.key_file), 0,
         "Private key of the client certificate, PEM."),
    TEXT("endpoint.proxy", ROUTE(endpoint.proxy), NULL, SETTING_SECRET,
         "Proxy to go through, http://, https://, socks5:// or socks5h://."),
    WORD(SETTING_CHOICE, "endpoint.allow_http", ROUTE(endpoint.allow_http), &bool_words,
         "false", "Whether unencrypted http to other machines is allowed."),
    SECTION("endpoint.retry", SETTING_ROUTE,
            "Waits between attempts to send a batch: drawn at random below a ceiling "
            "that doubles; a longer Retry-After is kept to, up to an hour."),
    NUMBER(SETTING_DURATION, "endpoint.retry.first", ROUTE(endpoint.retry.first_ms), "2s", 1,
           HOUR, 0, "The first ceiling."),
    NUMBER(SETTING_DURATION, "endpoint.retry.cap", ROUTE(endpoint.retry.cap_ms), "15m", 1, DAY,
           0, "The highest ceiling."),
    WORD(SETTING_CHOICE, "endpoint.on_unknown", ROUTE(endpoint.on_unknown), &unknown_words,
         NULL,
         "What follows where nobody knows whether a batch was taken: lookup asks the "
         "endpoint's list of submissions, resend sends the same bytes once more, hold waits "
         "for a person; where not given, lookup with profile reportstream, hold with none, "
         "else resend."),
    SECTION("endpoint.lookup", SETTING_ROUTE,
            "How a batch in doubt is looked up, for on_unknown: lookup."),
    TEXT("endpoint.lookup.url", ROUTE(endpoint.lookup.url), NULL, SETTING_SECRET,
         "The list of submissions, without a query; where not given, it is made from "
         "endpoint.url and the header client."),
    NUMBER(
        SETTING_DURATION, "endpoint.lookup.settle", ROUTE(endpoint.lookup.settle_ms), "10m", 0,
        DAY, 0,
        "From the last request to the first look: a batch that was taken may be listed late."),
    NUMBER(SETTING_DURATION, "endpoint.lookup.gap", ROUTE(endpoint.lookup.gap_ms), "10m", 0,
           DAY, 0, "From a look that found nothing to the next one."),
    WORD(SETTING_CHOICE, "endpoint.lookup.fallback", ROUTE(endpoint.lookup.fallback_resends),
         &fallback_words, "hold",
         "What follows where the list is not permitted, not there or not readable."),
    NUMBER(SETTING_COUNT, "endpoint.max_in_flight", ROUTE(endpoint.max_in_flight), "1", 1,
           ENDPOINT_IN_FLIGHT_MAX, 0,
           "Requests of this instance at a time, each with a batch of its own in memory, and "
           "one that is ready to follow; endpoint.max_unknown bounds them too."),
    NUMBER(SETTING_COUNT, "endpoint.max_unknown", ROUTE(endpoint.max_unknown), "3", 1, 100, 0,
           "While so many batches are in doubt no further one is sent."),
    NUMBER(SETTING_COUNT, "endpoint.max_halves", ROUTE(endpoint.max_halves), "12", 2, 1000, 0,
           "Requests that a cycle may spend on parts of refused batches."),

    TEXT("name", COLUMN(name), NULL, SETTING_REQUIRED, "The column's name in the header line."),
    TEXT("path", COLUMN(path), NULL, 0,
         "Where the value stands in the event: "
         "a key, or a JSON pointer such as /patient/name; the name where not given."),
    MAP("values", SETTING_COLUMN, ITEMS(struct column_conf, values, value_count), 0,
        "The values that may come, each with what is written for it; any other is invalid."),
    TEXT("default", COLUMN(fallback), NULL, 0,
         "Taken where the value is missing, null or empty; values applies to it too."),
    WORD(SETTING_CHOICE, "required", COLUMN(required), &bool_words, "false",
         "Whether an event without this value is invalid."),
    TEXT("pattern", COLUMN(pattern), NULL, 0,
         "POSIX extended regular expression that the whole cell must match."),
};

const size_t setting_count = COUNT_OF(setting_table);

/* The part of a key in front of its last dot; empty where there is none. */
static struct slice settings_stem(struct slice key)
{
    size_t len = key.len;
    while (len > 0 && key.ptr[len - 1] != '.')
        len--;
    return slice_part(key, 0, len ? len - 1 : 0);
}

struct slice setting_name(const struct setting *setting)
{
    struct slice key = slice_of(setting->key);
    size_t stem = settings_stem(key).len;
    return slice_part(key, stem ? stem + 1 : 0, key.len);
}

const struct setting *setting_by_key(enum setting_scope scope, struct slice key)
{
    for (size_t i = 0; i < setting_count; i++)
        if (setting_table[i].scope == scope && slice_is_text(key, setting_table[i].key))
            return &setting_table[i];
    return NULL;
}

const struct setting *setting_section(const struct setting *setting)
{
    struct slice stem = settings_stem(slice_of(setting->key));
    return stem.len ? setting_by_key(setting->scope, stem) : NULL;
}

static bool settings_is_in(const struct setting *setting, enum setting_scope scope,
                           const struct setting *section)
{
    struct slice stem = settings_stem(slice_of(setting->key));
    return setting->scope == scope && slice_is_text(stem, section ? section->key : "");
}

const struct setting *setting_find(enum setting_scope scope, const struct setting *section,
                                   struct slice name)
{
    for (size_t i = 0; i < setting_count; i++)
        if (settings_is_in(&setting_table[i], scope, section) &&
            slice_is(setting_name(&setting_table[i]), name))
            return &setting_table[i];
    return NULL;
}

/* The right name in another section is better than two wrong letters here, and worse than one.
 */
const struct setting *setting_nearest(enum setting_scope scope, const struct setting *section,
                                      struct slice name)
{
    const struct setting *nearest = NULL;
    size_t best = 2 * near_end(name);
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        size_t distance = 2 * near_distance(name, setting_name(setting));
        if (!settings_is_in(setting, scope, section))
            distance = distance == 0 && setting->scope == scope ? 3 : SIZE_MAX;
        if (distance < best) {
            best = distance;
            nearest = setting;
        }
    }
    return nearest;
}
