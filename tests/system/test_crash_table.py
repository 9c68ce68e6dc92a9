"""At each point where a test build can die, with each kind of receiver: what is found in Redis, and what becomes of it.

A row is one point and one kind. A daemon dies at the point; the checker looks at once; then a daemon without crash
point goes on to the end, and the checker looks again: nothing is lost, and nothing is sent twice. Only a receiver that
knows neither look-up nor key, and is resent to all the same, gets events twice: under one id, and at those points alone
at which it had taken the batch and Redis did not know. A daemon of another name, which must take over, comes to the
same. docs/crash-table.md is what this test finds, word for word.
"""

import concurrent.futures
import contextlib
import dataclasses
import difflib
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile

import pytest

import checker
from relay_rig import ROOT, Redis, Rig, wait_for
from test_crash_points import CRASHES, NAMES, crash_at

pytestmark = pytest.mark.skipif(not CRASHES, reason="ELRELAY_BUILD names no build with crash points")

DOC = ROOT / "docs/crash-table.md"
WRITE = """cmake --preset crash && cmake --build --preset crash
ELRELAY_WRITE_DOCS=1 ELRELAY_BUILD=build/crash /usr/bin/python3 -m pytest -q tests/system/test_crash_table.py"""
AT_ONCE = 12  # rows; most of their time is waiting for heartbeats to end
HEARTBEAT = {"every": "200ms", "life": "1s"}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of receiver, and what is configured for it."""

    title: str
    receiver: tuple
    path: str
    endpoint: dict


PLAIN = {"profile": "plain"}
KINDS = {
    "lookup": Kind("look-up", (), "/api/reports?processing=async", {
        "on_unknown": "lookup", "lookup": {"settle": "100ms", "gap": "100ms", "fallback": "hold"}}),
    "key": Kind("key", ("--plain", "/lab", "--idempotent"), "/lab", {**PLAIN, "on_unknown": "resend"}),
    "hold": Kind("neither, `hold`", ("--plain", "/lab"), "/lab", {**PLAIN, "on_unknown": "hold"}),
    "resend": Kind("neither, `resend`", ("--plain", "/lab"), "/lab", {**PLAIN, "on_unknown": "resend"}),
}


@dataclasses.dataclass(frozen=True)
class Scene:
    """What is queued, how the endpoint answers, and where another daemon died before."""

    words: str
    good: int = 4
    malformed: int = 0
    refused: int = 0
    inbox: int = 0
    fault: str = ""
    left_at: str = ""  # the point at which the other daemon died
    route: dict = dataclasses.field(default_factory=dict)
    later: dict = dataclasses.field(default_factory=dict)  # settings that the other daemon did not have


LARGE = {"batch": {"max_events": 3000}}
COLUMNS = [{"name": "Result_ID"}, {"name": "Patient_state", "pattern": "NY"}]
REFUSAL = "rows-with Patient_state=ZZ: refuse-rows"
NOT_TAKEN = "request 1: status 504"
SCENES = {
    "usual": Scene("4 events and a malformed one on the stream, 2 more in the inbox", malformed=1, inbox=2),
    "refused": Scene("6 events, of which the endpoint refuses 2 by name", refused=2),
    "doubt": Scene("4 events; the endpoint answers the first POST with 504, and has not taken it", fault=NOT_TAKEN),
    "found": Scene("4 events; the endpoint answers the first POST with 504, and has taken it",
                   fault="request 1: accept-then 504"),
    "left sending": Scene("4 events in a batch that another daemon left at `post-begin`", left_at="post-begin"),
    "left forming": Scene("501 events in a batch that another daemon left at `before-seal`", good=501,
                          left_at="before-seal", route=LARGE),
    "left sealed": Scene("6 events in a batch that another daemon left at `after-seal`; 2 of them do not fit the "
                         "format that is configured since", refused=2, left_at="after-seal",
                         later={"format": {"header": "fixed", "columns": COLUMNS}}),
    "large": Scene("2001 events", good=2001, route=LARGE),
    "large refused": Scene("503 events, of which the endpoint refuses 2 by name", good=501, refused=2, route=LARGE),
    "large malformed": Scene("4 events and 50 malformed ones", malformed=50, route=LARGE),
}
# All other points are passed in the usual scene.
SCENE_OF = {
    "": "usual", "load": "refused", "split": "refused", "carve": "refused", "move": "doubt", "looked": "doubt",
    "get": "found", "adopt": "left sending", "abandon": "left forming", "abandon-chunk": "left forming",
    "move-terminated": "left sealed", "seal-chunk": "large", "bury-chunk": "large malformed"}
MORE = [("before-move:2", "doubt"), ("after-move:2", "doubt"), ("post-last-byte:2", "doubt"),
        ("before-accept", "found"), ("after-accept", "found"), ("before-drain:2", "large"),
        ("before-carve:2", "large refused")]
# The receiver has taken the batch, and Redis does not know.
TAKEN = {"post-last-byte", "post-last-byte:2", "post-answered", "before-accept"}


def scene_of(point):
    when, _, what = point.partition("-")
    return next(SCENE_OF[word] for word in (point, what, when, "") if word in SCENE_OF)


def kinds_of(point, scene):
    """Only with a look-up is an endpoint looked at; what is held is not sent again before a person has spoken."""
    if scene == "found" or point.endswith("-looked"):
        return ["lookup"]
    return [kind for kind in KINDS if (point, kind) != ("post-last-byte:2", "hold")]


OTHERS = {"convert"}  # what the event itself is the cause of: test_poison.py
POINTS = [(point, scene_of(point)) for point in NAMES if point not in OTHERS] + MORE
ROWS = [(point, scene, kind) for point, scene in POINTS for kind in kinds_of(point, scene)]


def name_of(*words):
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words))


def event(name, state):
    return json.dumps({"Result_ID": name, "Patient_state": state}).encode()


def events_of(scene):
    """On the stream, and in the inbox."""
    good = [event(f"R{number}", "NY") for number in range(scene.good + scene.inbox)]
    refused = [event(f"Z{number}", "ZZ") for number in range(scene.refused)]
    malformed = [b'{"Result_ID":"M%d"' % number for number in range(scene.malformed)]
    return [*good[:1], *refused, *malformed, *good[1:scene.good]], good[scene.good:]


@dataclasses.dataclass
class Found:
    """What one row came to."""

    state: str = ""  # in Redis, right after the death
    decided: list = dataclasses.field(default_factory=list)  # by a person: accept, resend
    looked: list = dataclasses.field(default_factory=list)   # what the look-ups said after the death
    posts: int = 0                                           # that the receiver read to their end
    end: checker.Report = None

    def __str__(self):
        words = [self.state, *[f"looked up: {word}" for word in self.looked]]
        words += [f"held, a person says {verb}" for verb in self.decided]
        words += ["twice under one id" if self.end.twice else "once", counted(self.posts, "POST")]
        return "; ".join(words)


def counted(count, noun):
    return f"{count} {noun}{'s' * (count != 1)}"


def unique(words):
    return list(dict.fromkeys(words))


class Row:
    """One route of the shared Redis, with a receiver of its own, and the daemons that serve it one after the other."""

    def __init__(self, redis, folder, point, scene, kind, heir="one"):
        self.point, self.scene, self.kind, self.heir = point, SCENES[scene], KINDS[kind], heir
        self.name = name_of(point, scene, kind, heir)
        self.rig = Rig(pathlib.Path(folder) / self.name)
        self.rig.folder.mkdir()
        self.rig.redis = redis
        self.box = f"{self.name}:box"
        faults = [self.scene.fault] if self.scene.fault else []
        self.receiver = self.rig.start_receiver("receiver", *self.kind.receiver, faults=[*faults, REFUSAL])
        self.stream, self.inbox = events_of(self.scene)
        self.found = Found()

    def config(self, instance, settings):
        endpoint = {"retry": {"first": "10ms", "cap": "40ms"}, **self.kind.endpoint}
        queue = {"inbox": self.box, "peek_count": 40, **settings.get("queue", {})}
        settings = {"schedule": {"every": "1s"}, **settings, "queue": queue}
        route = self.rig.route(self.receiver.url(self.kind.path), name=self.name, endpoint=endpoint, **settings)
        url = {"url": f"unix://{self.rig.redis.socket}", "retry": {"first": "20ms", "cap": "100ms"}}
        return self.rig.config(route, name=f"{instance}.yaml", instance=instance, heartbeat=HEARTBEAT, redis=url,
                               log={"level": "info"})

    def die(self, config, point):
        daemon = self.rig.start(config, ready=False, env={**os.environ, "ELRELAY_CRASH_AT": point})
        try:
            code = daemon.wait()
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{point} was never passed: {daemon.text()}") from None
        assert code == -signal.SIGKILL, f"ended with {code} and not at {point}: {daemon.text()}"

    def queue(self):
        self.rig.push(self.stream, self.name)
        if self.inbox:
            self.rig.redis.client.rpush(self.box, *self.inbox)

    def report(self):
        log = checker.Log(self.receiver.accepted_file, self.receiver.bodies)
        queue = checker.Queue(self.rig.redis.client, self.name, self.box)
        return checker.check(self.stream + self.inbox, [log], queue)

    def state(self):
        """What is in Redis, in the words of the table."""
        queue = checker.Queue(self.rig.redis.client, self.name, self.box)
        consumers = queue.client.xinfo_consumers(queue.stream, checker.GROUP)
        leases = {row["name"].decode()[2:]: row["pending"] for row in consumers}
        words = [state_in_words(queue.manifest(batch.decode()), leases.get(batch.decode(), 0)) for batch in queue.open]
        if queue.inbox:
            words.append(f"{len(queue.inbox)} in the inbox")
        if queue.letters:
            words.append(counted(len(queue.letters), "dead letter"))
        return ", ".join(words if queue.open else ["nothing open", *words])

    def decide_held(self, config):
        """A person asks the endpoint, and says what became of each batch that is held."""
        taken = {checker.batch_of(line) for line in self.receiver.accepted()}
        for batch in self.rig.redis.client.zrange(f"elrelay:{{{self.name}}}:held", 0, -1):
            batch = batch.decode()
            verb = "accept" if batch in taken else "resend"
            self.rig.run("held", verb, "--config", config, "--reason", "the endpoint was asked", batch)
            self.found.decided.append(verb)

    def is_settled(self, config):
        self.decide_held(config)
        return self.rig.queue_is_empty(self.name, self.box)

    def go_on(self, config):
        daemon = self.rig.start(config)
        try:
            wait_for(lambda: self.is_settled(config), f"an empty queue of {self.name}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.state()}: {daemon.text()}") from None
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        self.receiver.stop()
        self.found.looked = unique(re.search(r"word=(\S+)", line)[1] for line in daemon.lines("batch_looked_up"))
        self.found.posts = sum(request["end"] != "aborted" for request in self.receiver.requests())

    def run(self):
        with contextlib.closing(self.rig):
            self.queue()
            if self.scene.left_at:
                self.die(self.config("other", self.scene.route), self.scene.left_at)
            settings = {**self.scene.route, **self.scene.later}
            self.die(self.config("one", settings), self.point)
            if self.point in TAKEN:
                wait_for(self.receiver.accepted, "a delivery that was stored")
            report = self.report()
            assert report.is_clean(), (f"at the death: {report}", report.examples)
            self.found.state = self.state()
            self.go_on(self.config(self.heir, settings))
            self.found.end = self.report()
        return self.found


def state_in_words(fields, leases):
    """As "accepted (500 of 501 drained)"."""
    state = fields["state"]
    if state in ("forming", "terminated"):
        return f"{state} ({leases} leased)"
    if state == "accepted":
        return f"accepted ({fields['drained']} of {fields['n']} drained)"
    if state == "split":
        return f"split ({fields['carved']} of {fields['n']} carved)"
    looks = int(fields.get("looks") or 0)
    return f"{state} ({counted(looks, 'look')})" if looks else state


class Table:
    """The rows, some at a time, each run once and only where a test asks for it."""

    def __init__(self, redis, folder, pool):
        self.redis, self.folder, self.pool, self.futures = redis, folder, pool, {}

    def start(self, row):
        if row not in self.futures:
            self.futures[row] = self.pool.submit(lambda: Row(self.redis, self.folder, *row).run())
        return self.futures[row]

    def found(self, row):
        return self.start(row).result()


def wanted_rows(request):
    ours = [item for item in request.session.items if item.path == pathlib.Path(__file__)]
    return [item.callspec.params["row"] for item in ours if hasattr(item, "callspec")]


@pytest.fixture(scope="module")
def table(request):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="elrelay-"))
        redis = Redis(folder)
        stack.callback(redis.stop)
        pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        stack.callback(pool.shutdown, cancel_futures=True)
        made = Table(redis, folder, pool)
        for row in wanted_rows(request):
            made.start(row)
        yield made


def test_every_name_has_a_row():
    assert crash_at("list", "run").stdout.split() == NAMES
    assert {point for point, _, _ in ROWS} >= set(NAMES) - OTHERS


def assert_judged(found, point, name, kind):
    scene, end = SCENES[name], found.end
    good = scene.good + scene.inbox
    assert (end.lost, end.changed, end.unproved) == (0, 0, 0), (str(end), end.examples)
    assert (end.delivered, end.dead) == (good, scene.malformed + scene.refused), str(end)
    twice = good if kind == "resend" and point in TAKEN else 0
    assert (end.twice, end.one_id) == (twice, twice), (str(end), end.examples)
    in_doubt = kind == "hold" and re.match("sending|unknown|held", found.state)
    assert found.decided == (["accept" if point in TAKEN else "resend"] if in_doubt else [])


@pytest.mark.parametrize("row", ROWS, ids=[name_of(*row) for row in ROWS])
def test_nothing_is_lost_and_nothing_is_sent_twice(table, row):
    assert_judged(table.found(row), *row)


def cell(table, point, scene, kind):
    return str(table.found((point, scene, kind))) if kind in kinds_of(point, scene) else "-"


def table_of(titles, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [titles, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(titles), *lines[1:]])


def page(table):
    scenes = [[name, scene.words] for name, scene in SCENES.items()]
    points = [[f"`{point}`", scene, *[cell(table, point, scene, kind) for kind in KINDS]] for point, scene in POINTS]
    return PAGE.format(write=WRITE, scenes=table_of(["scene", "what is queued, and what the endpoint does"], scenes),
                       points=table_of(["dies at", "scene", *[kind.title for kind in KINDS.values()]], points))


PAGE = """# What a crash leaves

