"""The systemd unit is correct and shut tight, by the judgement of systemd's own tools."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
UNITS = ROOT / "config" / "systemd"
UNIT = UNITS / "tocsin.service"
INSTALLED = "/opt/tocsin/bin/tocsin"
EXPOSURE_TENTHS = 20  # of 100: the bare unit has 96


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run systemd-analyze. Fails, never skips, where it is not installed."""
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is not installed: apt-get install systemd")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_the_unit_is_correct(tmp_path: Path) -> None:
    """Nothing to remark once the program is there: systemd also looks for the file, so a real one takes its place."""
    text = UNIT.read_text()
    assert text.count(INSTALLED) == 1
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace(INSTALLED, sys.executable))
    result = analyze("verify", "--man=no", str(unit))
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_a_mistake_in_the_unit_is_found(tmp_path: Path) -> None:
    """The check bites: an unknown setting and an absent program are both named."""
    unit = tmp_path / UNIT.name
    absent = str(tmp_path / "no-such-program")
    unit.write_text(UNIT.read_text().replace("StateDirectory=", "StateFolder=").replace(INSTALLED, absent))
    said = analyze("verify", "--man=no", str(unit)).stderr
    assert "StateFolder" in said
    assert absent in said


def test_the_unit_is_shut_tight() -> None:
    """What the service could reach beyond its task is at most 2.0 of 10."""
    result = analyze("security", "--offline=true", f"--threshold={EXPOSURE_TENTHS}", str(UNIT))
    assert result.returncode == 0, result.stdout[-400:]


def test_an_open_unit_is_found(tmp_path: Path) -> None:
    """The check bites: without the first lines of the shell the unit is over the limit."""
    unit = tmp_path / UNIT.name
    lines = UNIT.read_text().splitlines(keepends=True)
    unit.write_text("".join(line for line in lines if not line.startswith(("Protect", "SystemCall", "User="))))
    assert analyze("security", "--offline=true", f"--threshold={EXPOSURE_TENTHS}", str(unit)).returncode == 1


def test_the_user_can_be_made(tmp_path: Path) -> None:
    """systemd-sysusers makes the unit's user from our file, in the group that may open serial ports."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "group").write_text("dialout:x:20:\n")
    subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", "--replace=/usr/lib/sysusers.d/tocsin.conf", "-"],
        input=(UNITS / "sysusers.d" / "tocsin.conf").read_text(),
        check=True,
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert "tocsin:" in (tmp_path / "etc" / "passwd").read_text()
    assert "dialout:x:20:tocsin" in (tmp_path / "etc" / "group").read_text()
