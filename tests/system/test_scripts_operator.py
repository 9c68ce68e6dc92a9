"""What persons decide: batches released, sent again, terminated; dead letters replayed or dropped; all of it audited."""

import pytest

import queue_rig
from queue_rig import (GROUP, PREFIX, STREAM, Owner, Places, client, enqueue, manifest, named_by, owner, refused, server,
                       snapshot)

__all__ = ["client", "owner", "server"]  # fixtures
LETTERS_MAX = 100
SLOWEST_MS = 10


@pytest.fixture
def person(client, owner):
    """A command: no name of its own, no heartbeat."""
    return Owner(client, "")


def held(owner, count=100):
    """In doubt, then held: its id and its entries, at version 5."""
    batch, ids = owner.sending(count)
    owner.call("move", batch, 3, "sending", "unknown")
    owner.call("move", batch, 4, "unknown", "held", "policy")
    return batch, ids


def audit(client):
    return [fields for _, fields in client.xrange(PREFIX + "audit")]


def letters(client):
    return client.xrange(PREFIX + "dead")


def sets(client):
    return {word for word in ("open", "doubt", "held", "done") if client.zcard(PREFIX + word)}


def adopted(owner, batch):
    return owner.call("adopt", batch, manifest(owner.client, batch)["ver"])


def give_back(owner, batch):
    """Abandons until there is nothing more; the number of calls."""
    for calls in range(1, 100):
        answer = owner.call("abandon", batch, manifest(owner.client, batch)["ver"])
        assert answer[0] == b"done"
        if not answer[3]:
            return calls
    raise AssertionError("never done")


# operate ---------------------------------------------------------------------------------------------------------------

VERBS = {"accept", "resend", "terminate", "release", "whim"}
MAY = {"held": {"accept", "resend", "terminate"}, "failed": {"release", "terminate"}, "sealed": {"terminate"},
       "sending": set(), "unknown": set(), "accepted": set(), "split": set(), "terminated": set(), "forming": set()}


@pytest.mark.parametrize("state", sorted(MAY))
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_operate_does_what_the_flow_table_says_and_nothing_else(client, owner, person, state, verb):
    enqueue(client, 2)
    batch, _ = owner.sending()
    client.hset(PREFIX + "batch:" + batch, "state", state)
    before = snapshot(client)
    answer = person.call("operate", batch, verb, "", "me", "because")
    if verb not in MAY[state]:
        assert answer == [b"refused", b"state", state.encode(), 3] and snapshot(client) == before
        return
    to = {"accept": b"accepted", "terminate": b"terminated"}.get(verb, b"sealed")
    assert answer == [b"done", 4, to] and manifest(client, batch)["state"] == to.decode()
    fields, = audit(client)
    assert fields.pop(b"at").isdigit()
    assert fields == {b"type": verb.encode(), b"batch": batch.encode(), b"by": b"me", b"reason": b"because",
                      b"from": state.encode()}


def test_operate_is_refused_without_a_manifest(client, person):
    before = snapshot(client)
    assert person.call("operate", "none", "accept", "", "me", "why") == [b"refused", b"state", b"none", 0]
    assert snapshot(client) == before


def test_a_person_accepts_a_held_batch_and_it_is_drained(client, owner, person):
    enqueue(client, 3)
    batch, _ = held(owner)
    assert person.call("operate", batch, "accept", "", "me", "seen there")[2] == b"accepted"
    fields = manifest(client, batch)
    assert fields["operator"] == "me" and fields["accepted"].isdigit() and sets(client) == {"open"}
    assert not client.hexists(PREFIX + "state", "accepted")
    assert client.xrevrange(PREFIX + "notifications")[0][1][b"notice"] == b"sendCompleted"
    assert Owner(client, "two").call("drain", batch, 0)[3] == 3
    assert client.xlen(STREAM) == 0 and sets(client) == {"done"}


