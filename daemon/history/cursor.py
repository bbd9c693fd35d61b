"""How far an export has come, in a file of its own beside the journal.

Not in the journal: each commit there is a flush of the disk that alarms may be waiting behind, and a reader that never
writes cannot harm what it reads. A cursor that is old or lost costs no point: what follows it is sent again.
"""

import logging
import os
from pathlib import Path

import msgspec
from msgspec import Struct

_log = logging.getLogger(__name__)


class Cursor(Struct, frozen=True):
    """All up to the row `seq` of the journal named `journal` is kept by the target; `total` counts the signals so far.

    The other numbers are those of `daemon.history.job.Progress`, since the export began.
    """

    journal: str = ""
    seq: int = 0
    total: int = 0
    points: int = 0
    rejected: int = 0
    lost: int = 0


class CursorFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Cursor:
        """The beginning of any journal when there is no file, or none that can be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Cursor)
        except FileNotFoundError:
            return Cursor()
        except (OSError, msgspec.MsgspecError) as error:
            _log.warning("history: %s cannot be read (%s): the whole journal is sent again", self._path, error)
            return Cursor()

    def write(self, cursor: Cursor) -> None:
        """The old or the new one stands after a power cut, nothing between."""
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(cursor))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
