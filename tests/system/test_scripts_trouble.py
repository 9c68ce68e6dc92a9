"""Scripts after somebody else was at the queue: manifests lost, entries taken away, consumers of strangers, no group."""

import uuid

import pytest

from queue_rig import (GROUP, PREFIX, STREAM, Owner, Places, client, enqueue, manifest, named_by, owner, server, snapshot)
from test_scripts import added, consumers, tidy, under
from test_scripts_stopped import recover

__all__ = ["client", "owner", "server"]  # fixtures


def survey_missing(owner):
    return owner.call("survey", "endpoint")[8]


def lose(client, batch):
    client.delete(PREFIX + "batch:" + batch)


# A manifest that is lost


@pytest.mark.parametrize("count", [3, 1100])
def test_a_sealed_batch_without_a_manifest_is_held_with_what_is_pending(client, owner, count):
    enqueue(client, count)
    batch, ids = owner.sending(count)
    lose(client, batch)
    assert tidy(owner, held=1) == 0
    fields = manifest(client, batch)
    assert (fields["state"], fields["why"], fields["doubted"], fields["attempts"]) == ("held", "manifest_lost", "1", "0")
    assert [entry.encode() for entry in named_by(fields)] == ids == under(client, "b:" + batch)
    assert client.zscore(PREFIX + "held", batch) and client.zscore(PREFIX + "open", batch)
    assert Places(client).count("named") == count
    assert tidy(owner) == 0


def test_what_was_held_for_its_manifest_can_be_accepted(client, owner):
    enqueue(client, 3)
    batch, _ = owner.sending()
    lose(client, batch)
    tidy(owner, held=1)
    assert owner.call("operate", batch, "accept", "", "me", "the endpoint has it")[2] == b"accepted"
    assert owner.call("drain", batch, 0)[3] == 3
    assert client.xlen(STREAM) == 0 and not client.exists(PREFIX + "open", PREFIX + "held")


def test_what_was_held_for_its_manifest_can_be_sent(client, owner):
    enqueue(client, 3)
    batch, _ = owner.sending()
    lose(client, batch)
    tidy(owner, held=1)
    assert owner.call("operate", batch, "resend", "", "me", "the endpoint has it not")[2] == b"sealed"
    assert owner.call("adopt", batch, 2)[2] == b"sealed"
    assert owner.call("send", batch, 3, "sha", 10, "format", "endpoint")[2:4] == [b"sending", 1]


def test_a_resend_of_what_was_sent_stays_in_doubt(client, owner):
    enqueue(client, 3)
    batch, _ = owner.sending()
    owner.call("move", batch, 3, "sending", "unknown")
    owner.call("move", batch, 4, "unknown", "held", "policy")
    owner.call("operate", batch, "resend", "", "me", "why")
    assert manifest(client, batch)["doubted"] == "1"


@pytest.mark.parametrize("left", [True, False])
def test_what_was_in_doubt_does_not_bar_for_ever_without_its_manifest(client, owner, left):
    enqueue(client, 3)
    batch, ids = owner.sending()
    assert owner.call("move", batch, 3, "sending", "unknown") == [b"done", 4, b"unknown"]
    lose(client, batch)
    if left:
        assert tidy(owner, held=1) == 0
        assert owner.call("operate", batch, "resend", "", "me", "the endpoint has it not")[2] == b"sealed"
        assert owner.call("adopt", batch, 2)[2] == b"sealed"
        assert owner.call("send", batch, 3, "sha", 10, "format", "endpoint", 1)[:3] == [b"done", 4, b"sending"]
    else:
        client.xack(STREAM, GROUP, *ids)
        assert tidy(owner) == 0
    assert not client.exists(PREFIX + "doubt")


def test_what_was_held_for_its_manifest_dies_when_it_is_terminated(client, owner):
    enqueue(client, 3)
    batch, _ = owner.sending()
    lose(client, batch)
    tidy(owner, held=1)
    assert owner.call("operate", batch, "terminate", "", "me", "why")[2] == b"terminated"
    owner.call("abandon", batch, 2), owner.call("abandon", batch, 2)
    assert client.xlen(PREFIX + "dead") == 3 and client.xlen(STREAM) == 0


