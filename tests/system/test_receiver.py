"""elrelay-receiver: what the stand-in endpoint says, stores, and does on the wire."""

import concurrent.futures
import contextlib
import hashlib
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.parse

import pytest

from relay_rig import BUILD, PATIENCE, ROOT, Receiver, wait_for

PROGRAM = BUILD / "tools/elrelay-receiver"
CSV = b"Result_ID,Patient_state\nr-1,CA\nr-2,TX\n,NY\nr-4,\"N\"\"V\"\n"
ROWS = 4
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def start(tmp_path):
    """Starts receivers; each has to end well."""
    with contextlib.ExitStack() as stack:
        def start_one(*args, name="receiver", **more):
            receiver = Receiver(tmp_path / name, *args, **more)
            stack.callback(end_well, receiver)
            return receiver
        yield start_one


def end_well(receiver):
    receiver.stop()
    assert receiver.process.popen.returncode == 0, receiver.process.text()


def run(*args, code=0):
    done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, timeout=PATIENCE, text=True)
    assert done.returncode == code, (args, done)
    return done


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def ask(receiver, method, path, body=None, headers=None, context=None):
    kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
    more = {"context": context} if context else {}
    connection = kind("127.0.0.1", receiver.port, timeout=PATIENCE, **more)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def post(receiver, body=CSV, path="/api/reports", client="simple_report", content_type="text/csv", **headers):
    usual = {"client": client, "Content-Type": content_type}
    given = {name: value for name, value in usual.items() if value is not None}
    return ask(receiver, "POST", path, body, {**given, **{name.replace("_", "-"): v for name, v in headers.items()}})


def get(receiver, path, **query):
    return ask(receiver, "GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))


def listing(receiver, who="simple_report", **query):
    answer = get(receiver, f"/api/waters/org/{who}/submissions", **query)
    assert answer.status == 200, answer.body
    return answer.json()


class Wire:
    """What came back over a bare socket: the bytes, how it ended, how long it took."""

    def __init__(self, port, request, patience=PATIENCE):
        began = time.monotonic()
        self.bytes, self.end = b"", "closed"
        with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
            try:
                connection.sendall(request)
                while part := connection.recv(65536):
                    self.bytes += part
            except (ConnectionResetError, BrokenPipeError):
                self.end = "reset"
        self.seconds = time.monotonic() - began
        self.head, _, self.body = self.bytes.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1]) if self.head[:5] == b"HTTP/" else None

    def header(self, name):
        found = re.search(rb"\r\n" + name.encode() + rb": ([^\r]*)", self.head)
        return found and found[1].decode()


def request_bytes(body=CSV, length=None, method="POST", path="/api/reports"):
    length = len(body) if length is None else length
    return (f"{method} {path} HTTP/1.1\r\nHost: x\r\nclient: simple_report\r\nContent-Type: text/csv\r\n"
            f"Content-Length: {length}\r\nConnection: close\r\n\r\n").encode() + body


# The verbs: what each looks like from outside.

def last_request(receiver):
    return receiver.requests()[-1]


