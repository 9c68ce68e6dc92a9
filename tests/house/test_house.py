"""The house test: the tree keeps its rules, and each rule is seen to refuse what breaks it.

Run with ELRELAY_BUILD naming a release build, so that its archives can be looked at too.
"""

import os
import subprocess
from pathlib import Path

import checks
import pytest

ROOT = Path(__file__).resolve().parents[2]

TABLE = "| room | is for | may know |\n|---|---|---|\n"
HOUSE = TABLE + "| ground | | |\n| core/carry | | ground |\n| edge/redis | | ground |\n| edge/http | | ground |\n"


def c_file(name, text=""):
    return f"/*\n * {name} - a file that stands here for a test.\n */\n{text}"


def header(name, text=""):
    return f"#ifndef G\n#define G\n\n/*\n * {name} - a file that stands here for a test.\n */\n{text}#endif\n"


def source(text):
    return {"src/core/carry/a.c": c_file("a.c", text)}


def listed(text, line):
    return {"src/core/carry/a.c": c_file("a.c", text), "tests/house/exceptions.txt": line}


# check, what is wrong, the tree, what the complaint must say
REFUSED = [
    ("banned_functions", "strcpy", source("void f(void) { strcpy(a, b); }\n"), "a.c:4: strcpy() is banned"),
    ("banned_functions", "sscanf", source('int x = sscanf(a, "%d", &b);\n'), "sscanf() is banned"),
    ("banned_functions", "space before (", source("int x = rand ();\n"), "rand() is banned"),
    ("banned_functions", "in the bench", {"bench/a.c": c_file("a.c", "int x = system(a);\n")}, "bench/a.c:4: system()"),
    ("banned_functions", "in a tool", {"tools/t/a.c": c_file("a.c", "int x = system(a);\n")}, "system()"),
    ("bare_memory", "malloc", source("void *f(void) { return malloc(1); }\n"), "malloc() stands outside"),
    ("bare_memory", "free", source("void f(void *p) { free(p); }\n"), "free() stands outside"),
    ("bare_memory", "strdup", source("char *f(void) { return strdup(a); }\n"), "strdup() stands outside"),
    ("loop_time", "in an edge", {"src/edge/http/a.c": c_file("a.c", "void f(void) { uv_update_time(a); }\n")},
     "uv_update_time() hides what"),
    ("pure", "uv", source("#include <uv.h>\n"), "<uv.h> is not for ground and core"),
    ("pure", "hiredis", source("#include <hiredis/hiredis.h>\n"), "is not for ground and core"),
    ("pure", "curl", source("#include <curl/curl.h>\n"), "is not for ground and core"),
    ("pure", "time", source("long f(void) { return time(0); }\n"), "time() is input or output"),
    ("pure", "getenv", {"src/ground/a.c": c_file("a.c", "char *x = getenv(b);\n")}, "getenv() is input"),
    ("pure", "in a header", {"include/elrelay/ground/a.h": header("a.h", "#include <unistd.h>\n")},
     "<unistd.h> is not for"),
    ("cjson_behind_its_door", "another file", source("#include <cjson/cJSON.h>\n"), "cJSON is included"),
    ("unfinished", "a comment", source("/* TO" "DO: later */\n"), "unfinished: TO" "DO"),
    ("unfinished", "a script", {"src/edge/queue/scripts/a.lua": "-- FIX" "ME\n"}, "unfinished: FIX" "ME"),
    ("machine_paths", "a home folder", {"scripts/a": "cd /home/somebody\n"}, "scripts/a:1: a path of one"),
    ("listed_exceptions", "not listed", source("int x; /* NOLINT */\n"), "1 of nolint, the list has 0"),
    ("listed_exceptions", "one too many", listed("/* NOLINT */ /* NOLINT */\n",
     "src/core/carry/a.c nolint 1 because the test wants it\n"), "2 of nolint, the list has 1"),
    ("listed_exceptions", "no longer needed", listed("", "src/core/carry/a.c nolint 1 because it was once\n"),
     "0 of nolint, the list has 1"),
    ("listed_exceptions", "without a reason", listed("", "src/core/carry/a.c nolint 1\n"), "want PATH KIND"),
    ("listed_exceptions", "cppcheck's list", {"tests/lint/cppcheck.txt": "nullPointer:src/a.c\n"}, "// REASON"),
    ("listed_exceptions", "cppcheck", source("// cppcheck-suppress x\n"), "1 of cppcheck"),
    ("listed_exceptions", "format", source("/* clang-format off */\n"), "1 of format"),
    ("listed_exceptions", "pragma", source("#pragma GCC diagnostic ignored\n"), "1 of pragma"),
    ("sizes", "a long file", source("int x;\n" * 400), "403 lines, at most 400"),
    ("sizes", "a long header", {"include/elrelay/a.h": header("a.h", "\n" * 120)}, "lines, at most 120"),
    ("sizes", "a long line", source("/* " + "x" * 94 + " */\n"), "100 columns, at most 96"),
    ("function_sizes", "a long function", source("int f(void)\n{\n" + "    g();\n" * 58 + "}\n"),
     "f() has 61 lines, at most 60"),
    ("function_sizes", "six parameters", source("int f(int a, int b, int c, int d, int e, int g) { return 0; }\n"),
     "f() has 6 parameters"),
    ("function_sizes", "more parameters than listed",
     listed("int f(int a, int b, int c, int d, int e, int g, int h) { return 0; }\n",
            "src/core/carry/a.c parameters:f 6 a library calls it so\n"), "f() has 7 parameters"),
    ("function_sizes", "parameters that are listed in vain",
     listed("int f(int a) { return 0; }\n", "src/core/carry/a.c parameters:f 6 a library calls it so\n"),
     "parameters:f is listed and not needed"),
    ("opening_paragraphs", "none", {"src/a.c": "int x;\n"}, "does not open with 'a.c - "),
    ("opening_paragraphs", "another name", {"src/a.c": c_file("b.c")}, "does not open with 'a.c - "),
    ("opening_paragraphs", "no guard", {"include/elrelay/a.h": c_file("a.h")}, "does not open with 'a.h - "),
    ("headers_alone", "a missing include", {"include/elrelay/a.h": header("a.h", "bool f(void);\n")},
     "include/elrelay/a.h: does not compile alone"),
    ("include_order", "own header second",
     {"include/elrelay/ground/a.h": header("a.h"),
      "src/ground/a.c": c_file("a.c", '#include <stdio.h>\n#include "elrelay/ground/a.h"\n')}, "out of order"),
    ("include_order", "system behind ours",
     source('#include "elrelay/ground/b.h"\n#include "elrelay/ground/c.h"\n#include <stdio.h>\n'), "<stdio.h> stands"),
    ("include_order", "library before system", source("#include <uv.h>\n#include <stdio.h>\n"), "<stdio.h> stands"),
    ("table_of_rooms", "a row that looks up", {"docs/house.md": TABLE + "| ground | | cli |\n| cli | | |\n"},
     "ground may not know cli"),
    ("table_of_rooms", "a folder without a room", {"docs/house.md": HOUSE, "src/attic/a.c": c_file("a.c")},
     "src/attic/a.c: belongs to no room"),
    ("arrows", "upwards",
     {"docs/house.md": HOUSE, "include/elrelay/core/carry/b.h": header("b.h"),
      "src/ground/a.c": c_file("a.c", '#include "elrelay/core/carry/b.h"\n')}, "ground may not know core/carry"),
    ("arrows", "sideways",
     {"docs/house.md": HOUSE, "src/edge/http/b.h": header("b.h"),
      "src/edge/redis/a.c": c_file("a.c", '#include "edge/http/b.h"\n')}, "edge/redis may not know edge/http"),
    ("circles", "two headers",
     {"include/elrelay/a.h": header("a.h", '#include "b.h"\n'),
      "include/elrelay/b.h": header("b.h", '#include "a.h"\n')}, "a.h: is part of a circle"),
    ("used_functions", "declared for nobody",
     {"include/elrelay/ground/a.h": header("a.h", "int f(void);\n"),
      "src/ground/a.c": c_file("a.c", "int f(void) { return 0; }\n")}, "f() is used by no other file"),
]

