"""What a kill leaves of exceptions: with the change they belong to, or not at all; and each of them once in the end.

The endpoint is sent again what is in doubt, and says again what it had to say: so all that is missing at the kill comes.
"""

import collections
import json
import os
import signal

import pytest

from relay_rig import PREFIX, Exceptions, rig_in_a_folder, wait_for
from test_crash_points import CRASHES

pytestmark = pytest.mark.skipif(not CRASHES, reason="ELRELAY_BUILD names no build with crash points")

EVENTS = f"{PREFIX}events"
SCENES = {  # faults; exceptions of which rows of twelve, in batches of six, come to in the end
    "warned": (['all: warn-rows 1,6 "w"'], [(0, "false"), (5, "false"), (6, "false"), (11, "false")]),
    "refused": (["rows-with Patient_state=ZZ: refuse-rows"], [(3, "true"), (9, "true")]),
    "there": (["request 1: duplicate-rows 2,3"], [(1, "true"), (2, "true")]),
}
POINTS = {
    "warned": ["post-last-byte", "post-answered", "before-accept", "after-accept", "before-drain", "after-drain",
               "before-accept:2", "after-accept:2"],
    "refused": ["post-answered", "before-split", "after-split", "before-carve", "after-carve", "before-split:2",
                "after-split:2", "before-accept", "after-accept:2"],
    "there": ["before-split", "after-split", "before-carve", "after-carve"],
}


@pytest.fixture
def rig():
    with rig_in_a_folder() as made:
        made.start_redis()
        yield made


def manifests(rig):
    client = rig.redis.client
    for key in client.keys(PREFIX + "batch:*"):
        yield key.decode().rpartition(":")[2], {name.decode(): value.decode("utf-8", "replace")
                                                for name, value in client.hgetall(key).items()}


def check_together(rig):
    """The exceptions that are there are those of the changes that are there; and so with the notices."""
    counts, accepted = 0, []
    for batch, fields in manifests(rig):
        counts += int(fields.get("exceptions", 0))
        if "exceptions" in fields:
            assert fields["state"] in ("accepted", "completed", "split"), fields["state"]
        if fields["state"] == "accepted":
            accepted.append(batch)
    assert len(Exceptions(rig).rows()) == counts
    notices = [fields[b"batch"].decode() for _, fields in rig.redis.client.xrange(PREFIX + "notifications")
               if fields[b"notice"] == b"sendCompleted"]
    assert sorted(notices) == sorted(accepted)


def events(rig, scene):
    lines = [json.loads(line) for line in rig.events(12, "--seed", 3)]
    for n in (3, 9) if scene == "refused" else ():
        lines[n]["Patient_state"] = "ZZ"
    return [event["Result_ID"] for event in lines], [json.dumps(event).encode() for event in lines]


@pytest.mark.parametrize("scene, point", [(scene, point) for scene in SCENES for point in POINTS[scene]])
def test_a_kill_leaves_exceptions_with_their_change_and_each_comes_once(rig, scene, point):
    faults, wanted = SCENES[scene]
    receiver = rig.start_receiver(faults=faults)
    ids, lines = events(rig, scene)
    rig.push(lines)
    config = rig.config(rig.route(receiver.url(), format={"tracking_id": "Result_ID"}, batch={"max_events": 6}))
    daemon = rig.start(config, ready=False, env={**os.environ, "ELRELAY_CRASH_AT": point})
    assert daemon.wait() == -signal.SIGKILL
    check_together(rig)
    rig.start(config)
    rig.wait_empty()
    check_together(rig)
    rows = collections.Counter((row[0], row[1]) for row in Exceptions(rig).rows())
    again = receiver.requests()[0]["stored"] is False and scene == "there" and point == "before-split"
    assert set(rows.values()) <= {1}
    assert set(rows) == (set() if again else {(ids[n], is_error) for n, is_error in wanted})


@pytest.mark.parametrize("point", ["before-survey", "after-peek", "after-seal", "after-send", "post-last-byte", "post-answered",
                                   "before-accept", "after-accept", "after-drain", "after-drain:2"])
def test_a_kill_while_forwarding_loses_none_and_doubles_none(rig, point):
    callback = rig.start_receiver("callback", "--plain", "/callback", "--idempotent")
    for n in range(4):
        rig.redis.client.xadd(PREFIX + "exceptions", {"testEventInternalId": f"R{n}", "isError": "false", "details": "d",
                                                      "queueName": "q"})
    route = rig.route(callback.url("/callback"), name="callback", queue={"stream": PREFIX + "exceptions"})
    route = {**route, "type": "forward"}
    del route["endpoint"]["profile"], route["endpoint"]["headers"]
    config = rig.config(route)
    daemon = rig.start(config, ready=False, env={**os.environ, "ELRELAY_CRASH_AT": point})
    assert daemon.wait() == -signal.SIGKILL
    rig.start(config)
    wait_for(lambda: rig.redis.client.xlen(PREFIX + "exceptions") == 0, "an empty stream")
    bodies = [json.loads((callback.bodies / entry["body"]).read_bytes()) for entry in callback.accepted()]
    assert sorted(body["testEventInternalId"] for body in bodies) == ["R0", "R1", "R2", "R3"]
