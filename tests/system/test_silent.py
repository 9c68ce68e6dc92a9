"""Routes with profile none: events are converted, counted and taken off the queue; nothing is sent, and nothing says it was."""

import datetime
import json
import signal

import pytest

from cli_rig import Cli
from relay_rig import PREFIX, rig_in_a_folder, wait_for

GOOD = [json.dumps({"Result_ID": f"r-{n}", "result": "negative"}).encode() for n in range(5)]
BAD = b'{"Result_ID":"bad'


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def silent(rig, **more):
    route = rig.route("", format={"tracking_id": "Result_ID"}, **more)
    return {**route, "endpoint": {"profile": "none"}}


def manifests(rig):
    client = rig.redis.client
    return [client.hgetall(key) for key in client.scan_iter(PREFIX + "batch:*")]


def flushed(rig, daemon):
    daemon.signal(signal.SIGUSR1)
    rig.wait_empty()
    wait_for(lambda: daemon.lines("batch_unreported"), "a batch that was settled")
    return daemon.text()


def test_daemon_settles_and_sends_nothing(rig):
    cli = Cli(rig, silent(rig))
    rig.push([*GOOD, BAD])
    text = flushed(rig, rig.start(cli.config))
    batch, = manifests(rig)
    assert {name: batch.get(name) for name in (b"state", b"n", b"attempts", b"accepted", b"first", b"status")} == {
        b"state": b"unreported", b"n": b"5", b"attempts": b"0", b"accepted": None, b"first": None, b"status": None}
    assert len(batch[b"sha256"]) == 64 and int(batch[b"bytes"]) > 0
    assert len(rig.dead()) == 1
    assert "unreported=5" in text and "accepted=0" in text
    for claim in ("batch_accepted", "batch_answered", "post_not_begun", "circuit"):
        assert claim not in text, claim


def test_commands_say_that_nothing_was_sent(rig):
    cli = Cli(rig, silent(rig))
    rig.push(GOOD)
    flushed(rig, rig.start(cli.config))
    shown, = cli.json("batch", "list", "--state", "unreported")["routes"][0]["batches"]
    assert (shown["state"], shown["events"], shown["receipt"]) == ("unreported", 5, {})
    assert "unreported" in cli.out("batch", "show", shown["id"])
    traced = cli.out("trace", "r-3")
    assert "row 4 of 5" in traced and "unreported" in traced and "not sent" in traced and "accepted" not in traced
    status, = cli.json("status")["routes"]
    assert status["sends_nothing"] and status["last_accepted"] is None
    assert "covid: sends nothing (profile none)\n" in cli.out("status")
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    report, = cli.json("report", "--day", today)["routes"]
    assert report["unreported"] == {"batches": 1, "events": 5} and report["accepted"] == {"batches": 0, "events": 0}
    assert "not sent             1 batch, 5 events\n" in cli.out("report", "--day", today)
    error = cli.err("batch", "terminate", shown["id"], "--reason", "x", code=1)
    assert "batch is in state unreported: its route sends nothing" in error


def test_flush_says_what_was_not_sent_with_a_daemon_and_without(rig):
    cli = Cli(rig, silent(rig))
    rig.push(GOOD)
    told, = cli.json("flush")["routes"]
    assert (told["batches"], told["accepted"], told["unreported"], told["kept"]) == (0, 0, 5, 0)
    rig.start(cli.config)
    rig.push(GOOD[:2])
    assert cli.out("flush") == ("covid: 0 events in 0 batches accepted, 0 set aside, 0 kept; "
                                "2 events not sent: profile none\n")


def test_check_says_that_the_route_sends_nothing(rig):
    cli = Cli(rig, silent(rig))
    assert "warn  routes[0].endpoint.profile is none: this route sends nothing" in cli.out("check")
    checks = cli.json("check", "--connect")["checks"]
    told = [row["text"] for row in checks if row["what"] == "endpoint"]
    assert told == ["none: this route sends nothing"] and all(row["ok"] for row in checks)


def test_what_an_endpoint_may_have_waits_for_a_person(rig):
    """The route had an endpoint once, which never answered."""
    receiver = rig.start_receiver(faults=["all: status 504"])
    route = rig.route(receiver.url(), endpoint={"on_unknown": "hold"}, format={"tracking_id": "Result_ID"})
    rig.push(GOOD)
    cli = Cli(rig, route)
    cli("flush", code=6)
    cli = Cli(rig, silent(rig))
    rig.push(GOOD[:1])
    cli("flush", code=6)
    states = sorted(batch[b"state"] for batch in manifests(rig))
    assert states == [b"held", b"unreported"] and len(receiver.requests()) == 1


def test_reload_ends_the_sending(rig):
    receiver = rig.start_receiver()
    config = rig.config(rig.route(receiver.url(), format={"tracking_id": "Result_ID"}))
    daemon = rig.start(config)
    rig.config(silent(rig))
    daemon.signal(signal.SIGHUP)
    wait_for(lambda: daemon.lines("reloaded"), "the new configuration")
    rig.push(GOOD)
    flushed(rig, daemon)
    assert receiver.requests() == []
