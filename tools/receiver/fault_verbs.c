/*
 * fault_verbs.c - the verbs of the fault language: what a rule does to a request.
 *
 * Verbs that tell what becomes of a request set its fate; those that only shape the answer
 * leave it.
 */

#include "fault_rule.h"

static const struct unit in_count[] = {{"", 1}, {NULL, 0}};
static const struct unit in_seconds[] = {{"", 1}, {"s", 1}, {"m", 60}, {NULL, 0}};
static const struct unit in_ms[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit in_bytes[] = {{"", 1},           {"B", 1},           {"kB", 1000},
                                       {"MB", 1000000},   {"GB", 1000000000}, {"KiB", 1u << 10},
                                       {"MiB", 1u << 20}, {"GiB", 1u << 30},  {NULL, 0}};
static const struct unit in_bytes_per_s[] = {{"B/s", 1},          {"kB/s", 1000},
                                             {"MB/s", 1000000},   {"KiB/s", 1u << 10},
                                             {"MiB/s", 1u << 20}, {NULL, 0}};

#define LEFT FATE_HONEST

const struct verb verb_table[] = {
    {"status", "CODE", "not taken; answered with this status", in_count, PLAN_STATUS,
     FATE_IGNORED, ENDING_ANSWER, 0},
    {"retry-after", "SECONDS", "the answer says Retry-After", in_seconds, PLAN_RETRY_AFTER_S,
     LEFT, ENDING_ANSWER, 0},
    {"accept-then", "CODE", "stored, then answered with this status", in_count, PLAN_STATUS,
     FATE_TAKEN, ENDING_ANSWER, VERB_POSTS_ONLY},
    {"accept-then-reset", "", "stored, then a TCP reset", NULL, PLAN_NONE, FATE_TAKEN,
     ENDING_RESET, VERB_POSTS_ONLY},
    {"accept-then-hang", "TIME", "stored, then silence, then closed", in_ms, PLAN_HOLD_MS,
     FATE_TAKEN, ENDING_SILENCE, VERB_POSTS_ONLY},
    {"late-commit", "TIME", "answered with 504 now, stored this much later", in_ms,
     PLAN_COMMIT_MS, FATE_TAKEN_LATE, ENDING_ANSWER, VERB_POSTS_ONLY},
    {"refuse-rows", "[LIST] [\"TEXT\"]", "400 with indices and trackingIds", NULL, PLAN_NONE,
     FATE_REFUSE_ROWS, ENDING_ANSWER, VERB_ROWS | VERB_TEXT | VERB_POSTS_ONLY},
    {"refuse-report", "[\"TEXT\"]", "400 of report scope, naming no row", NULL, PLAN_NONE,
     FATE_REFUSE_REPORT, ENDING_ANSWER, VERB_TEXT | VERB_POSTS_ONLY},
    {"duplicate-rows", "[LIST]", "400: these rows are there already", NULL, PLAN_NULL_IDS,
     FATE_ROWS_THERE, ENDING_ANSWER, VERB_ROWS | VERB_POSTS_ONLY},
    {"duplicate-report", "", "400: all rows are there already", NULL, PLAN_NONE, FATE_ALL_THERE,
     ENDING_ANSWER, VERB_POSTS_ONLY},
    {"warn-rows", "[LIST] [\"TEXT\"]", "the answer warns of these rows", NULL, PLAN_NONE, LEFT,
     ENDING_ANSWER, VERB_ROWS | VERB_TEXT | VERB_POSTS_ONLY | VERB_WARNS},
    {"warn-report", "[\"TEXT\"]", "the answer has a warning that names no row", NULL, PLAN_NONE,
     LEFT, ENDING_ANSWER, VERB_TEXT | VERB_POSTS_ONLY | VERB_WARNS},
    {"null-ids", "", "rows are named by their numbers, with null for trackingIds", NULL,
     PLAN_NULL_IDS, LEFT, ENDING_ANSWER, VERB_POSTS_ONLY},
    {"refuse-text", "[\"TEXT\"]", "400 with a bare text labelled JSON", NULL, PLAN_NONE,
     FATE_REFUSE_TEXT, ENDING_ANSWER, VERB_TEXT | VERB_POSTS_ONLY},
    {"reset-before-reading", "", "TCP reset behind the headers, body unread", NULL, PLAN_NONE,
     FATE_IGNORED, ENDING_RESET_UNREAD, VERB_BEFORE_BODY},
    {"reset-after-reading", "", "TCP reset behind the body, nothing stored", NULL, PLAN_NONE,
     FATE_IGNORED, ENDING_RESET, 0},
    {"hang", "TIME", "not taken; silence, then closed", in_ms, PLAN_HOLD_MS, FATE_IGNORED,
     ENDING_SILENCE, 0},
    {"delay", "TIME", "the answer comes this much later", in_ms, PLAN_HOLD_MS, LEFT,
     ENDING_ANSWER, 0},
    {"empty-answer", "", "closed without a byte of answer", NULL, PLAN_NONE, LEFT,
     ENDING_SILENCE, 0},
    {"half-headers", "", "closed in the middle of the answer's headers", NULL, PLAN_NONE, LEFT,
     ENDING_HALF_HEADERS, VERB_NO_TLS},
    {"truncate-answer", "BYTES", "closed behind these bytes of the answer's body", in_bytes,
     PLAN_TRUNCATE_AT, LEFT, ENDING_ANSWER, 0},
    {"slow-answer", "BYTES/s", "the answer's body comes at this speed", in_bytes_per_s,
     PLAN_BYTES_PER_S, LEFT, ENDING_ANSWER, 0},
    {"answer-bytes", "BYTES", "the answer's body is cut or filled to this size", in_bytes,
     PLAN_ANSWER_SIZE, LEFT, ENDING_ANSWER, 0},
};
const size_t verb_count = sizeof(verb_table) / sizeof(verb_table[0]);
