/*
 * support_stage.c - what Redis and the endpoint say, made from a line of a script.
 */

#include "unit/support_stage.h"

#include "unit/support_cmocka.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t word_number(const char *line, const char *word, uint64_t other)
{
    const char *at = strstr(line, word);
    return at ? strtoull(at + strlen(word), NULL, 10) : other;
}

struct batch *stage_batch(const struct stage *stage, const char *line, const char *word,
                          struct batch *other)
{
    size_t number = (size_t)word_number(line, word, 0);
    assert_true(number <= stage->post_count);
    return number ? stage->posts[number - 1] : other;
}

void stage_survey(struct stage *stage, const char *line)
{
    struct survey survey = {
        .paused = strstr(line, "paused") != NULL,
        .waiting = word_number(line, "survey ", 0),
        .inbox = word_number(line, "inbox ", 0),
        .doubts = word_number(line, "doubts ", 0),
        .limit_bytes = word_number(line, "limit ", 0),
        .now_unix_ms = 1000000000,
    };
    survey.oldest_unix_ms = survey.waiting ? survey.now_unix_ms - word_number(line, "age ", 0)
                                           : 0;
    relay_on_survey(stage->relay, PORT_DONE, &survey);
}

static bool token_has(const char *token, const char *flag)
{
    const char *at = strstr(token, flag);
    size_t len = strlen(flag);
    return at && at > token && at[-1] == ':' && (at[len] == ':' || at[len] == '\0');
}

static void stage_flag_one(const char *token, struct manifest *manifest)
{
    manifest->owner_gone = token_has(token, "gone");
    manifest->owner_gone_in_ms = token_has(token, "missing") ? 30000 : 0;
    manifest->mine = !manifest->owner_gone && !manifest->owner_gone_in_ms &&
                     !token_has(token, "other");
    manifest->doubted |= token_has(token, "doubted");
    manifest->refused |= token_has(token, "refused");
    manifest->absent |= token_has(token, "absent");
    manifest->proved |= token_has(token, "proved");
    if (token_has(token, "settled"))
        manifest->sent_ago_ms = manifest->looked_ago_ms = 100000;
    manifest->elsewhere = token_has(token, "elsewhere");
    manifest->depth = token_has(token, "half") ? 1 : manifest->depth;
}

/* STATE:ATTEMPTS[:FLAG]...: the batch that was dealt with last goes first, then strangers. */
static void stage_list_one(struct stage *stage, char *token, struct manifest *manifest,
                           size_t at)
{
    if (at == 0 && stage->known.id.text[0])
        *manifest = stage->known;
    else
        snprintf(manifest->id.text, sizeof(manifest->id.text), "ffffffff-0000-7000-8000-%012u",
                 (unsigned)(at % 100));
    bool stranger = (!stage->known.id.text[0] || at > 0) && !strstr(token, ":post");
    if (stranger)
        *manifest = (struct manifest){.id = manifest->id};
    struct batch *posted = stage_batch(stage, token, ":post", NULL);
    if (posted)
        *manifest = posted->manifest;
    size_t word_len = strcspn(token, ":");
    manifest->state = flow_state_of_word((struct slice){token, word_len});
    manifest->attempts = (uint32_t)strtoul(token + word_len + 1, NULL, 10);
    stage_flag_one(token, manifest);
    if (stranger)
        manifest->count = token_has(token, "one") ? 1 : 3;
    if (stranger && manifest->attempts) /* as fake_sha256 says of so many good events */
        snprintf(manifest->sha256, sizeof(manifest->sha256), "%064d",
                 2 + (int)manifest->count * 2);
}

void stage_list(struct stage *stage, const char *line)
{
    struct manifest list[8] = {{.ver = 0}};
    size_t count = 0;
    size_t place = 0;
    char text[256];
    char *rest = NULL;
    snprintf(text, sizeof(text), "%s", line + strlen("list"));
    for (char *token = strtok_r(text, " ", &rest); token; token = strtok_r(NULL, " ", &rest)) {
        stage_list_one(stage, token, &list[count], place++);
        count += list[count].state != FLOW_NONE;
    }
    if (count == 0)
        stage->known = (struct manifest){.ver = 0};
    relay_on_list(stage->relay, PORT_DONE, list, count);
}

