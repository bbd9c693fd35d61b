"""A file that has been read: its values, and where each one is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from config.problem import Mark

Path = tuple[str | int, ...]
Value = dict[str, "Value"] | list["Value"] | str | int | float | bool | None

_QUOTES = "\"'"


def words(path: Path) -> Path:
    """A path without its list indexes: what a problem is about, whichever entry of a list has it."""
    return tuple(part for part in path if isinstance(part, str))


class Place(NamedTuple):  # one is made for each value and key of a file: a tuple is made three times as fast
    """A mark, and the offset of the same place in the text that it is in."""

    mark: Mark
    offset: int
    source: str


@dataclass(frozen=True)
class Places:
    """Where each value and each key is, by path."""

    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """Plain values by path, with their places. `data` is the value at the empty path.

    `origin` tells of a list in which an entry of the file may stand for many: for each index the one in the file, where
    `places` has it. `given` are the places of what replaces values of the file.
    """

    file: str
    data: Value
    places: Places
    origin: dict[str, list[int]] = field(default_factory=dict)
    given: Places = field(default_factory=Places)

    def at(self, path: Path) -> Value:
        """The value at a path that exists."""
        value = self.data
        for part in path:
            value = value[part]  # type: ignore[index]  # the path exists
        return value

    def mark(self, path: Path) -> Mark:
        """Where the value is, or the nearest thing around it that is written down."""
        for length in range(len(path), -1, -1):
            place = self._place(path[:length])
            if place is not None:
                return place.mark
        return Mark(self.file)

    def key_mark(self, path: Path) -> Mark:
        """Where the key of a value is, else the value itself."""
        place = self.given.keys.get(path) or self.places.keys.get(self._in_file(path))
        return self.mark(path) if place is None else place.mark

    def mark_within(self, path: Path, offset: int) -> Mark:
        """Where a character of a text value is; for a text with escapes, where the text begins."""
        value, place = self.at(path), self._place(path)
        if not isinstance(value, str) or place is None:
            return self.mark(path)
        found = _align(place.source, place.offset, value[:offset])
        if found is None:
            return place.mark
        before = place.source[place.offset : found]
        lines = before.count("\n")
        col = found - place.source.rfind("\n", 0, found) if lines else place.mark.col + len(before)
        return Mark(place.mark.file, place.mark.line + lines, col)

    def _place(self, path: Path) -> Place | None:
        return self.given.values.get(path) or self.places.values.get(self._in_file(path))

    def _in_file(self, path: Path) -> Path:
        if len(path) < 2 or path[0] not in self.origin:
            return path
        section, index, *below = path
        return (section, self.origin[str(section)][int(index)], *below)

    def items(self, section: str) -> Iterator[tuple[int, Value]]:
        """The entries of a list at the top of the file; nothing when it is absent or not a list."""
        entries = self.data.get(section) if isinstance(self.data, dict) else None
        yield from enumerate(entries if isinstance(entries, list) else ())


def _align(source: str, offset: int, text: str) -> int | None:
    """The offset in `source` that follows `text`, where white space may be folded; None when they do not match."""
    if source[offset : offset + 1] in ("|", ">"):
        offset = source.find("\n", offset) + 1
    elif source[offset : offset + 1] in _QUOTES:
        offset += 1
    for character in text:
        if character.isspace():
            offset = _skip_space(source, offset)
            continue
        if source[offset : offset + 1] != character:
            offset = _skip_space(source, offset)
        if source[offset : offset + 1] != character:
            return None
        offset += 1
    return offset if source[offset : offset + 1].strip() else _skip_space(source, offset)


def _skip_space(source: str, offset: int) -> int:
    while source[offset : offset + 1].isspace():
        offset += 1
    return offset