@pytest.mark.parametrize("verb, state", [("resend", "held"), ("release", "failed")])
def test_what_is_to_be_sent_again_belongs_to_nobody_and_anybody_adopts_it(client, owner, person, verb, state):
    enqueue(client, 3)
    batch, ids = held(owner)
    client.hset(PREFIX + "batch:" + batch, "state", state)
    assert person.call("operate", batch, verb, "", "me", "why") == [b"done", 6, b"sealed"]
    assert sets(client) == {"open", "doubt"}
    assert refused(owner.call("send", batch, 6, "sha", 10, "format", "endpoint"), "owner")
    assert owner.list()[3][0][8] == b"former"
    other = Owner(client, "two")
    other.hello()
    assert adopted(other, batch) == [b"done", 7, b"sealed"]
    assert other.call("send", batch, 7, "sha", 10, "format", "endpoint")[3] == 2
    assert named_by(manifest(client, batch)) == [entry.decode() for entry in ids]


@pytest.mark.parametrize("doubted", [False, True])
@pytest.mark.parametrize("to", ["", "queue", "dead"])
def test_entries_of_a_terminated_batch_go_where_they_were_told_to(client, owner, person, doubted, to):
    events = enqueue(client, 3)
    batch, ids = held(owner) if doubted else owner.sealed()
    assert person.call("operate", batch, "terminate", to, "me", "why")[2] == b"terminated"
    assert manifest(client, batch)["to"] == (to or ("dead" if doubted else "queue"))
    assert sets(client) == {"open"} and manifest(client, batch)["owner"] == ""
    assert client.xrevrange(PREFIX + "notifications")[0][1][b"notice"] == b"terminated"
    give_back(owner, batch)
    assert sets(client) == {"done"} and b"b:" + batch.encode() not in [
        row["name"] for row in client.xinfo_consumers(STREAM, GROUP)]
    if (to or ("dead" if doubted else "queue")) == "queue":
        assert Places(client).count("leased") == 3 and owner.call("survey")[2] == 3
        return
    assert [fields[b"event"] for _, fields in letters(client)] == events
    for (_, fields), entry in zip(letters(client), ids):
        assert (fields[b"entry"], fields[b"reason"], fields[b"stage"]) == (entry, b"terminated", b"operator")
        assert fields[b"attempts"] == (b"1" if doubted else b"0")
    assert client.xlen(STREAM) == 0
    Places(client).check_deletions()


def test_a_large_terminated_batch_dies_in_chunks_and_strays_go_back(client, owner, person):
    enqueue(client, 650)
    batch, ids = held(owner, 620)
    owner.read(batch, 10)
    person.call("operate", batch, "terminate", "dead", "me", "why")
    client.xdel(STREAM, ids[1])
    calls = give_back(Owner(client, "two"), batch)
    assert calls == 500 // LETTERS_MAX + 2 + 1  # a field of 500 ids, one of 120, the strays
    assert sorted(fields[b"entry"] for _, fields in letters(client)) == sorted(ids)
    assert [fields[b"reason"] for _, fields in letters(client)].count(b"gone") == 1
    places = Places(client)
    assert (places.count("dead"), places.count("leased"), places.count("unread")) == (619, 10, 20)


def test_a_terminated_batch_that_lacks_ids_is_left_to_a_person(client, owner, person):
    enqueue(client, 3)
    batch, _ = held(owner)
    person.call("operate", batch, "terminate", "dead", "me", "why")
    client.hdel(PREFIX + "batch:" + batch, "ids:0")
    before = snapshot(client)
    assert refused(owner.call("abandon", batch, 6), "ids")
    assert snapshot(client) == before


def test_terminate_stops_an_owner_who_was_about_to_send(client, owner, person):
    enqueue(client, 3)
    batch, _ = owner.sealed()
    assert person.call("operate", batch, "terminate", "queue", "me", "why")[2] == b"terminated"
    assert refused(owner.call("send", batch, 2, "sha", 10, "format", "endpoint"), "state")


# post ------------------------------------------------------------------------------------------------------------------

