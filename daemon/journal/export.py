"""The journal in other people's formats. One literal table of them; a format is imported when it is asked for."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

from daemon.journal.rows import Reader, Span

Progress = Callable[[float], object]  # told the share done, 0 to 1
Write = Callable[[Reader, Span, BinaryIO, Progress], int]  # returns how many items it wrote; raises sqlite3.Error


class Format(NamedTuple):
    """Where the function that writes it is, "module:function", and what people are told of it."""

    target: str
    help: str
    needs: str = ""  # a package that the service does without


FORMATS: dict[str, Format] = {
    "jsonl": Format("daemon.journal.jsonl:write", "a line of JSON for each signal, decision and settled delivery"),
    "lp": Format("daemon.history.line_protocol:write", "InfluxDB line protocol, as docs/history.md names it"),
    "parquet": Format("daemon.journal.parquet:write", "an Apache Parquet table; needs the extra `parquet`", "pyarrow"),
}


class NotInstalled(Exception):
    """What the format needs is not here; says what to do."""


def writer_of(name: str) -> Write:
    """Raises KeyError for a format that is not in the table, NotInstalled for one that needs more than is here."""
    needs = FORMATS[name].needs
    if needs and importlib.util.find_spec(needs) is None:
        text = (
            f"--format {name} needs {needs}, which is not installed: pip install 'tocsin[{name}]', on another machine"
        )
        raise NotInstalled(f"{text} too: --file reads a copy of the journal")
    module, _, function = FORMATS[name].target.partition(":")
    write: Write = getattr(importlib.import_module(module), function)
    return write
