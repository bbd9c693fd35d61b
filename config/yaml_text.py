"""YAML 1.2 (core schema) read into values with places, refusing all that makes a file mean what nobody sees in it.

PyYAML speaks YAML 1.1, where `no` is false, `010` is 8 and `22:30` is 1350, keeps the last of two equal keys without a
word, expands aliases without bound, and crashes the process on deep nesting when it composes. So only its event stream
is used: values are built here, and the depth is known before anything is built.
"""

import math
import re
from typing import Any

import yaml

from config.document import Document, Path, Place, Places, Value, words
from config.problem import Mark, Problems, show

MAX_BYTES = 256 * 1024  # a venue of 10,000 devices without ranges; ten times any real one
MAX_NESTING = 32  # levels; a rule needs six
MAX_DIGITS = 18  # of a whole number: more is no quantity of a venue, and Python's int() refuses 4,300

_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NOT_TEXT = frozenset("~nNtTfF+-.0123456789")  # how a scalar that is not text can begin
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

_TOO_LARGE: int = 10**MAX_DIGITS
_NOWHERE = ""  # the path of a value that is read only for the problems in it

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, five times as fast


class _Unreadable(Exception):
    """Reading cannot go on; the problem has been noted."""


def read_yaml(file: str, raw: bytes, problems: Problems) -> Document | None:
    """Read one file. Notes every problem; None when nothing of the file can be used.

    What can still be read in spite of a problem is returned, so that other problems show in the same run.
    """
    try:
        text = _decode(file, raw, problems)
        return _Reader(file, text, problems).document()
    except _Unreadable:
        return None


def read_value(file: str, text: str, problems: Problems) -> Document | None:
    """Read one value, as on a command line."""
    return read_yaml(file, text.encode("utf-8", "surrogateescape"), problems)


def _decode(file: str, raw: bytes, problems: Problems) -> str:
    if len(raw) > MAX_BYTES:
        problems.add(Mark(file), f"the file has more than {MAX_BYTES // 1024} kB, expected a file that people wrote")
        raise _Unreadable
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        problems.add(
            _mark_at(file, before, len(before)), f"byte 0x{raw[error.start]:02x} is not UTF-8", "save the file as UTF-8"
        )
        raise _Unreadable from None
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        mark = _mark_at(file, text, unprintable.start())
        problems.add(mark, f"character U+{ord(unprintable[0]):04X} is not printable, expected text")
        raise _Unreadable
    return text


