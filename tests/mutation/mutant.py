"""One mutant of a function, put in the place of the function while it is tried."""

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from mutmut.mutation.data import MutantLineSpans

_NAME = re.compile(r"(?P<module>.+)\.x(?:ǁ(?P<cls>[^ǁ]+)ǁ|_)(?P<function>.+)__mutmut_(?:\d+|orig)")  # mutmut's own


def original(mutant: str) -> FunctionType:
    """The function that a mutant is one of."""
    module, cls, function = _parts(mutant)
    return _found(vars(importlib.import_module(module)), cls, function)


def code_of(mutant: str) -> CodeType:
    """What tells the function when it is called."""
    return original(mutant).__code__


@contextmanager
def in_place(mutant: str, path: Path) -> Iterator[None]:
    """The mutant instead of its function, for all who hold the function, however they came by it.

    Raises what the definition itself raises, where the mutant is one of a default value.
    """
    function, other = original(mutant), _compiled(mutant, path)
    before = function.__code__, function.__defaults__, function.__kwdefaults__
    function.__code__, function.__defaults__, function.__kwdefaults__ = (
        other.__code__,
        other.__defaults__,
        other.__kwdefaults__,
    )
    try:
        yield
    finally:
        function.__code__, function.__defaults__, function.__kwdefaults__ = before


def source(mutant: str, path: Path) -> list[str]:
    """The lines of a mutant, as mutmut wrote them."""
    spans = MutantLineSpans.load(path)
    assert spans is not None
    return spans.read_function_sources([mutant.rpartition(".")[2]])[0].splitlines()


def _compiled(mutant: str, path: Path) -> FunctionType:
    module, cls, _ = _parts(mutant)
    text = "\n".join(source(mutant, path))
    names: dict[str, Any] = dict(vars(importlib.import_module(module)))
    exec(f"class {cls}:\n{text}" if cls else text, names)  # its names are those of the module that it is put into
    return _found(names, cls, mutant.rpartition(".")[2])


def _found(names: dict[str, Any], cls: str, function: str) -> FunctionType:
    found = vars(names[cls])[function] if cls else names[function]
    found = found.__func__ if isinstance(found, staticmethod | classmethod) else found
    assert isinstance(found, FunctionType)
    return found


def _parts(mutant: str) -> tuple[str, str, str]:
    match = _NAME.fullmatch(mutant)
    assert match, mutant
    return match["module"], match["cls"] or "", match["function"]
