"""dead replay and dead drop: which ones, byte for byte, oldest first, audited, and how far it came."""

import os
import signal
import subprocess

import pytest

from cli_rig import Cli, bury
from queue_rig import PREFIX, STREAM
from relay_rig import ELRELAY, PATIENCE, rig_in_a_folder, wait_for

DEAD = PREFIX + "dead"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


@pytest.fixture
def cli(rig):
    url = "http://127.0.0.1:9/"
    return Cli(rig, rig.route(url, name="r"), rig.route(url, name="flu"))


def letters(cli, count, reason="refused"):
    return [bury(cli.client, b"%d \xff\x00" % number, reason, route="r") for number in range(count)]


def queued(cli):
    return [fields[b"event"] for _, fields in cli.client.xrange(STREAM)]


def left(cli):
    return [id_.decode() for id_, _ in cli.client.xrange(DEAD)]


def audit(cli):
    return [{name.decode(): value.decode() for name, value in fields.items()}
            for _, fields in cli.client.xrange(PREFIX + "audit")]


def test_replay_puts_the_named_ones_back_byte_for_byte(cli):
    ids = letters(cli, 5)
    out = cli.out("dead", "replay", ids[3], ids[1], "--route", "r")
    assert out == "r: 2 events replayed; sent at the next cycle, or by `elrelay flush`\n"
    assert queued(cli) == [b"3 \xff\x00", b"1 \xff\x00"] and left(cli) == [ids[0], ids[2], ids[4]]
    assert {(fields[b"replays"], fields[b"attempts"]) for _, fields in cli.client.xrange(STREAM)} == {(b"1", b"2")}
    (entry,) = audit(cli)
    assert (entry["type"], entry["reason"]) == ("replay", "") and "@" in entry["by"]


def test_replay_of_all_goes_from_the_oldest_to_the_newest(cli):
    letters(cli, 620)
    bury(cli.client, b"another", route="flu")
    assert cli.out("dead", "replay", "--all", "--route", "r").startswith("r: 620 events replayed;")
    assert queued(cli) == [b"%d \xff\x00" % number for number in range(620)] and left(cli) == []
    assert cli.client.xlen("elrelay:{flu}:dead") == 1 and len(audit(cli)) == 3
    assert cli.out("dead", "replay", "--all", "--route", "r") == "r: 0 events replayed\n"


def test_replay_goes_on_where_a_call_had_enough(cli):
    """4 MB a call: the script looks at some of what it is given, the command gives the rest again."""
    ids = [bury(cli.client, b"%d" % number + b"x" * 1_500_000, "too_large", route="r") for number in range(8)]
    assert cli.out("dead", "replay", *ids, "--route", "r").startswith("r: 8 events replayed;")
    assert [event[:1] for event in queued(cli)] == [b"%d" % number for number in range(8)] and len(audit(cli)) > 2


def test_drop_by_reason_leaves_the_others(cli):
    refused, gone = letters(cli, 150), letters(cli, 150, "poison")
    out = cli.out("dead", "drop", "--reason", "refused", "--note", "test data", "--route", "r")
    assert out == "r: 150 events dropped\n" and left(cli) == gone and queued(cli) == [] and refused
    assert [(row["type"], row["reason"]) for row in audit(cli)] == [("drop", "test data")]


def test_what_is_gone_is_counted(cli):
    ids = letters(cli, 3)
    cli.client.xdel(DEAD, ids[0])
    out = cli.out("dead", "replay", *ids, "--route", "r")
    assert out.startswith("r: 2 events replayed, 1 not there any more, or without content;")
    error = cli.err("dead", "drop", *ids, "--note", "x", "--route", "r", code=1)
    assert "no dead letter with such an id" in error
    ids = letters(cli, 1) + ids
    assert cli.out("dead", "drop", *ids, "--note", "x", "--route", "r") == "r: 1 event dropped, 3 not there any more\n"


def test_one_route_is_wanted(cli):
    ids = letters(cli, 1)
    for command in (["replay", ids[0]], ["replay", "--all"], ["drop", "--all", "--note", "x"]):
        assert "r, flu" in cli.err("dead", *command, code=2)
    assert left(cli) == ids and queued(cli) == []


def test_what_is_set_aside_meanwhile_is_left_alone(rig):
    """A daemon sets aside again what is replayed: the command comes to an end all the same."""
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url(), name="r", schedule={"every": "1s"}))
    daemon = rig.start(cli.config)
    letters(cli, 600, "not_utf8")
    assert cli.out("dead", "replay", "--all").startswith("r: 600 events replayed;")
    wait_for(lambda: cli.client.xlen(DEAD) == 600, "all of them set aside again")
    assert {fields[b"event"][-2:] for _, fields in cli.client.xrange(DEAD)} == {b"\xff\x00"}
    assert daemon.popen.poll() is None and receiver.accepted() == []


def test_replay_says_how_far_it_came(cli):
    """Redis dies between the calls: what is surely done is said, the rest may be asked for again."""
    letters(cli, 2000)
    process = subprocess.Popen([ELRELAY, "dead", "replay", "--all", "--route", "r", "--config", cli.config],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: process.poll() is not None or cli.client.xlen(PREFIX + "audit"), "the first call")
    os.kill(cli.rig.redis.process.popen.pid, signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    if process.returncode:
        assert process.returncode == 4 and b"of 2000 surely replayed, give the command again" in err
    else:
        assert out.startswith(b"r: 2,000 events replayed")