def ms_of(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


def verb_status(receiver, wire):
    assert (wire.status, wire.end) == (503, "closed")
    assert not receiver.accepted() and not last_request(receiver)["stored"]


def verb_retry_after(receiver, wire):
    assert (wire.status, wire.header("Retry-After")) == (429, "120")
    assert not receiver.accepted()


def verb_accept_then(receiver, wire):
    assert wire.status == 504 and b"504" in wire.body
    assert len(receiver.accepted()) == 1 and last_request(receiver)["stored"]


def verb_accept_then_reset(receiver, wire):
    assert (wire.bytes, wire.end) == (b"", "reset")
    assert len(receiver.accepted()) == 1


def verb_accept_then_hang(receiver, wire):
    assert (wire.bytes, wire.end) == (b"", "closed") and wire.seconds >= 0.3
    assert len(receiver.accepted()) == 1
    assert last_request(receiver)["end"] == "silence"


def verb_late_commit(receiver, wire):
    assert wire.status == 504
    entry = wait_for(receiver.accepted, "the late commit")[0]
    assert ms_of(entry["time"]) - ms_of(last_request(receiver)["time"]) >= 399  # each is cut to its millisecond


def verb_refuse_rows(receiver, wire):
    assert wire.status == 400
    answer = json.loads(wire.body)
    assert answer["errors"] == [{
        "scope": "item", "indices": [1, 3], "trackingIds": ["r-1", "row3"],
        "field": "Patient_state (patient_state)", "message": "No \"such\" state.",
        "errorCode": "INVALID_MSG_MISSING_FIELD"}]
    assert (answer["id"], answer["errorCount"], answer["httpStatus"]) == (None, 2, 400)
    assert not receiver.accepted() and not listing(receiver)


def verb_refuse_report(receiver, wire):
    answer = json.loads(wire.body)
    assert (wire.status, answer["errorCount"]) == (400, 1)
    assert answer["errors"] == [{"scope": "report", "message": "All items in this submission are duplicates.",
                                 "errorCode": "UNKNOWN"}]
    assert not receiver.accepted()


def verb_duplicate_rows(receiver, wire):
    error, = json.loads(wire.body)["errors"]
    assert (wire.status, error["message"], error["scope"]) == (400, "Item is a duplicate.", "item")
    assert (error["indices"], error["trackingIds"]) == ([2, 4], [None, None])
    assert not receiver.accepted()


def verb_duplicate_report(receiver, wire):
    verb_refuse_report(receiver, wire)


def warnings_of(receiver, wire):
    answer = json.loads(wire.body)
    assert (wire.status, answer["errors"], answer["errorCount"]) == (201, [], 0)
    assert len(receiver.accepted()) == 1
    return answer["warningCount"], answer["warnings"]


def verb_warn_rows(receiver, wire):
    count, (warning,) = warnings_of(receiver, wire)
    assert (count, warning["scope"], warning["message"]) == (2, "item", "Odd \"code\".")
    assert (warning["indices"], warning["trackingIds"]) == ([1, 3], ["r-1", "row3"])


def verb_warn_report(receiver, wire):
    assert warnings_of(receiver, wire) == (1, [
        {"scope": "report", "message": "Missing header", "errorCode": "UNKNOWN"}])


def verb_null_ids(receiver, wire):
    count, (warning,) = warnings_of(receiver, wire)
    assert (count, warning["indices"], warning["trackingIds"]) == (2, [1, 2], [None, None])


def verb_refuse_text(receiver, wire):
    assert (wire.status, wire.body) == (400, b"No, thank you")
    assert wire.header("Content-Type") == "application/json"
    assert not receiver.accepted()


def verb_reset_before_reading(receiver, wire):
    assert (wire.bytes, wire.end) == (b"", "reset")
    row = wait_for(receiver.requests, "the line of the request")[0]
    assert (row["bytes"], row["end"], row["status"]) == (0, "reset", None)
    assert not receiver.accepted()


def verb_reset_after_reading(receiver, wire):
    assert (wire.bytes, wire.end) == (b"", "reset")
    assert last_request(receiver)["bytes"] == len(CSV)
    assert not receiver.accepted()


def verb_hang(receiver, wire):
    assert (wire.bytes, wire.end) == (b"", "closed") and wire.seconds >= 0.3
    assert not receiver.accepted()


def verb_delay(receiver, wire):
    assert wire.status == 201 and wire.seconds >= 0.3
    assert len(receiver.accepted()) == 1


def verb_empty_answer(receiver, wire):
    assert (wire.bytes, wire.end) == (b"", "closed")
    assert len(receiver.accepted()) == 1


def verb_half_headers(receiver, wire):
    assert (wire.status, wire.end) == (201, "closed")
    assert wire.bytes.endswith(b"\r\nContent-Le")
    assert len(receiver.accepted()) == 1


def verb_truncate_answer(receiver, wire):
    assert wire.status == 201 and len(wire.body) == 10
    assert int(wire.header("Content-Length")) > 100
    assert len(receiver.accepted()) == 1


def verb_slow_answer(receiver, wire):
    assert wire.status == 201 and json.loads(wire.body)["httpStatus"] == 201
    assert wire.seconds >= len(wire.body) / 1000
    assert len(receiver.accepted()) == 1


def verb_answer_bytes(receiver, wire):
    assert wire.status == 201 and len(wire.body) == 2 << 20
    assert json.loads(wire.body)["reportItemCount"] == ROWS


VERBS = {
    "status": ("status 503", verb_status),
    "retry-after": ("status 429 retry-after 2m", verb_retry_after),
    "accept-then": ("accept-then 504", verb_accept_then),
    "accept-then-reset": ("accept-then-reset", verb_accept_then_reset),
    "accept-then-hang": ("accept-then-hang 300ms", verb_accept_then_hang),
    "late-commit": ("late-commit 400ms", verb_late_commit),
    "refuse-rows": (r'refuse-rows 1,3 "No \"such\" state."', verb_refuse_rows),
    "refuse-report": ('refuse-report "All items in this submission are duplicates."', verb_refuse_report),
    "duplicate-rows": ("duplicate-rows 2,4", verb_duplicate_rows),
    "duplicate-report": ("duplicate-report", verb_duplicate_report),
    "warn-rows": (r'warn-rows 1,3 "Odd \"code\"."', verb_warn_rows),
    "warn-report": ('warn-report "Missing header"', verb_warn_report),
    "null-ids": ("warn-rows 1,2 null-ids", verb_null_ids),
    "refuse-text": ('refuse-text "No, thank you"', verb_refuse_text),
    "reset-before-reading": ("reset-before-reading", verb_reset_before_reading),
    "reset-after-reading": ("reset-after-reading", verb_reset_after_reading),
    "hang": ("hang 300ms", verb_hang),
    "delay": ("delay 300ms", verb_delay),
    "empty-answer": ("empty-answer", verb_empty_answer),
    "half-headers": ("half-headers", verb_half_headers),
    "truncate-answer": ("truncate-answer 10", verb_truncate_answer),
    "slow-answer": ("slow-answer 1kB/s", verb_slow_answer),
    "answer-bytes": ("answer-bytes 2MiB", verb_answer_bytes),
}


@pytest.mark.parametrize("name", VERBS)
def test_receiver_verb_does_what_it_says(start, name):
    what, look = VERBS[name]
    receiver = start(faults=[f"request 1: {what}"])
    unread = name == "reset-before-reading"
    look(receiver, Wire(receiver.port, request_bytes(b"" if unread else CSV, len(CSV))))
    assert last_request(receiver)["fault"] == what
    assert post(receiver).status == 201
    assert last_request(receiver)["fault"] == ""


def verbs_of_help():
    text = run("--help").stdout.partition("Verbs:\n")[2]
    return [line.split()[0] for line in text.splitlines()]


def test_receiver_verbs_all_have_a_test():
    assert sorted(verbs_of_help()) == sorted(VERBS)


# When a rule holds.

@pytest.mark.parametrize("when, hit", {
    "all": [1, 2, 3, 4, 5, 6], "request 2": [2], "requests 2-4": [2, 3, 4], "from 5": [5, 6], "until 2": [1, 2],
    "every 3": [3, 6], "from 2 until 4": [2, 3, 4], "every 2 from 3": [4, 6], "request 2 request 3": [],
    "share 0": [], "share 1": [1, 2, 3, 4, 5, 6],
}.items())
def test_receiver_rule_holds_for_the_requests_it_names(start, when, hit):
    receiver = start(faults=[f"{when}: status 503"])
    assert [n for n in range(1, 7) if post(receiver).status == 503] == hit


def share_of(start, seed, name):
    receiver = start("--seed", seed, name=name, faults=["share 0.3: status 503"])
    return [post(receiver).status == 503 for _ in range(100)]


def test_receiver_share_is_drawn_from_the_seed(start):
    first, again, other = (share_of(start, seed, name) for seed, name in ((7, "a"), (7, "b"), (8, "c")))
    assert first == again != other
    assert 15 <= sum(first) <= 45


def test_receiver_share_does_not_depend_on_what_happens_at_the_same_time(start):
    alone = share_of(start, 7, "alone")
    receiver = start("--seed", 7, faults=["share 0.3: status 503"])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: post(receiver), range(100)))
    hit = {row["n"]: row["status"] == 503 for row in receiver.requests()}
    assert [hit[n] for n in range(1, 101)] == alone


