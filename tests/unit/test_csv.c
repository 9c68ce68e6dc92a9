/*
 * test_csv.c - cells, and whole files against tests/golden (see README there).
 */

#include "elrelay/core/carry/csv.h"

#include <dirent.h>
#include <stdio.h>

#include "elrelay/ground/mem.h"
#include "unit/rows.h"

enum { GOLDEN_MAX = 1 << 20, NAME_MAX_LEN = 256, COLUMNS_MAX = 16 };

static const struct {
    const char *name;
    struct slice text;
    struct slice cell;
} cells[] = {
    {"empty", BYTES(""), BYTES("")},
    {"plain", BYTES("a b;c'd\t\\"), BYTES("a b;c'd\t\\")},
    {"comma", BYTES("a,b"), BYTES("\"a,b\"")},
    {"quote", BYTES("a\"b"), BYTES("\"a\"\"b\"")},
    {"quotes only", BYTES("\"\""), BYTES("\"\"\"\"\"\"")},
    {"cr", BYTES("\r"), BYTES("\"\r\"")},
    {"lf", BYTES("a\n"), BYTES("\"a\n\"")},
    {"nul", BYTES("a\0b"), BYTES("a\0b")},
    {"utf-8", BYTES("\xc3\xa9\xe2\x80\xa8"), BYTES("\xc3\xa9\xe2\x80\xa8")},
};

static void test_csv_add_cell_quotes_what_must_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(cells); i++) {
        struct buf line;
        buf_init(&line, cells[i].cell.len);
        row_check(cells[i].name, csv_add_cell(&line, cells[i].text));
        row_same(cells[i].name, buf_slice(&line), cells[i].cell);
        buf_free(&line);
        buf_init(&line, cells[i].cell.len ? cells[i].cell.len - 1 : 0);
        row_check(cells[i].name,
                  csv_add_cell(&line, cells[i].text) == (cells[i].cell.len == 0));
        row_same_number(cells[i].name, line.len, 0);
        buf_free(&line);
    }
}

static void test_csv_add_cell_sees_a_byte_at_every_place(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 24; at++) {
            char text[] = "xxxxxxx\xc3\xa9xxxxxxxxxxxxxxxx";
            text[at] = (char)byte;
            struct buf line;
            buf_init(&line, 100);
            csv_add_cell(&line, slice_of(text));
            size_t more = byte && strchr(",\"\r\n", (int)byte) ? 2 : 0;
            more += byte == '"';
            assert_int_equal(line.len, strlen(text) + more);
            buf_free(&line);
        }
}

static const struct {
    const char *name;
    struct slice text;
    struct slice spaced;
} separators[] = {
    {"none", BYTES("a\xe2\x82\xac"), BYTES("a\xe2\x82\xac")},
    {"alone", BYTES("\xe2\x80\xa8"), BYTES(" ")},
    {"both", BYTES("a\xe2\x80\xa8\xe2\x80\xa9z"), BYTES("a  z")},
    {"neighbours stay", BYTES("\xe2\x80\xa7\xe2\x80\xaa"), BYTES("\xe2\x80\xa7\xe2\x80\xaa")},
    {"behind a neighbour", BYTES("\xe2\x80\xa7\xe2\x80\xa9"), BYTES("\xe2\x80\xa7 ")},
    {"cut", BYTES("a\xe2\x80"), BYTES("a\xe2\x80")},
    {"empty", BYTES(""), BYTES("")},
};

static void test_csv_separators_become_one_space_each(void **state)
{
    (void)state;
    struct buf room;
    buf_init(&room, 100);
    for (size_t i = 0; i < ROWS(separators); i++) {
        row_same(separators[i].name, cell_space_separators(separators[i].text, &room),
                 separators[i].spaced);
        buf_cut(&room, 0);
        buf_add(&room, separators[i].text);
        row_same("in place", cell_space_separators(buf_slice(&room), &room),
                 separators[i].spaced);
    }
    buf_free(&room);
}

static bool golden_read(struct buf *buf, const char *name, const char *ending)
{
    char path[NAME_MAX_LEN * 2];
    snprintf(path, sizeof(path), "%s/tests/golden/%s%s", TEST_SOURCE_DIR, name, ending);
    buf_clear(buf);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    char *room = buf_reserve(buf, GOLDEN_MAX);
    assert_non_null(room);
    buf->len = fread(room, 1, GOLDEN_MAX, file);
    fclose(file);
    return true;
}

