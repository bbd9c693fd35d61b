"""kill -9 of one process just before its k-th system call that reaches anything outside."""

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("killpoint.c")
_CONTROL = struct.Struct("@QQQ64s")  # `struct control` of killpoint.c


class KillPoint:
    """Of processes started with `environment`. Nothing is counted until `arm`."""

    def __init__(self, folder: Path) -> None:
        """Keeps its files in `folder`. Raises RuntimeError when there is no C compiler."""
        self._library = _build(folder)
        self._file = folder / "killpoint.control"
        self._file.write_bytes(bytes(_CONTROL.size))
        with self._file.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), _CONTROL.size)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "KILLPOINT_CONTROL": str(self._file)}

    def arm(self, at: int) -> None:
        """From now on count; kill before call number `at`, counted from 1, or never when it is 0."""
        self._control[:] = _CONTROL.pack(at, 0, 0, b"")
        self._control[16:24] = struct.pack("@Q", 1)

    def disarm(self) -> None:
        self._control[16:24] = struct.pack("@Q", 0)

    @property
    def seen(self) -> int:
        """Calls since it was armed."""
        return int(_CONTROL.unpack(self._control[:])[1])

    @property
    def call(self) -> str:
        """The call that was never made."""
        name: bytes = _CONTROL.unpack(self._control[:])[3]
        return name.rstrip(b"\0").decode()


def _build(folder: Path) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("no C compiler, and crash points cannot be hit without one: apt-get install gcc libc6-dev")
    library = folder / "killpoint.so"
    new = library.with_suffix(f".{os.getpid()}")
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(new), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    new.replace(library)
    return library
