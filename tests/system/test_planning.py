"""docs/planning.md computes with the figures of docs/redis.md; ELRELAY_WRITE_DOCS=1 writes its tables anew."""

import math
import os
import re

import pytest
from test_redis_doc import DOC

PAGE = DOC.with_name("planning.md")
LEVELS = ((1_000, 33), (100_000, 500), (10_000_000, 5_000))  # events an hour, and events in a batch
ANSWERS_S = (0.2, 1, 5, 30)


def measured(what):
    return int(re.search(rf"^\| {re.escape(what)} \| (\d+) bytes \|$", DOC.read_text(), re.M)[1])


def short(number):
    for unit, size in ((" G", 1e9), (" M", 1e6), (" k", 1e3)):
        if number >= size:
            digits = f"{number / size:.3g}" if number < 999.5 * size else f"{number / size:,.0f}"
            return digits + unit
    return f"{number:.3g}"


def table(*rows):
    head, *rest = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *rest]) + "\n"


def receipt(events):
    small, large = measured("the same of a batch of ten"), measured("memory of a finished batch of 500, kept for 30 days")
    each = (large - small) / 490
    return small + each * (events - 10)


def memory():
    queued = measured("memory of a queued event, in all")
    yield "events an hour", "backlog of an hour", "of 8 hours", "of 3 days", "events in a batch", "receipts of 30 days"
    for rate, batch in LEVELS:
        backlogs = [short(queued * rate * hours) + "B" for hours in (1, 8, 72)]
        yield short(rate), *backlogs, f"{batch:,}", short(receipt(batch) * rate / batch * 720) + "B"


def lanes():
    yield "lanes", *(f"answer after {answer} s" for answer in ANSWERS_S)
    for count in (1, 2, 4, 16):
        yield str(count), *(short(86400 / answer * 500 * count) for answer in ANSWERS_S)


def lanes_wanted():
    yield "events an hour", "events in a batch", "POSTs an hour", *(f"answer after {answer} s" for answer in ANSWERS_S)
    for rate, batch in (*LEVELS[:2], (10_000_000, 500), LEVELS[2]):
        posts = rate / batch
        yield short(rate), f"{batch:,}", f"{posts:,.0f}", *(str(math.ceil(posts * answer / 3600)) for answer in ANSWERS_S)


@pytest.mark.parametrize("mark,rows", [("memory", memory), ("lanes", lanes), ("lanes wanted", lanes_wanted)])
def test_the_tables_are_computed(mark, rows):
    begin, end, page = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->", PAGE.read_text()
    before, rest = page.split(begin)
    found, after = rest.split(end)
    if os.environ.get("ELRELAY_WRITE_DOCS"):
        found = table(*rows())
        PAGE.write_text(before + begin + found + end + after)
    assert found == table(*rows())
