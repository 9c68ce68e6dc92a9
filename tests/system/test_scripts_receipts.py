"""What a manifest keeps of its events: a mark for each row, those that were set aside, and for how long."""

import hashlib
import re

import pytest
from queue_rig import GROUP, PREFIX, STREAM, Owner, client, enqueue, ids_of, ids_text, owner, server, snapshot

__all__ = ["client", "owner", "server"]  # fixtures
LETTER = re.compile(rb"(\w+) (\d+) ([\d,-]+):")


def mark(name):
    return hashlib.sha256(str(name).encode()).digest()[:8]


def field(client, batch, name):
    return client.hget(PREFIX + "batch:" + batch, name)


def ids_kept(client, batch):
    fields = client.hgetall(PREFIX + "batch:" + batch)
    return [name for name, value in fields.items() if name.startswith(b"ids:") and value]


def marked(owner, count):
    """A sealed batch whose rows are marked by their number."""
    batch, ids = owner.begun(count)
    rows = b"".join(mark(number) for number in range(count))
    texts = [ids_text(ids[at:at + 500]) for at in range(0, count, 500)]
    assert owner.call("seal", batch, 1, 0, count, "text", rows, *texts)[2] == b"sealed"
    return batch, ids


def sent(owner, count):
    batch, ids = marked(owner, count)
    assert owner.call("send", batch, 2, "sha", 10, "format", "endpoint")[3] == 1
    return batch, ids


def deaths(client, batch):
    """reason -> marks, by what the receipt says; and that it names the letters that there are."""
    text, at, found = field(client, batch, "dead") or b"", 0, {}
    letters = {entry for entry, _ in client.xrange(PREFIX + "dead")}
    while at < len(text):
        reason, ms, ids = LETTER.match(text, at).groups()
        count, at = ids.count(b"-"), LETTER.match(text, at).end()
        assert {entry.encode() for entry in ids_of(ids.decode())} <= letters
        assert abs(int(ms) - int(ids.split(b"-")[0])) < 1000
        found.setdefault(reason.decode(), []).extend(text[at + 8 * i:at + 8 * i + 8] for i in range(count))
        at += 8 * count
    return found


def test_the_seal_keeps_a_mark_for_each_row(client, owner):
    enqueue(client, 1200)
    batch, _ = marked(owner, 1200)
    assert field(client, batch, "rows") == b"".join(mark(number) for number in range(1200))
    assert field(client, batch, "dead") is None


@pytest.mark.parametrize("rows", [b"", b"1234567", b"12345678" * 2])
def test_marks_that_are_not_one_for_each_row_are_not_kept(client, owner, rows):
    enqueue(client, 1)
    batch, ids = owner.begun()
    assert owner.call("seal", batch, 1, 0, 1, "text", rows, ids_text(ids))[2] == b"sealed"
    assert field(client, batch, "rows") is None


def test_the_parts_of_a_split_batch_have_the_marks_of_their_rows(client, owner):
    enqueue(client, 1100)
    batch, ids = sent(owner, 1100)
    client.xdel(STREAM, ids[3])  # somebody else's doing: gone
    plan, parts = "a300d2b500s1a297", {"a": "child-a", "b": "child-b"}
    assert owner.call("split", batch, 3, plan, parts["a"], parts["b"], "items")[2] == b"split"
    assert owner.carve(batch)[3] == 1100
    rows = {"a": [*range(300), *range(803, 1100)], "b": range(302, 802)}
    rows["a"].remove(3)
    for letter, child in parts.items():
        assert field(client, child, "rows") == b"".join(map(mark, rows[letter]))
    assert deaths(client, batch) == {"refused": [mark(300), mark(301)], "gone": [mark(3)]}


def test_parts_of_a_batch_without_marks_have_none(client, owner):
    enqueue(client, 10)
    batch, _, parts = owner.split("a5b4d1")
    owner.carve(batch)
    assert [field(client, part, "rows") for part in parts.values()] == [None, None]
    assert deaths(client, batch) == {"refused": [bytes(8)]}