def test_a_pause_holds_until_it_is_resumed_and_each_message_is_heard(client, person):
    for kind, changed, paused in (("pause", 1, True), ("pause", 0, True), ("status", 0, True), ("resume", 1, False),
                                  ("resume", 0, False), ("status", 0, False)):
        _, message, told = person.call("post", kind, "me", "why", 100)
        assert told == changed and client.hexists(PREFIX + "state", "paused") == paused
        assert client.xrevrange(PREFIX + "control", count=1) == [(message, {b"type": kind.encode(), b"by": b"me"})]
    assert [(fields[b"type"], fields[b"by"], fields[b"reason"]) for fields in audit(client)] == [
        (kind, b"me", b"why") for kind in (b"pause", b"pause", b"resume", b"resume")]


# replay ----------------------------------------------------------------------------------------------------------------

def dead_letters(client, owner, *entries):
    """Entries that were set aside, as their fields; the letters' ids."""
    for fields in entries:
        client.xadd(STREAM, fields)
    batch, ids = owner.begun(1000)
    owner.call("bury", batch, "convert", "", *[word for entry in ids for word in (entry, "bom", 1, 2)])
    owner.call("abandon", batch, 1)
    return [entry for entry, _ in letters(client)]


def flat(client, key):
    """Entries with their fields in order, as a stream may have one name twice."""
    return [fields for _, fields in client.eval("return redis.call('XRANGE', KEYS[1], '-', '+')", 1, key)]


@pytest.mark.parametrize("fields", [
    {b"event": b"\x00\xff{\"a\":\r\n\x00"}, {b"a": b"1", b"b\x00": b"\x00", b"reason": b"mine"}, {b"event": b""},
    {b"replays": b"7", b"attempts": b"8"}, {b"event": b"e", b"replays": b"x", b"attempts": b"8"},
    {b"event": b"e", b"other": b"7", b"attempts": b"8"}, {b"event": b"e", b"replays": b"7", b"other": b"8"},
    {b"f%d" % n: b"%d" % n for n in range(3000)},
], ids=["nul", "shape", "empty", "own words", "no numbers", "no replays", "no attempts", "many"])
def test_a_replay_brings_back_the_fields_byte_for_byte(client, owner, person, fields):
    ids = dead_letters(client, owner, fields)
    assert person.call("replay", "me", "mended", "replay", *ids) == [b"done", 1, 1]
    own = [part for pair in fields.items() for part in pair]
    assert flat(client, STREAM) == [own + [b"replays", b"1", b"attempts", b"0"]]
    assert not letters(client)
    entry, = audit(client)
    assert entry.pop(b"at").isdigit()
    assert entry == {b"type": b"replay", b"by": b"me", b"reason": b"mended", b"count": b"1", b"letters": ids[0]}
    batch, ids = owner.begun()
    owner.call("bury", batch, "convert", "", ids[0], "bom", 0, 0)
    letter, = flat(client, PREFIX + "dead")
    assert letter[:-18] == own
    again = dict(zip(letter[-18::2], letter[-17::2]))
    assert (again[b"replays"], again[b"attempts"], again[b"entry"]) == (b"1", b"0", ids[0])


def test_replays_and_attempts_add_up(client, owner, person):
    event, = enqueue(client, 1)
    for turn in range(1, 4):
        batch, ids, _ = owner.split("d1")
        owner.carve(batch)
        (letter, fields), = letters(client)
        assert (fields[b"event"], fields[b"replays"], fields[b"attempts"]) == (event, b"%d" % (turn - 1), b"%d" % turn)
        assert len(fields) == 1 + queue_rig.OWN_FIELDS
        assert person.call("replay", "me", "why", "replay", letter) == [b"done", 1, 1]
    Places(client).check_deletions()