def test_receiver_rules_of_gets_and_posts_are_apart(start):
    receiver = start(faults=["get request 2: status 503", "request 1: status 500"])
    path = "/api/waters/org/simple_report/submissions"
    assert [get(receiver, path).status for _ in range(3)] == [200, 503, 200]
    assert [post(receiver).status for _ in range(2)] == [500, 201]


def test_receiver_rows_with_finds_rows_by_their_cell(start):
    receiver = start(faults=['rows-with Result_ID=r-2: refuse-rows', 'rows-with Patient_state="N\\"V": refuse-rows'])
    error, = post(receiver).json()["errors"]
    assert (error["indices"], error["trackingIds"]) == ([2, 4], ["r-2", "r-4"])
    assert post(receiver, b"Result_ID\nr-20\n").status == 201
    assert post(receiver, b"Other\nr-2\n").status == 201


def test_receiver_rows_with_carries_any_verb_behind_the_body(start):
    receiver = start(faults=["rows-with Result_ID=r-2: accept-then 503 retry-after 9"])
    answer = post(receiver)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "9")
    assert len(receiver.accepted()) == 1


@pytest.mark.parametrize("rules, status, stored", [
    (["all: status 503", "request 1: status 500"], 500, 0),
    (["all: status 503", "request 1: accept-then 502"], 502, 1),
    (["all: hang 1h", "request 1: status 500"], 500, 0),
    (["all: accept-then-reset", "request 1: refuse-report"], 400, 0),
    (["all: delay 10ms", "request 1: status 500"], 500, 0),
    (["all: half-headers", "request 1: status 500"], 500, 0),
])
def test_receiver_later_rule_wins(start, rules, status, stored):
    receiver = start(faults=rules)
    wire = Wire(receiver.port, request_bytes(), patience=PATIENCE)
    assert (wire.status, wire.end) == (status, "closed")
    assert wire.header("Content-Length") is not None
    assert len(receiver.accepted()) == stored
    assert last_request(receiver)["fault"] == "; ".join(rule.partition(": ")[2] for rule in rules)


# Rules that are wrong.

@pytest.mark.parametrize("rule, said", {
    "request 1: statsu 500": 'unknown word "statsu"; did you mean "status"?',
    "request 1: accept-than 500": 'did you mean "accept-then"?',
    "reqest 1: status 500": 'unknown word "reqest"; did you mean "request"?',
    "request 1 status 500": "no colon",
    ": status 500": "no condition",
    "get: status 500": "no condition",
    "all:": "nothing behind the colon",
    "all: status": '"status" needs CODE',
    "all: status 199": '"status" needs CODE',
    "all: status 600": '"status" needs CODE',
    "all: status 500:": '"status" needs CODE',
    "all: hang 10": '"hang" needs TIME',
    "all: hang ten": '"hang" needs TIME',
    "all: hang 99999999999999999999h": '"hang" needs TIME',
    "all: hang 9999999999999999999h": '"hang" needs TIME',
    "all: slow-answer 0B/s": '"slow-answer" needs',
    "all: refuse-report \"x": "a quote is not closed",
    "all: refuse-rows": '"refuse-rows" needs rows',
    "all: refuse-rows 0": '"refuse-rows" needs rows',
    "all: refuse-rows 1,": '"refuse-rows" needs rows',
    "all: refuse-rows 1,,2": '"refuse-rows" needs rows',
    "share 1.5: status 500": '"share"',
    "share x: status 500": '"share"',
    "share nan: status 500": '"share"',
    "requests 5-3: status 500": '"requests"',
    "requests 5: status 500": '"requests"',
    "request 0: status 500": '"request"',
    "request: status 500": '"request"',
    "every 0: status 500": '"every"',
    "rows-with x: refuse-rows": '"rows-with"',
    "get all: accept-then 504": "is for POSTs",
    "rows-with a=b: reset-before-reading": "before any row is known",
    "all all all all all: status 500": "more than 4 conditions",
    "all: " + 9 * "delay 1s ": "more than 8 verbs",
    "all: " + 70 * "x ": "more than 64 words",
}.items())
def test_receiver_wrong_rule_is_refused(tmp_path, rule, said):
    done = run("--fault", rule, code=2)
    assert done.stderr.startswith(f'elrelay-receiver: --fault "{rule}": ') or len(rule) > 100
    assert said in done.stderr
    file = tmp_path / "faults"
    file.write_text(f"# two good lines\nall: delay 1ms\n\n{rule}\n")
    done = run("--faults", file, code=2)
    assert f"{file} line 4: " in done.stderr and said in done.stderr


@pytest.mark.parametrize("args, said", [
    (["--prot", "1"], "unknown option --prot"),
    (["--port"], "--port needs a value"),
    (["--port", "x"], '--port: "x" is not a whole number'),
    (["--port", "65536"], "--port: at most 65535"),
    (["word"], 'unexpected argument "word"'),
    (["--cert", "x"], "--cert and --key belong together"),
    (["--key", "x"], "--cert and --key belong together"),
    (["--length-errors", "odd"], "--length-errors: intended or real"),
    (["--plain-status", "202"], "--plain-status: 200, 201 or 204"),
])
def test_receiver_wrong_option_is_refused(args, said):
    assert run(*args, code=2).stderr == f"elrelay-receiver: {said}\n"


@pytest.mark.parametrize("option", ["--accepted", "--requests", "--port-file", "--faults", "--key-file", "--bodies"])
def test_receiver_file_that_cannot_be_opened_ends_it(tmp_path, option):
    assert str(tmp_path / "no/file") in run(option, tmp_path / "no/file", code=1).stderr


