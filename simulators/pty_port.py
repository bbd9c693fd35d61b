"""A serial port that is not there: a pseudo-terminal under a lasting name, to be pulled out and plugged in again."""

import asyncio
import os
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

READ_MAX = 4096


class PtyPort:
    """The device's end. `heard` is called on the event loop with what the other side sends.

    We hold the other side open too: with nobody on it the device's end would read as broken, and settings be lost.
    """

    def __init__(self, path: Path, heard: Callable[[bytes], None]) -> None:
        self.path = path
        self._heard = heard
        self._ends: tuple[int, int] | None = None

    @property
    def plugged(self) -> bool:
        return self._ends is not None

    def plug(self) -> None:
        """Appear under `path`, in one step. Needs a running loop. Raises OSError if the path cannot be written."""
        if self._ends is not None:
            return
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._ends = (ours, theirs)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        with suppress(FileNotFoundError):
            fresh.unlink()
        fresh.symlink_to(os.ttyname(theirs))
        fresh.replace(self.path)
        self.listen()

    def unplug(self) -> None:
        """Be pulled out: the name is gone, and whoever has the port open reads an error."""
        if self._ends is None:
            return
        self.ignore()
        ours, theirs = self._ends
        self._ends = None
        if self.path.is_symlink() and os.readlink(self.path) == os.ttyname(theirs):
            self.path.unlink()
        os.close(theirs)
        os.close(ours)

    def listen(self) -> None:
        """Take what the other side sends."""
        if self._ends is not None:
            asyncio.get_running_loop().add_reader(self._ends[0], self._readable)

    def ignore(self) -> None:
        """Take nothing more, so that the other side's buffer fills."""
        if self._ends is not None:
            asyncio.get_running_loop().remove_reader(self._ends[0])

    def send(self, data: bytes) -> None:
        """What a full buffer does not take is lost, as on a wire that nobody reads."""
        if self._ends is not None:
            with suppress(BlockingIOError):
                os.write(self._ends[0], data)

    def _readable(self) -> None:
        assert self._ends is not None
        with suppress(BlockingIOError):
            self._heard(os.read(self._ends[0], READ_MAX))