def test_a_replay_leaves_what_it_cannot_bring_back(client, owner, person):
    dead_letters(client, owner, {b"f%d" % n: b"%d" % n for n in range(5000)})
    enqueue(client, 1)
    batch, ids = owner.begun()
    client.xdel(STREAM, ids[0])
    owner.call("abandon", batch, 1)
    (packed, _), (gone, _) = before = letters(client)
    assert person.call("replay", "me", "why", "replay", packed, gone, "5-5") == [b"done", 3, 0]
    assert letters(client) == before and client.xlen(STREAM) == 0
    assert person.call("replay", "me", "why", "drop", packed, gone, "5-5") == [b"done", 3, 2]
    assert not letters(client)
    assert [(entry[b"type"], entry[b"count"]) for entry in audit(client)] == [(b"replay", b"0"), (b"drop", b"2")]


def test_a_repeat_replays_nothing_twice_and_keeps_the_order(client, owner, person):
    events = [b"%d" % n for n in range(10)]
    ids = dead_letters(client, owner, *[{b"event": event} for event in events])
    assert person.call("replay", "me", "why", "replay", *ids[:6], ids[0]) == [b"done", 7, 6]
    assert person.call("replay", "me", "why", "replay", *ids) == [b"done", 10, 4]
    assert person.call("replay", "me", "why", "replay", *ids) == [b"done", 10, 0]
    assert [fields[b"event"] for _, fields in client.xrange(STREAM)] == events
    assert Places(client).count("unread") == 10


def test_a_drop_takes_letters_away_and_nothing_else(client, owner, person):
    ids = dead_letters(client, owner, *[{b"event": b"%d" % n} for n in range(4)])
    assert person.call("replay", "me", "why", "drop", *ids[1:3]) == [b"done", 2, 2]
    assert [entry for entry, _ in letters(client)] == [ids[0], ids[3]]
    assert client.xlen(STREAM) == 0 and audit(client)[0][b"letters"] == b",".join(ids[1:3])
    Places(client).check_deletions()


def test_a_replay_tells_how_far_it_came(client, owner, person):
    ids = dead_letters(client, owner, *[{b"event": b"x"} for _ in range(300)])
    assert person.call("replay", "me", "why", "replay", *ids) == [b"done", 250, 250]
    person.call("replay", "me", "why", "drop", *ids[250:])
    client.xtrim(STREAM, maxlen=0)
    ids = dead_letters(client, owner, *[{b"event": b"x" * size} for size in (5_000_000, 10, 1_500_000, 1_500_000, 1_500_000)])
    assert person.call("replay", "me", "why", "replay", *ids) == [b"done", 1, 1]
    assert person.call("replay", "me", "why", "replay", *ids[1:]) == [b"done", 3, 3]
    assert person.call("replay", "me", "why", "replay", *ids) == [b"done", 5, 1]


def test_four_megabytes_are_replayed_without_a_long_call(client, owner, person):
    best = float("inf")
    for _ in range(3):
        ids = dead_letters(client, owner, *[{b"event": b"x" * 39_000} for _ in range(100)])
        client.config_resetstat()
        assert person.call("replay", "me", "why", "replay", *ids)[1:] == [100, 100]
        best = min(best, client.info("commandstats")["cmdstat_evalsha"]["usec"] / 1000)
        batch, _ = owner.begun()
        client.xtrim(STREAM, maxlen=0)
        owner.call("abandon", batch, 1)
        client.delete(PREFIX + "dead")
    assert best <= 10 * SLOWEST_MS
    print(f"{best:.1f} ms")


def test_persons_decide_at_maxmemory_too(client, owner, person):
    enqueue(client, 2)
    batch, _, _ = owner.split("d1a1")
    client.config_set("maxmemory", 1)
    assert owner.carve(batch)[0] == b"done"
    (letter, _), = letters(client)
    assert person.call("replay", "me", "why", "replay", letter) == [b"done", 1, 1]
    child = manifest(client, batch)["child_a"]
    assert person.call("operate", child, "terminate", "dead", "me", "why")[0] == b"done"
    give_back(owner, child)
    assert len(letters(client)) == 1 and client.xlen(STREAM) == 1
