"""The demo as a new user starts it: `tocsin demo`, without a terminal."""

import os
import signal
import subprocess
import sys
from pathlib import Path

TOCSIN = (sys.executable, "-m", "daemon.cli")
ROOT = Path(__file__).resolve().parents[2]


def test_demo_of_60_s_shows_the_whole_fire(tmp_path: Path) -> None:
    """DEMO_SECONDS=60 ends by itself with 0; the last line tells readings, alarms and times, evacuation included."""
    ended = _demo(tmp_path, "60")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    summary = ended.stdout.splitlines()[-1]
    assert "alarms raised: blue 0, yellow 1, orange" in summary
    assert "red 1" in summary
    assert "not yet" not in summary
    assert not _left_behind(tmp_path)


def test_demo_ends_in_order_on_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C during the story ends everything: exit code 0, no process and no file stays."""
    with subprocess.Popen(
        (*TOCSIN, "demo"), cwd=ROOT, env=_environment(tmp_path, "0"), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "a fire starts" in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert not _left_behind(tmp_path)


def test_demo_shows_why_the_daemon_failed(tmp_path: Path) -> None:
    """A setting that the daemon refuses ends the demo with 1 and the reason, at once."""
    ended = _demo(tmp_path, "60", "--set", "links.broker.port=many")
    assert ended.returncode == 1
    assert "--set links.broker.port" in ended.stderr
    assert not _left_behind(tmp_path)


def _demo(folder: Path, seconds: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (*TOCSIN, "demo", *options),
        cwd=ROOT,
        env=_environment(folder, seconds),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def _environment(folder: Path, seconds: str) -> dict[str, str]:
    return {**os.environ, "DEMO_SECONDS": seconds, "TMPDIR": str(folder)}


def _left_behind(folder: Path) -> list[str]:
    """Files of the demo, and processes that were started for it."""
    commands = [
        path.read_bytes().decode(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if _mine(path)
    ]
    return [*(str(path) for path in folder.iterdir()), *(one for one in commands if str(folder) in one)]


def _mine(path: Path) -> bool:
    try:
        return path.stat().st_uid == os.getuid() and bool(path.read_bytes())
    except OSError:
        return False
