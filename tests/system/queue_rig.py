"""A private redis-server, the scripts as the build embeds them, and a checker that knows where each event is."""

import hashlib
import os
import pathlib
import re
import subprocess
import time
import uuid

import pytest
import redis

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "src/edge/queue/scripts"
if "ELRELAY_SCRIPTS" in os.environ:  # others, to see whether the tests catch it
    SCRIPTS = pathlib.Path(os.environ["ELRELAY_SCRIPTS"])
PREFIX = "elrelay:{r}:"
STREAM = PREFIX + "events"
INBOX = "inbox"
GROUP = "elrelay"
LIFE_MS = 60_000
HELLO = (LIFE_MS, "none", "")
IDS_PER_FIELD = 500
OWN_FIELDS = 9

# Put in front of a script: its redis.call stops the script before the n-th call that writes.
STOPPER = """
local plain, budget = redis, %d
local writes = {SET=1, HSET=1, HSETNX=1, HDEL=1, DEL=1, HINCRBY=1, ZADD=1, ZREM=1, ZREMRANGEBYSCORE=1, XADD=1, XACK=1,
                XDEL=1, XCLAIM=1, XGROUP=1, PEXPIRE=1, LPOP=1, RPOP=1}
local redis = setmetatable({call = function(command, ...)
    if writes[command] then
        if budget == 0 then error('stopped') end
        budget = budget - 1
    end
    return plain.call(command, ...)
end}, {__index = plain})
"""


def names():
    return sorted(path.stem for path in SCRIPTS.glob("*.lua") if path.stem != "lib")


def text_of(name, inserted=""):
    """The script with lib.lua behind its first line, as cmake/embed_scripts.cmake does it."""
    first, rest = (SCRIPTS / f"{name}.lua").read_text().split("\n", 1)
    return first + "\n" + inserted + (SCRIPTS / "lib.lua").read_text() + rest


class Texts(dict):
    """Texts of the scripts, each read once; edits (old, new) make mutants of those that contain the old."""

    def __init__(self, *edits):
        super().__init__()
        self.edits, self.loaded = edits, {}

    def __missing__(self, name):
        self[name] = text_of(name)
        for old, new in self.edits:
            self[name] = self[name].replace(old, new)
        return self[name]


class Server:
    """A redis-server on a unix socket; gone with everything it made after stop()."""

    def __init__(self, folder):
        socket = folder / "redis.sock"
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "",
             "--appendonly", "no", "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL)
        self.client = redis.Redis(unix_socket_path=str(socket))
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.01)

    def stop(self):
        self.client.close()
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def client(server):
    server.client.config_set("maxmemory", 0)
    server.client.flushall()
    return server.client


@pytest.fixture
def owner(client):
    owner = Owner(client)
    assert owner.call("check") == [b"done", 1]
    assert owner.hello() == [b"done", 0]
    return owner


def snapshot(client):
    """All that is stored, but for the time a key has left. A large hash has no order that would stay."""
    return {name: client.hgetall(name) if client.type(name) == b"hash" else client.dump(name)
            for name in client.keys("*")}


def sha1(text):
    return hashlib.sha1(text.encode()).hexdigest()


def refused(answer, why):
    return answer[:2] == [b"refused", why.encode()]


class Owner:
    """One process's view: its token, its name, and the calls it makes."""

    def __init__(self, client, name="one", token=None, texts=None):
        self.client, self.name = client, name
        self.token = token or uuid.uuid4().hex
        self.texts = Texts() if texts is None else texts

    def call(self, script, *args):
        known = self.texts.loaded.get(script) or self.client.script_load(self.texts[script])
        self.texts.loaded[script] = known
        return self.client.evalsha(known, 2, STREAM, INBOX, PREFIX, self.token, self.name, *args)

    def call_stopped(self, writes, script, *args):
        """The call, stopped before it writes once more than `writes` times; False when it came to its end."""
        try:
            self.client.eval(text_of(script, STOPPER % writes), 2, STREAM, INBOX, PREFIX, self.token, self.name, *args)
        except redis.ResponseError as error:
            assert "stopped" in str(error), error
            return True
        return False

    def list(self, score="-inf", last="", most=100, endpoint=""):
        """Redis time, when the endpoint accepted last, score of the last row, and the rows."""
        done, now, accepted, score, *rows = self.call("list", score, last, most, endpoint)
        assert done == b"done"
        return now, accepted, score, rows

    def hello(self):
        return self.call("hello", *HELLO)

    def die(self):
        self.client.delete(PREFIX + "hb:" + self.name)

    def read(self, batch, count=100, last=">"):
        reply = self.client.xreadgroup(GROUP, "b:" + batch, {STREAM: last}, count=count)
        return [entry for _, entries in reply for entry, _ in entries]

    def seal(self, batch, ver, ids, chunk=4):
        """All ids, in calls of `chunk` texts; the last answer."""
        answer, stored = [b"done", ver], 0
        while stored < len(ids) or not ids:
            part = ids[stored:stored + chunk * IDS_PER_FIELD]
            texts = [ids_text(part[i:i + IDS_PER_FIELD]) for i in range(0, len(part), IDS_PER_FIELD)]
            answer = self.call("seal", batch, answer[1], stored, len(ids), "the text", "", *texts)
            if answer[0] != b"done" or not ids:
                return answer
            stored += len(part)
        return answer

    def begun(self, count=100):
        """A forming batch with what can be read: its id and the entries."""
        batch = str(uuid.uuid4())
        assert self.call("begin", batch) == [b"done", 1, b"forming"]
        return batch, self.read(batch, count)

    def sealed(self, count=100):
        batch, ids = self.begun(count)
        assert self.seal(batch, 1, ids)[2] == b"sealed"
        return batch, ids

    def sending(self, count=100):
        batch, ids = self.sealed(count)
        ver = int(self.client.hget(PREFIX + "batch:" + batch, "ver"))
        assert self.call("send", batch, ver, "sha", 10, "format", "endpoint")[3] == 1
        return batch, ids

    def split(self, plan, count=100, why="items"):
        """A batch that is split by a plan: its id, the entries, the ids of the new batches by letter."""
        batch, ids = self.sending(count)
        children = {letter: str(uuid.uuid4()) for letter in "ab" if letter in plan}
        ver = int(self.client.hget(PREFIX + "batch:" + batch, "ver"))
        answer = self.call("split", batch, ver, plan, children.get("a", ""), children.get("b", ""), why)
        assert answer == [b"done", ver + 1, b"split"], answer
        return batch, ids, children

    def carve(self, batch, carved=0):
        """To the end, or to where it is refused: the last answer."""
        total = int(self.client.hget(PREFIX + "batch:" + batch, "n"))
        while True:
            answer = self.call("carve", batch, carved)
            if answer[0] != b"done" or answer[3] == total:
                return answer
            assert answer[3] > carved
            carved = answer[3]

    def accepted(self, count=100):
        batch, ids = self.sending(count)
        assert self.call("accept", batch, 1, "status", 201)[2] == b"accepted"
        return batch, ids