# check, what is right although it looks wrong, the tree
PASSED = [
    ("banned_functions", "in a comment", source("/* strcpy(a, b) */\n")),
    ("banned_functions", "in a string", source('const char *x = "system(a)";\n')),
    ("banned_functions", "longer names", source("int x = snprintf(a, 1, b) + my_system(c) + d.rand(e);\n")),
    ("bare_memory", "the one place", {"src/ground/mem.c": c_file("mem.c", "void f(void *p) { free(p); }\n")}),
    ("bare_memory", "a test", {"tests/unit/a.c": c_file("a.c", "void f(void *p) { free(p); }\n")}),
    ("pure", "the edges", {"src/edge/a.c": c_file("a.c", "#include <uv.h>\nlong x = time(0);\n")}),
    ("cjson_behind_its_door", "the door", {"src/ground/json.c": c_file("json.c", "#include <cjson/cJSON.h>\n")}),
    ("listed_exceptions", "listed", listed("int x; /* NOLINT */\n",
                                           "src/core/carry/a.c nolint 1 because the test wants it\n")),
    ("function_sizes", "five and an ellipsis",
     source("int f(int a, int (*b)(int, int), int c, int d, int e, ...) { return 0; }\n")),
    ("function_sizes", "six parameters that are listed",
     listed("int f(int a, int b, int c, int d, int e, int g) { return 0; }\n",
            "src/core/carry/a.c parameters:f 6 a library calls it so\n")),
    ("function_sizes", "60 lines", source("int f(void)\n{\n" + "    g();\n" * 57 + "}\n")),
    ("include_order", "a header of another name first", source('#include "elrelay/ground/b.h"\n#include <stdio.h>\n')),
    ("arrows", "downwards",
     {"docs/house.md": HOUSE, "include/elrelay/ground/b.h": header("b.h"),
      "src/edge/http/a.c": c_file("a.c", '#include "elrelay/ground/b.h"\n')}),
    ("used_functions", "used by a test",
     {"include/elrelay/ground/a.h": header("a.h", "int f(void);\n"),
      "tests/unit/test_a.c": c_file("test_a.c", "int x(void) { return f(); }\n")}),
]


