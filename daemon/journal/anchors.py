"""Where the audit's chain stood, written down outside the database: who cuts off or rewrites the chain has to change
this file too, and the log of another machine if it goes there.
"""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from daemon.journal.chain import Head

FILE = "audit.anchors"  # in the state folder, beside the journal
MAX_BYTES = 16_000_000  # 100,000 anchors, 70 days of one a minute; then the older half is let go


class Anchor(Struct, frozen=True):
    """The chain of the journal `journal` had `record` records at `wall`, seconds since 1970, and this hash."""

    wall: float
    journal: str
    record: int
    hash: str


_anchor = msgspec.json.Decoder(Anchor)


def anchor_of(journal: str, head: Head, wall: float) -> Anchor:
    return Anchor(wall, journal, head.record, head.hash.hex())


def append(path: Path, anchor: Anchor) -> None:
    """Durable when it returns. Raises OSError."""
    new = not path.exists()
    if not new and path.stat().st_size > MAX_BYTES:
        _halve(path)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(anchor) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if new:
        _sync_folder(path.parent)


def read(path: Path) -> tuple[list[Anchor], list[str]]:
    """The anchors of a file in its order, and what cannot be read. Raises OSError."""
    found: list[Anchor] = []
    problems: list[str] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(_anchor.decode(line))
        except msgspec.MsgspecError as error:
            problems.append(f"{path}:{number}: no anchor: {error}")
    return found, problems


def _halve(path: Path) -> None:
    """Let the older half go: the old file or the new one, whenever the machine stops."""
    lines = path.read_bytes().splitlines(keepends=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.writelines(lines[len(lines) // 2 :])
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
