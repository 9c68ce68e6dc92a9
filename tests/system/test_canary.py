"""No byte of an event, of an answer or of a secret is seen outside of the queue and the endpoint's socket.

One long story with faults: canaries in every key and value of every event, in all that the endpoint says, in each
secret and in what a person gives as a reason. Then all that was shown, logged, sent beside a body or stored beside an
event is searched for them. The places that do hold them are searched in the same way, and must be full of them.
"""

import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import uuid

import pytest

import canary
from canary import EVENT, NOTE, NUMBER, REPLY, SECRET, TRACK, found
from raw_endpoint import RawEndpoint, reset
from relay_rig import ELRELAY, PATIENCE, free_port, rig_in_a_folder, wait_for

ROUTES = ["covid", "flu", "waters", "kept"]
OWN_FIELDS = 18  # of a dead letter, behind the entry's own


# Answers full of canaries

def answer(status, body=b"", *headers):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def errors(**fields):
    error = {"message": f"{REPLY} {EVENT}", "field": REPLY, **fields}
    return json.dumps({"errorCount": 1, "errors": [error]}).encode()


HTML = f"<html><title>{REPLY}</title><body>{REPLY} {EVENT}</body></html>".encode()
ANSWERS = [
    answer(f"302 {REPLY}", HTML, f"Location: http://127.0.0.1:9/{REPLY}?{REPLY}"),
    answer("429 Too Many", HTML, f"Retry-After: {REPLY}", f"{REPLY}: {REPLY}"),
    answer("503 Down", HTML, f"Retry-After: 0{REPLY}"),
    answer(f"500 {REPLY}", HTML, f"Set-Cookie: {REPLY}={REPLY}"),
    answer("401 No", HTML, f"WWW-Authenticate: Basic realm={REPLY}"),
    answer("403 No", HTML),
    answer("404 No", HTML),
    answer("400 Bad", errors(scope="item", indices=[1], trackingIds=[f"{TRACK}flu0"])),
    answer("400 Bad", errors(scope="item", indices=[REPLY], trackingIds=[REPLY])),
    answer("400 Bad", errors(scope=REPLY)),
    answer("422 Bad", f'{{"{REPLY}": "{REPLY}'.encode()),
    answer("413 Large", HTML),
]
UNREADABLE = [
    f"{REPLY} {REPLY}\r\n\r\n{REPLY}".encode(),
    f"HTTP/1.1 {REPLY}\r\n{REPLY}: {REPLY}\r\n\r\n".encode(),
    f"HTTP/1.1 201 Created\r\nContent-Length: {REPLY}\r\n\r\n{REPLY}".encode(),
    f"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n{REPLY}\r\n{REPLY}".encode(),
    f"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n{REPLY}".encode(),
]
TAKEN = answer("201 Created", HTML, f"Date: {REPLY}", f"Location: /{REPLY}")
NO_LIST = json.dumps([{"submissionId": REPLY, "id": REPLY, "timestamp": REPLY, "externalName": REPLY, REPLY: REPLY}])


def receipt(rows):
    remark = {"scope": "item", "message": REPLY, "indices": [1], "trackingIds": [f"{TRACK}0"]}
    return json.dumps({
        "id": str(uuid.uuid4()), "submissionId": 7, "reportItemCount": rows, "topic": REPLY, REPLY: REPLY,
        "warningCount": 1, "warnings": [remark], "errorCount": 0, "errors": [],
        "destinations": [{"organization": REPLY, "filteredReportItems": [{"message": REPLY}]}]}).encode()


def flu_endpoint():
    """One bad answer after the other; where nothing is left it takes everything."""
    left = ANSWERS + UNREADABLE

    def serve(end, request):
        text = ANSWERS[0] if not request.startswith(b"POST") else left.pop(0) if left else TAKEN
        end.sendall(text)
        if text in UNREADABLE:
            reset(end)
    return RawEndpoint(serve)


def waters_endpoint():
    """Says nothing of the first POST, lists what nobody can read, then takes it, with remarks."""
    def serve(end, request):
        if request.startswith(b"GET"):
            end.sendall(answer("200 OK", NO_LIST.encode()))
        elif sum(seen.startswith(b"POST") for seen in endpoint.requests) == 1:
            end.sendall(answer("504 Late", HTML))
        else:
            end.sendall(answer("201 Created", receipt(3), f"Location: {REPLY}"))
    endpoint = RawEndpoint(serve)
    return endpoint


