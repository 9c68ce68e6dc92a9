/*
 * test_conf_example.c - config/elrelay.yaml says what the settings table says: each setting,
 * its sentence, what it may be and its default, and nothing else.
 *
 * A setting that is switched off has its # right in front of its name; prose has a blank behind
 * the #.
 */

#include "elrelay/edge/host/conf_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { LINES_MAX = 1000, LINE_MAX_LEN = 128 };

struct example {
    char lines[LINES_MAX][LINE_MAX_LEN]; /* as they stand in the file, from 1 */
    size_t count;
    struct buf all; /* with every setting switched on */
    struct conf conf;
};

static const char *test_variable(const char *name)
{
    return strcmp(name, "HOSTNAME") == 0 ? "relay-1" : "/credentials";
}

static const char *test_unreadable(const char *path)
{
    (void)path;
    return NULL;
}

static const struct conf_outside test_outside = {test_variable, test_unreadable};

static void example_read(struct example *example)
{
    FILE *file = fopen(TEST_SOURCE_DIR "/config/elrelay.yaml", "r");
    assert_non_null(file);
    while (fgets(example->lines[example->count + 1], LINE_MAX_LEN, file))
        assert_true(++example->count < LINES_MAX - 1);
    fclose(file);
}

/* Where a name comes straight behind the #, only the # is left out. */
static void example_switch_on(struct example *example)
{
    buf_init(&example->all, (size_t)LINES_MAX * LINE_MAX_LEN);
    for (size_t i = 1; i <= example->count; i++) {
        const char *line = example->lines[i];
        const char *mark = line + strspn(line, " ");
        bool off = *mark == '#' && mark[1] != ' ' && mark[1] != '\n';
        buf_add(&example->all, (struct slice){line, (size_t)(mark - line)});
        buf_add_text(&example->all, off ? mark + 1 : mark);
    }
}

/* Two defaults do not go together with what depends on another choice. */
static void example_change(struct example *example, const char *from, const char *to)
{
    char *found = strstr(example->all.ptr, from);
    assert_non_null(found);
    assert_int_equal(strlen(from), strlen(to));
    for (size_t i = 0; to[i]; i++)
        found[i] = to[i];
}

static int example_open(void **state)
{
    static struct example example;
    struct fault fault = {0};
    example_read(&example);
    example_switch_on(&example);
    buf_text(&example.all);
    example_change(&example, "header: union", "header: fixed");
    example_change(&example, "type: none", "type: key ");
    if (!conf_file_read_text(&example.conf, "e.yaml", buf_slice(&example.all), &test_outside,
                             &fault))
        fail_msg("%s", fault.text);
    *state = &example;
    return 0;
}

static int example_close(void **state)
{
    struct example *example = *state;
    conf_free(&example->conf);
    buf_free(&example->all);
    return 0;
}

/* The prose above a line, in one line without its marks. */
static void example_prose(const struct example *example, size_t line, struct buf *prose)
{
    size_t first = line;
    while (strstr(example->lines[first - 1], "# ") &&
           example->lines[first - 1][strspn(example->lines[first - 1], " ")] == '#')
        first--;
    for (; first < line; first++) {
        struct slice text = slice_of(strstr(example->lines[first], "# ") + 2);
        buf_add(prose, slice_part(text, 0, text.len - 1));
        buf_add_byte(prose, ' ');
    }
}

/* The same, as the table tells it. */
static void example_wanted(const struct setting *setting, struct buf *wanted)
{
    buf_add_format(wanted, "%s ", setting->sentence);
    if (setting->type == SETTING_SECTION)
        return;
    buf_add_byte(wanted, '[');
    setting_describe(setting, wanted);
    if (setting->fallback)
        buf_add_format(wanted, "; default %s", setting->fallback);
    else if (setting->flags & SETTING_REQUIRED)
        buf_add_text(wanted, "; required");
    buf_add_text(wanted, "] ");
}

/* Whether the value on a line, without its quotes, is this one. */
static bool example_shows(const char *line, const char *value)
{
    const char *shown = strstr(line, ": ");
    assert_non_null(shown);
    shown += 2 + (shown[2] == '"');
    size_t len = strlen(value);
    return strncmp(shown, value, len) == 0 &&
           strspn(shown + len, "\"\n") == strlen(shown + len);
}

static void assert_told_at(const struct example *example, const struct setting *setting,
                           size_t line)
{
    struct buf prose;
    struct buf wanted;
    buf_init(&prose, 4096);
    buf_init(&wanted, 4096);
    example_prose(example, line, &prose);
    example_wanted(setting, &wanted);
    assert_string_equal(buf_text(&prose), buf_text(&wanted));
    if (setting->fallback && !example_shows(example->lines[line], setting->fallback))
        fail_msg("%s: another default", setting->key);
    buf_free(&prose);
    buf_free(&wanted);
}

static void test_conf_example_tells_what_the_table_tells(void **state)
{
    const struct example *example = *state;
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_table[i];
        const struct conf_spot spot = {.scope = setting->scope, .setting = setting};
        const struct conf_note *note = conf_find_note(&example->conf, &spot);
        if (note)
            assert_told_at(example, setting, note->spot.line);
        else
            fail_msg("%s is not there", setting->key);
    }
}

static void test_conf_example_holds_one_route_and_one_column(void **state)
{
    const struct example *example = *state;
    assert_int_equal(example->conf.route_count, 1);
    assert_int_equal(example->conf.routes[0].format.column_count, 1);
}

static void test_conf_example_works_as_it_is_shipped(void **state)
{
    struct conf conf;
    struct fault fault = {0};
    (void)state;
    if (!conf_file_read(&conf, TEST_SOURCE_DIR "/config/elrelay.yaml", &fault))
        fail_msg("%s", fault.text);
    assert_string_equal(conf.redis.url, "redis://127.0.0.1:6379/0");
    assert_string_equal(conf.routes[0].name, "covid");
    assert_string_equal(conf.routes[0].endpoint.url,
                        "http://127.0.0.1:8080/api/reports?processing=async");
    conf_free(&conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_example_tells_what_the_table_tells),
        cmocka_unit_test(test_conf_example_holds_one_route_and_one_column),
        cmocka_unit_test(test_conf_example_works_as_it_is_shipped),
    };
    return cmocka_run_group_tests(tests, example_open, example_close);
}
