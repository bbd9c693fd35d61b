"""The dying disk dies as it is told, and only where it is told."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.injector import Calls, Injector

WRITER = """
import json, os, sys
said = []
file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
for number in range(5):
    for name, call in (("write", lambda: os.pwrite(file, b"ab", 2 * number)), ("sync", lambda: os.fsync(file))):
        try:
            call()
            said.append(f"{name} ok")
        except OSError as error:
            said.append(f"{name} {error.errno}")
json.dump(said, sys.stdout)
"""


@pytest.fixture
def injector(tmp_path: Path) -> Injector:
    (tmp_path / "disk").mkdir()
    return Injector(tmp_path, tmp_path / "disk")


def _write(injector: Injector, path: Path) -> list[str]:
    command = [sys.executable, "-c", WRITER, str(path)]
    environment = {**os.environ, **injector.environment}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True)
    said: list[str] = json.loads(ended.stdout)
    return said


def test_nothing_fails_until_it_is_told_to(injector: Injector, tmp_path: Path) -> None:
    """The control of all tests that use it: with no fault set the same calls succeed."""
    assert _write(injector, tmp_path / "disk" / "a") == ["write ok", "sync ok"] * 5
    assert injector.seen == injector.hit == 0


def test_every_call_of_the_kind_fails_and_no_other(injector: Injector, tmp_path: Path) -> None:
    """A full disk refuses writes and goes on syncing what it has."""
    injector.fail(Calls.WRITE, errno.ENOSPC)
    assert _write(injector, tmp_path / "disk" / "a") == [f"write {errno.ENOSPC}", "sync ok"] * 5
    assert injector.hit == injector.seen == 5


def test_files_elsewhere_are_left_alone(injector: Injector, tmp_path: Path) -> None:
    """Only the folder that was named is on the dying disk."""
    injector.fail(Calls.WRITE, errno.ENOSPC)
    assert _write(injector, tmp_path / "a") == ["write ok", "sync ok"] * 5
    assert injector.seen == 0


def test_the_call_of_that_number_fails_once(injector: Injector, tmp_path: Path) -> None:
    """Each call of a story can be made the one that fails; the count goes over all kinds that are meant."""
    injector.fail(Calls.WRITE | Calls.SYNC, errno.EIO, first=4, count=1)
    assert _write(injector, tmp_path / "disk" / "a") == [
        *("write ok", "sync ok", "write ok", f"sync {errno.EIO}"),
        *["write ok", "sync ok"] * 3,
    ]
    assert (injector.seen, injector.hit) == (10, 1)


def test_a_torn_write_leaves_its_first_half(injector: Injector, tmp_path: Path) -> None:
    """What a power cut in the middle of a write does."""
    injector.fail(Calls.WRITE, errno.EIO, first=5, count=1, torn=True)
    _write(injector, tmp_path / "disk" / "a")
    assert (tmp_path / "disk" / "a").read_bytes() == b"ababababa"


def test_a_slow_call_succeeds_in_the_end(injector: Injector, tmp_path: Path) -> None:
    """An SD card that tidies up answers late, and answers well."""
    injector.delay(Calls.SYNC, 5)
    assert _write(injector, tmp_path / "disk" / "a") == ["write ok", "sync ok"] * 5
    assert injector.hit == 5
