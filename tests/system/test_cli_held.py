"""What a person decides about a batch: held, batch terminate, batch release; on manifests that the real scripts made."""

import json
import re
import threading

import pytest

from cli_rig import Cli, as_user
from queue_rig import HELLO, Owner, Places, PREFIX, STREAM, enqueue, manifest
from relay_rig import rig_in_a_folder, wait_for

WHY = "cannot_tell"


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


def version(cli, batch):
    return manifest(cli.client, batch)["ver"]


def held(cli, count=5, doubted=False):
    """A held batch with all that is queued: its id and the bytes of its events."""
    events = enqueue(cli.client, count)
    batch, _ = cli.owner.sending(count)
    before = "sending"
    if doubted:
        cli.owner.call("move", batch, version(cli, batch), "sending", "unknown", "")
        before = "unknown"
    assert cli.owner.call("move", batch, version(cli, batch), before, "held", WHY)[2] == b"held"
    return batch, events


def failed(cli, count=5):
    enqueue(cli.client, count)
    batch, _ = cli.owner.sealed(count)
    assert cli.owner.call("move", batch, version(cli, batch), "sealed", "failed", "")[2] == b"failed"
    return batch


def audit(cli):
    return [{name.decode(): value.decode() for name, value in fields.items()}
            for _, fields in cli.client.xrange(PREFIX + "audit")]


def control(cli):
    return [fields[b"type"] for _, fields in cli.client.xrange(PREFIX + "control")]


def places(cli):
    found = Places(cli.client)
    found.check_deletions()
    return {place: found.count(place) for place in sorted(set(found.at.values()))}


def free(cli):
    """How many were given back."""
    rows = cli.client.xpending_range(STREAM, "elrelay", "-", "+", 100_000, consumername="free")
    return len(rows)


def test_held_list_says_why_and_what_to_do(cli):
    assert cli.out("held", "list") == "flu:\n  nothing is held\nr:\n  nothing is held\n"
    batch, _ = held(cli, 1200)
    out = cli.out("held", "list", code=6)
    assert re.search(rf"^r:\n  {batch}  held +1,200 events, 1 attempt, since \S+Z\n    cannot_tell: the look-up could not say"
                     r" whether it was taken\ndecide with: elrelay held accept\|resend\|terminate ID --reason TEXT$", out, re.M)
    (row,) = cli.routes("held", "list", code=6)["r"]["held"]
    assert (row["id"], row["state"], row["why"], row["events"], row["attempts"]) == (batch, "held", WHY, 1200, 1)
    assert row["sentence"].startswith("the look-up") and row["instance"] == "one" and row["sha256"] == "sha"
    assert cli.routes("held", "list", "--route", "flu") == {"flu": {"route": "flu", "held": []}}


@pytest.mark.parametrize("count", [1, 1700])
def test_held_accept_settles_it_to_the_last_event(cli, count):
    batch, _ = held(cli, count, doubted=True)
    out = cli.out("held", "accept", batch, "--reason", "they have it")
    assert out == f"r: batch {batch} is accepted; {count:,} event{'s' if count > 1 else ''} settled\n"
    assert cli.client.xlen(STREAM) == 0 and places(cli) == {} and manifest(cli.client, batch)["state"] == "accepted"
    assert [cli.client.zcard(PREFIX + key) for key in ("open", "held", "doubt", "done")] == [0, 0, 0, 1]
    (entry,) = audit(cli)
    assert (entry["type"], entry["batch"], entry["reason"], entry["from"]) == ("accept", batch, "they have it", "held")
    assert "@" in entry["by"] and cli.json("batch", "show", batch)["receipt"]["operator"] == entry["by"]
    assert control(cli) == []


def test_held_accept_and_a_daemon_drain_at_the_same_time(cli):
    batch, _ = held(cli, 20_000)

    refusals = []

    def drain():
        wait_for(lambda: manifest(cli.client, batch)["state"] == "accepted", "the decision")
        while (drained := int(manifest(cli.client, batch)["drained"])) < 20_000:
            answer = cli.owner.call("drain", batch, drained)
            refusals.extend(answer[1:2] if answer[0] != b"done" else [])

    daemon = threading.Thread(target=drain)
    daemon.start()
    assert cli.out("held", "accept", batch, "--reason", "x").endswith("20,000 events settled\n")
    daemon.join()
    assert set(refusals) <= {b"drained"}
    assert cli.client.xlen(STREAM) == 0 and places(cli) == {}


def test_held_accept_says_that_ids_are_lacking(cli):
    batch, _ = held(cli, 1200)
    cli.client.hdel(PREFIX + "batch:" + batch, "ids:500")
    error = cli.err("held", "accept", batch, "--reason", "x", code=1)
    assert "the batch is accepted" in error and "lacks ids" in error and cli.client.xlen(STREAM) == 700


