/*
 * check_acl.c - `elrelay check --acl`: the table of rights as a command for Redis.
 *
 * It makes or changes the user `elrelay` and touches no password. Redis takes an ACL with a
 * command that it does not know for a mistake, so WAIT and WAITAOF are there only where the
 * configuration asks for them by name.
 */

#include <stdio.h>
#include <string.h>

#include "cli/check.h"
#include "elrelay/edge/queue/keys.h"
#include "elrelay/edge/queue/rights.h"
#include "elrelay/ground/slice.h"

static bool acl_is_container(struct slice word)
{
    return slice_is_text(word, "XGROUP") || slice_is_text(word, "XINFO") ||
           slice_is_text(word, "CONFIG");
}

/* A word in small letters: commands are made of nothing but letters. */
static void acl_add_small(struct buf *text, struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        buf_add_byte(text, (char)(word.ptr[i] | 0x20));
}

/* "xadd", "xgroup|create" */
static void acl_write(const char *command, struct buf *text)
{
    struct slice rest = slice_of(command);
    struct slice word = slice_next_word(&rest);
    buf_clear(text);
    acl_add_small(text, word);
    if (acl_is_container(word)) {
        buf_add_byte(text, '|');
        acl_add_small(text, slice_next_word(&rest));
    }
}

/* As redis-cli reads it: a pattern in double quotes. Redis takes none with a space in it. */
static void acl_print_keys(const char *name, const char *behind)
{
    fputs(" \"~", stdout);
    for (; *name; name++) {
        if (strchr("*?[]\\", *name))
            fputs("\\\\", stdout);
        if (strchr("\"\\", *name))
            putchar('\\');
        putchar(*name == ' ' ? '?' : *name);
    }
    printf("%s\"", behind);
}

static void acl_print_commands(enum durability_kind wanted)
{
    struct buf text;
    struct buf before;
    buf_init(&text, 64);
    buf_init(&before, 64);
    for (size_t i = 0; i < right_count; i++) {
        acl_write(right_table[i].command, &text);
        bool is_new = right_need(&right_table[i], wanted) != RIGHT_IDLE;
        for (size_t k = 0; is_new && k < i; k++) {
            acl_write(right_table[k].command, &before);
            is_new = strcmp(buf_text(&text), buf_text(&before)) != 0;
        }
        if (is_new)
            printf(" +%s", buf_text(&text));
    }
    buf_free(&before);
    buf_free(&text);
}

static void acl_print_route(const struct route_conf *route)
{
    static const enum key named[] = {KEY_STREAM, KEY_INBOX, KEY_EXCEPTIONS};
    struct keys keys;
    keys_init(&keys, route);
    const char *prefix = keys_prefix(&keys);
    acl_print_keys(prefix, "*");
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        const char *name = keys_name(&keys, named[i]);
        if (name && strncmp(name, prefix, strlen(prefix)) != 0)
            acl_print_keys(name, "");
    }
    keys_free(&keys);
}

void check_acl(const struct choice *choice)
{
    struct durability wanted = {.kind = DURABILITY_AUTO};
    durability_read(&wanted, choice->conf.redis.durability);
    fputs("ACL SETUSER elrelay resetchannels resetkeys -@all +ping +select +role", stdout);
    if (redis_conf_is_cluster(&choice->conf.redis))
        fputs(" +cluster|slots", stdout);
    acl_print_commands(wanted.kind);
    for (size_t i = 0; i < choice->count; i++)
        acl_print_route(&choice->routes[i]);
    putchar('\n');
}