A daemon dies by SIGKILL at each point at which a test build can be made to die; another one goes on to the end. Each
cell says what was found in Redis right after the death; what became of it; and how many POSTs the endpoint read to
their end, those of the dead daemon among them. Everywhere each good event was delivered in the end, and each bad one
is a dead letter. A checker that reads only what was queued, what the endpoint stored, and Redis, found nothing lost,
right after the death and in the end. This page is written by tests/system/test_crash_table.py, and compared in each
run:

```sh
{write}
```

The endpoint can be looked at, heeds the `Idempotency-Key`, or knows neither, where `on_unknown` is `hold` or `resend`.

- *once*: each good event was delivered once. *twice under one id*: the batch was delivered twice, as `resend` says:
  rather twice than never. That is so only where the endpoint had taken the batch and Redis did not know.
- *a person says*: what `elrelay held` was told, after the endpoint's log was read.
- *-*: cannot be. Only with a look-up is an endpoint looked at; what is held is not sent again before a person spoke.
- `before-ACT` is before the first command of the act goes to Redis, `after-ACT` when Redis has answered and the daemon
  does not know; `include/elrelay/edge/host/crash.h` tells the other points. `:2`: as it was passed for the second time.

{scenes}

{points}
"""


def test_the_page_says_what_was_found(table):
    found = page(table)
    if "ELRELAY_WRITE_DOCS" in os.environ:
        DOC.write_text(found)
    there = DOC.read_text() if DOC.exists() else ""
    changes = list(difflib.unified_diff(there.splitlines(), found.splitlines(), "there", "found", n=0, lineterm=""))
    assert not changes, "\n".join([*changes, "", "If this is as it should be, write docs/crash-table.md anew:", WRITE])


@pytest.mark.parametrize("row", [(*row, "two") for row in ROWS], ids=[name_of(*row) for row in ROWS])
def test_another_instance_comes_to_the_same(table, row):
    *under_one_name, _ = row
    assert_judged(table.found(row), *under_one_name)
    assert str(table.found(row)) == str(table.found(tuple(under_one_name)))