def ids_text(ids):
    words, before = [], None
    for entry in ids:
        ms, seq = (entry.decode() if isinstance(entry, bytes) else entry).split("-")
        words.append(f"-{seq}" if ms == before else f"{ms}-{seq}")
        before = ms
    return ",".join(words)


def ids_of(text):
    ids, ms = [], ""
    for head, seq in re.findall(r"(\d*)-(\d+)", text):
        ms = head or ms
        ids.append(f"{ms}-{seq}")
    return ids


def manifest(client, batch):
    fields = client.hgetall(PREFIX + "batch:" + batch)
    return {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items()}


def named_by(fields):
    ids = []
    for start in range(0, int(fields["n"]), IDS_PER_FIELD):
        ids += ids_of(fields[f"ids:{start}"])
    return ids


UNFINISHED = {"sealed", "sending", "unknown", "held", "accepted"}


class Places:
    """Where each event is, from Redis alone. Events are told apart by their bytes."""

    def __init__(self, client):
        self.client = client
        self.at = {}
        entries = dict(client.xrange(STREAM)) if client.exists(STREAM) else {}
        pending = {}
        if entries or client.exists(STREAM):
            pending = {row["message_id"]: row["consumer"] for row in client.xpending_range(
                STREAM, GROUP, "-", "+", 1_000_000)}
        named = {}
        for batch in client.zrange(PREFIX + "open", 0, -1):
            fields = manifest(client, batch.decode())
            if fields.get("state") in UNFINISHED:
                self.name(named, batch, named_by(fields)[int(fields["drained"]):])
            if fields.get("state") == "split":
                self.name(named, batch, named_by(fields)[int(fields["carved"]):])
                for child in filter(None, (fields["child_a"], fields["child_b"])):
                    planned = manifest(client, child)
                    if planned.get("state") == "planned":
                        self.name(named, child.encode(), named_by(planned))
        for element in client.lrange(INBOX, 0, -1):
            self.put(element, "inbox")
        for entry, fields in entries.items():
            event = next(iter(fields.values()))
            if entry in named:
                assert pending.get(entry) == b"b:" + named[entry], "named, but not pending under its batch"
                self.put(event, "named")
            else:
                self.put(event, "leased" if entry in pending else "unread")
        for entry, fields in client.xrange(PREFIX + "dead"):
            event = next(iter(fields.items()))
            if event[0] != b"entry":
                self.put(event[1], "dead")
        for entry in set(named) - set(entries):
            raise AssertionError(f"{entry} is named, but not on the stream")

    @staticmethod
    def name(named, batch, entries):
        for entry in entries:
            assert entry.encode() not in named, f"{entry} is in two unfinished batches"
            named[entry.encode()] = batch

    def put(self, event, place):
        assert event not in self.at, f"an event is {self.at[event]} and {place}"
        self.at[event] = place

    def count(self, place):
        return sum(1 for where in self.at.values() if where == place)

    def check_deletions(self):
        """Rule 16: nobody but us took entries away."""
        facts = self.client.xinfo_stream(STREAM)
        removed = int(self.client.hget(PREFIX + "stats", "removed") or 0)
        assert facts["entries-added"] - facts["length"] - removed == 0


def enqueue(client, count, start=0, size=0):
    events = [b'{"n":%d}' % n + b" " * size for n in range(start, start + count)]
    with client.pipeline(transaction=False) as pipe:
        for event in events:
            pipe.xadd(STREAM, {"event": event})
        pipe.execute()
    return events
