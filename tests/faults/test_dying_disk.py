"""The disk under the journal dies in every way that disks die: alarms go out, and the journal catches up.

Each story has its control: without the way round the journal the same dead disk holds alarms back.
"""

import errno
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.daemon.test_daemon_process import WITHIN_S, Daemon, until
from tests.faults.hall import Hall, degraded, faults, hall_of, points, presses_kept, start
from tests.faults.injector import CHANGES, Calls, Injector
from tests.faults.patched import patched

ALARM_S = 5.0  # promised is 1 s on a machine that has nothing else to do
HELD_S = 4.0  # an alarm that has not come by now is held back: healthy ones take milliseconds

PATIENT = """
from daemon.journal.journal import Journal
Journal._degrade = lambda self, reason: None
Journal._watch = lambda self: None
"""


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path, mosquitto.port)
    daemon.state.mkdir()
    yield daemon
    daemon.close()


@pytest.fixture
def hall(daemon: Daemon, mosquitto: Mosquitto) -> Iterator[Hall]:
    with hall_of(daemon, mosquitto.port) as hall:
        yield hall


@pytest.fixture
def disk(tmp_path: Path, daemon: Daemon) -> Injector:
    return Injector(tmp_path, daemon.state / "journal.db")


def _full(disk: Injector) -> None:
    disk.fail(CHANGES, errno.ENOSPC)


def _half_written(disk: Injector) -> None:
    disk.fail(Calls.WRITE, errno.ENOSPC, torn=True)


def _read_only(disk: Injector) -> None:
    disk.fail(CHANGES | Calls.OPEN, errno.EROFS)


def _broken(disk: Injector) -> None:
    disk.fail(CHANGES, errno.EIO)


def _never_syncs(disk: Injector) -> None:
    disk.fail(Calls.SYNC, errno.EIO)


def _gone(disk: Injector) -> None:
    disk.fail(CHANGES | Calls.OPEN | Calls.READ, errno.EIO)


DEATHS = [_full, _half_written, _read_only, _broken, _never_syncs, _gone]


def _alarms_in_time(hall: Hall, numbers: range) -> None:
    for number in numbers:
        alarm_s, receipt_s = hall.alarm_s(number), hall.receipt_s(number)
        assert alarm_s is not None and alarm_s < ALARM_S, number
        assert receipt_s is not None, number


def _is_told(daemon: Daemon, hall: Hall) -> None:
    """On the API, in the status and at the broker."""
    until("the fault is on the API", lambda: "degraded" in faults(daemon))
    assert degraded(daemon)
    hall.until_fault("degraded")
    assert "go on from memory" in hall.faults["degraded"]


def _comes_back(daemon: Daemon, hall: Hall) -> None:
    until("the journal works again", lambda: not degraded(daemon))
    hall.until_fault("degraded", stands=False)
    assert not faults(daemon) & {"degraded", "unusable", "older_state"}


@pytest.mark.parametrize("dies", DEATHS)
def test_alarms_go_on_while_the_disk_is_dead_and_all_is_written_when_it_returns(
    daemon: Daemon, hall: Hall, disk: Injector, dies: Callable[[Injector], None]
) -> None:
    """Presses before, during and after are alarmed, acknowledged and told once; the journal holds all, in order."""
    start(daemon, **disk.environment)
    _alarms_in_time(hall, range(2))
    dies(disk)
    _alarms_in_time(hall, range(2, 6))
    _is_told(daemon, hall)
    assert disk.hit > 0
    disk.clear()
    _comes_back(daemon, hall)
    _alarms_in_time(hall, range(6, 8))
    assert daemon.stop() == 0
    assert presses_kept(daemon.state / "journal.db") == points(range(8))
    assert daemon.decided("raise") == 8 and daemon.decided("evacuate") == 1
    assert len(set(hall.triggers)) == 1


@pytest.mark.parametrize("dies", [_full, _never_syncs])
def test_without_the_way_round_a_dead_disk_holds_alarms_back(
    daemon: Daemon, hall: Hall, disk: Injector, tmp_path: Path, dies: Callable[[Injector], None]
) -> None:
    """The control: a journal that waits for its disk is silent for as long as the disk is dead."""
    start(daemon, **disk.environment, **patched(tmp_path / "patch", PATIENT))
    _alarms_in_time(hall, range(2))
    dies(disk)
    assert hall.alarm_s(2, HELD_S) is None and hall.receipt_s(2, HELD_S) is None
    disk.clear()
    assert hall.alarm_s(2) is not None


def test_one_call_that_fails_is_told_and_healed(daemon: Daemon, hall: Hall, disk: Injector) -> None:
    """A single failed fsync: the row is looked for in the file, written if it is not there, and never twice."""
    start(daemon, **disk.environment)
    for number in range(4):
        disk.fail(CHANGES, errno.EIO, first=1 + number, count=1)
        _alarms_in_time(hall, range(number, number + 1))
        until("the call was hit", lambda: disk.hit == 1)
        _comes_back(daemon, hall)
    assert daemon.stop() == 0
    assert presses_kept(daemon.state / "journal.db") == points(range(4))
    assert daemon.decided("raise") == 4


def test_a_write_that_takes_30_s_holds_nobody_up(daemon: Daemon, hall: Hall, disk: Injector) -> None:
    """An SD card that tidies up: alarms go out meanwhile, the watchdog's probe comes through, and all is written."""
    start(daemon, **disk.environment)
    _alarms_in_time(hall, range(2))
    disk.delay(Calls.SYNC, 30_000, count=1)
    began = time.monotonic()
    _alarms_in_time(hall, range(2, 6))
    _is_told(daemon, hall)
    assert time.monotonic() - began < 25.0, "all this was while the disk hung"
    until("the journal works again", lambda: not degraded(daemon), 60.0)
    assert daemon.stop() == 0
    assert presses_kept(daemon.state / "journal.db") == points(range(6))


