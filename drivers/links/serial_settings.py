"""Settings of a serial port."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from drivers.settings import Settings

_NUMBERED = re.compile(r"/dev/tty(USB|ACM)\d+")


def _stable(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"{path!r} must be a whole path, such as /dev/serial/by-id/usb-...-port0 or /dev/ttyS0")
    if _NUMBERED.fullmatch(path):
        raise ValueError(
            f"{path} may be another adapter after a replug; write its lasting name from /dev/serial/by-id, or from "
            "/dev/serial/by-path where the adapter has no serial number (ls -l /dev/serial/by-id shows which is which)"
        )
    return path


class SerialSettings(Settings):
    """A port by its lasting name; always 8 data bits, no parity, 1 stop bit.

    `dtr` and `rts` are the two control lines while the port is open: DTR on and RTS off feeds the interface cable of
    most UPSs. A port that has no such lines, a pseudo-terminal for one, is used without.
    """

    path: Annotated[str, AfterValidator(_stable)]
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 2400
    dtr: bool = True
    rts: bool = False