/* The next line of rest, without its end. */
static bool take_line(struct slice *rest, struct slice *line)
{
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->ptr, '\n', rest->len);
    assert_non_null(end);
    *line = slice_part(*rest, 0, (size_t)(end - rest->ptr));
    *rest = slice_part(*rest, line->len + 1, rest->len);
    return true;
}

struct golden {
    const char *name;
    struct buf events;
    struct buf want;
    struct buf want_rejects;
    struct buf rejects;
    struct column_conf columns[COLUMNS_MAX];
    size_t column_count;
};

static void golden_init(struct golden *golden, const char *name)
{
    *golden = (struct golden){.name = name};
    buf_init(&golden->events, GOLDEN_MAX);
    buf_init(&golden->want, GOLDEN_MAX);
    buf_init(&golden->want_rejects, GOLDEN_MAX);
    buf_init(&golden->rejects, GOLDEN_MAX);
    assert_true(golden_read(&golden->events, name, ".ndjson"));
    golden_read(&golden->want_rejects, name, ".rejects");
    golden_read(&golden->want, name, ".columns");
    struct slice rest = buf_slice(&golden->want);
    struct slice line;
    while (take_line(&rest, &line))
        golden->columns[golden->column_count++].name = mem_copy_text(line.ptr, line.len);
}

static void golden_free(struct golden *golden)
{
    for (size_t i = 0; i < golden->column_count; i++)
        mem_free(golden->columns[i].name);
    buf_free(&golden->events);
    buf_free(&golden->want);
    buf_free(&golden->want_rejects);
    buf_free(&golden->rejects);
}

static void golden_encode(struct golden *golden, struct encoder *encoder)
{
    buf_clear(&golden->rejects);
    struct slice rest = buf_slice(&golden->events);
    struct slice line;
    for (unsigned number = 1; take_line(&rest, &line); number++) {
        struct blame blame;
        enum encode_result result = encoder_add(encoder, line, &blame);
        assert_int_not_equal(result, ENCODE_FULL);
        if (result == ENCODE_INVALID)
            buf_add_format(&golden->rejects, "%u %s\n", number, reason_word(blame.reason));
    }
}

static size_t golden_check(struct golden *golden, enum header_mode mode, const char *ending)
{
    char title[NAME_MAX_LEN * 2];
    snprintf(title, sizeof(title), "%s%s", golden->name, ending);
    if (!golden_read(&golden->want, golden->name, ending))
        return 0;
    struct format_conf conf = {
        .header = mode, .columns = golden->columns, .column_count = golden->column_count};
    struct encoder encoder;
    encoder_init(&encoder, &conf, GOLDEN_MAX);
    golden_encode(golden, &encoder);
    row_same(title, buf_slice(&golden->rejects), buf_slice(&golden->want_rejects));
    row_same_number(title, encoder_size(&encoder), golden->want.len);
    row_same(title, encoder_finish(&encoder), buf_slice(&golden->want));
    encoder_free(&encoder);
    return 1;
}

static size_t golden_check_all_modes(const char *name)
{
    struct golden golden;
    golden_init(&golden, name);
    size_t checked = golden_check(&golden, HEADER_UNION, ".union.csv");
    checked += golden_check(&golden, HEADER_FIRST, ".first.csv");
    checked += golden_check(&golden, HEADER_FIXED, ".fixed.csv");
    golden_free(&golden);
    return checked;
}

static void test_csv_of_golden_events_is_golden(void **state)
{
    (void)state;
    DIR *dir = opendir(TEST_SOURCE_DIR "/tests/golden");
    assert_non_null(dir);
    size_t checked = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        const char *ending = strstr(entry->d_name, ".ndjson");
        if (!ending)
            continue;
        char name[NAME_MAX_LEN];
        snprintf(name, sizeof(name), "%.*s", (int)(ending - entry->d_name), entry->d_name);
        size_t modes = golden_check_all_modes(name);
        row_check(name, modes > 0);
        checked += modes;
    }
    closedir(dir);
    assert_true(checked >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_add_cell_quotes_what_must_be),
        cmocka_unit_test(test_csv_add_cell_sees_a_byte_at_every_place),
        cmocka_unit_test(test_csv_separators_become_one_space_each),
        cmocka_unit_test(test_csv_of_golden_events_is_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