def test_held_resend_seals_it_for_any_daemon_and_calls_them(cli):
    batch, _ = held(cli, doubted=True)
    out = cli.out("held", "resend", batch, "--reason", "they lost it")
    assert out == f"r: batch {batch} is sealed; 5 events to be sent by the next daemon that looks\n"
    fields = manifest(cli.client, batch)
    assert (fields["state"], fields["owner"], fields["attempts"], fields["sha256"]) == ("sealed", "", "1", "sha")
    assert cli.client.zscore(PREFIX + "open", batch) > 0 and cli.client.zcard(PREFIX + "held") == 0
    assert control(cli) == [b"flush"] and [row["type"] for row in audit(cli)] == ["resend"]
    assert places(cli) == {"named": 5}


@pytest.mark.parametrize("doubted,to,gone_to", [
    (False, [], "queue"), (True, [], "dead"), (True, ["--to", "queue"], "queue"), (False, ["--to", "dead"], "dead")])
@pytest.mark.parametrize("group", ["held", "batch"])
def test_terminate_brings_each_event_where_it_is_said(cli, group, doubted, to, gone_to):
    batch, events = held(cli, 600, doubted)
    out = cli.out(group, "terminate", batch, "--reason", "enough", *to)
    end = {"queue": "600 events back on the queue", "dead": "600 events set aside as dead letters"}[gone_to]
    assert out == f"r: batch {batch} is terminated; {end}\n"
    if gone_to == "queue":
        assert free(cli) == 600 and cli.client.xlen(PREFIX + "dead") == 0
    else:
        letters = cli.client.xrange(PREFIX + "dead")
        assert [fields[b"event"] for _, fields in letters] == events and cli.client.xlen(STREAM) == 0
        assert {fields[b"reason"] for _, fields in letters} == {b"terminated"}
    assert places(cli) == {"leased" if gone_to == "queue" else "dead": 600}
    assert cli.json("batch", "show", batch)["to"] == gone_to
    assert [(row["type"], row["from"]) for row in audit(cli)] == [("terminate", "held")]
    assert [cli.client.zcard(PREFIX + key) for key in ("open", "held", "doubt")] == [0, 0, 0]


def test_batch_terminate_ends_one_that_is_sealed_under_a_living_owner(cli):
    enqueue(cli.client, 5)
    batch, _ = cli.owner.sealed()
    ver = version(cli, batch)
    assert "5 events back on the queue" in cli.out("batch", "terminate", batch, "--reason", "stop it")
    assert cli.owner.call("send", batch, ver, "sha", 10, "f", "e")[:2] == [b"refused", b"state"]
    assert free(cli) == 5


def test_batch_release_sends_a_failed_one(cli):
    batch = failed(cli)
    assert cli.out("batch", "release", batch, "--reason", "known").startswith(f"r: batch {batch} is sealed; 5 events to be")
    assert manifest(cli.client, batch)["state"] == "sealed" and control(cli) == [b"flush"]


def test_batch_terminate_ends_a_failed_one(cli):
    batch = failed(cli)
    assert "is terminated; 5 events back on the queue" in cli.out("batch", "terminate", batch, "--reason", "known")


ALL = [["held", "accept"], ["held", "resend"], ["held", "terminate"], ["batch", "terminate"], ["batch", "release"]]
STATES = ["forming", "sealed", "sending", "unknown", "accepted", "completed", "unreported", "held", "split", "failed",
          "terminated"]
ALLOWED = {("held", "accept"): {"held"}, ("held", "resend"): {"held"}, ("held", "terminate"): {"held"},
           ("batch", "terminate"): {"sealed", "failed", "held"}, ("batch", "release"): {"failed"}}


@pytest.mark.parametrize("state", STATES)
def test_other_states_are_refused_with_what_to_do_instead(cli, state):
    enqueue(cli.client, 3)
    batch, _ = cli.owner.sealed()
    cli.client.hset(PREFIX + "batch:" + batch, "state", state)
    before = manifest(cli.client, batch)
    for command in ALL:
        if state not in ALLOWED[tuple(command)]:
            error = cli.err(*command, batch, "--reason", "x", code=1)
            assert re.fullmatch(rf"elrelay: batch is in state {state}: \S.*\n", error), (command, error)
    assert manifest(cli.client, batch) == before and audit(cli) == [] and control(cli) == []


def test_batch_that_changes_meanwhile_is_refused_by_the_script(cli):
    """The command has seen it held; the script sees what it is by then."""
    batch, _ = held(cli)
    answer = cli.owner.call("operate", batch, "accept", "", "me", "x")
    assert answer[2] == b"accepted"
    assert cli.owner.call("operate", batch, "resend", "", "me", "x")[:3] == [b"refused", b"state", b"accepted"]


def test_batch_is_found_in_the_one_route_that_has_it(cli):
    batch, _ = held(cli)
    for command in (["batch", "show", batch], ["held", "accept", batch, "--reason", "x"]):
        assert "no such batch" in cli.err(*command, "--route", "flu", code=1)
    assert "no such batch" in cli.err("batch", "show", "0195f0a0-0000-7000-8000-00000000dead", code=1)
    assert cli.json("batch", "show", batch.upper())["route"] == "r"
    assert "settled" in cli.out("held", "accept", batch.upper(), "--reason", "x", "--route", "r")


