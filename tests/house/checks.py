"""The rules of the house, each a function from a source tree to a list of complaints.

A tree is a folder laid out like this repository. A complaint says where, what, and is one line. Nothing here
knows pytest: test_house.py runs every check on the real tree, and on small trees that it must refuse.
"""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

FUNCTION_LINES = 60
PARAMETERS = 5
SOURCE_LINES = 400
HEADER_LINES = 120
COLUMNS = 96

BANNED = re.compile(
    r"(?<![\w.>])(strcpy|stpcpy|strcat|v?sprintf|strncpy|strncat|strtok|ato[ifl]|atoll|gets|v?[sf]?scanf|"
    r"system|popen|alloca|s?rand)\s*\(")
MEMORY = re.compile(
    r"(?<![\w.>])(malloc|calloc|realloc|reallocarray|free|strn?dup|v?asprintf|posix_memalign|aligned_alloc)"
    r"\s*\(")
IMPURE_CALL = re.compile(
    r"(?<![\w.>])(time|clock|clock_gettime|gettimeofday|localtime\w*|getenv|setlocale|open|fopen|read|write|"
    r"socket|connect|send|recv|f?printf|puts|fputs|fwrite|fread|sleep|usleep|nanosleep|signal|sigaction|"
    r"fork|pthread_\w+)\s*\(")
UPDATE_TIME = re.compile(r"(?<![\w.>])(uv_update_time)\s*\(")
PURE_HEADERS = {
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "regex.h", "stdarg.h",
    "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "strings.h",
    "arpa/inet.h", "netinet/in.h"}  # the last two for inet_pton
IMPURE_SYMBOLS = re.compile(
    r"(time|clock|clock_gettime|gettimeofday|localtime.*|gmtime.*|getenv|secure_getenv|setlocale|open(at)?(64)?|"
    r"fopen(64)?|creat|socket|connect|bind|listen|accept|send.*|recv.*|poll|select|epoll.*|read|fork|exec.*|"
    r"posix_spawn.*|sleep|usleep|nanosleep|signal|sigaction|pthread_.*|getaddrinfo|gethostname|rand(om)?)$")
LIBRARY = re.compile(r"(uv|yaml|microhttpd|cmocka)\.h$|(hiredis|curl|cjson|openssl|systemd)/")
LAST_WORDS = {"src/ground/mem.c", "src/ground/fault.c"}  # say on stderr why the process ends
MACHINE_PATH = re.compile(r"(?<![\w.*/<])/(home|root|work|Users|mnt)/\w")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\b(?i:not[ -]implemented|unimplemented)\b")
EXCEPTION = {
    "nolint": re.compile(r"\bNOLINT\w*"),
    "cppcheck": re.compile(r"\bcppcheck-suppress\b"),
    "format": re.compile(r"\bclang-format off\b"),
    "pragma": re.compile(r"#\s*pragma\b"),
    "attribute": re.compile(r"\bno_sanitize\w*|\b__attribute__\(\(unused\)\)"),
}
SKIPPED_FOLDERS = {".git", "build", "node_modules", "out", "__pycache__", ".pytest_cache", "corpus"}
PROGRAM = ("src", "include", "tools", "bench")  # what has a room


# Reading a tree


def files(root, *suffixes, under=("src", "include", "tools", "bench", "tests")):
    """Files below these folders with one of these suffixes, in order."""
    return sorted(
        path for folder in under for path in (root / folder).rglob("*")
        if path.suffix in suffixes and path.is_file()
        and not SKIPPED_FOLDERS & set(path.relative_to(root).parts))


