"""The journal in other people's formats. One literal table of them; a format is imported when it is asked for."""

import importlib
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

from daemon.journal.rows import Reader, Span

Progress = Callable[[float], object]  # told the share done, 0 to 1
Write = Callable[[Reader, Span, BinaryIO, Progress], int]  # returns how many items it wrote; raises sqlite3.Error


class Format(NamedTuple):
    """Where the function that writes it is, "module:function", and what people are told of it."""

    target: str
    help: str


FORMATS: dict[str, Format] = {
    "jsonl": Format("daemon.journal.jsonl:write", "a line of JSON for each signal, decision and settled delivery"),
    "lp": Format("daemon.history.line_protocol:write", "InfluxDB line protocol, as docs/history.md names it"),
}


def writer_of(name: str) -> Write:
    """Raises KeyError for a format that is not in the table."""
    module, _, function = FORMATS[name].target.partition(":")
    write: Write = getattr(importlib.import_module(module), function)
    return write