def test_held_works_while_redis_is_full(cli):
    batch, _ = held(cli)
    cli.client.config_set("maxmemory", 1)
    assert "settled" in cli.out("held", "accept", batch, "--reason", "x")


def test_what_was_decided_is_done_by_a_daemon_where_the_command_was_cut_short(cli, rig):
    """The rights end after the decision: the command says how far it came."""
    batch, _ = held(cli, doubted=True)
    cli.client.execute_command("ACL", "SETUSER", "lab", "on", ">secret", "~*", "&*", "+@all", "-xack")
    lab = as_user(rig, "lab")
    error = lab.err("held", "accept", batch, "--reason", "x", code=4)
    assert "the batch is accepted, and a daemon goes on with it" in error and "cannot " in error
    assert manifest(cli.client, batch)["state"] == "accepted" and cli.client.xlen(STREAM) == 5


def test_status_says_why_it_is_held_and_who_sends_nothing(cli):
    batch, _ = held(cli)
    other = failed(cli)
    cli.owner.call("circuit", "open", "auth")
    out = cli.out("status", "--route", "r", code=6)
    assert re.search(rf"{batch}  held .*\n +held: the look-up could not say whether it was taken\n"
                     rf" +elrelay held accept\|resend\|terminate {batch} --reason TEXT\n", out)
    assert f"elrelay batch release|terminate {other} --reason TEXT\n" in out
    assert re.search(r"daemons +one\n +circuit of one is open for \d+ m?s: the endpoint refuses the credential\n", out)
    covid = json.loads(cli("status", "--json", "--route", "r", code=6).stdout)["routes"][0]
    assert [row.get("why") for row in covid["batches"]] == [WHY, None]
    (circuit,) = covid["circuits"]
    assert (circuit["daemon"], circuit["state"], circuit["why"]) == ("one", "open", "auth") and circuit["sentence"]
    cli.owner.call("circuit", "closed", "")
    assert "circuit" not in cli.out("status", "--route", "r", code=6)


def test_status_says_nothing_of_the_circuit_of_a_dead_daemon(cli):
    cli.owner.call("circuit", "open", "auth")
    cli.owner.die()
    assert "circuit" not in cli.out("status") and cli.routes("status")["r"]["circuits"] == []


def test_flush_says_why_nothing_moves(cli, rig):
    batch, _ = held(cli)
    cli.owner.die()
    out = rig.run("flush", "--route", "r", "--config", cli.config, code=6).stdout.decode()
    assert out.splitlines()[1:] == ["r: held: the look-up could not say whether it was taken",
                                    f"r: elrelay held accept|resend|terminate {batch} --reason TEXT"]


def test_daemon_sends_at_once_what_is_to_be_resent(rig):
    """From the person's word to the endpoint's receipt, with a daemon whose schedule is an hour away."""
    receiver = rig.start_receiver()
    cli = Cli(rig, rig.route(receiver.url(), name="r"))
    daemon = rig.start(cli.config)
    wait_for(lambda: daemon.lines("cycle_done"), "the first cycle")
    owner = cli.owner = Owner(cli.client, name="another")
    assert owner.call("hello", *HELLO)[0] == b"done"
    cli.client.xadd(STREAM, {"event": '{"Result_ID":"R1"}'})
    batch, _ = owner.sealed(1)
    assert owner.call("move", batch, version(cli, batch), "sealed", "held", WHY)[2] == b"held"
    cli("held", "resend", batch, "--reason", "never sent")
    rig.wait_empty(route="r")
    assert [row["Result_ID"] for row in receiver.rows()] == ["R1"]


@pytest.mark.parametrize("decision,accepted,left", [("accept", 1, 0), ("resend", 2, 0), ("terminate", 1, 5)])
def test_doubt_that_is_held_ends_as_the_person_says(rig, decision, accepted, left):
    """The endpoint has stored it and answers 504; its route says that a person decides."""
    receiver = rig.start_receiver(faults=["request 1: accept-then 504"])
    cli = Cli(rig, rig.route(receiver.url(), name="r", endpoint={"on_unknown": "hold"}))
    rig.push(rig.events(5), route="r")
    said = rig.run("flush", "--config", cli.config, code=6).stdout.decode().splitlines()
    (row,) = cli.routes("held", "list", code=6)["r"]["held"]
    assert said[1:] == ["r: held: in doubt, and on_unknown says hold",
                        f"r: elrelay held accept|resend|terminate {row['id']} --reason TEXT"]
    assert (row["why"], row["doubted"], row["attempts"]) == ("policy", True, 1) and len(receiver.accepted()) == 1
    cli("held", decision, row["id"], "--reason", "asked them by telephone")
    cli("flush")
    assert (len(receiver.accepted()), cli.client.xlen(PREFIX + "dead")) == (accepted, left) and rig.queue_is_empty("r")
    cli("status")