def test_receiver_taken_port_ends_it(start):
    port = start().port
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in run("--port", port, code=1).stderr


def test_receiver_help_tells_every_option_in_a_line():
    text = run("--help").stdout
    assert text.startswith("Usage: elrelay-receiver [OPTION]...\n")
    assert all(len(line) <= 110 for line in text.splitlines())
    for option in ("port", "port-file", "cert", "key", "key-file", "client", "inactive", "plain", "plain-status",
                   "idempotent", "max-bytes", "max-rows", "length-errors", "accepted", "bodies", "requests", "faults",
                   "fault", "seed", "help"):
        assert re.search(rf"^  --{option} .*[a-z]", text, re.MULTILINE), option


# The submit API: the order of its checks, and what it says.

class Asking:
    """A POST that is mended bit by bit."""

    def __init__(self, receiver, path):
        self.receiver, self.path, self.query, self.body = receiver, path, {}, b""
        self.headers = {}

    def ask(self):
        path = self.path + ("?" + urllib.parse.urlencode(self.query) if self.query else "")
        return ask(self.receiver, "POST", path, self.body, self.headers)


def error_of(answer, status=400):
    """The only message of a refusal that is a history."""
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Location"].endswith("/api/waters/report/null/history")
    entry, = answer.json()["errors"]
    return f"{entry['scope']}: {entry['message']}"


def chunks():
    yield b"a\nb\n"


OPTIONS = "Valid options: None, ValidatePayload, CheckConnections, SkipSend, SendImmediately"


@pytest.mark.parametrize("path", ["/api/reports", "/api/waters"])
def test_receiver_checks_in_the_order_of_the_endpoint(start, tmp_path, path):
    (tmp_path / "key").write_text("s3cret\n")
    receiver = start("--key-file", tmp_path / "key", "--client", "simple_report", "--client", "old", "--inactive",
                     "old", "--max-bytes", 100, "--max-rows", 2)
    asking = Asking(receiver, path)
    asking.query = {"option": "Odd"}
    asking.body = chunks()

    def no_client():
        answer = asking.ask()
        assert (answer.status, answer.body) == (400, b"Expected a 'client' query parameter")
        assert answer.headers["Content-Type"] == "application/json"

    if path == "/api/reports":
        answer = asking.ask()
        assert (answer.status, answer.body) == (401, b"")
        asking.headers["x-functions-key"], asking.body = "s3cret", chunks()
        no_client()
    else:
        no_client()
        asking.headers["client"], asking.body = "nobody", chunks()
        answer = asking.ask()
        assert (answer.status, answer.json()) == (401, {"error": "Authentication Failed"})
        asking.headers["Authorization"] = "Bearer s3cret"
    asking.headers["client"], asking.body = "nobody", chunks()
    answer = asking.ask()
    word = "sender" if path == "/api/reports" else "client"
    assert (answer.status, answer.body) == (400, f"'client:nobody': unknown {word}".encode())
    asking.headers["client"], asking.body = "old", chunks()
    answer = asking.ask()
    assert answer.status == 410 and answer.body.startswith(b"ReportStream sunsetted on December 31, 2025.")
    asking.headers["client"], asking.body = "simple_report", chunks()
    assert error_of(asking.ask()) == f"parameter: Invalid Url Options Parameter. {OPTIONS}"
    asking.query, asking.body = {}, chunks()
    assert asking.ask().status == 411
    asking.body = b"a\n" * 51
    assert asking.ask().status == 413
    asking.body = b""
    assert error_of(asking.ask()) == "parameter: Missing Content-Type header"
    asking.headers["Content-Type"] = "text/csv; charset=utf-8"
    assert error_of(asking.ask()) == "parameter: Resubmit as 'text/csv'"
    asking.headers["Content-Type"] = "text/csv"
    assert error_of(asking.ask()).startswith("parameter: ")
    asking.body = b"a,b\n1\n"
    assert "row: 2" in error_of(asking.ask())
    asking.body = b"a\n1\n2\n3\n"
    assert error_of(asking.ask()) == ("report: Your file's row size of 3 exceeds the maximum of 2 rows per file. "
                                      "Reduce the amount of rows in this file.")
    assert not receiver.accepted()
    asking.body = b"a\n1\n2\n"
    assert asking.ask().status == 201


@pytest.mark.parametrize("body, said", {
    b"a,b\n1,2\n\n3,4\n": "CSV file has an inconsistent number of columns on row: 3",
    b"a,b\n1,2,3\n": "CSV file has an inconsistent number of columns on row: 2",
    b"a\n\"x": "There's an issue parsing your file on row: 2",
    b"a\n\"x\"y\n": "There's an issue parsing your file on row: 2",
    b"a\nx\"y\n": "There's an issue parsing your file on row: 2",
    b"a\nx\ry\n": "There's an issue parsing your file on row: 2",
    b",".join([b"a"] * 2001) + b"\n": "Number of columns in your report exceeds the maximum of 2000 allowed.",
}.items(), ids=lambda value: repr(value[:12]))
def test_receiver_refuses_csv_that_is_none(start, body, said):
    receiver = start()
    assert f"report: {said}" in error_of(post(receiver, body))
    assert not receiver.accepted()


@pytest.mark.parametrize("body, rows", {
    b"a": 0, b"a\n": 0, b"a,b\r\n1,2\r\n": 1, b"a\n1": 1, b'a\n"x\ny"\n"",\n'.replace(b",", b""): 2,
    b",".join([b"a"] * 2000) + b"\n" + b"," * 1999: 1,
}.items(), ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else None)
def test_receiver_counts_rows(start, body, rows):
    answer = post(start(), body)
    assert (answer.status, answer.json()["reportItemCount"]) == (201, rows)
    warnings = [entry["message"] for entry in answer.json()["warnings"]]
    assert warnings == ([] if rows else ["No reports were found in CSV content"])


def test_receiver_length_errors_are_500_as_the_real_ones(start):
    receiver = start("--length-errors", "real", "--max-bytes", 10)
    headers = {"client": "a", "Content-Type": "text/csv"}
    for body in (chunks(), b"a" * 11):
        answer = ask(receiver, "POST", "/api/reports", body, headers)
        assert (answer.status, answer.body) == (500, b"")