def grow(folder, tree):
    for name, text in {"docs/house.md": HOUSE, **tree}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder.resolve()


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_house_keeps(check):
    found = check(ROOT)
    assert not found, check.__doc__ + "\n" + "\n".join(found)


@pytest.mark.parametrize("name,what,tree,wanted", REFUSED, ids=[f"{row[0]}-{row[1]}" for row in REFUSED])
def test_house_refuses(tmp_path, name, what, tree, wanted):
    found = getattr(checks, name)(grow(tmp_path, tree))
    assert any(wanted in line for line in found), found


@pytest.mark.parametrize("name,what,tree", PASSED, ids=[f"{row[0]}-{row[1]}" for row in PASSED])
def test_house_lets_pass(tmp_path, name, what, tree):
    assert not getattr(checks, name)(grow(tmp_path, tree))


def test_house_every_check_is_seen_to_refuse():
    assert {check.__name__ for check in checks.CHECKS} == {row[0] for row in REFUSED}


def archive_of(folder, text):
    (folder / "a.c").write_text(text)
    subprocess.run(["gcc", "-c", "a.c"], cwd=folder, check=True)
    subprocess.run(["ar", "rc", "a.a", "a.o"], cwd=folder, check=True)
    return folder / "a.a"


@pytest.mark.skipif("ELRELAY_BUILD" not in os.environ, reason="ELRELAY_BUILD names no build")
def test_house_core_links_cjson_only():
    found = checks.open_symbols(Path(os.environ["ELRELAY_BUILD"]) / "libelrelay_core.a")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text,wanted", [
    ("int uv_run(void); int f(void) { return uv_run(); }\n", "uv_run: is neither"),
    ("long time(long *); long f(void) { return time(0); }\n", "time: is input or output"),
], ids=["a library", "a clock"])
def test_house_refuses_an_open_symbol(tmp_path, text, wanted):
    found = checks.open_symbols(archive_of(tmp_path, text))
    assert any(wanted in line for line in found), found


def test_house_lets_pure_symbols_pass(tmp_path):
    text = "#include <math.h>\n#include <cjson/cJSON.h>\ndouble f(double x) { cJSON_Delete(0); return sin(x); }\n"
    assert not checks.open_symbols(archive_of(tmp_path, text))
