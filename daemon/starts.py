"""How often the daemon was started of late without a clean stop: the crash loop that safe mode breaks."""

import logging
import os
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from daemon.clock import BOOT_ID

CRASHES = 3  # starts that ended without a clean stop
WITHIN_S = 60.0
_BYTES = 1024  # always the same, written in place: a full disk has room for what is there already

_log = logging.getLogger(__name__)


class _Kept(Struct):
    """`starts` are seconds since the start of the machine `boot`. `safe` outlives crashes, but no clean stop."""

    boot: str
    starts: list[float]
    safe: bool = False


class Starts:
    """One small file. Where it cannot be written, crashes are not counted, and the log says so."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self) -> str:
        """Count this start. Returns why it has to be in safe mode, or nothing."""
        now, boot = time.clock_gettime(time.CLOCK_BOOTTIME), BOOT_ID.read_text().strip()
        kept = self._read()
        if kept is None or kept.boot != boot:  # a machine that was started anew is no crash loop
            kept = _Kept(boot, [])
        recent = [at for at in kept.starts if now - at <= WITHIN_S][-CRASHES:]
        kept.safe = kept.safe or len(recent) >= CRASHES
        kept.starts = [*recent, now]
        self._write(kept)
        if not kept.safe:
            return ""
        return f"{CRASHES} starts within {WITHIN_S:.0f} s ended without a clean stop, and none was clean since"

    def end(self) -> None:
        """A clean stop: the next start is the first."""
        self._write(_Kept("", []))

    def _read(self) -> _Kept | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            return None

    def _write(self, kept: _Kept) -> None:
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                os.pwrite(file, msgspec.json.encode(kept).ljust(_BYTES), 0)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            _log.warning("%s: %s; crashes are not counted, and none leads to safe mode", self._path, error)
