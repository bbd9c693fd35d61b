"""Settings given for one run: `links.broker.port=18830` replaces what stands in venue.yaml."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

from config.document import Document, Path, Place, Places, Value, words
from config.problem import Mark, Problems, did_you_mean, show
from config.yaml_text import read_value

_NAMES = ("id", "kind")  # how an entry of a list is named in a path; drivers on a link have only a kind


def override(document: Document, overrides: Sequence[str], problems: Problems) -> Document:
    """The document with each override carried out and placed on the command line. Notes paths that lead nowhere."""
    if not overrides:
        return document
    result = replace(document, data=deepcopy(document.data), given=Places())
    for written in overrides:
        _apply(result, written, problems)
    return result


def _apply(document: Document, written: str, problems: Problems) -> None:
    dotted, equals, text = written.partition("=")
    file = f"--set {dotted[:100]}"
    if not equals or not dotted:
        problems.add(Mark(file), f"found {show(written)}, expected a path and a value such as links.broker.port=1883")
        return
    before = len(problems)
    found = read_value(file, text, problems)
    path = _path(document, file, dotted.split("."), problems)
    if found is None or path is None or len(problems) > before:
        return
    holder = document.at(path[:-1])
    holder[path[-1]] = found.data  # type: ignore[index]  # a path of the document
    for below, place in found.places.values.items():
        document.given.values[(*path, *below)] = place
    document.given.values.setdefault(path, Place(Mark(file), 0, text))
    for below, place in found.places.keys.items():
        document.given.keys[(*path, *below)] = place


def _path(document: Document, file: str, parts: list[str], problems: Problems) -> Path | None:
    """Where the words of a path lead; the last may be a key that is not written yet."""
    path: Path = ()
    for index, part in enumerate(parts):
        holder = document.at(path)
        step = _step(holder, part)
        last = index == len(parts) - 1
        if step is None and last and isinstance(holder, dict):
            step = part
        if step is None:
            choices = _choices(holder)
            text = f"there is no {show(part)} in {show('.'.join(parts[:index])) if index else 'the file'}"
            problems.add(Mark(file), text, did_you_mean(part, choices), words((*path, part)))
            return None
        path = (*path, step)
    return path


def _step(holder: Value, part: str) -> str | int | None:
    if isinstance(holder, dict):
        return part if part in holder else None
    if isinstance(holder, list):
        for name in _NAMES:
            for index, item in enumerate(holder):
                if isinstance(item, dict) and item.get(name) == part:
                    return index
        if part.isdecimal() and len(part) < 6 and int(part) < len(holder):
            return int(part)
    return None


def _choices(holder: Value) -> list[str]:
    if isinstance(holder, dict):
        return list(holder)
    items = [item for item in holder if isinstance(item, dict)] if isinstance(holder, list) else []
    return [value for item in items for name in _NAMES if isinstance(value := item.get(name), str)]
