"""How much the journal's thread writes to the disk: a small flash card lives as long as that lets it."""

import time
from pathlib import Path
from typing import NamedTuple

_IO = Path("/proc/thread-self/io")
DAY_S = 86400.0


class Wear(NamedTuple):
    """Bytes written so far, in so many seconds."""

    wrote: int = 0
    lasted_s: float = 0.0

    @property
    def per_day(self) -> int:
        """Bytes in a day that goes on like this; 0 before anything is known."""
        return round(self.wrote / self.lasted_s * DAY_S) if self.lasted_s else 0


def look_at_wear(since: float = 0.0) -> Wear:
    """What the calling thread has written, as the kernel counts it: whole pages that became dirty.

    A file system in memory counts none of them; there it is the bytes handed to the kernel. `since` is the
    `time.monotonic` at which the thread began.
    """
    try:
        words = dict(line.split(": ") for line in _IO.read_text().splitlines())
    except OSError:  # a kernel without the accounts
        return Wear()
    wrote = max(int(words["write_bytes"]), int(words["wchar"]))
    return Wear(wrote, time.monotonic() - since)
