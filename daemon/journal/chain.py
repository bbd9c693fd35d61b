"""The chain through all that people did and that was decided: each record's hash covers the one before. Pure."""

import hashlib
import struct
from typing import NamedTuple

START = bytes(32)  # before the first record
_FIXED = struct.Struct("<qqqdddqq")
_LENGTH = struct.Struct("<q")


class Head(NamedTuple):
    """How far the chain goes: its last record, the row that holds it, and its hash."""

    record: int = 0
    row: int = 0
    hash: bytes = START


def chained(
    head: Head,
    row: int,
    run: bytes,
    stamp: tuple[float, float, float],
    counts: tuple[int, int],
    texts: tuple[str | None, str | None, str | None],
) -> Head:
    """The chain with one row more.

    `run` are the words of the run that wrote it, `stamp` its at, wall and boottime, `counts` its total and decided,
    `texts` its settled, events and signals.
    """
    found = hashlib.sha256(head.hash)
    found.update(_FIXED.pack(head.record + 1, row, len(run), *stamp, *counts))
    found.update(run)
    for text in texts:
        if text is None:
            found.update(_LENGTH.pack(-1))
        else:
            content = text.encode("utf-8", "surrogateescape")  # whatever is on the disk when it is verified
            found.update(_LENGTH.pack(len(content)) + content)
    return Head(head.record + 1, row, found.digest())


def run_words(name: str, boot: str, outputs: str) -> bytes:
    """What the chain covers of a run: each decision in it was owed to each of these outputs."""
    return f"{name}\0{boot}\0{outputs}".encode()