def test_a_batch_that_was_never_sealed_is_over_without_a_manifest(client, owner):
    enqueue(client, 3)
    batch, ids = owner.begun()
    lose(client, batch)
    assert tidy(owner) == 3
    assert under(client, "free") == ids and not client.exists(PREFIX + "open") and "b:" + batch not in consumers(client)


def test_a_batch_without_a_manifest_and_without_entries_is_over(client, owner):
    enqueue(client, 3)
    batch, ids = owner.sealed()
    lose(client, batch)
    client.xack(STREAM, GROUP, *ids)
    assert tidy(owner) == 0
    assert not client.exists(PREFIX + "open", PREFIX + "held", PREFIX + "batch:" + batch)


@pytest.mark.parametrize("state", ["sealed", "sending", "unknown", "held", "accepted"])
def test_a_batch_that_is_not_over_stays_open_though_somebody_closed_it(client, owner, state):
    enqueue(client, 600)
    batch, ids = owner.sealed(600) if state == "sealed" else owner.sending(600)
    if state == "accepted":
        assert owner.call("accept", batch, 1, "status", 201)[2] == b"accepted"
        assert owner.call("drain", batch, 0)[3] == 500
    elif state in ("unknown", "held"):
        assert owner.call("move", batch, 3, "sending", "unknown")[0] == b"done"
        client.hset(PREFIX + "batch:" + batch, "state", state)
    client.delete(PREFIX + "open")
    assert tidy(owner) == 0
    assert under(client, "b:" + batch) == (ids[500:] if state == "accepted" else ids)
    assert [row[0].decode() for row in owner.list()[3]] == [batch]


# Strangers


def test_a_foreign_consumer_is_released_when_it_was_idle_for_long(client, owner):
    ids = added(client, 3)
    client.xreadgroup(GROUP, "another", {STREAM: ">"}, count=2)
    assert tidy(owner) == 0 and consumers(client) == {"another": 2}
    assert tidy(owner, released=1, foreign_ms=0) == 2
    assert consumers(client) == {"free": 2} and under(client, "free") == ids[:2]
    assert tidy(owner, foreign_ms=0) == 0 and consumers(client) == {"free": 2}


def test_a_foreign_consumer_is_released_in_parts(client, owner):
    added(client, 700)
    client.xreadgroup(GROUP, "another", {STREAM: ">"}, count=700)
    assert tidy(owner, foreign_ms=0) == 500
    assert tidy(owner, released=1, foreign_ms=0) == 200


def test_what_a_late_read_left_under_a_batch_that_was_given_back_is_freed(client, owner):
    """However many events it named once."""
    ids = added(client, 2)
    batch, _ = owner.sealed()
    owner.call("move", batch, 2, "sealed", "terminated"), owner.call("abandon", batch, 3)
    late = added(client, 1)
    assert owner.read(batch) == late and tidy(owner) == 1
    assert under(client, "free") == ids + late


# Entries that somebody else took away


def test_what_others_take_away_is_counted(client, owner):
    ids = added(client, 9)
    batch, _ = owner.accepted(3)
    owner.call("drain", batch, 0)
    assert survey_missing(owner) == 0
    client.xdel(STREAM, ids[4], ids[6])
    assert survey_missing(owner) == 2
    client.xtrim(STREAM, maxlen=1, approximate=False)
    assert survey_missing(owner) == 5


def test_what_was_missing_before_the_group_was_made_is_not_counted(client):
    owner = Owner(client)
    ids = added(client, 4)
    client.xdel(STREAM, *ids[:3])
    assert owner.call("check") == [b"done", 1] and owner.hello()
    assert survey_missing(owner) == 0
    batch, _ = owner.accepted(1)
    owner.call("drain", batch, 0)
    client.delete(STREAM)
    added(client, 2)
    assert owner.call("check") == [b"done", 1]
    assert survey_missing(owner) == 0
    client.xtrim(STREAM, maxlen=1, approximate=False)
    assert survey_missing(owner) == 1