def test_receiver_length_limits_are_exact(start):
    receiver = start("--max-bytes", 10)
    assert post(receiver, b"a" * 10).status == 201
    assert post(receiver, b"a" * 11).status == 413


def test_receiver_headers_win_over_the_query(start):
    receiver = start("--client", "a")
    path = "/api/reports?client=b&payloadname=of-query"
    assert post(receiver, path=path, client="a", payloadname="of-header").json()["externalName"] == "of-header"
    assert post(receiver, path=path, client="a").json()["externalName"] == "of-query"
    assert post(receiver, path="/api/reports?client=a", client=None).status == 201
    assert post(receiver, path=path, client=None).body == b"'client:b': unknown sender"


def test_receiver_sender_names_stand_for_the_default(start):
    receiver = start("--client", "org", "--client", "other.lab")
    wanted = {"org": 201, "org.default": 201, "org.x": 400, "other": 400, "other.lab": 201, "a.b.c": 400, "": 400}
    assert {client: post(receiver, client=client).status for client in wanted} == wanted
    assert {entry["sender"] for who in ("org", "other.lab") for entry in listing(receiver, who)} == {
        "org.default", "other.lab"}


def test_receiver_201_has_every_field(start):
    receiver = start()
    answer = post(receiver, payloadname="batch-0001")
    said = answer.json()
    assert re.fullmatch(UUID, said["id"]) and re.fullmatch(TIME, said["timestamp"])
    assert answer.headers["Location"] == f"{receiver.url('')}/api/waters/report/{said['id']}/history"
    assert answer.headers["Content-Type"] == "application/json"
    assert said == {
        "id": said["id"], "submissionId": said["submissionId"], "overallStatus": "Received",
        "timestamp": said["timestamp"], "plannedCompletionAt": None, "actualCompletionAt": None,
        "sender": "simple_report.default", "reportItemCount": ROWS, "errorCount": 0, "warningCount": 0,
        "httpStatus": 201, "destinations": [], "actionName": "receive", "externalName": "batch-0001",
        "reportId": said["id"], "topic": "covid-19", "errors": [], "warnings": [], "destinationCount": 0,
        "fileName": "", "bodyFormat": ""}


def test_receiver_400_has_every_field(start):
    said = post(start(), path="/api/reports?option=Odd").json()
    assert said == {
        "id": None, "submissionId": said["submissionId"], "overallStatus": "Received",
        "timestamp": said["timestamp"], "plannedCompletionAt": None, "actualCompletionAt": None, "sender": "",
        "reportItemCount": None, "errorCount": 1, "warningCount": 0, "httpStatus": 400, "destinations": [],
        "actionName": "receive", "externalName": None, "reportId": None, "topic": None,
        "errors": [{"scope": "parameter", "message": f"Invalid Url Options Parameter. {OPTIONS}",
                    "errorCode": "UNKNOWN"}],
        "warnings": [], "destinationCount": 0, "fileName": "", "bodyFormat": ""}


@pytest.mark.parametrize("option", ["ValidatePayload", "CheckConnections"])
def test_receiver_validation_never_parses_nor_stores(start, option):
    receiver = start()
    answer = post(receiver, b"a,b\n1\n", path=f"/api/reports?option={option}")
    assert (answer.status, answer.json()["id"], answer.json()["httpStatus"]) == (200, None, 200)
    assert not receiver.accepted() and not listing(receiver)


def test_receiver_deprecated_option_is_a_warning(start):
    said = post(start(), path="/api/reports?option=SkipInvalidItems").json()
    assert (said["httpStatus"], said["warningCount"]) == (201, 1)
    assert said["warnings"] == [{
        "scope": "parameter", "errorCode": "UNKNOWN",
        "message": f"Url Options Parameter, SkipInvalidItems has been deprecated. {OPTIONS}"}]


def test_receiver_500_names_its_time(start):
    receiver = start(faults=["request 1: accept-then 500"])
    assert re.fullmatch(rf"Internal error at {TIME}", post(receiver).json()["error"])
    assert len(listing(receiver)) == 1


@pytest.mark.parametrize("method, path", [
    ("GET", "/api/reports"), ("PUT", "/api/reports"), ("POST", "/api/reports/"), ("POST", "/api/submissions"),
    ("POST", "/api/waters/org/a/submissions"), ("GET", "/api/waters/report//history"), ("GET", "/")])
def test_receiver_other_paths_are_not_found(start, method, path):
    assert ask(start(), method, path).status == 404


def test_receiver_disk_that_refuses_is_500_and_nothing_stored(start):
    receiver = start("--accepted", "/dev/full")
    assert post(receiver).status == 500
    assert not listing(receiver) and not last_request(receiver)["stored"]
    assert "cannot store a delivery" in receiver.process.text()


# History and the list.

def test_receiver_history_is_found_by_both_ids(start):
    receiver = start()
    said = post(receiver, payloadname="n").json()
    for handle in (said["id"], said["submissionId"]):
        answer = get(receiver, f"/api/waters/report/{handle}/history")
        assert (answer.status, answer.json()) == (200, said)


def test_receiver_history_of_a_refusal_is_found_by_its_number_alone(start):
    receiver = start()
    said = post(receiver, b"a,b\n1\n").json()
    answer = get(receiver, f"/api/waters/report/{said['submissionId']}/history")
    assert (answer.status, answer.json()) == (200, said)
    assert (said["httpStatus"], said["errorCount"], said["overallStatus"]) == (400, 1, "Received")


@pytest.mark.parametrize("handle, said", {
    "100": "No such actionId 100", "102": "No such actionId 102",
    "11111111-2222-3333-4444-555555555555": "No such reportId: 11111111-2222-3333-4444-555555555555",
    "x1": "Bad format: x1 must be a num or a UUID",
}.items())
def test_receiver_history_of_the_unknown_is_404(start, handle, said):
    receiver = start()
    post(receiver)
    answer = get(receiver, f"/api/waters/report/{handle}/history")
    assert (answer.status, answer.json(), answer.headers["Content-Type"]) == (404, {"error": said}, None)


