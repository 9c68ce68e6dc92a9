"""The scripts where a ledger knows what Redis has forgotten: recall, and the ways of a batch that was sent before."""

from queue_rig import PREFIX, client, enqueue, manifest, owner, refused, server, sha1
from test_scripts import batch_in

__all__ = ["client", "owner", "server"]  # fixtures

OLD = "99999999-0000-7000-8000-000000000000"


def sealed(owner, count=1):
    """Its id and version."""
    enqueue(owner.client, count)
    batch, _ = owner.sealed(count)
    return batch, 2


def reappeared(owner, batch, ver, whole="1", state="sealed"):
    return owner.call("move", batch, ver, state, "unknown", "", "", "", OLD, 5, whole, 1000, 2000, "endpoint")


def test_recall_says_how_far_redis_knows(client, owner):
    batches = []
    for state in ("sealed", "unknown", "accepted"):
        enqueue(client, 1)
        batches.append(batch_in(owner, state))
    assert owner.call("recall", *batches, OLD) == [b"done", b"sealed", 0, b"unknown", 1, b"accepted", 1, b"none", 0]


def test_what_was_sent_before_is_in_doubt_under_its_old_id(client, owner):
    batch, ver = sealed(owner)
    assert reappeared(owner, batch, ver) == [b"done", ver + 1, b"unknown"]
    fields = manifest(client, batch)
    assert {name: fields[name] for name in ("old", "old_n", "whole", "first", "last", "doubted", "looks")} == {
        "old": OLD, "old_n": "5", "whole": "1", "first": "1000", "last": "2000", "doubted": "1", "looks": "0"}
    assert fields["endpoint"] == sha1("endpoint")
    assert owner.list()[3][0][21:] == [OLD.encode(), b"5", b"1", b""]
    assert client.zscore(PREFIX + "doubt", batch)


def test_it_is_accepted_without_an_attempt_of_its_own_and_no_other_is(client, owner):
    batch, ver = sealed(owner)
    other, _ = sealed(owner)
    reappeared(owner, batch, ver)
    assert owner.call("accept", batch, 0, "ledger", 1) == [b"done", ver + 2, b"accepted"]
    assert refused(owner.call("accept", other, 0), "attempt")


def test_absent_makes_it_past_and_a_resend_under_the_old_id_does_not(client, owner):
    for word, old, past in (("absent", "", OLD), ("", OLD, "")):
        batch, ver = sealed(owner)
        reappeared(owner, batch, ver)
        assert owner.call("move", batch, ver + 1, "unknown", "sealed", word, "")[0] == b"done"
        fields = manifest(client, batch)
        assert (fields["old"], fields["past"]) == (old, past)
        assert owner.call("send", batch, ver + 2, "sha", 10, "format", "endpoint")[0] == b"done"


def test_a_person_sends_it_under_its_own_id_unless_it_is_just_what_was_sent(client, owner):
    for whole, old, past in (("1", OLD, ""), ("", "", OLD)):
        batch, ver = sealed(owner)
        reappeared(owner, batch, ver, whole)
        assert owner.call("move", batch, ver + 1, "unknown", "held", "reappeared", "")[0] == b"done"
        assert owner.call("operate", batch, "resend", "", "somebody", "why")[0] == b"done"
        fields = manifest(client, batch)
        assert (fields["state"], fields["old"], fields["past"], fields["doubted"]) == ("sealed", old, past, "1")


def test_what_is_past_is_past_for_the_parts_too(client, owner):
    batch, ver = sealed(owner, 2)
    reappeared(owner, batch, ver)
    owner.call("move", batch, ver + 1, "unknown", "sealed", "absent", "")
    owner.call("send", batch, ver + 2, "sha", 10, "format", "endpoint")
    first, second = "aaaaaaaa-0000-7000-8000-000000000000", "bbbbbbbb-0000-7000-8000-000000000000"
    assert owner.call("split", batch, ver + 3, "a1b1", first, second, "rows")[0] == b"done"
    assert owner.call("carve", batch, 0)[3] == 2
    assert manifest(client, first)["past"] == manifest(client, second)["past"] == OLD
