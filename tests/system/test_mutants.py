"""The checker is proved: each way to break the promise is built and run, and it must see it.

Building and running a dozen daemons takes a while: only with ELRELAY_LONG=1.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

from mutants import MUTANTS, RUNS
from relay_rig import ROOT, rig_in_a_folder


class Tree:
    """A copy of the source tree with a build that follows its edits."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "tree"
        shutil.copytree(ROOT, self.folder, ignore=shutil.ignore_patterns("build", ".git", "__pycache__", "tmp*"))
        self.command("cmake", "-G", "Ninja", "-S", self.folder, "-B", self.build(), "-DCMAKE_BUILD_TYPE=Debug",
                     "-DCMAKE_C_FLAGS=-w")

    def build(self):
        return self.folder / "build"

    def command(self, *args):
        done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def make(self, edits=()):
        """The daemon with these edits; they are taken back once it is built."""
        before = {}
        for file, old, new in edits:
            path = self.folder / file
            text = path.read_text()
            before.setdefault(path, text)
            assert text.count(old) == 1, f"{file} has {text.count(old)} times: {old}"
            path.write_text(text.replace(old, new))
        self.command("ninja", "-C", self.build(), "elrelay")
        for path, text in before.items():
            path.write_text(text)
        return self.build() / "elrelay"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return Tree(tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.__name__)
def test_the_tree_as_it_is_passes(run):
    with rig_in_a_folder() as rig:
        reports = run(rig)
    assert all(report.is_clean() for report in reports), [f"{report} {report.examples}" for report in reports]
    assert reports[-1].waiting == reports[-1].doubtful == reports[-1].held == 0, reports[-1]


@pytest.mark.skipif("ELRELAY_LONG" not in os.environ, reason="takes minutes; scripts/test --all runs it")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_the_checker_catches(tree, mutant):
    elrelay = tree.make(mutant.edits)
    with rig_in_a_folder(elrelay) as rig:
        reports = mutant.run(rig)
    assert any(getattr(report, mutant.shows) for report in reports), [str(report) for report in reports]


def test_each_mutant_breaks_the_source_as_it_is():
    """Where the source moved on, its mutants must too."""
    for mutant in MUTANTS:
        for file, old, _ in mutant.edits:
            assert (ROOT / file).read_text().count(old) == 1, f"{mutant.name}: {file}: {old}"