def test_receiver_list_shows_what_was_taken_newest_first(start):
    receiver = start()
    taken = [post(receiver, payloadname=f"n{i}").json() for i in range(3)]
    post(receiver, b"a,b\n1\n")
    post(receiver, client="other")
    fields = {"submissionId", "timestamp", "sender", "httpStatus", "id", "topic", "reportItemCount", "externalName"}
    shown = listing(receiver, showfailed="true")
    assert [{name: entry[name] for name in fields} for entry in shown] == [
        {name: entry[name] for name in fields} for entry in reversed(taken)]
    assert shown[0]["fileType"] == "CSV" and shown[0]["fileName"] == ""
    assert listing(receiver, sortdir="ASC") == shown[::-1]
    assert listing(receiver, pageSize=2) == shown[:2]
    assert listing(receiver, "simple_report.default") == shown and not listing(receiver, "simple_report.lab")


def spread(receiver, count):
    """So many submissions, each in a millisecond of its own, in the order of the list's ASC."""
    while len({entry["timestamp"] for entry in listing(receiver, pageSize=1000)}) < count:
        post(receiver)
    shown = listing(receiver, sortdir="ASC", pageSize=1000)
    return list({entry["timestamp"]: entry for entry in shown}.values()), shown


def test_receiver_list_is_bounded_by_time(start):
    receiver = start()
    apart, shown = spread(receiver, 4)
    second, third = apart[1]["timestamp"], apart[2]["timestamp"]
    cases = {
        "since": [entry for entry in shown if entry["timestamp"] >= second],
        "until": [entry for entry in shown if entry["timestamp"] < second],
        "cursor": [entry for entry in shown if entry["timestamp"] > second],
    }
    for name, wanted in cases.items():
        assert listing(receiver, sortdir="ASC", **{name: second}) == wanted, name
    assert listing(receiver, cursor=second) == [e for e in reversed(shown) if e["timestamp"] < second]
    assert listing(receiver, since=second.replace("Z", "+00:00"), until=third) == [
        e for e in reversed(shown) if second <= e["timestamp"] < third]


def test_receiver_list_is_walked_page_by_page(start):
    receiver = start()
    _, shown = spread(receiver, 5)
    pages, cursor = [], {}
    while page := listing(receiver, pageSize=1, **cursor):
        pages += page
        cursor = {"cursor": page[-1]["timestamp"]}
    assert [e["timestamp"] for e in pages] == sorted({e["timestamp"] for e in shown}, reverse=True)


def test_receiver_list_has_fifty_entries_by_default(start):
    receiver = start()
    for _ in range(51):
        post(receiver)
    assert len(listing(receiver)) == 50 and len(listing(receiver, pageSize=60)) == 51


@pytest.mark.parametrize("query, said", [
    ({"since": "yesterday"}, '"since" must be a valid datetime'),
    ({"until": "2026-01-01"}, '"until" must be a valid datetime'),
    ({"cursor": "2026-01-01T00:00:00"}, '"cursor" must be a valid datetime'),
    ({"sortdir": "asc"}, '"sortdir" must be ASC or DESC'),
    ({"pageSize": "0"}, '"pageSize" must be a positive number'),
    ({"pageSize": "x"}, '"pageSize" must be a positive number'),
])
def test_receiver_list_refuses_what_it_cannot_read(start, query, said):
    answer = get(start(), "/api/waters/org/a/submissions", **query)
    assert (answer.status, answer.json()) == (400, {"error": said})


def test_receiver_list_of_an_unknown_sender_is_404(start):
    receiver = start("--client", "org", "--client", "other.lab")
    wanted = {"org": 200, "org.default": 200, "other.lab": 200, "other": 404, "x": 404, "a.b.c": 404}
    assert {who: get(receiver, f"/api/waters/org/{who}/submissions").status for who in wanted} == wanted


def test_receiver_history_and_list_ask_for_the_key(start, tmp_path):
    (tmp_path / "key").write_text("s3cret")
    receiver = start("--key-file", tmp_path / "key")
    for path in ("/api/waters/org/a/submissions", "/api/waters/report/1/history"):
        assert get(receiver, path).status == 401
        assert ask(receiver, "GET", path, headers={"Authorization": "Bearer s3cret"}).status in (200, 404)


def test_receiver_late_commit_appears_late(start):
    receiver = start(faults=["request 1: late-commit 500ms"])
    assert post(receiver, payloadname="late").status == 504
    answered = ms_of(last_request(receiver)["time"])
    entry, = wait_for(lambda: listing(receiver), "the late commit in the list")
    # both times are cut to whole milliseconds, so what lies between them can look one shorter
    assert entry["externalName"] == "late" and ms_of(entry["timestamp"]) - answered >= 500 - 1
    assert last_request(receiver)["stored"]


# What it writes.

def test_receiver_accepted_file_tells_the_delivery(start):
    receiver = start()
    said = post(receiver, payloadname="n", idempotency_key="k", path="/api/waters").json()
    entry, = receiver.accepted()
    assert entry == {
        "time": said["timestamp"], "request": 1, "path": "/api/waters", "payload_name": "n", "idempotency_key": "k",
        "submission_id": said["submissionId"], "report_id": said["id"], "rows": ROWS, "bytes": len(CSV),
        "sha256": hashlib.sha256(CSV).hexdigest(), "body": said["id"] + ".csv"}
    assert (receiver.bodies / entry["body"]).read_bytes() == CSV
    assert [row["Patient_state"] for row in receiver.rows()] == ["CA", "TX", "NY", 'N"V']
    for file in (receiver.accepted_file, receiver.requests_file, receiver.bodies / entry["body"]):
        assert file.stat().st_mode & 0o077 == 0


