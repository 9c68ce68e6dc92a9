/*
 * malformed.c - one row for each way; each stands alone in its line, so that one reason is to
 * blame.
 */

#include "malformed.h"

#include "common/splitmix.h"
#include "elrelay/ground/buf.h"
#include "elrelay/ground/mem.h"

struct damage {
    const char *front; /* in place of the first brace */
    const char *back;  /* behind the last; NULL: the line is cut somewhere */
};

static const struct damage damages[] = {
    {"{", NULL},
    {"{", "}"},
    {"{", " {\"Note\":\"\"}"},
    {"\xef\xbb\xbf{", ""},
    {"[{", "]"},
    {"\"{", "\""},
    {"{\"Note\":\"a\\u0000b\",", ""},
    {"{\"Note\":\"\\ud800\",", ""},
    {"{\"Note\":\"a\\x\",", ""},
    {"{\"Note\":01,", ""},
    {"{\"Note\":1.,", ""},
    {"{\"Note\":1e400,", ""},
    {"{\"Note\":NaN,", ""},
    {"{\"Note\":\"a\x01z\",", ""},
    {"{\"Note\":\"a\tz\",", ""},
    {"{\"Note\":\"\xc3\x28\",", ""},
    {"{\"Note\":\"\xed\xa0\x80\",", ""},
    {"{Note:\"\",", ""},
};
enum { DAMAGE_COUNT = sizeof(damages) / sizeof(damages[0]) };

void malformed_make(struct buf *line, struct splitmix *source)
{
    const struct damage *damage = &damages[splitmix_below(source, DAMAGE_COUNT)];
    if (!damage->back) {
        buf_cut(line, 1 + splitmix_below(source, line->len - 1));
        return;
    }
    size_t len = line->len;
    char *whole = mem_copy_text(line->ptr, len);
    buf_clear(line);
    buf_add_text(line, damage->front);
    buf_add(line, (struct slice){whole + 1, len - 1});
    buf_add_text(line, damage->back);
    mem_free(whole);
}
