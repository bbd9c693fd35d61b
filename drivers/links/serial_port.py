"""The calls on a serial port that may block, in one thread per port; reading and writing happen on the event loop.

Opening waits for control transfers of a USB adapter (up to 5 s each), closing for the output to drain (30 s by the
kernel's default), and nothing can interrupt either. Both stand in one queue of one thread, so that a port is never
opened before its last close has come back, and a hung adapter costs one thread and not one for each try.
"""

import os
import termios
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import serial

from drivers.links.serial_settings import SerialSettings

PortError = (OSError, termios.error, serial.SerialException)
"""Any of these is the loss of the port; `termios.error` is no OSError, and comes from flushing a port that is gone."""


def open_port(settings: SerialSettings) -> serial.Serial:
    """Open for us alone, non-blocking, at 8N1. Raises one of PortError.

    8N1 is all there is because a pseudo-terminal refuses parity at the second opening (EINVAL), as does any attribute
    that is set later: nothing is.
    """
    port = serial.Serial(baudrate=settings.baud, timeout=0, exclusive=True)
    port.port = settings.path
    port.dtr = settings.dtr
    port.rts = settings.rts
    port.open()
    return port


def close_port(port: serial.Serial) -> None:
    """Close, giving up what has not been sent. Never raises: a port that cannot be closed is as gone as can be."""
    with suppress(*PortError):
        termios.tcflush(port.fileno(), termios.TCIOFLUSH)  # or close would wait for a device that takes nothing
    with suppress(*PortError):
        port.close()


def still_there(fd: int, path: str) -> bool:
    """Whether `path` leads to the very device that `fd` has open, and not to nothing or to one that took its name."""
    try:
        opened, named = os.fstat(fd), os.stat(path)
    except OSError:
        return False
    return (opened.st_dev, opened.st_ino, opened.st_rdev) == (named.st_dev, named.st_ino, named.st_rdev)


class PortThread:
    """The one thread of one port."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._opening: Future[serial.Serial] | None = None

    def open(self, settings: SerialSettings) -> "Future[serial.Serial]":
        """Begin to open. Raises one of PortError in the future."""
        self._opening = self._thread.submit(open_port, settings)
        return self._opening

    def close(self, port: serial.Serial) -> "Future[None]":
        """Begin to close."""
        self._opening = None
        return self._thread.submit(close_port, port)

    def end(self) -> None:
        """Let go of the thread without waiting; a port that it has opened, or still will, for nobody is closed."""
        if self._opening is not None:
            self._opening.add_done_callback(_close_opened)
        self._thread.shutdown(wait=False)


def _close_opened(opening: "Future[serial.Serial]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        close_port(opening.result())