COVID_FAULTS = [
    "request 1: accept-then 504", "request 2: status 500", "request 3: reset-after-reading",
    "request 4: status 503 retry-after 0", f'request 5: refuse-text "{REPLY} {EVENT}"',
    f'request 6: refuse-report "There is an issue with {REPLY} {EVENT}"', "request 7: truncate-answer 20",
    f"rows-with Patient_state={EVENT}ZZ: refuse-rows \"{REPLY} {EVENT}\"",
    f"rows-with Patient_city={EVENT}ZZ: refuse-report \"Row with {REPLY}\"",
]


# The story

class Notify(threading.Thread):
    """The service manager's end: keeps what it is told."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.told = path, b""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.start()

    def run(self):
        while True:
            self.told += self.socket.recv(65536) + b"\n"


class Story:
    """What happened, and all that could be seen of it, by place."""

    def __init__(self, rig):
        self.rig = rig
        self.seen = {"commands": b"", "titles": b"", "revealed": b""}
        self.client = rig.redis.client
        self.notify = Notify(rig.folder / "notify")
        self.cwd = rig.folder / "cwd"
        self.cwd.mkdir()
        self.write_secrets()
        self.start_endpoints()
        self.config = rig.config(*self.routes(), redis=self.redis(), name="elrelay.yaml")

    def write_secrets(self):
        pem = f"-----BEGIN {SECRET}-----\n{SECRET}"
        for name, text in {"key": SECRET, "password": SECRET, "client.pem": pem}.items():
            (self.rig.folder / name).write_text(text + "\n")
        self.client.execute_command("ACL", "SETUSER", "lab", "on", f">{SECRET}", "~*", "&*", "+@all")

    def redis(self, **more):
        folder = self.rig.folder
        return {"url": f"unix://lab@{folder}/redis.sock", "password_file": str(folder / "password"),
                "retry": {"first": "20ms", "cap": "100ms"}, **more}

    def start_endpoints(self):
        self.covid = self.rig.start_receiver("covid", faults=COVID_FAULTS)
        self.kept = self.rig.start_receiver("kept", faults=["all: accept-then 504"])
        self.flu, self.waters = flu_endpoint(), waters_endpoint()
        for raw in (self.flu, self.waters):
            self.rig.stack.callback(raw.close)

    def route(self, name, url, **more):
        auth = {"type": "key", "header": "x-functions-key", "secret_file": str(self.rig.folder / "key")}
        endpoint = {"auth": auth, "retry": {"first": "10ms", "cap": "20ms"}, "timeout": "5s", "max_halves": 100}
        endpoint.update(more.pop("endpoint", {}))
        return self.rig.route(url, name=name, endpoint=endpoint, **more)

    def routes(self):
        lookup = {"on_unknown": "lookup", "lookup": {"settle": "100ms", "gap": "100ms", "fallback": "resend"}}
        columns = {"header": "fixed", "tracking_id": "Result_ID", "columns": canary.COLUMNS}
        return [
            self.route("covid", self.covid.url(), queue={"inbox": "test-events"}, endpoint=lookup,
                       batch={"max_events": 12, "max_bytes": "150kB"}, format={"tracking_id": "Result_ID"}),
            self.route("flu", self.flu.url(), format=columns, batch={"max_events": 8},
                       endpoint={"profile": "plain", "on_unknown": "resend"}),
            self.route("waters", self.waters.url("/api/reports"), endpoint=lookup),
            self.route("kept", self.kept.url(), endpoint={"on_unknown": "hold"}, batch={"max_events": 2}),
        ]

    # Producers

    def push(self):
        lines = self.rig.events(60, "--seed", 401)
        events = [canary.event(line, number) for number, line in enumerate(lines)]
        events[50] = canary.event(lines[50], 50, Patient_state=f"{EVENT}ZZ")  # late: the first faults are of others
        events[59] = canary.event(lines[59], 59, Patient_city=f"{EVENT}ZZ")
        self.rig.push([*canary.BROKEN.values(), *events[:40], canary.TWICE, *canary.ALSO_BROKEN])
        self.client.rpush("test-events", *events[40:], canary.BROKEN["not_json"])
        for shape in canary.SHAPES:
            self.client.xadd("elrelay:{covid}:events", shape)
        good = {"Kind": "a", "nested": {"name": EVENT, EVENT: NUMBER}}
        rows = [{"Result_ID": f"{TRACK}flu{number}", **good} for number in range(6)]
        self.rig.push([json.dumps(row) for row in [*rows, *canary.FAILING.values()]], "flu")
        self.rig.push(events[:3], "waters")
        self.rig.push(events[:4], "kept")

    # What is seen

    def note(self, place, *texts):
        self.seen[place] += b"".join(text if isinstance(text, bytes) else str(text).encode() for text in texts) + b"\n"

    def look_at(self, pid):
        """The process as everybody sees it. One that has just been started has no arguments for a moment; one that has ended
        has none any more."""
        place = pathlib.Path(f"/proc/{pid}")
        wait_for(lambda: (place / "cmdline").read_bytes() or ") Z" in (place / "stat").read_text(), "arguments")
        for path in [f"/proc/{pid}/cmdline", *pathlib.Path(f"/proc/{pid}/task").glob("*/comm")]:
            self.note("titles", pathlib.Path(path).read_bytes())
        if shutil.which("ps"):
            self.note("titles", subprocess.run(["ps", "-ww", "-L", "-o", "args,comm", "-p", str(pid)],
                                               capture_output=True, check=True).stdout)

    def say(self, *args, text=b"", config=None, place="commands", with_stdout=True):
        """A command, whatever its exit code."""
        process = subprocess.Popen([ELRELAY, *map(str, args), "--config", config or self.config], cwd=self.cwd,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if NOTE not in args:
            self.look_at(process.pid)
        out, err = process.communicate(text, PATIENCE)
        assert process.returncode >= 0, (args, err)
        shown = [str(arg) for arg in [*args, process.returncode] if arg != NOTE]
        self.note(place, " ".join(shown), b"\n", out if with_stdout else b"", err)
        return out

    def listed(self, *args, name, key="id"):
        routes = json.loads(self.say(*args, "--json"))["routes"]
        return {route["route"]: [row[key] for row in route[name]] for route in routes}

    # Scenes

    def start(self, **log):
        config = self.rig.config(*self.routes(), redis=self.redis(), log={"level": "debug", **log})
        daemon = self.rig.start(config, ready=False, cwd=self.cwd,
                                env={**os.environ, "NOTIFY_SOCKET": str(self.notify.path)})
        wait_for(lambda: daemon.text().count("route_ready") == len(ROUTES), "a daemon that is ready")
        self.look_at(daemon.popen.pid)
        return daemon

    def look_around(self):
        """Every command that only looks."""
        for words in ("status", "check", "check --connect", "peek", "batch list", "held list", "dead list"):
            self.say(*words.split())
            self.say(*words.split(), "--json")
        for route, ids in self.listed("dead", "list", name="dead").items():
            for id_ in ids[::5]:
                self.say("dead", "show", id_, "--route", route)
                self.say("dead", "show", id_, "--route", route, "--json")
        for ids in self.listed("batch", "list", name="batches").values():
            for id_ in ids[:2]:
                self.say("batch", "show", id_)
                self.say("batch", "show", id_, "--json")

    def put_wrong_things_in(self):
        """Commands whose input or surroundings are bad."""
        lines = b"\n".join([*canary.BROKEN.values(), *canary.ALSO_BROKEN])
        self.say("convert", "--route", "covid", text=lines, with_stdout=False)
        failing = b"\n".join(json.dumps(row).encode() for row in canary.FAILING.values())
        self.say("convert", "--route", "flu", text=failing, with_stdout=False)
        twice = b'{"a":1}\n' + canary.TWICE
        self.say("convert", "--route", "covid", "--header", "first", text=twice, with_stdout=False)
        self.say("enqueue", text=lines)
        self.client.config_set("maxmemory", 1)
        self.say("enqueue", "--route", "covid", text=lines)
        self.say("enqueue", "--route", "covid", "--inbox", text=lines)
        self.client.config_set("maxmemory", 0)

    def use_bad_configurations(self):
        key = str(self.rig.folder / "client.pem")
        tls = self.route("tls", f"https://127.0.0.1:{self.covid.port}/", endpoint={"cert_file": key, "key_file": key})
        code = self.route("code", self.covid.url(f"/api/reports?code={SECRET}"))
        unsafe = self.route("unsafe", f"http://user:{SECRET}@reports.example.org/")
        lines = self.route("lines", self.covid.url(), endpoint={"auth": {"type": "bearer", "secret_file": key}})
        unknown = self.route("unknown", self.covid.url(), endpoint={"auth": {"secret": SECRET}})
        rows = [(route, self.redis()) for route in (unknown, tls, code, unsafe, lines)] + [
            (code, redis) for redis in ({"url": f"redis://lab:{SECRET}@127.0.0.1:{free_port()}/0"},
                                        {"url": f"redis://lab:{SECRET}@[::1"}, {"url": f"unix://:{SECRET}@/no"},
                                        self.redis(password_file=key), {"url": "redis://h", "password": SECRET})]
        for at, (route, redis) in enumerate(rows):
            config = self.rig.config(route, redis=redis, name=f"bad-{at}.yaml")
            for words in (["check"], ["check", "--json"], ["check", "--connect"], ["status"], ["flush"]):
                self.say(*words, config=config)
        return self.rig.folder / "bad-0.yaml"

    def decide(self):
        """What a person does, with reasons that belong to the audit stream alone."""
        first, second = self.listed("held", "list", name="held")["kept"][:2]
        self.say("batch", "show", first)
        self.say("held", "terminate", first, "--reason", NOTE)
        self.say("held", "accept", second, "--reason", NOTE)
        self.say("dead", "replay", "--reason", "refused", "--route", "covid", "--note", NOTE)
        self.say("dead", "drop", "--reason", "not_json", "--route", "covid", "--note", NOTE)
        self.say("pause", "--route", "flu", "--reason", NOTE)
        self.say("flush")
        self.say("resume", "--route", "flu")

    def reload_badly(self, daemon, bad):
        good = self.config.read_text()
        for bad in (bad.read_text(), good.replace('"10ms"', f'"{SECRET}"', 1), SECRET):
            before = len(daemon.lines("reload_refused"))
            self.config.write_text(bad)
            daemon.signal(signal.SIGHUP)
            wait_for(lambda: len(daemon.lines("reload_refused")) > before, "the refusal")
        self.config.write_text(good)

    def is_settled(self):
        held = self.client.zcard("elrelay:{kept}:held") == 2
        return held and all(self.rig.queue_is_empty(route, "test-events") for route in ROUTES[:3])

    def reveal(self):
        self.say("peek", "--reveal", place="revealed")
        for id_ in self.listed("dead", "list", name="dead")["covid"]:
            self.say("dead", "show", id_, "--route", "covid", "--reveal", place="revealed")

    def play(self):
        self.push()
        self.put_wrong_things_in()
        bad = self.use_bad_configurations()
        self.look_around()
        self.say("peek", "--reveal", place="revealed")
        daemon = self.start()
        wait_for(self.is_settled, "the end of all faults")
        self.reload_badly(daemon, bad)
        daemon.signal(signal.SIGUSR2)
        self.look_around()
        self.reveal()
        self.decide()
        self.look_at(daemon.popen.pid)
        daemon.kill()
        second = self.start(format="json")
        self.push()
        self.say("flush")
        second.signal(signal.SIGUSR2)
        wait_for(lambda: self.client.xlen("elrelay:{waters}:events") == 0, "the second round")
        second.stop()
        self.say("flush")
        self.rig.redis.stop()
        for words in (["status"], ["flush"], ["enqueue", "--route", "covid"], ["dead", "list"]):
            self.say(*words, text=canary.TWICE)
        return self.collect(daemon, second)

    def collect(self, *daemons):
        self.seen["log"] = b"".join(daemon.log.read_bytes() for daemon in daemons)
        self.seen["notify"] = self.notify.told
        self.seen["requests"] = b"\n".join(request_lines(self))
        self.seen.update(written(self.rig.folder))
        self.seen["bodies"] = b"".join(path.read_bytes() for path in self.covid.bodies.iterdir())
        self.seen["heads"] = b"".join(request.split(b"\r\n\r\n")[0] for request in self.flu.requests)
        self.seen["answers"] = b"".join(ANSWERS + UNREADABLE)
        self.files = sorted(path.name for path in self.cwd.iterdir())
        return self


def request_lines(story):
    """What the endpoints saw beside bodies and the header with the key."""
    for raw in (story.flu, story.waters):
        for request in raw.requests:
            lines = request.split(b"\r\n\r\n")[0].splitlines()
            yield from (line for line in lines if not line.lower().startswith(b"x-functions-key:"))
    for receiver in (story.covid, story.kept):
        for row in receiver.read(receiver.requests_file):
            del row["fault"]  # our own words
            yield json.dumps(row, ensure_ascii=False).encode()


def commands_of(data):
    """The commands in an append-only file."""
    at = 0
    while at < len(data):
        end = data.index(b"\r\n", at)
        count, at, args = int(data[at + 1:end]), end + 2, []
        for _ in range(count):
            end = data.index(b"\r\n", at)
            size, at = int(data[at + 1:end]), end + 2
            args.append(data[at:at + size])
            at += size + 2
        yield args


def written(folder):
    """All that was ever written to Redis: what may hold events, a person's words, the endpoint's words, and the rest."""
    texts = {"queue": [], "audit": [], "said": [], "redis": []}
    for file in sorted((folder / "appendonlydir").glob("*.incr.aof")):
        for args in commands_of(file.read_bytes()):
            name, key = args[0].upper(), args[1] if len(args) > 1 else b""
            if name in (b"XADD", b"RPUSH") and key.endswith((b"}:events", b"test-events")):
                texts["queue"] += args[2:]
                args = args[:2]
            elif name == b"XADD" and key.endswith(b"}:dead"):
                texts["queue"] += args[2:-OWN_FIELDS]
                args = args[:2] + args[-OWN_FIELDS:]
            elif name == b"XADD" and key.endswith(b"}:exceptions"):
                texts["said"] += args[-8:]
                args = args[:-8]
            elif name == b"HSET" and b"remarks" in args:
                at = args.index(b"remarks") + 1
                texts["said"].append(args[at])
                args = args[:at] + args[at + 1:]
            elif name == b"XADD" and key.endswith(b"}:audit"):
                texts["audit"] += args
                args = [arg for arg in args if arg != NOTE.encode()]
            texts["redis"] += args
    return {place: b"\n".join(args) for place, args in texts.items()}


@pytest.fixture(scope="module")
def story():
    with rig_in_a_folder() as rig:
        rig.start_redis()
        yield Story(rig).play()


# what shows how far the story came
CAME = {
    "log": ["batch_split", "batch_held", "word=found", "word=absent", "word=barred", "reload_refused", "why=auth",
            "why=misdirected", "why=file", "verdict=too_large", "verdict=rows", "verdict=items", '"event":"status"'],
    "commands": ["held terminate", "check --connect", "dead show", "batch show", "found no column", "no certificate",
                 "control character", "WRONGPASS", "OOM", ": trailing_bytes", "refused_alone"],
    "titles": ["elrelay\0run\0--config", "elrelay\0convert"],
    "notify": ["READY=1", "STATUS=relaying"],
    "requests": ["payloadname", "GET /", "/submissions"],
    "redis": ["HSET", "ids:0", "}:notifications", "}:control", "}:audit", "}:state", "b:", "circuit:one",
              *canary.BROKEN, *canary.FAILING, "no_event", "refused", "refused_alone", "terminated"],
}


@pytest.mark.parametrize("place", CAME)
def test_no_canary_is_seen(story, place):
    text = story.seen[place].decode("latin-1")
    assert [word for word in CAME[place] if word not in text] == [], "the story did not come this far"
    assert found(story.seen[place]) == []


def test_no_file_is_left(story):
    assert story.files == []


@pytest.mark.parametrize("place,marks", [
    ("queue", {EVENT, NUMBER, TRACK}), ("bodies", {EVENT, NUMBER, TRACK}), ("revealed", {EVENT, NUMBER, TRACK}),
    ("heads", {SECRET}), ("audit", {NOTE}), ("said", {EVENT, REPLY, TRACK}), ("answers", {EVENT, REPLY, TRACK}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_the_search_finds_canaries_where_they_may_be(story, place, marks):
    assert {mark for mark, _ in found(story.seen[place])} == marks


def on_paper(data):
    return data.decode("latin-1")


DISGUISES = {
    "plain": on_paper,
    "upper": lambda data: on_paper(data.upper()),
    "cut": lambda data: on_paper(data[:-10]),
    "hex": lambda data: data.hex(),
    "HEX": lambda data: data.hex().upper(),
    "hexdump": lambda data: data.hex(" "),
    "percent": lambda data: "".join(f"%{byte:02X}" for byte in data),
    "unicode": lambda data: "".join(f"\\u{byte:04x}" for byte in data),
    "escaped": lambda data: "".join(f"\\x{byte:02x}" for byte in data),
    "octal": lambda data: "".join(f"\\{byte:03o}" for byte in data),
    "base64": lambda data: base64.b64encode(data).decode(),
    "base64-1": lambda data: base64.urlsafe_b64encode(b"x" + data).decode(),
    "base64-2": lambda data: base64.b64encode(b"\xff\xff" + data).decode(),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("mark", canary.MARKS)
def test_the_search_knows_a_canary_in_disguise(mark, disguise):
    disguise = DISGUISES[disguise]
    text = disguise(b"?" + mark.encode() + b"-and-more-")
    assert [name for name, _ in found(f"some {text} words".encode("latin-1"))] == [mark]
    assert found(disguise(b"nothing of the kind").encode("latin-1")) == []