def test_what_is_buried_is_marked(client, owner):
    enqueue(client, 3)
    batch, ids = owner.begun()
    assert owner.call("bury", batch, "convert", mark("x") + bytes(8), ids[0], "pattern", 0, 1, ids[1], "bom", 1, 0)[1] == 2
    assert owner.call("bury", batch, "convert", mark("y"), ids[2], "bom", 0, 0)[1] == 1
    assert deaths(client, batch) == {"pattern": [mark("x")], "bom": [bytes(8), mark("y")]}
    assert owner.call("abandon", batch, 1)[2] == b"terminated"
    assert len(deaths(client, batch)["bom"]) == 2


def test_what_a_person_has_set_aside_is_marked(client, owner):
    enqueue(client, 620)
    batch, _ = marked(owner, 620)
    assert Owner(client, "person").call("operate", batch, "terminate", "dead", "me", "why")[2] == b"terminated"
    while owner.call("abandon", batch, 3)[3]:
        pass
    assert deaths(client, batch) == {"terminated": [mark(number) for number in range(620)]}


@pytest.mark.parametrize("end", ["drained", "split", "terminated"])
def test_a_receipt_keeps_no_ids(client, owner, end):
    enqueue(client, 1100)
    batch, ids = sent(owner, 1100)
    if end == "drained":
        owner.call("accept", batch, 1)
        for at in (0, 500, 1000):
            assert len(ids_kept(client, batch)) == 3
            owner.call("drain", batch, at)
    elif end == "split":
        owner.call("split", batch, 3, "a600d500", "child-a", "", "items")
        owner.carve(batch)
        assert len(ids_kept(client, "child-a")) == 2
    else:
        owner.call("move", batch, 3, "sending", "terminated", "", "")
        while owner.call("abandon", batch, 4)[3]:
            pass
    assert ids_kept(client, batch) == [] and len(field(client, batch, "rows")) == 8800


def test_a_receipt_is_kept_for_as_long_as_it_is_told(client, owner):
    for keep, least in ((3_600_000, 3_500_000), (None, 29 * 86_400_000)):
        enqueue(client, 1)
        batch, _ = sent(owner, 1)
        owner.call("accept", batch, 1)
        owner.call("drain", batch, 0, *([keep] if keep else []))
        assert least < client.pttl(PREFIX + "batch:" + batch) <= (keep or 30 * 86_400_000)
    client.zadd(PREFIX + "done", {batch: 1})
    enqueue(client, 1)
    last, _ = owner.begun()
    owner.call("abandon", last, 1, 3_600_000)
    assert client.zscore(PREFIX + "done", batch) is None and client.zscore(PREFIX + "done", last)
    assert client.xinfo_groups(STREAM)[0]["name"] == GROUP.encode()


def test_a_repeat_of_the_last_carve_needs_no_ids(client, owner):
    enqueue(client, 250)
    batch, _ = sent(owner, 250)
    owner.call("split", batch, 3, "a100d150", "child-a", "", "items")
    owner.carve(batch)
    assert owner.call("carve", batch, 250)[3] == 250


def test_what_is_gone_under_no_manifest_leaves_no_receipt(client, owner):
    enqueue(client, 1)
    batch, ids = owner.begun()
    client.delete(PREFIX + "batch:" + batch)
    client.zrem(PREFIX + "open", batch)
    client.xdel(STREAM, ids[0])
    owner.call("tidy", 1000)
    assert [fields[b"reason"] for _, fields in client.xrange(PREFIX + "dead")] == [b"gone"]
    assert not client.exists(PREFIX + "batch:" + batch)


# trace -----------------------------------------------------------------------------------------------------------------

def test_trace_finds_rows_and_what_became_of_them(client, owner):
    enqueue(client, 12)
    batch, _ = sent(owner, 12)
    owner.call("split", batch, 3, "a5d2s1b4", "child-a", "child-b", "items")
    owner.carve(batch)
    letters = [entry for entry, _ in client.xrange(PREFIX + "dead")]
    every = (batch, "child-a", "child-b", "none")
    for row, (fate, more) in {0: (b"a", [[b"child-a", b"row", 1, b""]]), 4: (b"a", [[b"child-a", b"row", 5, b""]]),
                              7: (b"s", []), 11: (b"b", [[b"child-b", b"row", 4, b""]])}.items():
        found = [[batch.encode(), b"row", row + 1, fate], *more]
        assert owner.call("trace", mark(row), *every) == [b"done", 4, 0, *found]
    done, looked, blind, row, dead = owner.call("trace", mark(6), *every)
    assert (looked, blind, row) == (4, 0, [batch.encode(), b"row", 7, b"d"])
    assert dead[:3] == [batch.encode(), b"dead", b"refused"] and dead[4] == letters[1]
    assert owner.call("trace", mark("nobody"), *every) == [b"done", 4, 0]


