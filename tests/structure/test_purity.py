"""Rules and codecs reach nothing even without an import: no file, no console, no text run as code, no global state."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PURE = sorted([*ROOT.glob("rules/**/*.py"), *ROOT.glob("drivers/**/codec.py")])
BANNED = frozenset({"__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "print"})


def impurities(source: str) -> Iterator[str]:
    """Name each banned builtin that is called or handed on, and each `global` statement, with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in BANNED:
            yield f"line {node.lineno}: {node.id}"
        elif isinstance(node, ast.Global):
            yield f"line {node.lineno}: global {', '.join(node.names)}"


@pytest.mark.parametrize("path", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_decides_without_reaching_out(path: Path) -> None:
    """No pure file calls a builtin that reads, writes or runs anything."""
    assert list(impurities(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("open('x')", ["line 1: open"]),
        ("def f():\n    say = print", ["line 2: print"]),
        ("def f():\n    global count", ["line 2: global count"]),
        ("eval('1')\nexec('2')", ["line 1: eval", "line 2: exec"]),
        ("opened = 1\nself.open()", []),
    ],
)
def test_finds_what_is_planted(source: str, found: list[str]) -> None:
    """The check bites, and leaves a method that is merely named `open` alone."""
    assert list(impurities(source)) == found
