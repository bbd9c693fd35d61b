"""docs/rules.md says what the tables of the code say."""

import re
from pathlib import Path

from rules.conditions import STATES_OF_DEVICE, WORDS_AROUND
from rules.functions import FUNCTIONS, Function
from rules.typecheck import MAX_WINDOW_S
from rules.window import MAX_SAMPLES

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")


def _row(function: Function) -> str:
    names = [f"{one.name}:" if one.keyword else one.name for one in function.parameters]
    return f"| `{function.name}({', '.join(names)})` | {function.result} | {function.meaning} |"


def test_every_function_stands_in_the_table_of_its_scope() -> None:
    """In the order of the code's table, no more and no less."""
    _, device, group, *_ = re.split(r"\| function \| gives \| means \|\n\|---\|---\|---\|\n", PAGE)
    for scope, text in (("device", device), ("group", group)):
        rows = [line for line in text.split("\n\n")[0].splitlines() if line]
        assert rows == [_row(function) for (of, _), function in FUNCTIONS.items() if of == scope]


def test_every_word_is_explained() -> None:
    """States of a device and words about the surroundings, with their meaning."""
    for word, meaning in {**STATES_OF_DEVICE, **WORDS_AROUND}.items():
        assert f"| `{word}` | {meaning} |" in PAGE


def test_bounds_are_those_of_the_code() -> None:
    """The longest window, and how many times a count keeps."""
    assert f"a window is at most `{MAX_WINDOW_S / 3600:g}h`" in PAGE
    assert f"keeps the last {MAX_SAMPLES} times" in PAGE