def test_a_file_that_is_deleted_is_told_and_begun_anew_with_all_that_stands(daemon: Daemon, hall: Hall) -> None:
    """SQLite writes on into a deleted file without a word: the journal looks, and a restart knows every alarm."""
    start(daemon)
    _alarms_in_time(hall, range(2))
    for part in daemon.state.glob("journal.db*"):
        part.unlink()
    _alarms_in_time(hall, range(2, 4))
    until("it is begun anew", (daemon.state / "journal.db").exists)
    _comes_back(daemon, hall)
    _alarms_in_time(hall, range(4, 6))
    daemon.kill()
    start(daemon)
    assert _standing(daemon) == points(range(6))
    assert len(daemon.evacuations()) == 1


def test_a_file_that_is_overwritten_is_left_alone_and_begun_anew_when_it_is_moved_away(
    daemon: Daemon, hall: Hall
) -> None:
    """Corrupt while running: alarms go out, the file stays for whoever can read it, and the next one has all."""
    start(daemon)
    _alarms_in_time(hall, range(2))
    journal = daemon.state / "journal.db"
    for part in (journal, daemon.state / "journal.db-wal"):
        part.write_bytes(b"\xff" * max(8192, part.stat().st_size))
    _alarms_in_time(hall, range(2, 6))
    _is_told(daemon, hall)
    assert journal.stat().st_size >= 8192
    until("it says what to do", lambda: "copy the file aside" in degraded(daemon))
    for part in daemon.state.glob("journal.db*"):
        part.rename(part.with_name(f"broken-{part.name}"))
    _comes_back(daemon, hall)
    daemon.kill()
    start(daemon)
    assert _standing(daemon) == points(range(6))
    assert len(daemon.evacuations()) == 1


def _standing(daemon: Daemon) -> list[str]:
    with daemon.client() as client:
        return sorted(alarm.place for alarm in client.alarms() if alarm.tier == "red" and alarm.place != "hall")


@pytest.fixture
def partition(tmp_path: Path, daemon: Daemon) -> "Iterator[Partition]":
    if os.geteuid():
        pytest.skip("NOT RUN: only root can mount a file system")
    partition = Partition(tmp_path / "image", daemon.state)
    partition.mount()
    yield partition
    daemon.close()
    partition.unmount()


class Partition:
    """A real file system in a file, of its own, mounted where the state folder is."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self._folder = image, folder
        with image.open("wb") as file:
            file.truncate(16 << 20)
        self._run("mkfs.ext4", "-q", "-F", str(image))

    def mount(self) -> None:
        self._run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self._folder))

    def remount(self, option: str) -> None:
        self._run("mount", "-o", f"remount,{option}", str(self._folder))

    def replace(self) -> None:
        """Another disk with the same files: one that met an error stays read-only for as long as it is in use."""
        self.unmount()
        self._image = Path(shutil.copy(self._image, self._image.with_suffix(".2")))
        self.mount()

    def unmount(self) -> None:
        """Also while it is in use: whoever has a file open keeps it."""
        self._run("umount", "--lazy", str(self._folder))

    def fail(self) -> None:
        """What an ext4 does when it meets an error: it becomes read-only in that instant."""
        device = subprocess.run(
            ["findmnt", "-no", "SOURCE", str(self._folder)],
            check=True,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
        )
        trigger = Path("/sys/fs/ext4") / Path(device.stdout.strip()).name / "trigger_fs_error"
        trigger.write_text("a test")

    def fill(self) -> Path:
        """Until not a byte more goes in."""
        filler = self._folder / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with pytest.raises(OSError, match="No space left"):
                    file.writelines(itertools.repeat(b"\0" * size))
        return filler

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, timeout=WITHIN_S)


def test_a_real_file_system_that_is_full(daemon: Daemon, hall: Hall, partition: Partition) -> None:
    """Full to the last byte while running: as above, and nothing of Tocsin's is deleted to make room."""
    start(daemon)
    _alarms_in_time(hall, range(2))
    filler = partition.fill()
    before = {path.name for path in daemon.state.iterdir()}
    for number in range(2, 10):
        _alarms_in_time(hall, range(number, number + 1))
    _is_told(daemon, hall)
    assert before <= {path.name for path in daemon.state.iterdir()}
    filler.unlink()
    _comes_back(daemon, hall)
    assert daemon.stop() == 0
    assert presses_kept(daemon.state / "journal.db") == points(range(10))


def test_a_real_file_system_that_turns_read_only(daemon: Daemon, hall: Hall, partition: Partition) -> None:
    """An ext4 that met an error, then replaced: alarms went out meanwhile, and the journal goes on by itself."""
    start(daemon)
    _alarms_in_time(hall, range(2))
    partition.fail()
    _alarms_in_time(hall, range(2, 6))
    _is_told(daemon, hall)
    partition.replace()
    _comes_back(daemon, hall)
    _alarms_in_time(hall, range(6, 7))
    assert daemon.stop() == 0
    kept = presses_kept(daemon.state / "journal.db")
    assert kept == points(range(7))


def test_a_file_system_that_is_read_only_at_the_start(daemon: Daemon, hall: Hall, partition: Partition) -> None:
    """The daemon starts, alarms go out, the fault is told; mounted for writing later, the journal takes all up."""
    partition.remount("ro")
    start(daemon)
    _alarms_in_time(hall, range(4))
    assert {"unusable"} <= faults(daemon)
    assert degraded(daemon)
    partition.remount("rw")
    _comes_back(daemon, hall)
    assert daemon.stop() == 0
    assert presses_kept(daemon.state / "journal.db") == points(range(4))
