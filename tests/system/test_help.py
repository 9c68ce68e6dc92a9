"""Help, manual pages and completion say what the tables say, and no table is left out."""

import json
import os
import re
import shutil
import subprocess

import pytest

from relay_rig import BUILD, ELRELAY, PATIENCE, ROOT

HELP = ROOT / "tests/golden/help"
COMMANDS = ["run", "flush", "check", "convert", "enqueue", "peek", "status", "batch list", "batch show",
            "batch terminate", "batch release", "held list", "held accept", "held resend", "held terminate", "dead list",
            "dead show", "dead replay", "dead drop", "trace", "acks", "report", "pause", "resume", "version",
            "help"]
BATCH = "0195f0a0-0000-7000-8000-000000000001"


def elrelay(*args):
    return subprocess.run([ELRELAY, *args], capture_output=True, text=True, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL)


def helped(*args):
    done = elrelay(*args)
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout


def page(name):
    return (BUILD / "man" / name).read_text()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_the_golden_text(command):
    golden = HELP / f"{command.replace(' ', '-') or 'elrelay'}.txt"
    text = helped(*command.split(), "--help")
    if os.environ.get("ELRELAY_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()
    assert text == helped("help", *command.split())


def test_help_names_each_command_and_no_other():
    listed = re.search(r"commands:\n(.*?)\n\n", helped("--help"), re.S).group(1)
    assert re.findall(r"^  (\S+(?: \S+)*?)  ", listed, re.M) == COMMANDS
    assert {path.stem for path in HELP.glob("*.txt")} == {name.replace(" ", "-") for name in COMMANDS} | {"elrelay"}


def test_help_keeps_to_eighty_columns():
    for command in ["", *COMMANDS]:
        assert max(len(line) for line in helped(*command.split(), "--help").splitlines()) < 80


def test_readme_names_each_command():
    readme = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if not re.search(rf"elrelay {name}\b|`{name}\b", readme) and name != "help"] == []


def test_man_page_has_each_command_option_and_exit_code():
    text = page("elrelay.1")
    assert re.findall(r'^\.SS "(.*)"$', text, re.M) == COMMANDS
    for command in COMMANDS:
        options = re.findall(r"^  (?:-\w, |    )--(\w+)", helped(*command.split(), "--help"), re.M)
        part = re.search(rf'^\.SS "{command}"$(.*?)(?=^\.S[SH])', text, re.M | re.S).group(1)
        assert set(re.findall(r"\\-\\-(\w+)", part)) | {"help"} >= set(options)
    tags = re.findall(r"^\.TP\n\\fB(.*?)\\fR", text, re.M)
    assert [tag for tag in tags if tag.isdigit()] == list("0123456")


@pytest.mark.parametrize("group", ["batch", "held", "dead"])
def test_help_of_a_group_lists_its_commands(group):
    for text in (helped(group, "--help"), helped(group, "-h"), helped("help", group)):
        assert re.findall(r"^  (\w+ \w+)  ", text, re.M) == [name for name in COMMANDS if name.startswith(group)]


def test_man_page_has_each_reason():
    table = re.findall(r'ROW\(\w+, "(\w+)"', (ROOT / "include/elrelay/core/carry/reason.h").read_text())
    part = re.search(r"^\.SH REASONS$(.*?)^\.SH", page("elrelay.1"), re.M | re.S).group(1)
    assert re.findall(r"^\.TP\n\\fB(.*?)\\fR", part, re.M) == table and len(table) > 20


def test_dead_drop_says_that_it_wants_a_note():
    assert "usage: elrelay dead drop [OPTION...] --note TEXT [ID...]\n" in helped("dead", "drop", "--help")
    assert "dead drop\\fR [\\fIOPTION\\fR...] \\-\\-note TEXT [ID...]" in page("elrelay.1")


def test_man_page_has_each_setting(tmp_path):
    text = page("elrelay.yaml.5").replace("\\-", "-")
    (tmp_path / "elrelay.yaml").write_text(json.dumps({"instance": "one", "routes": [{
        "name": "covid", "endpoint": {"profile": "plain", "url": "https://127.0.0.1/", "headers": {"a": "b"}},
        "format": {"header": "fixed", "columns": [{"name": "a"}]}}]}))
    done = elrelay("check", "--json", "--config", str(tmp_path / "elrelay.yaml"))
    assert done.returncode == 0, done.stderr
    keys = {re.sub(r"^routes\[0\]\.(format\.columns\[0\]\.)?", "", row["key"])
            for row in json.loads(done.stdout)["settings"]} - {"endpoint.headers.a"}
    assert len(keys) > 40
    named = set(re.findall(r'^(?:\\fB|\.SS ")([a-z_.]+)', text, re.M))
    assert keys - named == set()


def test_man_page_example_is_a_configuration(tmp_path):
    text = page("elrelay.yaml.5").replace("\\-", "-")
    example = re.search(r"^\.SH EXAMPLE\n\.RS 4\n\.nf\n(.*?)\n\.fi", text, re.M | re.S).group(1)
    (tmp_path / "elrelay.yaml").write_text(example)
    done = elrelay("check", "--config", str(tmp_path / "elrelay.yaml"))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["elrelay.1", "elrelay.yaml.5"])