def bare(text, literals=True):
    """C without comments (and without the inside of literals); every line stays where it is."""
    def blank(match):
        piece = match.group(0)
        if piece[0] in "\"'":
            return piece[0] + " " * (len(piece) - 2) + piece[0] if literals else piece
        return re.sub(r"[^\n]", " ", piece)
    return re.sub(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def line_of(text, match):
    return text.count("\n", 0, match.start()) + 1


def calls(root, paths, pattern, why):
    found = []
    for path in paths:
        text = bare(path.read_text())
        found += [f"{path.relative_to(root)}:{line_of(text, match)}: {match.group(1)}() {why}"
                  for match in pattern.finditer(text)]
    return found


def includes(path):
    """(line, name as written with its brackets) of each include."""
    text = bare(path.read_text(), literals=False)
    return [(line_of(text, match), match.group(1))
            for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]+([<\"][^>\"]+[>\"])", text, re.M)]


def tags(root, kinds):
    """What ctags knows of the tree's C: a dictionary for each function or prototype."""
    paths = files(root, ".c", ".h")
    done = subprocess.run(
        ["ctags", "-L", "-", "--languages=C", "--langmap=C:.c.h", f"--kinds-C={kinds}", "--fields=+neS",
         "--output-format=json", "-f", "-", "-I", "__attribute__+"],
        input="\n".join(map(str, paths)), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def where(root, tag):
    return f"{Path(tag['path']).relative_to(root)}:{tag['line']}: {tag['name']}()"


def exceptions(root):
    """(path, kind) to how many are allowed, from the list; and what is wrong with the list itself."""
    allowed, wrong = {}, []
    listing = root / "tests/house/exceptions.txt"
    lines = listing.read_text().splitlines() if listing.exists() else []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(None, 3)
        if len(fields) < 4 or not fields[2].isdigit() or len(fields[3]) < 15:
            wrong.append(f"tests/house/exceptions.txt:{number}: want PATH KIND COUNT REASON")
        else:
            allowed[fields[0], fields[1]] = int(fields[2])
    return allowed, wrong


# Words


def banned_functions(root):
    """No function of libc that is easily used wrongly."""
    return calls(root, files(root, ".c", ".h"), BANNED, "is banned")


def bare_memory(root):
    """Only ground/mem.c asks the system for memory."""
    paths = [path for path in files(root, ".c", ".h", under=("src", "include"))
             if path != root / "src/ground/mem.c"]
    return calls(root, paths, MEMORY, "stands outside ground/mem.c")


def loop_time(root):
    """Nothing on the daemon's loop moves its time, which says when the last poll ended (src/edge/host/lag.h)."""
    return calls(root, files(root, ".c", ".h", under=("src/edge",)), UPDATE_TIME, "hides what the loop did until then")


def pure(root):
    """ground and core know no library but cJSON, no clock, no environment, no file."""
    folders = [f"{top}/{room}" for top in ("src", "include/elrelay") for room in ("ground", "core")]
    paths = files(root, ".c", ".h", under=folders)
    found = calls(root, [path for path in paths if str(path.relative_to(root)) not in LAST_WORDS], IMPURE_CALL,
                  "is input or output")
    for path in paths:
        for line, name in includes(path):
            if name[0] == "<" and name[1:-1] not in PURE_HEADERS and "cjson/" not in name:
                found.append(f"{path.relative_to(root)}:{line}: {name} is not for ground and core")
    return found


def cjson_behind_its_door(root):
    """src/ground/json.c alone includes cJSON."""
    return [f"{path.relative_to(root)}:{line}: cJSON is included outside src/ground/json.c"
            for path in files(root, ".c", ".h") if path != root / "src/ground/json.c"
            for line, name in includes(path) if "cjson" in name.lower()]


def unfinished(root):
    """Nothing says that it is not done yet."""
    paths = files(root, ".c", ".h", ".lua", ".txt", ".cmake", ".sh", under=("src", "include", "tools", "bench", "cmake"))
    paths += files(root, ".md", ".service", ".yaml", "", under=("bench", "docs", "scripts", "systemd", "config"))
    paths += files(root, ".c", ".h", under=("tests",))
    return [f"{path.relative_to(root)}:{number}: unfinished: {match.group(0)}"
            for path in paths for number, line in enumerate(path.read_text().splitlines(), 1)
            for match in UNFINISHED.finditer(line)]


def machine_paths(root):
    """No path that exists on one machine only."""
    paths = files(root, ".c", ".h", ".lua", ".py", ".txt", ".cmake", ".md", ".yaml", ".service", ".json", ".js", "",
                  under=("src", "include", "tools", "bench", "tests", "cmake", "docs", "scripts", "systemd", "config"))
    paths += [path for path in (root / "README.md", root / "CMakeLists.txt") if path.exists()]
    found = []
    for path in paths:
        if path != Path(__file__).resolve() and not path.name.startswith("test_house"):
            found += [f"{path.relative_to(root)}:{number}: a path of one machine"
                      for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
                      if MACHINE_PATH.search(line)]
    return found


def listed_exceptions(root):
    """What switches a tool off stands in a list with its reason, and nothing else does."""
    allowed, found = exceptions(root)
    suppressions = root / "tests/lint/cppcheck.txt"
    lines = suppressions.read_text().splitlines() if suppressions.exists() else []
    found += [f"tests/lint/cppcheck.txt:{number}: want ID:FILE // REASON" for number, line in enumerate(lines, 1)
              if not re.match(r"(#|\w+(:\S+)? // .{15,})", line)]
    allowed = {key: count for key, count in allowed.items() if key[1] in EXCEPTION}
    seen = Counter()
    for path in files(root, ".c", ".h"):
        text = path.read_text()
        for kind, pattern in EXCEPTION.items():
            seen[str(path.relative_to(root)), kind] += len(pattern.findall(text))
    for key in sorted(set(allowed) | {key for key, count in seen.items() if count}):
        if seen[key] != allowed.get(key, 0):
            found.append(f"{key[0]}: {seen[key]} of {key[1]}, the list has {allowed.get(key, 0)}")
    return found


# Shape


def sizes(root):
    """Files, headers and lines keep their limits."""
    found = []
    for path in files(root, ".c", ".h"):
        lines = path.read_text().splitlines()
        limit = HEADER_LINES if path.suffix == ".h" else SOURCE_LINES
        if len(lines) > limit:
            found.append(f"{path.relative_to(root)}: {len(lines)} lines, at most {limit}")
        found += [f"{path.relative_to(root)}:{number}: {len(line)} columns, at most {COLUMNS}"
                  for number, line in enumerate(lines, 1) if len(line) > COLUMNS]
    return found


def parameter_count(signature):
    """How many parameters "(int a, void (*b)(int, int), ...)" has; the ellipsis is none."""
    inner = signature.strip()[1:-1]
    while "(" in inner:
        inner = re.sub(r"\([^()]*\)", "", inner)
    return len([part for part in inner.split(",") if part.strip() not in ("", "void", "...")])


def function_sizes(root):
    """Functions keep their limits of lines and parameters, but for callbacks that a library calls."""
    found = []
    foreign = {key: count for key, count in exceptions(root)[0].items() if key[1].startswith("parameters:")}
    for tag in tags(root, "fp"):
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        if lines > FUNCTION_LINES:
            found.append(f"{where(root, tag)} has {lines} lines, at most {FUNCTION_LINES}")
        count = parameter_count(tag.get("signature", "()"))
        key = str(Path(tag["path"]).relative_to(root)), f"parameters:{tag['name']}"
        if count > PARAMETERS and foreign.pop(key, None) != count:
            found.append(f"{where(root, tag)} has {count} parameters, at most {PARAMETERS}")
    return found + [f"{path}: {kind} is listed and not needed" for path, kind in sorted(foreign)]


def opening_paragraphs(root):
    """Each file says at its top what it is for; a header behind its guard."""
    found = []
    for path in files(root, ".c", ".h"):
        guard = r"#ifndef (\w+)\n#define \1\n\s*" if path.suffix == ".h" else ""
        opening = rf"{guard}/\*\n \* {re.escape(path.name)} - \S"
        if not re.match(opening, path.read_text()):
            found.append(f"{path.relative_to(root)}: does not open with '{path.name} - what it is for'")
    return found


def headers_alone(root):
    """Each header compiles alone."""
    flags = subprocess.run(["pkg-config", "--cflags", "libuv", "hiredis", "libcurl", "yaml-0.1", "libsystemd"],
                           capture_output=True, text=True, check=True).stdout.split()
    found = []
    for path in files(root, ".h"):
        done = subprocess.run(
            ["gcc", "-std=c11", "-D_DEFAULT_SOURCE", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Werror",
             "-fsyntax-only", f"-I{root}/include", f"-I{root}/src", f"-I{root}/tests", f"-I{root}/tools",
             *flags, "-x", "c", "-"],
            input=f'#include "{path}"\n', capture_output=True, text=True)
        if done.returncode:
            error = next(line for line in done.stderr.splitlines() if "error:" in line)
            found.append(f"{path.relative_to(root)}: does not compile alone: {error}")
    return found


def own_headers(root, path):
    """How a source file may name the header of its own name, or its folder's private ones."""
    inside = path.relative_to(root)
    room = Path(*inside.parts[1:-1])
    beside = [header.name for header in path.parent.glob("*.h")]
    public = root / "include/elrelay" / room / f"{path.stem}.h"
    if not public.exists() and public.name not in beside:
        return []
    return [f'"elrelay/{room / public.name}"', *(f'"{name}"' for name in beside),
            *(f'"{room / name}"' for name in beside)]


def include_order(root):
    """The header whose promises a file keeps (its own, its folder's) first, then the system's, libraries', ours."""
    found = []
    for path in files(root, ".c", ".h"):
        own = own_headers(root, path) if path.suffix == ".c" else []
        before = 0
        for index, (line, name) in enumerate(includes(path)):
            if name[0] == '"':
                rank = 0 if name in own and not before or index == 0 and not own else 3
            else:
                rank = 2 if LIBRARY.search(name[1:-1]) else 1
            if rank < before or (index == 0 and own and rank):
                found.append(f"{path.relative_to(root)}:{line}: {name} stands out of order")
            before = max(before, rank)
    return found


# Arrows


def words(cell):
    return {word.strip() for word in cell.split(",") if word.strip()}


def rooms(root):
    """The table of docs/house.md: room to the set of rooms that it may know; in order."""
    table = {}
    for line in (root / "docs/house.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and cells[0] not in ("room", "") and not cells[0].startswith("-"):
            table.update((room.strip(), words(cells[2])) for room in cells[0].split(","))
    return table


def room_of(table, path):
    """The room of a path below the root, or None."""
    name = re.sub(r"^(src|include/elrelay|elrelay)/", "", str(path))
    name = re.sub(r"\.[ch]$", "", name)
    return next((room for room in sorted(table, key=len, reverse=True)
                 if name == room or name.startswith(room + "/")), None)


def target_of(root, path, name):
    """The file of ours that an include means, or None."""
    for folder in (path.parent, root / "include", root / "src", root / "tools"):
        if (folder / name).exists():
            return (folder / name).resolve()
    return None


def table_of_rooms(root):
    """A room may know only rooms above its own row; each folder is a room."""
    table, above, found = rooms(root), set(), []
    for room, known in table.items():
        found += [f"docs/house.md: {room} may not know {name}" for name in sorted(known - above)]
        above.add(room)
    return found + [f"{path.relative_to(root)}: belongs to no room of docs/house.md"
                    for path in files(root, ".c", ".h", under=PROGRAM)
                    if not room_of(table, path.relative_to(root))]


def arrows(root):
    """An include between rooms is one that the table allows."""
    table, found = rooms(root), []
    for path in files(root, ".c", ".h", under=PROGRAM):
        here = room_of(table, path.relative_to(root))
        for line, name in includes(path):
            target = target_of(root, path, name[1:-1]) if name[0] == '"' else None
            there = room_of(table, target.relative_to(root)) if target else None
            if there and there != here and there not in table.get(here, ()):
                found.append(f"{path.relative_to(root)}:{line}: {here} may not know {there}")
    return found


def circles(root):
    """No file includes itself by way of others."""
    graph = {path: [target for _, name in includes(path) if (target := target_of(root, path, name[1:-1]))]
             for path in files(root, ".h", under=PROGRAM)}
    found = []
    while True:
        leaves = [path for path, known in graph.items() if not any(other in graph for other in known)]
        if not leaves:
            break
        for path in leaves:
            del graph[path]
    return found + [f"{path.relative_to(root)}: is part of a circle of includes" for path in sorted(graph)]


def used_functions(root):
    """What a public header declares is used or tested by another file."""
    allowed, _ = exceptions(root)
    known = {path: Counter(re.findall(r"\w+", bare(path.read_text()))) for path in files(root, ".c", ".h")}
    found = []
    for tag in tags(root, "p"):
        header = Path(tag["path"])
        inside = header.relative_to(root)
        if inside.parts[0] != "include" or (str(inside), f"unused:{tag['name']}") in allowed:
            continue
        own = {header, root / "src" / inside.relative_to("include/elrelay").with_suffix(".c")}
        by_macro = known[header][tag["name"]] > 1
        if not by_macro and not any(tag["name"] in words for path, words in known.items() if path not in own):
            found.append(f"{where(root, tag)} is used by no other file")
    return found


CHECKS = [
    banned_functions, bare_memory, loop_time, pure, cjson_behind_its_door, unfinished, machine_paths, listed_exceptions,
    sizes, function_sizes, opening_paragraphs, headers_alone, include_order, table_of_rooms, arrows, circles,
    used_functions,
]


# What the linker says


def symbols(path, *options):
    done = subprocess.run(["nm", "--format=posix", *options, str(path)], capture_output=True, text=True, check=True)
    return {line.split()[0].split("@")[0] for line in done.stdout.splitlines() if len(line.split()) > 1}


def library(name):
    """The file that the linker takes for -lNAME."""
    done = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def open_symbols(archive):
    """What the archive leaves open beyond pure functions of libc and libm, and cJSON's."""
    missing = symbols(archive, "--undefined-only") - symbols(archive, "--defined-only")
    known = set()
    for name in ("libc.so.6", "libm.so.6", "libcjson.so"):
        known |= symbols(library(name), "--dynamic", "--defined-only")
    known.add("_GLOBAL_OFFSET_TABLE_")  # which the linker itself lays out
    found = [f"{name}: is neither in libc, libm nor cJSON" for name in sorted(missing - known)]
    return found + [f"{name}: is input or output" for name in sorted(missing & known)
                    if IMPURE_SYMBOLS.match(name)]
