"""The tests of the scripts are proved: each check of each script is taken out, and they must see it.

Some 150 runs of them take minutes: all only with ELRELAY_LONG=1, a few always.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import queue_rig
import script_mutants
from queue_rig import server
from relay_rig import ROOT

__all__ = ["server"]  # a fixture
MUTANTS = script_mutants.all_mutants()
CHOSEN = MUTANTS if "ELRELAY_LONG" in os.environ else MUTANTS[::40]
AT_ONCE = 2
TESTS = [ROOT / "tests/system" / f"test_scripts{part}.py" for part in ("", "_operator", "_split", "_stopped", "_trouble", "_recall",
                                                                   "_exceptions", "_receipts")]
TIMED = "long_call or halves_down"  # they would fail on a busy machine, too


def scripts_with(mutant, folder):
    """The folder with the scripts, that one changed."""
    scripts = shutil.copytree(queue_rig.SCRIPTS, pathlib.Path(folder) / "scripts")
    if mutant:
        (scripts / f"{mutant.file}.lua").write_text(mutant.text)
    return scripts


def run_tests(mutant, folder):
    """How pytest ended, and what it said. Files that name the script most come first, the slow one last."""
    word = f'"{mutant.file}"' if mutant else ""
    files = sorted(TESTS, key=lambda file: (file.stem.endswith("stopped"), -file.read_text().count(word)))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "-p", "no:cacheprovider", "--basetemp", folder / "tmp",
         "-k", f"not ({TIMED})", *files],
        env=dict(os.environ, ELRELAY_SCRIPTS=str(scripts_with(mutant, folder))), capture_output=True, text=True,
        timeout=600)
    return done.returncode, done.stdout[-2000:]


@pytest.fixture(scope="module")
def runs(request, tmp_path_factory):
    """The run to come of each mutant that is wanted."""
    word = test_the_tests_catch_a_script_without.__name__
    wanted = [item.callspec.params["mutant"] for item in request.session.items if item.name.startswith(word)]
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    yield {str(mutant): pool.submit(run_tests, mutant, tmp_path_factory.mktemp("mutant")) for mutant in wanted}
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("mutant", CHOSEN, ids=str)
def test_the_tests_catch_a_script_without(runs, mutant):
    code, said = runs[str(mutant)].result()
    assert code == pytest.ExitCode.TESTS_FAILED, said


@pytest.mark.skipif("ELRELAY_LONG" not in os.environ, reason="system tests run the same; this proves the way they are run")
def test_the_scripts_as_they_are_pass(tmp_path):
    code, said = run_tests(None, tmp_path)
    assert code == pytest.ExitCode.OK, said


def test_everything_that_is_refused_is_a_check_that_is_taken_out():
    for path in queue_rig.SCRIPTS.glob("*.lua"):
        text = path.read_text()
        covered = [mutant.covers for mutant in MUTANTS if mutant.file == path.stem]
        for at in script_mutants.refusals_of(text):
            assert any(at in covers for covers in covered), f"{path.name}:{text.count(chr(10), 0, at) + 1}"


def test_each_mutant_is_one_of_its_kind_and_loads(server, monkeypatch, tmp_path):
    texts = {(mutant.file, mutant.text) for mutant in MUTANTS}
    assert len({str(mutant) for mutant in MUTANTS}) == len(texts) == len(MUTANTS)
    for at, mutant in enumerate(MUTANTS):
        monkeypatch.setattr(queue_rig, "SCRIPTS", scripts_with(mutant, tmp_path / str(at)))
        for name in queue_rig.names() if mutant.file == "lib" else [mutant.file]:
            server.client.script_load(queue_rig.text_of(name))


@pytest.mark.parametrize("text, wanted", [
    ("if a then return refused(x) end", ["if false then return refused(x) end"]),
    ("if a or (b or c) then\n return refused(x)\nend",
     ["if (b or c) then\n return refused(x)\nend", "if a then\n return refused(x)\nend"]),
    ("elseif a and b then return {'lost'}", ["elseif false then return {'lost'}"]),
    ("if a and b then write() end", ["if b then write() end", "if a then write() end"]),
    ("if a then write() end -- if any", ["if true then write() end -- if any"]),
    ("while b do if not a then break end end", ["while b do if false then break end end"]),
    ("local no = wrong_type() or closed(a, b)", ["local no = closed(a, b)", "local no = wrong_type()"]),
    ("    return closed(a, b)", ["    return false"]),
])
def test_a_check_is_taken_out_and_nothing_else(text, wanted):
    assert [mutant.text for mutant in script_mutants.mutants_of("any", text)] == wanted
