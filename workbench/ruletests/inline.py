"""A small venue and its rules written in the test file itself, loaded as if they were files of their own.

Each becomes the test file with every other section blanked, so that all problems have the line that people see.
"""

from collections.abc import Iterator
from pathlib import Path

from config.document import Document
from config.files import VENUE, FileSet, Text, read_files
from config.load import load_files
from config.problem import ConfigError, Problem
from config.venue_file import VenueShell
from rules.plan import Plan

SECTIONS = tuple(VenueShell.model_fields)
_RULES = "rules/inline.yaml"
# What a test seldom cares about.
_LEFT_OUT = {
    "links": "links: [{id: wire, kind: mqtt, host: 127.0.0.1, drivers: [{kind: tocsin}]}]",
    "outputs": "outputs: [{id: broker, kind: mqtt, link: wire}, {id: log, kind: log}]",
}


def is_inline(document: Document) -> bool:
    """Whether the test file has a venue of its own."""
    return isinstance(document.data, dict) and "venue" in document.data


def load_inline(path: Path, document: Document) -> Plan:
    """The plan of the venue in the file. Raises ConfigError with problems at their lines in the test file."""
    own_rules = any(isinstance(rule, dict) for _, rule in document.items("rules"))
    text = path.read_text(encoding="utf-8-sig")
    venue = [name for name in SECTIONS if name != "rules" or not own_rules]
    added = [line for name, line in _LEFT_OUT.items() if isinstance(document.data, dict) and name not in document.data]
    files: dict[str, Text] = {VENUE: _only(document, text, venue, [*added, *([f"rules: [{_RULES}]"] * own_rules)])}
    if own_rules:
        files[_RULES] = _only(document, text, ["rules"], [])
    found = read_files(path.parent)
    packs = {name: found.files[name] for name in found.stock_packs()}
    try:
        return load_files(FileSet(str(path.parent), {**packs, **files})).plan
    except ConfigError as error:
        own = {str(path.parent / name) for name in files}
        raise ConfigError(
            Problem(str(path) if one.file in own else one.file, one.line, one.col, one.text, one.hint)
            for one in error.problems
        ) from None


def _only(document: Document, text: str, sections: list[str], added: list[str]) -> Text:
    """The lines of some sections, the others empty, and lines added at the end."""
    wanted = {line for name, lines in _lines(document, text) if name in sections for line in lines}
    kept = [line if index in wanted else "" for index, line in enumerate(text.splitlines(), 1)]
    return Text("\n".join([*kept, *added, ""]).encode())


def _lines(document: Document, text: str) -> Iterator[tuple[str, range]]:
    """For each key at the top of the file the lines that belong to it."""
    starts = sorted((place.mark.line, str(path[0])) for path, place in document.places.keys.items() if len(path) == 1)
    ends = [*(line for line, _ in starts[1:]), text.count("\n") + 2]
    for (start, name), end in zip(starts, ends, strict=True):
        yield name, range(start, end)