def test_a_person_takes_note_of_what_is_missing(client, owner):
    client.xdel(STREAM, *added(client, 3)[:2])
    assert owner.call("repair", "me") == [b"whole", 2]
    assert survey_missing(owner) == 0
    entry = client.xrange(PREFIX + "audit")[-1][1]
    assert (entry[b"type"], entry[b"by"], entry[b"count"]) == (b"missing_noted", b"me", b"2")
    before = snapshot(client)
    assert owner.call("repair", "me") == [b"whole", 0] and snapshot(client) == before


# A group that vanished


def repaired(owner):
    """All calls until it is through: how many were named, and given back."""
    named = free = 0
    for calls in range(1, 100):
        answer = owner.call("repair", "me")
        assert answer[0] == b"done", answer
        named, free = named + answer[2], free + answer[3]
        if not answer[1]:
            return named, free, calls
    raise AssertionError("a repair without an end")


def a_busy_queue(client, owner):
    """Batches in every state that a group can vanish with, and events between theirs."""
    enqueue(client, 900)
    batches = {"accepted": owner.accepted(600)[0]}
    owner.call("drain", batches["accepted"], 0)
    batches["sealed"], batches["sending"] = owner.sealed(40)[0], owner.sending(40)[0]
    batches["forming"] = owner.begun(30)[0]
    batches["held"] = owner.sending(10)[0]
    owner.call("move", batches["held"], 3, "sending", "unknown")
    owner.call("move", batches["held"], 4, "unknown", "held", "policy")
    given_back, _ = owner.begun(20)
    owner.call("abandon", given_back, 1)
    enqueue(client, 700, 900)
    batches["split"], _, children = owner.split("a300b350", 650)
    owner.call("carve", batches["split"], 0)
    return batches, children


def test_a_repair_makes_pending_again_what_is_named_and_gives_the_rest_back(client, owner):
    batches, children = a_busy_queue(client, owner)
    before, entries = Places(client).at, dict(client.xrange(STREAM))
    named = {consumer: under(client, consumer) for consumer in consumers(client) if consumer.startswith("b:")}
    named.pop("b:" + batches["forming"])
    client.xgroup_destroy(STREAM, GROUP)
    late = enqueue(client, 5, 2000)
    owner.die()
    assert owner.call("check") == [b"lost"]
    named_count, free, calls = repaired(owner)
    assert calls > 8 and named_count == sum(map(len, named.values()))
    assert owner.call("check") == [b"done", 0]
    assert {consumer: under(client, consumer) for consumer in named} == named
    assert free == len(entries) + len(late) - named_count
    enqueue(client, 1, 3000)
    assert set(Places(client).at) == set(before) | set(late) | {b'{"n":3000}'}
    assert Places(client).count("named") == named_count and Places(client).count("unread") == 1
    assert owner.call("repair", "me") == [b"whole", 0]
    owner.hello()
    assert survey_missing(owner) == 0
    assert [entry[b"type"] for _, entry in client.xrange(PREFIX + "audit")] == [b"repair"]


def test_a_repair_is_refused_while_an_instance_lives(client, owner):
    enqueue(client, 3)
    owner.sealed()
    client.xgroup_destroy(STREAM, GROUP)
    before = snapshot(client)
    assert owner.call("repair", "me") == [b"lives", b"one"]
    assert snapshot(client) == before


def test_a_repair_does_not_guess_what_a_lost_manifest_named(client, owner):
    enqueue(client, 4)
    batch, _ = owner.sealed(2)
    lose(client, batch)
    owner.sealed(2)
    client.xgroup_destroy(STREAM, GROUP)
    owner.die()
    before = snapshot(client)
    assert owner.call("repair", "me") == [b"lost", batch.encode()] and snapshot(client) == before
    client.zrem(PREFIX + "open", batch)
    assert repaired(owner)[:2] == (2, 2)


def test_there_is_nothing_to_repair_where_nothing_was_sealed(client, owner):
    enqueue(client, 3)
    owner.begun()
    client.xgroup_destroy(STREAM, GROUP)
    owner.die()
    before = snapshot(client)
    assert owner.call("repair", "me") == [b"whole", 0] and snapshot(client) == before
    client.delete(STREAM)
    assert owner.call("repair", "me") == [b"whole", 0]


