"""Every Redis command of the scripts and of the queue's C stands in the table of rights, and nothing else does."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
QUEUE = ROOT / "src/edge/queue"
CONTAINERS = {"XGROUP", "XINFO", "CONFIG"}
OPERATOR_SCRIPTS = {"post", "operate", "replay", "repair"}  # run by an operator's user, not by the daemon's


def command(words):
    words = words.split()
    return " ".join(words[:2] if words[0] in CONTAINERS else words[:1])


def rights():
    rows = re.findall(r'^    \{"([^"]+)", KEY_\w+\},$', (QUEUE / "rights.c").read_text(), re.M)
    return {command(row) for row in rows}


def used_by_scripts():
    found = set()
    for path in (QUEUE / "scripts").glob("*.lua"):
        if path.stem not in OPERATOR_SCRIPTS:
            for name, sub in re.findall(r"redis\.call\('(\w+)'(?:, '(\w+)')?", path.read_text()):
                found.add(command(f"{name} {sub}"))
    return found


def used_by_c():
    texts = "".join(path.read_text() for path in QUEUE.glob("*.c") if path.name != "rights.c")
    return set(re.findall(r'(?:args_add\(\w+(?:\(\w+\))?, |args\[0\] = |args\[\] = \{|\.list = \{)SLICE\("([A-Z]+)"\)', texts))


def test_rights_are_those_that_are_used():
    words = {"GROUP", "COUNT", "STREAMS", "CONFIG", "GET"}  # of XREADGROUP and CONFIG GET, each an argument of its own
    used = used_by_scripts() | (used_by_c() - words) | {"EVAL", "EVALSHA", "CONFIG GET"}
    used |= {"LPOP", "RPOP"}  # called by a variable
    assert rights() == used