def test_man_page_is_read_without_a_word(name):
    tools = [[shutil.which("man"), "--warnings", "-l"], [shutil.which("mandoc"), "-Tlint"],
             [shutil.which("groff"), "-man", "-ww", "-Tutf8", "-z"]]
    tools = [tool for tool in tools if tool[0]]
    if not tools:
        pytest.skip("neither man, mandoc nor groff is installed")
    for tool in tools:
        done = subprocess.run([*tool, str(BUILD / "man" / name)], capture_output=True, text=True, timeout=PATIENCE,
                              env={**os.environ, "MAN_KEEP_STDERR": "1"})
        assert done.stderr == "" and done.returncode == 0, tool
        assert "-Tlint" not in tool or done.stdout == ""


def complete(line):
    """What bash would offer at the end of the line."""
    script = f"""source '{BUILD}/elrelay.bash'
        COMP_WORDS=({line[:-1] if line.endswith(' ') else line} {"''" if line.endswith(' ') else ''})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _elrelay
        printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("line,wanted", [
    ("elrelay ", sorted({name.split()[0] for name in COMMANDS})),
    ("elrelay re", ["report", "resume"]),
    ("elrelay dead ", ["drop", "list", "replay", "show"]),
    ("elrelay held terminate --to ", ["dead", "queue"]),
    ("elrelay batch list --state s", ["sealed", "sending", "split"]),
    ("elrelay dead drop --", ["--all", "--config", "--help", "--note", "--reason", "--route"]),
    ("elrelay dead list --re", ["--reason"]),
    ("elrelay dead show --re", ["--reveal"]),
    ("elrelay convert --header ", ["first", "fixed", "union"]),
    ("elrelay status --json --r", ["--route"]),
    ("elrelay status --route ", []),
    ("elrelay dead drop --reason not_", ["not_in_values", "not_json", "not_object", "not_utf8"]),
    ("elrelay held accept --reason ", []),
    ("elrelay batch list --state n", []),
    ("elrelay check -c /etc/hostn", ["/etc/hostname"]),
    ("elrelay help ", sorted({name.split()[0] for name in COMMANDS})),
    ("elrelay help held ", ["accept", "list", "resend", "terminate"]),
    ("elrelay help status ", []),
    ("elrelay nonsense ", []),
])
def test_completion_offers(line, wanted):
    assert sorted(complete(line)) == wanted


def test_completion_has_each_option():
    for command in COMMANDS:
        options = re.findall(r"^  (?:-\w, |    )(--[\w-]+)", helped(*command.split(), "--help"), re.M)
        assert sorted(complete(f"elrelay {command} --")) == sorted(options)


@pytest.mark.parametrize("args,words", [
    ([], ["elrelay help"]),
    (["dead"], ["dead list", "dead show"]),
    (["stauts"], ["elrelay status"]),
    (["dead", "lsit"], ["dead list"]),
    (["xyzzy"], ["elrelay help"]),
    (["status", "--jsno"], ["no option --jsno", "--json?"]),
    (["status", "--xyzzy=" + "y" * 99], ["no option --xyzzy;", "elrelay help status"]),
    (["status", "-x"], ["-x"]),
    (["status", "--json=yes"], ["--json takes no value"]),
    (["peek", "--count"], ["--count needs N"]),
    (["peek", "-n"], ["--count needs N"]),
    (["peek", "--count", "0"], ["1 to 100000"]),
    (["peek", "--count", "many"], ["1 to 100000"]),
    (["status", "covid"], ["covid", "elrelay help status"]),
    (["dead", "show"], ["needs ID"]),
    (["dead", "show", "twelve"], ["1764000000000-0"]),
    (["dead", "list", "--reason", "sadness"], ["not_json", "too_large"]),
    (["help", "stauts"], ["elrelay status"]),
    (["help", "dead", "list", "all"], ['with "all"']),
    (["held"], ["held list", "held accept", "held resend", "held terminate"]),
    (["batch", "list", "--state", "happy"], ["--state wants", "sealed", "terminated"]),
    (["batch", "list", "--state", "none"], ["--state wants one of: forming"]),
    (["batch", "list", "--state="], ["--state wants one of"]),
    (["convert", "--header", "last"], ["--header wants one of: union first fixed"]),
    (["xyzzy", "--help"], ["unknown command"]),
    (["batch", "show"], ["needs ID"]),
    (["batch", "show", "1764000000000-0"], ["0195f0a0-", "batch list"]),
    (["held", "accept", BATCH], ["held accept", "--reason TEXT", "audit"]),
    (["held", "resend", BATCH, "--reason", ""], ["held resend", "--reason TEXT"]),
    (["held", "terminate", BATCH, "--reason", "x", "--to", "moon"], ["--to wants one of: queue dead"]),
    (["batch", "release", "twelve", "--reason", "x"], ["0195f0a0-"]),
    (["dead", "replay"], ["ID..., --reason WORD, or --all"]),
    (["dead", "replay", "1-1", "--all"], ["one of"]),
    (["dead", "drop", "--reason", "refused", "--all", "--note", "x"], ["one of"]),
    (["dead", "drop", "--all"], ["--note TEXT", "audit"]),
    (["dead", "drop", "--all", "--note="], ["--note TEXT"]),
    (["dead", "replay", "1-1", "twelve"], ["1764000000000-0"]),
    (["dead", "replay", "--reason", "sadness"], ["refused_alone", "terminated"]),
])
def test_command_line_that_is_wrong_is_answered_with_what_is_right(args, words):
    done = elrelay(*args)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("elrelay: ") and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr


def test_version_names_the_libraries():
    lines = dict(line.split() for line in helped("version").splitlines())
    assert {"elrelay", "libuv", "hiredis", "libcurl", "openssl"} <= set(lines)
    assert all(re.fullmatch(r"[0-9].*", version) for version in lines.values())