void stage_events(struct stage *stage, enum act act, const char *line)
{
    struct event events[700];
    size_t good = (size_t)word_number(line, act == ACT_PEEK ? "events " : "loaded ", 0);
    size_t bad = (size_t)word_number(line, "bad ", 0);
    size_t gone = (size_t)word_number(line, "gone ", 0);
    size_t old = (size_t)word_number(line, "old ", 0);
    size_t count = 0;
    for (; count < good + bad + gone; count++) {
        bool is_good = count < good;
        events[count] = (struct event){
            .id = {++stage->stream_ms, 0},
            .bytes = count < old ? SLICE("{\"k\":7}")
                     : is_good   ? SLICE("{\"k\":1}")
                                 : SLICE("{\"k\":01}"),
            .has_bytes = count < good + bad,
            .gone = count >= good + bad,
        };
    }
    relay_on_events(stage->relay, act, stage->batch, events, count);
}

/* items WHAT@ROW ...: the endpoint names rows, refused (d) or there already (s). */
static void stage_write_items(char *text, size_t text_len, const char *line)
{
    size_t len = (size_t)snprintf(text, text_len, "{\"id\":null,\"errorCount\":1,\"errors\":[");
    for (const char *at = strchr(line, '@'); at; at = strchr(at + 1, '@'))
        len += (size_t)snprintf(text + len, text_len - len,
                                "%s{\"scope\":\"item\",\"indices\":[%lu],"
                                "\"trackingIds\":[null],\"message\":\"%s\"}",
                                text[len - 1] == '[' ? "" : ",", strtoul(at + 1, NULL, 10),
                                at[-1] == 's' ? "Item is a duplicate." : "Invalid");
    snprintf(text + len, text_len - len, "]}");
}

void stage_answer_post(struct stage *stage, const char *line)
{
    char text[1024] = "";
    struct answer answer = {
        .status = (unsigned)word_number(line, "answer ", 0),
        .has_retry_after = strstr(line, "retry ") != NULL,
        .retry_after_ms = word_number(line, "retry ", 0),
        .all_sent = true,
    };
    if (strstr(line, "items"))
        stage_write_items(text, sizeof(text), line);
    if (strstr(line, "all there"))
        snprintf(text, sizeof(text),
                 "{\"id\":null,\"errorCount\":1,\"errors\":[{\"scope\":\"report\",\"message\":"
                 "\"All items in this submission are duplicates.\"}]}");
    if (strstr(line, " rows"))
        snprintf(text, sizeof(text),
                 "{\"id\":null,\"errorCount\":1,\"errors\":[{\"scope\":\"item\",\"message\":"
                 "\"Something is wrong with some of them.\"}]}");
    if (strstr(line, "receipt"))
        snprintf(text, sizeof(text),
                 "{\"id\":\"11111111-2222-3333-4444-555555555555\",\"errorCount\":0,"
                 "\"reportItemCount\":%llu}",
                 (unsigned long long)word_number(line, "receipt ", 0));
    answer.body = slice_of(text);
    if (strncmp(line, "broken ", 7) == 0)
        for (int end = 0; end < TRANSPORT_END_COUNT; end++)
            if (strcmp(line + 7, transport_end_word((enum transport_end)end)) == 0)
                answer.end = (enum transport_end)end;
    relay_on_answer(stage->relay, stage_batch(stage, line, "of ", stage->batch), &answer);
}

/* page STATUS / page absent / page found N: what the endpoint's list says, N events of it. */
void stage_page(struct stage *stage, const char *line)
{
    char text[256] = "[]";
    struct answer answer = {
        .status = (unsigned)word_number(line, "page ", 0),
        .date_unix_ms = 2000000000000,
        .all_sent = true,
    };
    if (strstr(line, "found"))
        snprintf(text, sizeof(text),
                 "[{\"timestamp\":\"2024-04-11T20:43:02.424Z\",\"externalName\":\"%s\","
                 "\"reportItemCount\":%llu,\"httpStatus\":201,"
                 "\"submissionId\":7,\"id\":\"11111111-2222-3333-4444-555555555555\"}]",
                 manifest_wire_id(&stage->looking->manifest)->text,
                 (unsigned long long)word_number(line, "found ", 0));
    answer.status = answer.status ? answer.status : 200;
    answer.body = slice_of(text);
    relay_on_page(stage->relay, stage->looking, &answer);
}
