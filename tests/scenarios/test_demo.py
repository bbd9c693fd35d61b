"""The demo as a new user starts it: `tocsin demo`, without a terminal."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
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


def test_demo_at_a_terminal_shows_the_picture_and_gives_the_terminal_back(tmp_path: Path) -> None:
    """With a terminal `top` is in front; at the end the normal screen and the summary are back."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    before = termios.tcgetattr(theirs)
    environment = {**_environment(tmp_path, "6"), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with subprocess.Popen(
        (*TOCSIN, "demo"), cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        shown = b""
        while process.poll() is None or select.select([ours], [], [], 0)[0]:
            if select.select([ours], [], [], 0.2)[0]:
                shown += os.read(ours, 65536)
        assert process.returncode == 0
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
    picture, _, after = shown.rpartition(b"\x1b[?1049l")
    assert b"\x1b[?1049h" in picture
    assert b"Starlight KTV" in picture
    assert b"alarms raised: blue 0" in after
    assert not _left_behind(tmp_path)


def test_demo_ends_in_order_on_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C during the story ends everything: exit code 0, no process and no file stays."""
    with _started(tmp_path) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "a fire starts" in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert not _left_behind(tmp_path)


def test_demo_shows_the_log_of_a_daemon_that_died(tmp_path: Path) -> None:
    """When the daemon is killed the demo ends with 1, says so and shows the end of its log; nothing stays."""
    with _started(tmp_path) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            if "a fire starts" in line:
                os.kill(_daemon_of(tmp_path), signal.SIGKILL)
        told = process.stderr.read()
        assert process.wait(20) == 1
    assert "the daemon ended by itself with code -9" in told
    assert "daemon.app: ready" in told
    assert not _left_behind(tmp_path)


def test_demo_refuses_a_setting_that_makes_no_sense(tmp_path: Path) -> None:
    """A bad setting ends the demo with 1 and the place of the mistake, before anything is started."""
    ended = _demo(tmp_path, "60", "--set", "links.broker.port=many")
    assert ended.returncode == 1
    assert "--set links.broker.port" in ended.stderr
    assert not _left_behind(tmp_path)


def _started(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        (*TOCSIN, "demo"),
        cwd=ROOT,
        env=_environment(folder, "0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _daemon_of(folder: Path) -> int:
    """The process id of the daemon that the demo with this folder started."""
    found = [number for number, command in _processes().items() if "run\0" in command and str(folder) in command]
    assert len(found) == 1
    return found[0]


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
    files = [str(path) for path in folder.iterdir()]
    return [*files, *(command for command in _processes().values() if str(folder) in command)]


def _processes() -> dict[int, str]:
    """Command lines by process id, words parted by NUL."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended in between
            found[int(path.parent.name)] = path.read_bytes().decode(errors="replace")
    return found
