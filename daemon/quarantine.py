"""Signals at which the engine raised: kept in the state folder with the evidence, so that none is silently lost."""

import json
import logging
import os
import threading
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from rules.signal import Signal

FOLDER = "quarantine"  # in the state folder
FILES_MAX = 100  # a crash loop writes one at each start; older ones are evidence enough of more of the same

_log = logging.getLogger(__name__)


class Quarantine:
    """One JSON file for each. The log has it too, for a disk that cannot be written."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER
        try:
            self.count = sum(1 for _ in self._folder.glob("*.json"))  # those of earlier runs included
        except OSError:
            self.count = 0

    def keep(self, signal: Signal, error: Exception, what: str) -> None:
        """Write it down, durably. `what` says where it was met and what became of it. Never raises OSError."""
        told = msgspec.json.encode(signal).decode()
        _log.critical("the engine raised %r at the signal %s; %s", error, told, what)
        self.count += 1
        if self.count <= FILES_MAX:
            self._write(told, error, what)

    def keep_aside(self, signal: Signal, error: Exception, what: str) -> None:
        """The same from a thread: an alarm does not wait for a disk."""
        threading.Thread(target=self.keep, args=(signal, error, what), name="quarantine", daemon=True).start()

    def _write(self, told: str, error: Exception, what: str) -> None:
        body = {
            "wall": datetime.now(UTC).isoformat(),
            "what": what,
            "signal": json.loads(told),
            "error": repr(error),
            "traceback": traceback.format_exception(error),
        }
        path = self._folder / f"{time.time_ns()}.json"
        try:
            self._folder.mkdir(mode=0o750, exist_ok=True)
            with path.open("x") as file:
                json.dump(body, file, indent=1, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            _log.error("%s: %s; the log alone has the evidence", path, problem)
