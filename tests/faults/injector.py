"""A dying disk for one process: system calls on files under a folder fail or take long, when the test says so.

The injector is C, built from source here and loaded with LD_PRELOAD; the test and the process share its settings.
"""

import enum
import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("faultio.c")
_CONTROL = struct.Struct("@IiIIQQQQ")  # `struct control` of faultio.c
_SEEN, _HIT = (struct.calcsize("@IiIIQQ"), struct.calcsize("@IiIIQQQ"))


class Calls(enum.IntFlag):
    """System calls that can be made to fail."""

    OPEN = 1
    READ = 2
    WRITE = 4
    SYNC = 8
    TRUNCATE = 16


CHANGES = Calls.WRITE | Calls.SYNC | Calls.TRUNCATE


class Injector:
    """Faults on everything whose path begins with `prefix`, in processes started with `environment`. None at first."""

    def __init__(self, folder: Path, prefix: Path) -> None:
        """Keeps its files in `folder`. Raises RuntimeError when there is no C compiler."""
        self._prefix = prefix
        self._library = _build(folder)
        self._file = folder / "faultio.control"
        self._file.write_bytes(bytes(_CONTROL.size))
        with self._file.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), _CONTROL.size)

    @property
    def environment(self) -> dict[str, str]:
        """For the process that is to meet the faults."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAULTIO_PATH": str(self._prefix),
            "FAULTIO_CONTROL": str(self._file),
        }

    def fail(self, calls: Calls, error: int, *, first: int = 1, count: int = 0, torn: bool = False) -> None:
        """From now on the `first` of these calls, counted from 1, and `count` in a row fail with that errno; with
        `count` 0 all of them. `torn`: half of the bytes of a write that fails are written."""
        self._set(calls, error, 0, torn, first, count)

    def delay(self, calls: Calls, delay_ms: int, *, first: int = 1, count: int = 0) -> None:
        """From now on these calls succeed, after so long."""
        self._set(calls, 0, delay_ms, torn=False, first=first, count=count)

    def clear(self) -> None:
        """The disk is well again. A call that is being delayed still waits for its end."""
        self._control[0:4] = struct.pack("@I", 0)

    @property
    def seen(self) -> int:
        """Calls of the kinds that are meant since the last change, failed or not."""
        return self._count(_SEEN)

    @property
    def hit(self) -> int:
        """Those of them that failed or were delayed. A test that never hit anything has shown nothing."""
        return self._count(_HIT)

    def _set(self, calls: Calls, error: int, delay_ms: int, torn: bool, first: int, count: int) -> None:
        """The calls that are meant are named last: until then none is."""
        self._control[:] = _CONTROL.pack(0, error, delay_ms, torn, first, count, 0, 0)
        self._control[0:4] = struct.pack("@I", calls)

    def _count(self, offset: int) -> int:
        (count,) = struct.unpack_from("@Q", self._control, offset)
        return int(count)


def _build(folder: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError(
            "no C compiler, and a dying disk cannot be played without one: apt-get install gcc libc6-dev"
        )
    library = folder / "faultio.so"
    if not library.exists():
        new = library.with_suffix(f".{os.getpid()}")
        command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(new), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True, timeout=60)
        new.replace(library)
    return library
