/*
 * place.c - rows of error words.
 *
 * ASK and TRYAGAIN are not followed. They say that a slot is being moved key by key. Our
 * scripts touch keys that they do not declare, so on the node the slot goes to, a key that is
 * still on the node it comes from would look absent, and a batch that was sent would look as if
 * it had never been. So nothing of ours runs while the slot is on the move (script.h); what was
 * asked fails, is tried again with back-off, and MOVED ends the wait.
 */

#include "edge/redis/place.h"

#include "elrelay/ground/number.h"

enum { ERROR_WORD_MAX = 32 };

static const struct place_row {
    const char *word;
    enum place place;
    const char *why;
} place_table[] = {
    {"READONLY", PLACE_LEFT, "this server has become a replica"},
    {"MOVED", PLACE_LEFT, "the slot has moved to another node"},
    {"CLUSTERDOWN", PLACE_LEFT, "the cluster is down, or nobody serves the slot"},
    {"MASTERDOWN", PLACE_LEFT, "this server is a replica that has lost its master"},
    {"LOADING", PLACE_LEFT, "this server is loading its data"},
    {"UNBLOCKED", PLACE_LEFT, "this server has become a replica"},
    {"ASK", PLACE_MOVING, ""},
    {"TRYAGAIN", PLACE_MOVING, ""},
};

struct slice link_error_word(const redisReply *reply)
{
    if (!reply || reply->type != REDIS_REPLY_ERROR)
        return SLICE("");
    size_t len = 0;
    while (len < reply->len && reply->str[len] >= 'A' && reply->str[len] <= 'Z')
        len++;
    bool is_word = len > 0 && len <= ERROR_WORD_MAX &&
                   (len == reply->len || reply->str[len] == ' ');
    return is_word ? (struct slice){reply->str, len} : SLICE("ERR");
}

static const struct place_row *place_row_of(const redisReply *reply)
{
    struct slice word = link_error_word(reply);
    for (size_t i = 0; word.len && i < sizeof(place_table) / sizeof(place_table[0]); i++)
        if (slice_is_text(word, place_table[i].word))
            return &place_table[i];
    return NULL;
}

enum place place_of(const redisReply *reply)
{
    const struct place_row *row = place_row_of(reply);
    return row ? row->place : PLACE_HERE;
}

const char *place_why(const redisReply *reply)
{
    const struct place_row *row = place_row_of(reply);
    return row ? row->why : "";
}

/* MOVED SLOT HOST:PORT, the host without brackets even where it is an IPv6 address. */
bool place_read_moved(const redisReply *reply, struct redis_host *host)
{
    if (!slice_is_text(link_error_word(reply), "MOVED"))
        return false;
    struct slice text = {reply->str, reply->len};
    slice_next_word(&text);
    slice_next_word(&text);
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    uint64_t port = 0;
    return colon > 1 && number_read_u64(slice_part(text, colon, text.len), &port) && port > 0 &&
           port <= UINT16_MAX &&
           redis_host_set(host, slice_part(text, 0, colon - 1), (uint16_t)port);
}
