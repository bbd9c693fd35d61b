"""The power is cut under a running daemon: what it had acknowledged is on the disk, and it starts again.

An ext4 in a file is shut down in the middle of whatever it does, without writing its log; what was not synced is gone.
"""

import fcntl
import os
import signal
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from daemon.journal.rows import NoJournal
from tests.broker import Mosquitto
from tests.crash.stream import Message, Stream, kept, make_daemon, until, up
from tests.daemon.test_daemon_process import WITHIN_S, Daemon
from tests.faults.patched import patched

CUTS = int(os.environ.get("CRASH_CUTS", "3"))
MESSAGES = 100 * CUTS
SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32): fs/ext4/ext4.h
NO_LOG_FLUSH = 2  # EXT4_GOING_FLAGS_NOLOGFLUSH

CARELESS = """
from daemon.journal import schema
schema._PRAGMAS = tuple(one.replace("synchronous=FULL", "synchronous=NORMAL") for one in schema._PRAGMAS)
"""


class Machine:
    """A disk of its own, mounted where the daemon keeps its state."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self._folder = image, folder
        with image.open("wb") as file:
            file.truncate(64 << 20)
        _run("mkfs.ext4", "-q", "-F", str(image))
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self._folder))

    def cut_power(self, daemon: Daemon) -> None:
        assert daemon.process is not None
        disk = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.ioctl(disk, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
            os.kill(daemon.process.pid, signal.SIGKILL)
        finally:
            os.close(disk)
        daemon.process.wait(WITHIN_S)

    def switch_on(self) -> None:
        self.unmount()
        self.mount()

    def unmount(self) -> None:
        _run("umount", str(self._folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=WITHIN_S)


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    daemon = make_daemon(tmp_path, mosquitto)
    daemon.state.mkdir()
    daemon.socket = tmp_path / "api.sock"  # what counts crashes lies beside it, on the memory of a real machine
    yield daemon
    daemon.close()


@pytest.fixture
def machine(tmp_path: Path, daemon: Daemon) -> Iterator[Machine]:
    if os.geteuid():
        pytest.skip("NOT RUN: no power is cut, for only root can mount a disk that can be shut down")
    machine = Machine(tmp_path / "image", daemon.state)
    yield machine
    daemon.close()
    machine.unmount()


def _whole(daemon: Daemon) -> bool:
    with closing(sqlite3.connect(daemon.state / "journal.db")) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


@pytest.mark.timeout(60 + 30 * CUTS)
def test_what_was_acknowledged_is_there_after_a_power_cut(
    daemon: Daemon, mosquitto: Mosquitto, machine: Machine
) -> None:
    """Cut again and again at random instants: all that was acknowledged is kept, once, in a file that is whole."""
    chance = Random()
    stream = Stream(mosquitto.port, MESSAGES)
    in_memory: set[Message] = set()  # acknowledged between the cut and the end of the process
    try:
        for _ in range(CUTS):
            up(daemon)
            stream.wait(chance.uniform(0.0, 0.5))
            before = stream.answered()
            machine.cut_power(daemon)
            in_memory |= stream.answered() - before
            machine.switch_on()
            daemon.kill()  # it is dead, but in this boot of the machine three such ends are a crash loop
            assert before <= set(kept(daemon)) | in_memory
            assert _whole(daemon)
        up(daemon)
        until("all is acknowledged", stream.all_answered)
    finally:
        stream.close()
    daemon.stop()
    found = kept(daemon)
    assert stream.said - in_memory <= set(found) <= stream.said
    assert set(found.values()) == {1}


def test_without_waiting_for_the_disk_a_power_cut_loses(
    daemon: Daemon, mosquitto: Mosquitto, machine: Machine, tmp_path: Path
) -> None:
    """The control: the same cut with `synchronous=NORMAL` takes away what was acknowledged."""
    stream = Stream(mosquitto.port, 100)
    try:
        daemon.start(**patched(tmp_path / "patch", CARELESS))
        until("the daemon is up", daemon.up)
        until("all is acknowledged", stream.all_answered)
        machine.cut_power(daemon)
    finally:
        stream.close()
    machine.switch_on()
    try:
        found = set(kept(daemon))
    except NoJournal:  # not even its tables were on the disk
        found = set()
    assert stream.said - found