def test_no_daemon_begins_while_a_repair_is_under_way(client, owner):
    a_busy_queue(client, owner)
    client.xgroup_destroy(STREAM, GROUP)
    owner.die()
    assert owner.call("repair", "me")[:2] == [b"done", 1]
    assert owner.call("check") == [b"lost"]
    repaired(owner)
    assert owner.call("check") == [b"done", 0]


def test_a_group_that_vanishes_again_is_repaired_from_the_beginning(client, owner):
    batches, _ = a_busy_queue(client, owner)
    client.xgroup_destroy(STREAM, GROUP)
    owner.die()
    for _ in range(7):
        owner.call("repair", "me")
    client.xgroup_destroy(STREAM, GROUP)
    repaired(owner)
    assert len(under(client, "b:" + batches["sealed"])) == 40
    Places(client)


def test_a_repair_says_what_is_gone(client, owner):
    """The whole stream: but what the endpoint has is no loss."""
    enqueue(client, 9)
    sealed, ids = owner.sealed(3)
    owner.accepted(3)
    client.delete(STREAM)
    owner.die()
    assert repaired(owner)[:2] == (0, 0)
    dead = [(entry[b"reason"], entry[b"entry"]) for _, entry in client.xrange(PREFIX + "dead")]
    assert dead == [(b"gone", entry) for entry in ids]


def test_what_a_person_gave_to_the_dead_is_not_given_back(client, owner):
    enqueue(client, 150)
    batch, _ = owner.sending(150)
    owner.call("move", batch, 3, "sending", "held", "policy")
    owner.call("operate", batch, "terminate", "dead", "me", "why")
    assert owner.call("abandon", batch, 5)[3] == 1
    client.xgroup_destroy(STREAM, GROUP)
    owner.die()
    assert repaired(owner)[:2] == (50, 0)
    assert [owner.call("abandon", batch, 5)[3] for _ in range(2)] == [1, 0]
    assert client.xlen(PREFIX + "dead") == 150 and client.xlen(STREAM) == 0


def test_what_was_to_be_given_back_is_given_back(client, owner):
    enqueue(client, 4)
    given_up, _ = owner.sealed(2)
    client.hset(PREFIX + "batch:" + given_up, mapping={"state": "terminated", "to": "queue"})
    owner.sealed(2)
    client.xgroup_destroy(STREAM, GROUP)
    owner.die()
    assert repaired(owner)[:2] == (2, 2)


def test_a_repair_that_was_stopped_anywhere_comes_to_the_same(client):
    writes, stopped = 0, True
    while stopped:
        client.flushall()
        owner = Owner(client)
        owner.call("check"), owner.hello()
        events = enqueue(client, 12)
        batch, ids = owner.sealed(3)
        owner.begun(2)
        split, _, _ = owner.split("a2b2", 4)
        client.xgroup_destroy(STREAM, GROUP)
        owner.die()
        stopped = owner.call_stopped(writes, "repair", "me")
        for _ in range(2):
            if not stopped:
                stopped = owner.call_stopped(writes, "repair", "me")
        repaired(owner)
        assert under(client, "b:" + batch) == ids and set(Places(client).at) == set(events)
        taken = recover(client, "two")
        sent = [entry for ids in taken.values() for entry in ids]
        assert len(sent) == len(set(sent)) == 12
        writes += 1
    assert writes > 3


# An event that its process dies of


def deliveries(client, consumer):
    return {row["message_id"]: row["times_delivered"] for row in client.xpending_range(STREAM, GROUP, "-", "+", 2000, consumer)}


def deliver(client, consumer, times, *ids):
    client.xclaim(STREAM, GROUP, consumer, 0, ids, retrycount=times, justid=True)


def taken(owner, after="0-0", count=100):
    """A forming batch with what `take` gave it, and what it notes as tried."""
    batch = str(uuid.uuid4())
    owner.call("begin", batch)
    given = owner.call("take", batch, after, count)[1]
    return batch, given, manifest(owner.client, batch).get("trying", "").encode()


