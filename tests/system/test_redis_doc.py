"""docs/redis.md tells the keys that the table has, and the figures that redis_figures.py prints."""

import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = ROOT / "docs/redis.md"


def between(mark):
    """What stands in the page between <!-- mark --> and <!-- end of mark -->."""
    return re.search(rf"<!-- {mark} -->\n(.*?)<!-- end of {mark} -->", DOC.read_text(), re.S)[1]


def keys_table():
    text = (ROOT / "include/elrelay/edge/queue/keys.h").read_text()
    rows = re.findall(r'ROW\(\w+, "([^"]+)", "(\w+)",((?:\s*\\?\s*"[^"]*")+)\)', text)
    lines = ["| key | type | what for |", "|---|---|---|"]
    for word, kind, sentence in rows:
        name = word + ("..." if word.endswith(":") else "")
        told = "".join(re.findall('"([^"]*)"', sentence))
        lines.append(f"| `{name}` | {kind} | {told} |")
    assert len(lines) > 10
    return "\n".join(lines) + "\n"


def test_the_keys_are_those_of_the_table():
    if os.environ.get("ELRELAY_WRITE_DOCS"):
        DOC.write_text(DOC.read_text().replace(f"<!-- keys -->\n{between('keys')}", f"<!-- keys -->\n{keys_table()}"))
    assert between("keys") == keys_table()


def test_the_figures_are_those_that_are_printed():
    printed = re.findall(r'self\.row\(f?"([^"]+)"', (ROOT / "tests/system/redis_figures.py").read_text())
    told = [line.split(" | ")[0].lstrip("| ") for line in between("figures").splitlines()[2:]]
    assert told == [row.replace("{self.batch}", "500") for row in printed]
