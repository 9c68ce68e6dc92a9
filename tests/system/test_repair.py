"""The consumer group vanishes while batches are open: `elrelay check --repair` makes it anew, nothing is lost or sent twice."""

import json
import subprocess

import pytest

from redis_door import Door
from relay_rig import rig_in_a_folder, wait_for
from test_redis_trouble import PREFIX, STREAM, Life, batches

GROUP = "elrelay"


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis("--enable-debug-command", "yes")
        yield made


def busy(rig, events=20):
    """Batches that are sealed, in doubt and held; events that wait, behind them and between; the daemon killed."""
    life = Life(rig, "request 1: accept-then 504", "request 2: status 504", "get all: status 401", "from 3: status 503 retry-after 60",
                batch={"max_events": events})
    life.push(2 * events)
    life.flush()
    wait_for(lambda: life.flush() or len(batches(life, b"held")) == 2, "two held batches")
    life.push(events)
    wait_for(lambda: life.flush() or len(batches(life, b"sealed")) + len(batches(life, b"unknown")) >= 1, "one more")
    life.daemon.kill()
    life.push(3 * events)
    life.client.xreadgroup(GROUP, "free", {STREAM: ">"}, count=events // 2)
    wait_for(lambda: not life.client.exists(PREFIX + "hb:one"), "the end of the heartbeat")
    return life


def accept_what_is_there(life):
    """What a person finds out: the endpoint has the first batch, and not the second."""
    taken = {line["payload_name"] for line in life.receiver.accepted()}
    for batch in batches(life, b"held"):
        life.cli("held", "accept" if batch in taken else "resend", batch, "--reason", "looked", code=0)


def finish(life):
    """To the end; all is where it belongs."""
    life.tell_endpoint()
    wait_for(lambda: life.flush() or not batches(life, b"unknown"), "no doubts")
    accept_what_is_there(life)
    life.assert_served()


def test_a_repaired_queue_goes_on_by_itself(rig):
    life = busy(rig)
    life.client.xgroup_destroy(STREAM, GROUP)
    life.daemon = rig.start(life.cli.config, ready=False)
    wait_for(lambda: "check --repair" in life.daemon.text(), "an alarm")
    assert b"elrelay check --repair" in life.cli("status", code=6).stdout
    assert life.cli.routes("status", code=6)["covid"]["group_lost"]
    assert b"FAIL  covid: group" in life.cli("check", "--connect", code=4).stdout
    out = life.cli("check", "--repair", "--route", "covid").stdout.decode()
    assert "made anew" in out.splitlines()[-1]
    wait_for(lambda: life.daemon.lines("route_ready"), "a daemon that is ready")
    assert len([line for line in life.alarms() if "queue_unusable" in line]) == 1
    assert "nothing to repair" in life.cli("check", "--repair").stdout.decode()
    finish(life)


def test_status_needs_a_person_while_the_group_is_lost(rig):
    life = Life(rig, "all: status 400")
    life.push()
    wait_for(lambda: life.flush() or batches(life, b"sealed"), "a sealed batch")
    life.daemon.stop()
    life.cli("status")
    life.client.xgroup_destroy(STREAM, GROUP)
    assert life.cli.routes("status", code=6)["covid"]["needs_person"]


def test_a_repair_that_is_killed_anywhere_is_repeated(rig):
    life = busy(rig, events=120)
    life.client.xgroup_destroy(STREAM, GROUP)
    door = Door(rig.folder / "door.sock", rig.redis.socket)
    rig.stack.callback(door.close)
    text = life.cli.config.read_text()
    config = rig.folder / "door.yaml"
    config.write_text(text.replace("redis.sock", "door.sock"))
    done = 0
    for commands in range(1, 40):
        repair = subprocess.Popen([rig.elrelay, "check", "--repair", "--config", config], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        repair.signal = repair.send_signal
        door.aim(repair, 3 + commands % 4, commands % 2)
        done = repair.wait() == 0
        door.rest()
        if done:
            break
    assert done and commands > 3
    life.daemon = rig.start(life.cli.config)
    finish(life)


def test_a_repair_waits_for_the_daemons_to_stop(rig):
    life = Life(rig, "all: status 503")
    life.push()
    wait_for(lambda: life.flush() or batches(life, b"sealed") or batches(life, b"unknown"), "a batch")
    life.client.xgroup_destroy(STREAM, GROUP)
    done = life.cli("check", "--repair", code=4)
    assert b"instance one is alive" in done.stdout or b"made anew" in done.stdout


def test_what_others_deleted_is_told_until_a_person_took_note(rig):
    life = Life(rig)
    life.push()
    life.wait_empty()
    life.daemon.stop()
    life.push(4)
    client = life.client
    client.xdel(STREAM, client.xrange(STREAM)[0][0])
    life.lines.remove(life.lines[5])
    life.daemon = rig.start(life.cli.config)
    life.wait_alarm("events_missing", "events=1", "check --repair")
    life.wait_empty()
    assert len(life.alarms()) == 1
    assert b"1 event, deleted or trimmed" in life.cli("status").stdout
    assert life.cli.routes("status")["covid"]["missing"] == 1
    assert b"FAIL  covid: events" in life.cli("check", "--connect", "--route", "covid", code=4).stdout
    assert b"took note of 1 events" in life.cli("check", "--repair", "--route", "covid").stdout
    assert life.cli.routes("status")["covid"]["missing"] == 0
    life.assert_served()


@pytest.mark.parametrize("verb", ["accept", "resend"])
def test_a_batch_that_lost_its_manifest_is_held_for_a_person(rig, verb):
    life = Life(rig, "all: status 503")
    life.push()
    wait_for(lambda: life.flush() or life.daemon.lines("batch_waiting"), "an answer")
    life.cli("pause", "--route", "covid")
    wait_for(lambda: life.flush() or any("paused=1" in line for line in life.daemon.lines("cycle_done")), "no more requests")
    batch = (batches(life, b"sealed") or batches(life, b"unknown"))[0]
    life.client.delete(PREFIX + "batch:" + batch)
    life.tell_endpoint()
    life.cli("resume", "--route", "covid")
    life.wait_alarm("manifest_lost", batch, "held list")
    wait_for(lambda: life.flush() or batches(life, b"held"), "a held batch")
    held = life.cli.json("held", "list", "--route", "covid", code=6)["routes"][0]["held"]
    assert [(row["id"], row["why"]) for row in held] == [(batch, "manifest_lost")]
    assert b"its manifest was lost" in life.cli("status", code=6).stdout
    life.cli("held", verb, batch, "--reason", "looked")
    if verb == "accept":
        life.lines.clear()
    life.assert_served()
    assert len([line for line in life.alarms() if "manifest_lost" in line]) == 1


def test_a_foreign_consumer_is_released_after_an_hour(rig):
    """Redis keeps when a consumer was last seen; the stream is restored with an older time."""
    life = Life(rig)
    life.push()
    life.wait_empty()
    life.daemon.stop()
    life.push(4)
    client = life.client
    client.xreadgroup(GROUP, "stranger", {STREAM: ">"}, count=2)
    assert b"foreign        2 events, read by another program" in life.cli("status").stdout
    client.config_set("appendonly", "no")
    seen = int(client.time()[0] * 1000)
    dump = client.dump(STREAM)
    at = dump.index(b"stranger") + len(b"stranger")
    then = int.from_bytes(dump[at:at + 8], "little")
    assert abs(then - seen) < 60_000
    old = (then - 3_700_000).to_bytes(8, "little")
    client.execute_command("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "1")
    client.restore(STREAM, 0, dump[:at] + old + dump[at + 8:], replace=True)
    life.daemon = rig.start(life.cli.config)
    life.wait_alarm("foreign_consumers", "consumers=1")
    life.assert_served()
    assert len(life.alarms()) == 1
    assert json.dumps([row["name"].decode() for row in client.xinfo_consumers(STREAM, GROUP)]).count("stranger") == 0
