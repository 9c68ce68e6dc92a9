"""The unit as systemd reads it, and what an installation puts where."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd/elrelay.service"
EXPOSURE_MAX = 11  # tenths; what is left is the network and the sockets that the daemon lives from

needs_build = pytest.mark.skipif("ELRELAY_BUILD" not in os.environ, reason="ELRELAY_BUILD names no build")
needs_systemd = pytest.mark.skipif(not Path("/usr/bin/systemd-analyze").exists(), reason="no systemd-analyze")


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True)


def here(folder, text):
    """The unit with its program and its manual where this machine has them."""
    unit = folder / "elrelay.service"
    unit.write_text(text.replace("/usr/bin/elrelay", "/bin/true").replace("Documentation=man:", "#"))
    return str(unit)


@needs_systemd
def test_unit_is_understood_whole(tmp_path):
    done = analyze("verify", here(tmp_path, UNIT.read_text()))
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_unit_an_unknown_word_is_seen(tmp_path):
    done = analyze("verify", here(tmp_path, UNIT.read_text() + "\n[Service]\nRestartNever=yes\n"))
    assert "RestartNever" in done.stderr


@needs_systemd
def test_unit_exposes_little(tmp_path):
    limit = f"--threshold={EXPOSURE_MAX}"
    assert analyze("security", "--offline=yes", limit, str(UNIT)).returncode == 0
    weaker = tmp_path / "elrelay.service"
    weaker.write_text(UNIT.read_text().replace("RestrictNamespaces=yes", "RestrictNamespaces=no"))
    assert analyze("security", "--offline=yes", limit, str(weaker)).returncode != 0


def settings():
    pairs = (line.partition("=") for line in UNIT.read_text().splitlines() if line[:1].isalpha())
    return {name: value for name, _, value in pairs}


def seconds(text):
    number, unit = text.rstrip("smin"), text.lstrip("0123456789")
    return int(number) * {"s": 1, "min": 60}[unit]


def test_unit_waits_longer_than_the_grace_of_a_stop():
    assert seconds(settings()["TimeoutStopSec"]) > 25


def test_unit_does_not_start_again_what_cannot_heal():
    assert settings()["RestartPreventExitStatus"].split() == ["2", "3"]


@needs_build
def test_install_puts_everything_in_its_place_and_keeps_a_configuration(tmp_path):
    def install():
        subprocess.run(["cmake", "--install", os.environ["ELRELAY_BUILD"], "--prefix", "/usr"], check=True,
                       env={**os.environ, "DESTDIR": str(tmp_path)}, stdout=subprocess.DEVNULL)

    install()
    placed = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert placed == {
        "usr/bin/elrelay", "usr/lib/systemd/system/elrelay.service", "etc/elrelay/elrelay.yaml",
        "usr/share/man/man1/elrelay.1", "usr/share/man/man5/elrelay.yaml.5",
        "usr/share/bash-completion/completions/elrelay"}
    conf = tmp_path / "etc/elrelay/elrelay.yaml"
    conf.write_text("# an operator's own\n")
    install()
    assert conf.read_text() == "# an operator's own\n"
