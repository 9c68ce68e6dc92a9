"""`elrelay convert`: the golden files once more, through the command."""

import json
import subprocess

import pytest

from relay_rig import ELRELAY, PATIENCE, ROOT

GOLDEN = ROOT / "tests/golden"


def has_columns_that_can_be_configured(name):
    """A key may be empty, the name of a column may not."""
    file = GOLDEN / f"{name}.columns"
    return "" not in file.read_text().splitlines()


CASES = [(path.name[:-len(".ndjson")], header) for path in sorted(GOLDEN.glob("*.ndjson"))
         for header in ("union", "first", "fixed") if path.with_suffix(f".{header}.csv").exists()
         and (header != "fixed" or has_columns_that_can_be_configured(path.stem))]


def convert(text, *args):
    return subprocess.run([ELRELAY, "convert", *args], input=text, capture_output=True, timeout=PATIENCE)


def rejects(stderr):
    """(line, reason) of each line that was named."""
    named = [line.split(": ") for line in stderr.decode().splitlines() if line.startswith("line ")]
    return [(int(parts[0][len("line "):]), parts[1]) for parts in named]


def config_of(folder, columns):
    path = folder / "elrelay.yaml"
    path.write_text(json.dumps({
        "instance": "one",
        "routes": [{"name": "covid", "format": {"header": "fixed", "columns": [{"name": name} for name in columns]},
                    "endpoint": {"profile": "plain", "url": "https://127.0.0.1/"}}]}))
    return path


def test_convert_golden_cases_exist():
    assert len(CASES) > 10


@pytest.mark.parametrize("name,header", CASES)
def test_convert_writes_the_golden_rows(tmp_path, name, header):
    args = ["--header", header]
    if header == "fixed":
        args += ["--config", config_of(tmp_path, (GOLDEN / f"{name}.columns").read_text().splitlines())]
    done = convert((GOLDEN / f"{name}.ndjson").read_bytes(), *args)
    assert done.stdout == (GOLDEN / f"{name}.{header}.csv").read_bytes()
    file = GOLDEN / f"{name}.rejects"
    wanted = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    assert rejects(done.stderr) == [(int(number), reason) for number, reason in wanted]
    assert done.returncode == (1 if wanted else 0)


@pytest.mark.parametrize("text,stdout,named", [
    (b"", b"", []),
    (b"\n\n", b"", []),
    (b'{"a":1}\n\n\n', b"a\n1\n", []),
    (b'\n{"a":1}', b"a\n1\n", [(1, "empty")]),
    (b'{"a":1}\n\n \t\n{"a":2}\n', b"a\n1\n2\n", [(2, "empty"), (3, "empty")]),
    (b'{"a":1}\r\n{"a":2}\r\n', b"a\n1\n2\n", []),
    (b'[1]\n{"a":2}\n', b"a\n2\n", [(1, "not_object")]),
], ids=["nothing", "blank", "blank-at-the-end", "blank-first", "blank-between", "crlf", "not-an-object"])
def test_convert_knows_which_lines_are_events(text, stdout, named):
    done = convert(text)
    assert (done.stdout, rejects(done.stderr), done.returncode) == (stdout, named, 1 if named else 0)


def test_convert_never_shows_content():
    done = convert(b'{"name":"Secretperson"\n{"a":"Secretperson\x01"}\n"Secretperson"\n')
    assert len(rejects(done.stderr)) == 3
    assert b"Secretperson" not in done.stderr + done.stdout


def test_convert_names_the_column_that_failed(tmp_path):
    config = config_of(tmp_path, ["a"])
    tree = json.loads(config.read_text())
    tree["routes"][0]["format"]["columns"][0]["required"] = True
    config.write_text(json.dumps(tree))
    done = convert(b'{"a":1}\n{"b":1}\n', "--config", config)
    assert done.stdout == b"a\n1\n"
    assert done.stderr.decode().splitlines()[0] == "line 2: required: a required column has no value, column a"


def test_convert_takes_lines_of_many_megabytes():
    value = "x" * (20 << 20)
    done = convert(json.dumps({"a": value}).encode())
    assert done.stdout == b"a\n" + value.encode() + b"\n"


@pytest.mark.parametrize("args,word", [
    (["--header", "last"], "union first fixed"),
    (["--header", "fixed"], "--config"),
    (["--route", "covid"], "--config"),
])
def test_convert_refuses_a_wrong_command_line(args, word):
    done = convert(b'{"a":1}\n', *args)
    assert done.returncode == 2 and word in done.stderr.decode() and done.stdout == b""


def test_convert_says_that_nobody_reads_it():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([ELRELAY, "convert"], input=b'{"a":1}\n', stdout=full, stderr=subprocess.PIPE,
                              timeout=PATIENCE)
    assert done.returncode == 1 and b"standard output" in done.stderr