def test_receiver_request_log_hides_secrets_and_nothing_else(start, tmp_path):
    (tmp_path / "key").write_text("s3cret")
    receiver = start("--key-file", tmp_path / "key")
    hidden = {"x-functions-key": "s3cret", "Authorization": "Bearer s3cret", "Cookie": "s3cret", "X-Api-Token": "s3cret",
              "X-Password": "s3cret", "x-" + "long" * 20 + "-key": "s3cret"}
    shown = {"payloadname": "n", "Idempotency-Key": "k", "client": "a", "Content-Type": "text/csv",
             "X-Odd": b"\xff\"\\".decode("latin-1")}
    ask(receiver, "POST", "/api/reports?code=s3cret&apiKey=s3cret&flag&processing=async", CSV, {**hidden, **shown})
    text = receiver.requests_file.read_text()
    assert "s3cret" not in text
    row = json.loads(text)
    for name in hidden:
        assert row["headers"][name.lower()] == "***"
    for name in ("payloadname", "Idempotency-Key", "client", "Content-Type"):
        assert row["headers"][name.lower()] == shown[name]
    assert row["query"] == {"code": "***", "apiKey": "***", "flag": "", "processing": "async"}
    del row["headers"], row["query"]
    assert re.fullmatch(TIME, row.pop("time"))
    assert row == {"n": 1, "method": "POST", "path": "/api/reports", "bytes": len(CSV), "end": "answer", "status": 201,
                   "stored": True, "fault": ""}


def test_receiver_request_that_breaks_off_is_logged_and_not_stored(start):
    receiver = start()
    with socket.create_connection(("127.0.0.1", receiver.port)) as connection:
        head = request_bytes(b"", 100).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"a\n")
    row = wait_for(receiver.requests, "the line of the request")[0]
    assert (row["end"], row["status"], row["stored"]) == ("aborted", None, False)
    assert not receiver.accepted()


def strace(receiver, folder):
    """Follows the receiver's calls, each thread in a file of its own."""
    process = subprocess.Popen(["strace", "-ff", "-y", "-s", "32", "-o", folder / "calls", "-p",
                                str(receiver.process.popen.pid), "-e",
                                "trace=write,fsync,sendto,sendmsg,writev,send,close"],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert "attached" in process.stderr.readline()
    return process


def test_receiver_delivery_is_on_disk_before_the_answer(start, tmp_path):
    receiver = start()
    process = strace(receiver, tmp_path)
    try:
        body = str(receiver.bodies / (post(receiver).json()["id"] + ".csv"))
    finally:
        process.terminate()
        process.wait(PATIENCE)
        process.stderr.close()
    calls = next(text for file in tmp_path.glob("calls.*") if "fsync" in (text := file.read_text()))
    steps = [("write", body), ("fsync", body), ("fsync", str(receiver.bodies)),
             ("write", str(receiver.accepted_file)), ("fsync", str(receiver.accepted_file)),
             ("write", str(receiver.requests_file)), ("send", "HTTP/1.1 201")]
    at = 0
    for call, what in steps:
        found = re.compile(rf"^{call}\w*\([^\n]*{re.escape(what)}[>\\\" ]", re.MULTILINE).search(calls, at)
        assert found, (call, what, calls)
        at = found.end()


# How it runs.

def test_receiver_hup_reads_the_rules_again(start, tmp_path):
    file = tmp_path / "faults"
    file.write_text("all: status 503\n")
    receiver = start("--faults", file, faults=["request 2: retry-after 5"])
    assert post(receiver).status == 503
    for text, said, status in (("# none\n", "fault rules: 1", 201), ("all: stats 1\n", "line 1: unknown word", 201),
                               ("all: refuse-text\n", "fault rules: 2", 400)):
        file.write_text(text)
        receiver.process.signal(signal.SIGHUP)
        wait_for(lambda: said in receiver.process.text(), said)
        assert post(receiver).status == status
    assert [row["fault"] for row in receiver.requests()] == ["status 503", "retry-after 5", "", "refuse-text"]
    assert "fault rules unchanged" in receiver.process.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_receiver_ends_quickly_whatever_hangs(start, number):
    receiver = start(faults=["requests 1-3: hang 1h", "request 4: slow-answer 1B/s", "request 5: late-commit 1h",
                             "request 6: delay 1h", "request 7: accept-then-hang 1h"])
    with contextlib.ExitStack() as stack:
        for n in range(1, 9):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", receiver.port)))
            connection.sendall(request_bytes()[:-1 if n == 8 else None])
            if n < 8:
                wait_for(lambda: len(receiver.requests()) == n, f"request {n}")
        began = time.monotonic()
        receiver.process.signal(number)
        assert receiver.process.wait() == 0
        assert time.monotonic() - began < 5
    stored = [row["request"] for row in receiver.accepted()]
    assert sorted(stored) == [4, 5, 6, 7]


def test_receiver_hanging_requests_do_not_block_others(start):
    receiver = start(faults=["until 200: hang 1h"])
    with contextlib.ExitStack() as stack:
        for n in range(200):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", receiver.port)))
            connection.sendall(request_bytes())
        wait_for(lambda: len(receiver.requests()) == 200, "two hundred hanging requests")
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert {answer.status for answer in pool.map(lambda _: post(receiver), range(40))} == {201}
        assert time.monotonic() - began < 20
    assert len(receiver.accepted()) == 40


def test_receiver_deliveries_at_the_same_time_are_all_stored(start):
    receiver = start()
    bodies = [b"Result_ID\n%d\n" % n + b"x" * n * 100 + b"\n" for n in range(60)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda body: post(receiver, body), bodies))
    entries = receiver.accepted()
    assert {answer.json()["id"] for answer in answers} == {entry["report_id"] for entry in entries}
    assert [entry["submission_id"] for entry in entries] == sorted(entry["submission_id"] for entry in entries)
    assert sorted((receiver.bodies / entry["body"]).read_bytes() for entry in entries) == sorted(bodies)


def test_receiver_keeps_a_large_body_whole(start):
    receiver = start()
    body = b"a\n" + b"x" * 30_000_000 + b"\n"
    assert post(receiver, body).status == 201
    assert receiver.accepted()[0]["sha256"] == hashlib.sha256(body).hexdigest()