def free(client, count, *deliveries_of):
    """Entries that were given back, with so many deliveries."""
    ids = added(client, count)
    client.xreadgroup(GROUP, "free", {STREAM: ">"})
    for entry, times in zip(ids, deliveries_of):
        deliver(client, "free", times, entry)
    return ids


def test_take_gives_a_suspect_alone_and_notes_it(client, owner):
    ids = free(client, 5, 1, 1, 2, 3, 1)
    batch, given, trying = taken(owner)
    assert given == 2 and trying == b""
    for entry, tried in ((ids[2], ids[2]), (ids[3], ids[3]), (ids[4], b"")):
        assert owner.call("take", batch, ids[1], 100) == [b"done", 1]
        assert under(client, "b:" + batch)[-1] == entry and manifest(client, batch).get("trying", "").encode() == tried
    assert owner.call("take", batch, ids[4], 100) == [b"done", 0]


def test_a_take_that_finds_nothing_writes_nothing(client, owner):
    enqueue(client, 1)
    batch = str(uuid.uuid4())
    owner.call("begin", batch)
    before = snapshot(client)
    assert owner.call("take", batch, "0-0", 10) == [b"done", 0] and snapshot(client) == before


def test_take_keeps_within_its_count(client, owner):
    free(client, 5)
    assert taken(owner, count=2)[1:] == (2, b"")


def died_with(client, owner, *times):
    """Given back after a death that found the first one tried."""
    ids = free(client, len(times), *times)
    batch, _, trying = taken(owner)
    assert trying == ids[0]
    rest = ids[1:]
    if rest:
        client.xclaim(STREAM, GROUP, "b:" + batch, 0, rest, justid=True)
    owner.die()
    other = Owner(client, "two")
    other.hello()
    assert other.call("abandon", batch, 1)[2] == b"terminated"
    return ids


def test_what_was_tried_keeps_its_count_and_others_begin_anew(client, owner):
    ids = died_with(client, owner, 4, 1, 2, 4)
    assert deliveries(client, "free") == dict(zip(ids, (4, 1, 2, 2)))


def test_what_was_tried_too_often_is_poison(client, owner):
    ids = died_with(client, owner, 5, 6)
    assert deliveries(client, "free") == {ids[1]: 2}
    dead = [(entry[b"entry"], entry[b"reason"], entry[b"stage"], b"event" in entry) for _, entry in client.xrange(PREFIX + "dead")]
    assert dead == [(ids[0], b"poison", b"convert", True)] and client.xlen(STREAM) == 1
    assert not client.exists(PREFIX + "open")


def test_a_suspect_of_one_that_stops_in_order_is_no_poison(client, owner):
    ids = free(client, 1, 9)
    batch, _, trying = taken(owner)
    assert trying == ids[0]
    owner.call("abandon", batch, 1)
    assert deliveries(client, "free") == {ids[0]: 2} and not client.exists(PREFIX + "dead")


def test_a_suspect_that_was_sealed_is_no_poison(client, owner):
    ids = free(client, 1, 9)
    batch, _, _ = taken(owner)
    assert owner.seal(batch, 1, ids)[2] == b"sealed"
    owner.call("move", batch, 2, "sealed", "terminated")
    owner.die()
    other = Owner(client, "two")
    other.hello()
    assert other.call("abandon", batch, 3)[0] == b"done"
    assert under(client, "free") == ids and not client.exists(PREFIX + "dead")


def test_a_suspect_whose_data_is_gone_leaves_a_stub(client, owner):
    ids = free(client, 2, 4, 4)
    batch, _, _ = taken(owner)
    client.xclaim(STREAM, GROUP, "b:" + batch, 0, ids[1:], justid=True)
    client.xdel(STREAM, *ids)
    owner.die()
    other = Owner(client, "two")
    other.hello()
    other.call("abandon", batch, 1)
    assert [(entry[b"entry"], entry[b"reason"]) for _, entry in client.xrange(PREFIX + "dead")] == [
        (entry, b"gone") for entry in ids]