def _mark_at(file: str, text: str, offset: int) -> Mark:
    return Mark(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


class _Reader:
    """Builds values out of the events of one file."""

    def __init__(self, file: str, text: str, problems: Problems) -> None:
        self._file = file
        self._text = text
        self._problems = problems
        self._parser: Any = _Loader(text)
        self._event: Any = None
        self._values: dict[Path, Place] = {}
        self._keys: dict[Path, Place] = {}

    def document(self) -> Document:
        data: Value = None
        self._advance()
        self._advance()
        if isinstance(self._event, yaml.DocumentStartEvent):
            if self._event.version not in (None, (1, 2)):
                self._note("this is written as YAML 1.1, expected YAML 1.2", "remove the %YAML line")
            self._advance()
            data = self._value((), 0)
            self._advance()
            self._advance()
        if not isinstance(self._event, yaml.StreamEndEvent):
            self._note("a second document begins, expected one in a file", "remove everything from '---' on")
        return Document(self._file, data, Places(self._values, self._keys))

    def _advance(self) -> None:
        """Take the next event from the parser itself: `yaml.parse` only asks it through two generators."""
        try:
            self._event = self._parser.get_event()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Mark(self._file, mark.line + 1, mark.column + 1) if mark else Mark(self._file)
            context = f" {error.context}" if error.context else ""
            self._problems.add(place, f"not YAML: {error.problem}{context}")
            raise _Unreadable from None
        except yaml.YAMLError as error:
            self._problems.add(Mark(self._file), f"not YAML: {error}")
            raise _Unreadable from None

    def _place(self) -> Place:
        mark = self._event.start_mark
        return Place(Mark(self._file, mark.line + 1, mark.column + 1), mark.index, self._text)

    def _note(self, text: str, hint: str = "", about: object = None) -> None:
        self._problems.add(self._place().mark, text, hint, about)

    def _value(self, path: Path, depth: int) -> Value:
        """Build the value that begins at the current event and leave the current event at its last one."""
        self._values[path] = self._place()
        self._refuse_decoration(path)
        match self._event:
            case yaml.ScalarEvent():
                return self._scalar(path)
            case yaml.SequenceStartEvent():
                return self._list(path, self._deeper(depth))
            case yaml.MappingStartEvent():
                return self._mapping(path, self._deeper(depth))
            case _:  # an alias, noted above
                return None

    def _deeper(self, depth: int) -> int:
        if depth >= MAX_NESTING:
            self._note(f"nested deeper than {MAX_NESTING} levels")
            raise _Unreadable
        return depth + 1

    def _refuse_decoration(self, path: Path) -> None:
        event = self._event
        if isinstance(event, yaml.AliasEvent):
            self._note(
                f"alias {show('*' + str(event.anchor))} found, expected the value itself", "write it out", words(path)
            )
            return
        if event.anchor is not None:
            self._note(f"anchor {show('&' + event.anchor)} found, expected a plain value", "remove it", words(path))
        if event.tag is not None:
            self._note(f"tag {show(event.tag)} found, expected a plain value", "remove it", words(path))

    def _list(self, path: Path, depth: int) -> Value:
        items: list[Value] = []
        self._advance()
        while not isinstance(self._event, yaml.SequenceEndEvent):
            items.append(self._value((*path, len(items)), depth))
            self._advance()
        return items

    def _mapping(self, path: Path, depth: int) -> Value:
        mapping: dict[str, Value] = {}
        self._advance()
        while not isinstance(self._event, yaml.MappingEndEvent):
            key_place, key = self._place(), self._key(path, depth)
            self._advance()
            if key is None:
                self._value((*path, _NOWHERE), depth)
            elif key in mapping:
                first = self._keys[(*path, key)].mark.line
                self._problems.add(key_place.mark, f"duplicate key {show(key)}, first written in line {first}")
                self._value((*path, _NOWHERE), depth)
            else:
                self._keys[(*path, key)] = key_place
                mapping[key] = self._value((*path, key), depth)
            self._advance()
        return mapping

    def _key(self, path: Path, depth: int) -> str | None:
        """The key at the current event; None, with the problem noted, for one that is not a plain word."""
        event = self._event
        if not isinstance(event, yaml.ScalarEvent):
            self._note("a key that is not a plain word, expected a word")
            self._value((*path, _NOWHERE), depth)
            return None
        self._refuse_decoration(())
        if event.implicit[0] and event.value == "<<":
            self._note("merge key '<<' found, expected the keys themselves", "write them out")
            return None
        if event.implicit[0] and not isinstance(_resolve(event.value), str):
            self._note(f"key {show(event.value)} is not a word, expected a word", "put it in quotes if it is meant")
            return None
        return str(event.value)

    def _scalar(self, path: Path) -> Value:
        text = str(self._event.value)
        if not self._event.implicit[0] or self._event.tag is not None:
            return text
        value = _resolve(text)
        if isinstance(value, float) and not math.isfinite(value):
            self._note(f"{show(text)} is not a finite number", about=words(path))
            return None
        if isinstance(value, int) and abs(value) >= _TOO_LARGE:
            self._note(f"{show(text)} has more than {MAX_DIGITS} digits", about=words(path))
            return None
        return value


def _resolve(text: str) -> str | int | float | bool | None:
    """A plain scalar by the core schema of YAML 1.2."""
    if text and text[0] not in _NOT_TEXT:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return _whole(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS + 2:
        return _TOO_LARGE
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