# Plain paths.

def test_receiver_plain_path_takes_any_post(start):
    receiver = start("--plain", "/in", "--plain", "/other")
    answer = post(receiver, b"{}", path="/in", client=None, content_type="application/json", payloadname="n")
    entry, = receiver.accepted()
    assert (answer.status, answer.json()) == (201, {"id": entry["report_id"]})
    assert (entry["path"], entry["rows"], entry["payload_name"]) == ("/in", None, "n")
    assert entry["body"] == entry["report_id"] + ".body"
    assert post(receiver, path="/other", client=None).status == 201
    assert (receiver.accepted()[1]["rows"], receiver.accepted()[1]["idempotency_key"]) == (ROWS, None)
    assert get(receiver, "/in").status == 404


@pytest.mark.parametrize("status", [200, 201, 204])
def test_receiver_plain_path_answers_as_told(start, status):
    receiver = start("--plain", "/in", "--plain-status", status)
    answer = post(receiver, path="/in")
    assert answer.status == status and (answer.body == b"") == (status == 204)


def test_receiver_idempotent_path_stores_a_key_once(start):
    receiver = start("--plain", "/in", "--idempotent")
    first, again, other, without, bare = (post(receiver, path="/in", **({"idempotency_key": key} if key else {}))
                                          for key in ("k1", "k1", "k2", None, None))
    assert first.body == again.body and len({first.body, other.body, without.body, bare.body}) == 4
    assert [entry["idempotency_key"] for entry in receiver.accepted()] == ["k1", "k2", None, None]


def test_receiver_key_counts_only_where_it_is_idempotent(start):
    receiver = start("--plain", "/in")
    assert post(receiver, path="/in", idempotency_key="k").body != post(receiver, path="/in", idempotency_key="k").body
    receiver = start("--plain", "/in", "--idempotent", name="other")
    assert post(receiver, idempotency_key="k").status == 201
    assert post(receiver, path="/in", idempotency_key="k").status == 201
    assert [entry["path"] for entry in receiver.accepted()] == ["/api/reports", "/in"]


def test_receiver_idempotent_path_stores_one_of_many_at_the_same_time(start):
    receiver = start("--plain", "/in", "--idempotent", faults=["request 1: late-commit 50ms"])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(receiver, path="/in", idempotency_key="k"), range(16)))
    assert len({answer.body for answer in answers if answer.status == 201}) == 1
    receiver.stop()
    assert len(receiver.accepted()) == 1


def test_receiver_plain_path_asks_for_the_key_and_the_size(start, tmp_path):
    (tmp_path / "key").write_text("s3cret\n")
    receiver = start("--plain", "/in", "--key-file", tmp_path / "key", "--max-bytes", 10)
    assert post(receiver, b"a", path="/in").status == 401
    assert post(receiver, b"a", path="/in", x_functions_key="s3cre").status == 401
    assert post(receiver, b"a", path="/in", x_functions_key="s3cret").status == 201
    assert post(receiver, b"a", path="/in?code=s3cret").status == 201
    assert post(receiver, b"a" * 11, path="/in?code=s3cret").status == 413


# TLS.

@pytest.fixture
def certificate(tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                    "-out", cert], check=True, capture_output=True, timeout=PATIENCE)
    return cert, key


def test_receiver_serves_https(start, certificate):
    cert, key = certificate
    receiver = start("--cert", cert, "--key", key, faults=["request 2: hang 100ms", "request 3: slow-answer 2kB/s",
                                                           "request 4: reset-after-reading"])
    context = ssl.create_default_context(cafile=str(cert))
    headers = {"client": "a", "Content-Type": "text/csv"}
    answer = ask(receiver, "POST", "/api/reports", CSV, headers, context)
    assert answer.status == 201
    assert answer.headers["Location"].startswith(f"https://127.0.0.1:{receiver.port}/")
    with pytest.raises((http.client.RemoteDisconnected, ssl.SSLError, ConnectionError)):
        ask(receiver, "POST", "/api/reports", CSV, headers, context)
    assert ask(receiver, "POST", "/api/reports", CSV, headers, context).json()["reportItemCount"] == ROWS
    with pytest.raises((ConnectionError, ssl.SSLError, http.client.RemoteDisconnected)):
        ask(receiver, "POST", "/api/reports", CSV, headers, context)
    assert "listening on https://127.0.0.1:" in receiver.process.text()


def test_receiver_wrong_certificate_ends_it(certificate, tmp_path):
    cert, key = certificate
    assert "--cert or --key is no PEM" in run("--cert", key, "--key", cert, code=1).stderr
    assert "half-headers" in run("--cert", cert, "--key", key, "--fault", "all: half-headers", code=2).stderr


# The page that describes it.

PAGE = ROOT / "docs/receiver.md"


def table_of_help(rows, first, second):
    """The lines of --help as the page has them."""
    table = [f"| {first} | {second} |", "|---|---|"]
    return "\n".join(table + [f"| `{left}` | {right} |" for left, right in rows])


def rows_of_help(text):
    return re.findall(r"^  (\S.*?) {2,}(\S.*)$", text, re.MULTILINE)


def part_of_page(name):
    return re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- end -->", PAGE.read_text(), re.DOTALL)[1]


@pytest.mark.parametrize("name, first, second", [("options", "option", "meaning"), ("verbs", "VERB", "what happens")])
def test_receiver_page_has_the_tables_of_help(name, first, second):
    options, _, verbs = run("--help").stdout.partition("Verbs:\n")
    rows = rows_of_help(verbs if name == "verbs" else options)
    assert rows and part_of_page(name) == table_of_help(rows, first, second)


def test_receiver_page_shows_rules_that_can_be_read(tmp_path):
    rules = re.search(r"```\n(# the gateway.*?)```", PAGE.read_text(), re.DOTALL)[1]
    (tmp_path / "faults").write_text(rules)
    assert "cannot listen" not in run("--faults", tmp_path / "faults", "--key-file", tmp_path / "none", code=1).stderr
