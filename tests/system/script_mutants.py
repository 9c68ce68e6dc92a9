"""Each check of each script, found in the Lua text itself, and the text without it.

A check is a condition: of an `if`, or a door in a line like `local no = wrong_type() or closed(...)`. Where an `if`
leaves (return, break), each alternative of an `or` is a check of its own; where it lets a deed be done, each part of
an `and` is. So a check that is added to a script is a mutant from then on, and wants a test that sees it missing.
"""

import dataclasses
import re

from queue_rig import SCRIPTS

IF = re.compile(r"\b(?:else)?if\s+(?P<tested>(?:(?!\bthen\b).)+?)\s+then\b(?P<leaves>\s+(?:return\b[^\n]*|break\b))?", re.S)
DOORS = re.compile(r"(?:local (?:no|wrong) =|local healthy = not|return(?= (?:closed|wrong_kind)\())\s+(?P<tested>[^\n]+)")
COMMENT = re.compile(r"--[^\n]*")
# What stands in a text only where something is refused.
REFUSALS = re.compile(r"(?<!function )\b(?:refused|closed|closed_to_the_living|wrong_type|wrong_kind)\(|"
                      r"return \{'(?:taken|foreign|lost|wrongtype)'|then return \{'refused'")


@dataclasses.dataclass
class Mutant:
    file: str    # of the script, without .lua; lib stands for all
    line: int
    check: str   # what is taken out
    text: str    # of the file without it
    covers: range  # of the file's text: the check and what it leaves with

    def __str__(self):
        return f"{self.file}:{self.line}: {' '.join(self.check.split())}"


def parts_of(condition, word):
    """Spans of what stands between `word` outside of parentheses."""
    spans, depth, start = [], 0, 0
    for token in re.finditer(rf"[(\[{{]|[)\]}}]|'[^']*'|\b{word}\b", condition):
        depth += (token[0] in "([{") - (token[0] in ")]}")
        if token[0] == word and depth == 0:
            spans.append((start, token.start()))
            start = token.end()
    return [*spans, (start, len(condition))]


def without(condition, span, word, instead):
    """The condition without one of its parts."""
    parts = [condition[slice(*each)].strip() for each in parts_of(condition, word) if each != span]
    return f" {word} ".join(parts) or instead


def checks_of(text):
    """Where a condition stands, the word between its parts, and what stands for it where no part is left."""
    code = COMMENT.sub(lambda found: " " * len(found[0]), text)
    for found in IF.finditer(code):
        if found["tested"] in ("no", "wrong"):  # what the doors found
            continue
        yield (found, "or", "false") if found["leaves"] else (found, "and", "true")
    for found in DOORS.finditer(code):
        yield found, "or", "false"


def mutants_of(file, text):
    for found, word, instead in checks_of(text):
        start, end = found.span("tested")
        condition = text[start:end]
        for span in parts_of(condition, word):
            yield Mutant(file, text.count("\n", 0, start + span[0]) + 1, condition[slice(*span)].strip(),
                         text[:start] + without(condition, span, word, instead) + text[end:], range(*found.span()))


def refusals_of(text):
    """Places in a text where something is refused."""
    return [found.start() for found in REFUSALS.finditer(COMMENT.sub(lambda found: " " * len(found[0]), text))]


def all_mutants():
    return [mutant for path in sorted(SCRIPTS.glob("*.lua")) for mutant in mutants_of(path.stem, path.read_text())]
