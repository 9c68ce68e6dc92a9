"""batch list and batch show, what the commands never print, and the rights that README asks for."""

import json
import re
import subprocess

import pytest

from cli_rig import Cli, as_user
from queue_rig import HELLO, Owner, PREFIX, STREAM, enqueue, manifest
from relay_rig import ELRELAY, PATIENCE, ROOT, rig_in_a_folder

CANARY = "Canaryperson"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


@pytest.fixture
def cli(rig):
    url = "http://127.0.0.1:9/"
    made = Cli(rig, rig.route(url, name="flu"), rig.route(url, name="r", queue={"inbox": "inbox"}))
    made.owner = Owner(made.client)
    made.client.xgroup_create(STREAM, "elrelay", "0", mkstream=True)
    assert made.owner.call("hello", *HELLO)[0] == b"done"
    return made


def finished(cli, count=3):
    enqueue(cli.client, count)
    batch, _ = cli.owner.accepted(count)
    assert cli.owner.call("drain", batch, 0)[3] == count
    return batch


def rows(cli, *args):
    return cli.routes("batch", "list", *args)["r"]["batches"]


def test_batch_list_has_open_ones_first_then_finished_ones_newest_first(cli):
    assert cli.out("batch", "list") == "flu:\n  no batches\nr:\n  no batches\n"
    done = [finished(cli) for _ in range(3)]
    cli.client.zadd(PREFIX + "done", {batch: 1700000000000 + number for number, batch in enumerate(done)})
    enqueue(cli.client, 9)
    sealed, _ = cli.owner.sealed(4)
    sending, _ = cli.owner.sending(5)
    cli.client.zadd(PREFIX + "open", {sealed: 1, sending: 2})  # else both may be of one millisecond
    assert [(row["id"], row["state"], row["events"]) for row in rows(cli)] == [
        (sealed, "sealed", 4), (sending, "sending", 5), *((batch, "accepted", 3) for batch in done[::-1])]
    assert [row["id"] for row in rows(cli, "--count", "3")] == [sealed, sending, done[2]]
    assert [row["id"] for row in rows(cli, "--count", "1")] == [sealed]
    assert [row["id"] for row in rows(cli, "--state", "accepted", "--count", "2")] == done[:0:-1]
    out = cli.out("batch", "list", "--route", "r", "--state", "sealed")
    assert re.fullmatch(rf"r:\n  {sealed}  sealed      4 events, 0 attempts, since \S+Z\n", out)
    assert cli.out("batch", "list", "--route", "r", "--state", "held") == "r:\n  no batches in this state\n"


def test_batch_list_reads_on_beyond_one_chunk(cli):
    names = [f"0195f0a0-0000-7000-8000-{number:012}" for number in range(450)]
    cli.client.zadd(PREFIX + "done", {name: number for number, name in enumerate(names)})
    for name in names[::2]:
        cli.client.hset(PREFIX + "batch:" + name, mapping={"state": "accepted", "n": 1})
    assert [row["id"] for row in rows(cli)] == names[-2:-102:-2]
    assert [row["id"] for row in rows(cli, "--count", "1000")] == names[-2::-2]


def test_batch_list_shows_an_open_one_whose_manifest_is_lost(cli):
    name = "0195f0a0-0000-7000-8000-000000000001"
    cli.client.zadd(PREFIX + "open", {name: 1})
    assert [(row["id"], row["receipt"]) for row in rows(cli)] == [(name, {})]
    assert f"{name}  none" in cli.out("batch", "list")