def test_trace_counts_those_that_have_events_and_no_marks(client, owner):
    enqueue(client, 5)
    old, _ = owner.sealed(2)
    begun, _ = owner.begun(1)
    new, _ = marked(owner, 2)
    client.set(PREFIX + "batch:text", "no hash")
    assert owner.call("trace", mark("x"), old, begun, new, "none", "text") == [b"done", 5, 1]


def test_trace_takes_no_mark_that_only_overlaps(client, owner):
    piece = b"bom 9 9-0,-1:xxx" + mark(1) + b"yyyyy"
    client.hset(PREFIX + "batch:b", mapping={"n": 3, "rows": b"xxx" + mark(1) + b"yyyyy" + mark(1), "dead": piece + piece})
    assert owner.call("trace", mark(1), "b") == [b"done", 1, 0, [b"b", b"row", 3, b""]]


def test_trace_looks_at_no_more_than_it_can_in_a_call(client, owner):
    for name, size in (("a", 1_000_000), ("b", 999_999), ("c", 1), ("d", 8)):
        client.hset(PREFIX + "batch:" + name, mapping={"n": 1, "rows": bytes(size)})
    assert owner.call("trace", mark(1), *"abcd")[1] == 1
    assert owner.call("trace", mark(1), *"bcd")[1] == 2
    assert owner.call("trace", mark(1), *"cd")[1] == 2


def test_trace_and_report_change_nothing_and_say_where_a_key_is_something_else(client, owner):
    enqueue(client, 3)
    batch, _ = sent(owner, 3)
    before = snapshot(client)
    for call in (("trace", mark(1), batch), ("report", 0, 9e15, batch)):
        assert owner.call(*call)[0] == b"done" and snapshot(client) == before
    client.set(PREFIX + "done", "text")
    for call in (("trace", mark(1), batch), ("report", 0, 9e15, batch)):
        assert owner.call(*call) == [b"wrongtype", (PREFIX + "done").encode(), b"string", b"zset"]


# report ----------------------------------------------------------------------------------------------------------------

def test_report_sums_up_what_came_to_be_so_in_time(client, owner):
    def batch(name, state, n, since=50, **fields):
        client.hset(PREFIX + "batch:" + name, mapping={"state": state, "n": n, "since": since, **fields})
        return name

    piece = b"bom 99 1-0,-1:" + bytes(16)
    names = [
        batch("1", "accepted", 3, since=500, accepted=10, warnings=1, errors=2), batch("2", "completed", 4, accepted=99),
        batch("3", "accepted", 5, accepted=100), batch("4", "accepted", 6, accepted=9), batch("5", "held", 7),
        batch("6", "accepted", 8, accepted=20, operator="me"), batch("7", "split", 9, there=2, dead=piece + b"gone 100 1-0:" + bytes(8)),
        batch("8", "sealed", 10), batch("9", "sending", 11), batch("10", "held", 12, since=100), batch("11", "forming", 0),
        batch("12", "terminated", 0, dead=piece), batch("13", "planned", 5), batch("14", "failed", 1), batch("15", "unknown", 2),
        batch("16", "unreported", 17), "nobody"]
    done, *rows = owner.call("report", 10, 100, *names)
    assert {word.decode(): (batches, events) for word, batches, events in rows if batches or events} == {
        "accepted": (3, 15), "warnings": (0, 1), "errors": (0, 2), "held": (1, 7), "by_person": (1, 8), "split": (1, 9),
        "duplicates": (0, 2), "dead:bom": (0, 4), "open": (2, 21), "failed": (1, 1), "unknown": (1, 2), "unreported": (1, 17)}
