"""Bytes in and out of an open descriptor on the event loop, without ever blocking it."""

import asyncio
import os
from collections.abc import Callable

READ_MAX = 4096  # the kernel's whole buffer of a tty, so that one wake-up empties the line
WRITE_S = 2.0  # the longest question takes 17 ms at 2400 Bd; a port that has not taken it by now takes nothing


class Wire:
    """An open descriptor. `lost` says why it cannot be used any more, and is empty as long as it can.

    `wake` is called when bytes have arrived and when the wire is lost.
    """

    def __init__(self, fd: int, wake: Callable[[], None]) -> None:
        self.lost = ""
        self._fd = fd
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._arrived = bytearray()
        self._unsent = b""
        self._unsent_until = 0.0
        self._loop.add_reader(fd, self._readable)

    def take(self) -> bytes:
        """What has arrived since the last call."""
        taken = bytes(self._arrived)
        self._arrived.clear()
        return taken

    def send(self, data: bytes, at: float) -> None:
        """Send within WRITE_S or lose the wire. While an earlier question is stuck this one is not sent."""
        if self._unsent or self.lost:
            return
        self._unsent = data
        self._unsent_until = at + WRITE_S
        self._writable()
        if self._unsent:
            self._loop.add_writer(self._fd, self._writable)

    def deadline(self) -> float | None:
        """When `expire` is to be called."""
        return self._unsent_until if self._unsent else None

    def expire(self, at: float) -> None:
        """Lose the wire if what was to be sent has not gone by `at`."""
        if self._unsent and at >= self._unsent_until:
            self.lose(f"{len(self._unsent)} bytes could not be sent within {WRITE_S:.0f} s: the port takes nothing")

    def lose(self, reason: str) -> None:
        """Stop listening at once: a dead descriptor left in the loop is called back without end."""
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._unsent = b""
        if not self.lost:
            self.lost = reason
            self._wake()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, READ_MAX)
        except BlockingIOError:
            return
        except OSError as error:
            self.lose(f"unplugged: {error.strerror}")
            return
        if not data:
            self.lose("unplugged, or another program reads this port too")
            return
        self._arrived += data
        self._wake()

    def _writable(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._fd, self._unsent) :]
        except BlockingIOError:
            return
        except OSError as error:
            self.lose(f"unplugged: {error.strerror}")
            return
        if not self._unsent:
            self._loop.remove_writer(self._fd)