def test_batch_show_tells_all_that_the_manifest_tells(cli):
    batch = finished(cli)
    shown = cli.json("batch", "show", batch)
    times = [shown.pop(name) for name in ("since", "created", "sealed", "first_sent", "last_sent")]
    times.append(shown["receipt"].pop("accepted"))
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]+Z", time) for time in times)
    assert shown | {"looks": 0} == {"looks": 0, "remarks": 0, "route": "r", "id": batch, "state": "accepted", "events": 3, "drained": 3, "attempts": 1, "bytes": 10,
                     "sha256": "sha", "instance": "one", "receipt": {"status": 201}}
    fields = {"state": "split", "looks": 2, "looked": 1700000000000, "doubted": 1, "refused": 1700000000000, "depth": 3,
              "parent": "p", "child_a": "a", "child_b": "b", "carved": 2, "there": 1, "report_id": "r", "item_count": 4,
              "submission_id": 17, "warnings": 1, "errors": 0, "plan": "a2d1", "why": "rows"}
    cli.client.hset(PREFIX + "batch:" + batch, mapping=fields)
    shown = cli.json("batch", "show", batch)
    assert {name: shown[name] for name in ("looks", "doubted", "depth", "parent", "first_child", "second_child", "carved",
                                           "duplicates")} == {"looks": 2, "doubted": True, "depth": 3, "parent": "p",
                                                              "first_child": "a", "second_child": "b", "carved": 2,
                                                              "duplicates": 1}
    assert shown["receipt"] | {"accepted": ""} == {"accepted": "", "status": 201, "report_id": "r", "submission_id": 17,
                                                   "item_count": 4, "warnings": 1, "errors": 0}
    assert "why" not in shown and "plan" not in shown and "owner" not in shown
    out = cli.out("batch", "show", batch)
    for words in ["route          r", f"id             {batch}", "state          split", "in doubt once  yes",
                  "looked up      2", "last looked    2023-11-14T22:13:20.000Z", "goes on as     a", "and as         b",
                  "duplicates     1", "submission     17", "HTTP status    201", "size           10 B"]:
        assert f"\n{words}\n" in f"\n{out}", words


def test_batch_show_tells_what_the_endpoint_said_only_when_it_is_asked_for(cli):
    batch = finished(cli)
    said = [{"isError": False, "details": "Odd \x1bword"}, {"isError": True, "details": "No state"}]
    cli.client.hset(PREFIX + "batch:" + batch, mapping={"remarks": json.dumps(said), "exceptions": 7, "exceptions_lost": 0,
                                                        "exceptions_left_out": 2})
    out = cli.out("batch", "show", batch)
    assert "remarks        2, shown with --reveal\n" in out and "word" not in out
    assert "exceptions     7\n" in out and "left out       2\n" in out
    assert cli.json("batch", "show", batch)["remarks"] == 2
    out = cli.out("batch", "show", batch, "--reveal")
    assert out.endswith("warning        Odd \\x1bword\nerror          No state\n")
    assert cli.json("batch", "show", batch, "--reveal")["remarks"] == [
        {"is_error": one["isError"], "details": one["details"]} for one in said]
    cli.client.hset(PREFIX + "batch:" + batch, "remarks", "[broken")
    assert "remarks" not in cli.out("batch", "show", batch)


def test_batch_show_keeps_a_terminal_safe(cli):
    batch = finished(cli)
    cli.client.hset(PREFIX + "batch:" + batch, "report_id", b"\x1b[31m\xff")
    assert "report id      \\x1b[31m\\xff\n" in cli.out("batch", "show", batch)
    assert cli.json("batch", "show", batch)["receipt"]["report_id"] == "\x1b[31m\ufffd"


def commands(cli):
    """One of each, on batches and dead letters that exist."""
    enqueue(cli.client, 12)
    batches = []
    for _ in range(3):
        batch, _ = cli.owner.sending(3)
        ver = manifest(cli.client, batch)["ver"]
        assert cli.owner.call("move", batch, ver, "sending", "held", "policy")[2] == b"held"
        batches.append(batch)
    why = ["--reason", "x"]
    yield from [["status"], ["status", "--json"], ["peek"], ["peek", "--json"], ["held", "list"], ["held", "list", "--json"],
                ["batch", "list"], ["batch", "list", "--json"]]
    for batch in batches:
        yield from [["batch", "show", batch], ["batch", "show", batch, "--json"]]
    yield from [["held", "accept", batches[0], *why], ["held", "resend", batches[1], *why],
                ["batch", "terminate", batches[1], *why, "--to", "dead"],
                ["held", "terminate", batches[2], *why, "--to", "dead"],
                ["batch", "show", batches[2]], ["dead", "list"], ["dead", "list", "--json"], ["status"]]
    ids = [id_.decode() for id_, _ in cli.client.xrange(PREFIX + "dead")]
    yield from [["dead", "show", ids[0]], ["dead", "show", ids[0], "--json"], ["dead", "replay", ids[0]],
                ["dead", "replay", "--reason", "terminated"], ["dead", "drop", "--all", "--note", "x"],
                ["pause", *why], ["resume", *why], ["peek"]]
    cli.owner.die()
    yield ["flush"]


