/*
 * test_format.c - the table of formats, and configurations that no encoder could work by.
 */

#include "elrelay/core/carry/format.h"

#include "unit/rows.h"

static struct column_conf good[] = {
    {.name = OWN("a")}, {.name = OWN("b"), .path = OWN("/x~0~1/0"), .pattern = OWN("(x|y)*")}};
static struct column_conf no_name[] = {{.name = OWN("a")}, {.path = OWN("x")}};
static struct column_conf twice[] = {
    {.name = OWN("a")}, {.name = OWN("b")}, {.name = OWN("a")}};
static struct column_conf no_path[] = {{.name = OWN("a"), .path = OWN("")}};
static struct column_conf tilde[] = {{.name = OWN("a"), .path = OWN("/x~2")}};
static struct column_conf last_tilde[] = {{.name = OWN("a"), .path = OWN("/x~")}};
static struct column_conf plain_tilde[] = {{.name = OWN("a"), .path = OWN("x~")}};
static struct column_conf pattern[] = {{.name = OWN("a")},
                                       {.name = OWN("b"), .pattern = OWN("(x")}};

static const struct {
    const char *name;
    struct format_conf conf;
    const char *fault; /* how it begins; NULL: none */
} checks[] = {
    {"union needs nothing", {.header = HEADER_UNION, .tracking_id = OWN("x")}, NULL},
    {"good",
     {.header = HEADER_FIXED,
      .columns = good,
      .column_count = 2,
      .tracking_id = OWN("b"),
      .max_columns = 2},
     NULL},
    {"no columns", {.header = HEADER_FIXED}, "format.columns: "},
    {"too many",
     {.header = HEADER_FIXED, .columns = good, .column_count = 2, .max_columns = 1},
     "format.columns: 2 columns"},
    {"no name",
     {.header = HEADER_FIXED, .columns = no_name, .column_count = 2},
     "format.columns[1].name: "},
    {"twice",
     {.header = HEADER_FIXED, .columns = twice, .column_count = 3},
     "format.columns[2].name: "},
    {"empty path",
     {.header = HEADER_FIXED, .columns = no_path, .column_count = 1},
     "format.columns[0].path: "},
    {"unknown escape",
     {.header = HEADER_FIXED, .columns = tilde, .column_count = 1},
     "format.columns[0].path: "},
    {"escape at the end",
     {.header = HEADER_FIXED, .columns = last_tilde, .column_count = 1},
     "format.columns[0].path: "},
    {"tilde in a plain key",
     {.header = HEADER_FIXED, .columns = plain_tilde, .column_count = 1},
     NULL},
    {"pattern",
     {.header = HEADER_FIXED, .columns = pattern, .column_count = 2},
     "format.columns[1].pattern: no POSIX extended regular expression: "},
    {"tracking id",
     {.header = HEADER_FIXED, .columns = good, .column_count = 2, .tracking_id = OWN("x")},
     "format.tracking_id: "},
};

static void test_format_check_names_the_key_that_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(checks); i++) {
        struct fault fault = {0};
        row_check(checks[i].name, format_check(&checks[i].conf, &fault) == !checks[i].fault);
        if (!checks[i].fault)
            continue;
        row_same_number(checks[i].name, fault.code, FAULT_CONF);
        struct slice want = slice_of(checks[i].fault);
        row_same(checks[i].name, slice_part(slice_of(fault.text), 0, want.len), want);
    }
}

static void test_format_by_name_finds_csv(void **state)
{
    (void)state;
    assert_ptr_equal(format_by_name(SLICE("csv")), &format_table[0]);
    assert_string_equal(format_table[0].content_type, "text/csv");
    assert_null(format_by_name(SLICE("CSV")));
    assert_null(format_by_name(SLICE("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_check_names_the_key_that_is_wrong),
        cmocka_unit_test(test_format_by_name_finds_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
