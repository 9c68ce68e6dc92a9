#ifndef ELRELAY_CLI_BATCHES_H
#define ELRELAY_CLI_BATCHES_H

/*
 * batches.h - the batches of a route, as their manifests in Redis tell them.
 */

#include "cli/choice.h"
#include "cli/session.h"
#include "elrelay/core/decide/flow.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/ground/json_out.h"
#include "elrelay/ground/uuid.h"

enum batch_kind {
    BATCH_WORD,
    BATCH_NUMBER,
    BATCH_SIZE,
    BATCH_TIME,
    BATCH_FLAG,
    BATCH_WHY,
    BATCH_OUTCOME
};

/* name, field of the manifest, key in JSON, label for a person, kind; from ACCEPTED on it is
 * the receipt. What is left out is what the queue alone needs: versions, tokens, ids, plans. */
#define BATCH_FACT_LIST(ROW)                                                                   \
    ROW(STATE, "state", "state", "state", WORD)                                                \
    ROW(SINCE, "since", "since", "since", TIME)                                                \
    ROW(WHY, "why", "why", "why", WHY)                                                         \
    ROW(OUTCOME, "outcome", "outcome", "last outcome", OUTCOME)                                \
    ROW(EVENTS, "n", "events", "events", NUMBER)                                               \
    ROW(DRAINED, "drained", "drained", "drained", NUMBER)                                      \
    ROW(CARVED, "carved", "carved", "carved", NUMBER)                                          \
    ROW(THERE, "there", "duplicates", "duplicates", NUMBER)                                    \
    ROW(ATTEMPTS, "attempts", "attempts", "attempts", NUMBER)                                  \
    ROW(BYTES, "bytes", "bytes", "size", SIZE)                                                 \
    ROW(SHA256, "sha256", "sha256", "sha256", WORD)                                            \
    ROW(CREATED, "created", "created", "created", TIME)                                        \
    ROW(SEALED, "sealed", "sealed", "sealed", TIME)                                            \
    ROW(FIRST, "first", "first_sent", "first sent", TIME)                                      \
    ROW(LAST, "last", "last_sent", "last sent", TIME)                                          \
    ROW(OLD, "old", "old_id", "sent before as", WORD)                                          \
    ROW(PAST, "past", "past_id", "not taken as", WORD)                                         \
    ROW(DOUBTED, "doubted", "doubted", "in doubt once", FLAG)                                  \
    ROW(LOOKS, "looks", "looks", "looked up", NUMBER)                                          \
    ROW(LOOKED, "looked", "last_looked", "last looked", TIME)                                  \
    ROW(REFUSED, "refused", "rows_refused", "rows refused", TIME)                              \
    ROW(DEPTH, "depth", "depth", "splits above", NUMBER)                                       \
    ROW(PARENT, "parent", "parent", "split from", WORD)                                        \
    ROW(FIRST_CHILD, "child_a", "first_child", "goes on as", WORD)                             \
    ROW(SECOND_CHILD, "child_b", "second_child", "and as", WORD)                               \
    ROW(TO, "to", "to", "events went to", WORD)                                                \
    ROW(EXCEPTIONS, "exceptions", "exceptions", "exceptions", NUMBER)                          \
    ROW(EXCEPTIONS_LOST, "exceptions_lost", "exceptions_lost", "not written", NUMBER)          \
    ROW(LEFT_OUT, "exceptions_left_out", "exceptions_left_out", "left out", NUMBER)            \
    ROW(INSTANCE, "name", "instance", "instance", WORD)                                        \
    ROW(ACCEPTED, "accepted", "accepted", "accepted", TIME)                                    \
    ROW(OPERATOR, "operator", "operator", "accepted by", WORD)                                 \
    ROW(LEDGER, "ledger", "ledger", "by the ledger", FLAG)                                     \
    ROW(STATUS, "status", "status", "HTTP status", NUMBER)                                     \
    ROW(REPORT_ID, "report_id", "report_id", "report id", WORD)                                \
    ROW(SUBMISSION_ID, "submission_id", "submission_id", "submission", NUMBER)                 \
    ROW(ITEM_COUNT, "item_count", "item_count", "items taken", NUMBER)                         \
    ROW(WARNINGS, "warnings", "warnings", "warnings", NUMBER)                                  \
    ROW(ERRORS, "errors", "errors", "errors", NUMBER)

#define BATCH_FACT_ENUM(name, field, key, label, kind) BATCH_FACT_##name,
enum batch_fact { BATCH_FACT_LIST(BATCH_FACT_ENUM) BATCH_FACT_COUNT };
#undef BATCH_FACT_ENUM
enum { BATCH_FACT_MAX = 320 };

struct batch_facts {
    struct uuid id;
    char values[BATCH_FACT_COUNT][BATCH_FACT_MAX]; /* as Redis has them; "": none */
};

bool batches_read(struct session *session, const struct keys *keys, struct batch_facts *facts,
                  struct fault *fault);

/* FLOW_NONE where the manifest is gone. */
enum flow_state batches_state(const struct batch_facts *facts);
uint64_t batches_number(const struct batch_facts *facts, enum batch_fact fact);

/* Whether what the last POST came to still tells why the batch is where it is. */
bool batches_keeps_outcome(enum flow_state state);

/* Members of a JSON object for it; none where there was no answer yet. */
void batches_json_outcome(struct json_out *out, const char *outcome);

/* What stands in a manifest, a line each; and as members of a JSON object. */
void batches_say(const struct batch_facts *facts);
void batches_json(struct json_out *out, const struct batch_facts *facts);

struct batches_walk {
    struct session *session;
    const struct keys *keys;
    bool (*on_batch)(void *ctx, const struct batch_facts *facts); /* true to go on */
    void *ctx;
};

/* The batches that a sorted set names, in its order or from its end. */
bool batches_each(const struct batches_walk *walk, enum key set, bool from_end,
                  struct fault *fault);

struct batch_found {
    const struct route_conf *route;
    struct keys keys;
    struct batch_facts facts;
};

/* The batch that the command names. */
bool batches_read_id(const struct cli_call *call, struct uuid *id, struct fault *fault);

/* Looks for the batch with facts.id in all chosen routes, for ids are unique; a fault where
 * none has it. Keys of one that was found are given back with keys_free. */
bool batches_find(struct session *session, const struct choice *choice,
                  struct batch_found *found, struct fault *fault);

#endif