def ran(args, config):
    """The command, which does what it is told, though something may be held or the endpoint away."""
    done = subprocess.run([ELRELAY, *args, "--config", config], capture_output=True, timeout=PATIENCE)
    assert done.returncode in {"status": (0, 6), "held": (0, 6), "flush": (5, 6)}.get(args[0], (0,)), (args, done.stderr)
    return done


def test_no_byte_of_an_event_is_printed_unless_it_is_asked_for(cli, monkeypatch):
    canary = {"event": '{"Result_ID":"%s","Patient_last_name":"%s"}' % (CANARY, CANARY)}
    monkeypatch.setattr("test_cli_batches.enqueue", lambda client, count: [client.xadd(STREAM, canary) for _ in range(count)])
    said = b""
    for command in commands(cli):
        args = [*command, *([] if command[0] in ("batch", "held") else ["--route", "r"])]
        done = ran(args, cli.config)
        said += done.stdout + done.stderr
    assert said.count(b"\n") > 100 and CANARY.encode() not in said
    audit = b"".join(value for _, fields in cli.client.xrange(PREFIX + "audit") for value in fields.values())
    assert audit and CANARY.encode() not in audit


def rights():
    """Selectors of Redis' ACL, one for each right of the table and of README's line for operators."""
    words = dict(re.findall(r'^    ROW\((\w+), "([^"]+)"', (ROOT / "include/elrelay/edge/queue/keys.h").read_text(), re.M))
    table = re.findall(r'^    \{"([^"]+)", KEY_(\w+)\},$', (ROOT / "src/edge/queue/rights.c").read_text(), re.M)
    readme = re.search(r"an operator's user also (.*?), and reading commands", (ROOT / "README.md").read_text(), re.S).group(1)
    for commands_, key in re.findall(r"((?:`\w+`[, and]*)+)on (?:the )?`?(\w+)", readme):
        table += [(command, key.upper()) for command in re.findall(r"`(\w+)`", commands_)]
    for command, key in table:
        if command.startswith("WAITAOF"):  # not every Redis knows it
            continue
        name, *more = command.lower().split()
        name = f"{name}|{more[0]}" if name in ("xgroup", "xinfo", "config") else name
        pattern = "inbox" if key == "INBOX" else PREFIX + words[key] + ("*" if words[key].endswith(":") else "")
        yield f"(+{name} ~{pattern})"
    yield f"(+evalsha +eval ~{STREAM} ~inbox)"  # a script may name both
    yield f"(+@read ~{PREFIX}* ~inbox)"


def test_operator_needs_no_more_rights_than_readme_says(cli, rig):
    assert len(list(rights())) > 60
    cli.client.execute_command("ACL", "SETUSER", "operator", "on", ">secret", "+ping", "+select", *rights())
    operator = as_user(rig, "operator")
    for command in commands(cli):
        ran(command, operator.config)
    assert manifest(cli.client, cli.client.zrange(PREFIX + "done", 0, 0)[0].decode())["state"] == "accepted"


@pytest.mark.parametrize("right,command", [
    ("zrange", ["batch", "list"]), ("zrevrange", ["batch", "list"]), ("hmget", ["batch", "list"]),
    ("evalsha", ["dead", "drop", "--all", "--note", "x"]), ("xdel", ["dead", "drop", "--all", "--note", "x"]),
])
def test_right_that_is_missing_is_named(cli, rig, right, command):
    finished(cli)
    enqueue(cli.client, 1)
    held, _ = cli.owner.sending(1)
    cli.owner.call("move", held, manifest(cli.client, held)["ver"], "sending", "held", "policy")
    cli("held", "terminate", held, "--reason", "x", "--to", "dead")
    cli.client.execute_command("ACL", "SETUSER", "lab", "on", ">secret", "~*", "&*", "+@all", f"-{right}")
    error = as_user(rig, "lab").err(*command, code=4)
    assert "check --connect" in error and (right.upper() in error or "script" in error)
    assert cli.client.xlen(PREFIX + "dead") == 1
