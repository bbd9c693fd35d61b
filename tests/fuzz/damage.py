"""Right files with something wrong in them: a tree of values that is damaged, and written down as odd YAML."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.dice import Dice


@dataclass
class Pairs:
    """A mapping that may hold a key twice."""

    pairs: list[list[Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Written:
    """Text that stands in the file as it is."""

    text: str


def _deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


KEYS = ("id", "kind", "tiers", "for", "foo", "", "烟", "~", "1", "true", "<<", "x" * 200, "a.b", "{floor}", "in")
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 10**17, 10**40, 1e308, "", " ", "60", "5s", "0s", "-5s", "1e9s", "8d"),
    *("999999999h", "0.0000001ms", "60 s", "1..3", "1..99999999", "3..1", "a..z", "{room}", "{", "all", "bar", "smoke"),
    *(
        "stock:fire",
        "../venue.yaml",
        "\0",
        "\ud7ff",
        "烟雾",
        "\u202e",
        "x" * 70,
        "x" * 5000,
        "a\nb",
        "*",
        "[",
        "2027-02-30",
    ),
    *([], [[]], {}, [None], ["a", "a"], {"id": "a"}, {"en": ""}, _deep(8), _deep(40)),
    *(Written(text) for text in ("&a x", "*a", "!!python/object:os.system x", "!x y", ".nan", "-.inf", "0x10", "0o17")),
    *(
        Written(text)
        for text in ("010", "no", "22:30", "1_000", "? x", "- x", "@x", "`x", "%x", "'", '"', "|", ">", "#")
    ),
    *(Written(text) for text in ("+1", ".5", "5.", "9" * 400, "1e400", "~", "<<", "[a, b", "{a: b", "a: b: c", "\t")),
)
PIECES = (
    "\t",
    "\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "\ufeff",
    "\0",
    "\x85",
    "\u2028",
    "- ",
    ": ",
    "}",
    "]",
    "'",
    "# ",
    "&a ",
)


def tree(value: Any) -> Any:
    """Plain values with every mapping as Pairs."""
    if isinstance(value, dict):
        return Pairs([[key, tree(item)] for key, item in value.items()])
    return [tree(item) for item in value] if isinstance(value, list) else value


def damage(dice: Dice, whole: Any) -> None:
    """One thing in the tree made wrong."""
    holder, index = dice.pick(list(_holders(whole)))
    entry = holder.pairs[index] if isinstance(holder, Pairs) else None
    value = entry[1] if entry else holder[index]
    match dice.number(0, 9):
        case 0 | 1:
            _put(holder, index, tree(dice.pick(VALUES)))
        case 2:
            del (holder.pairs if isinstance(holder, Pairs) else holder)[index]
        case 3 if entry:
            entry[0] = dice.pick((entry[0][:-1], entry[0] + "s", *KEYS))
        case 4 if isinstance(holder, Pairs):
            holder.pairs.append([dice.pick(KEYS), tree(dice.pick(VALUES))])
        case 5:
            (holder.pairs if isinstance(holder, Pairs) else holder).append([*entry] if entry else value)
        case 6:
            elsewhere, at = dice.pick(list(_holders(whole)))
            found = elsewhere.pairs[at][1] if isinstance(elsewhere, Pairs) else elsewhere[at]
            _put(holder, index, tree_copy(found))
        case 7:
            _put(holder, index, [value] if dice.one_in(2) else Pairs([["a", value]]))
        case 8 if isinstance(value, int | float):
            _put(holder, index, dice.pick((-value, value * 1000, value + 0.5, str(value))))
        case 8 if isinstance(value, str) and value:
            at = dice.number(0, len(value) - 1)
            _put(
                holder,
                index,
                value[:at] + dice.pick(("", "x", "-", "*", " ", "é", "烟", "\U0001f525")) + value[at + 1 :],
            )
        case _:
            _put(holder, index, None)


def tree_copy(value: Any) -> Any:
    """The tree once more, so that nothing can hold itself."""
    if isinstance(value, Pairs):
        return Pairs([[key, tree_copy(item)] for key, item in value.pairs])
    return [tree_copy(item) for item in value] if isinstance(value, list) else value


def _put(holder: Any, index: int, value: Any) -> None:
    if isinstance(holder, Pairs):
        holder.pairs[index][1] = value
    else:
        holder[index] = value


def _holders(value: Any) -> Iterator[tuple[Any, int]]:
    """Every place of the tree: what holds it, and which of its items."""
    if not isinstance(value, Pairs | list):
        return
    for index, item in enumerate(value.pairs if isinstance(value, Pairs) else value):
        yield value, index
        yield from _holders(item[1] if isinstance(value, Pairs) else item)


def text(dice: Dice, value: Any) -> str:
    """The tree as a file."""
    written = "\n".join(_block(dice, value, 0)) + "\n"
    if dice.one_in(40):
        at = dice.number(0, len(written))
        written = written[:at] + dice.pick(PIECES) + written[at + dice.number(0, 5) :]
    return written


def _block(dice: Dice, value: Any, indent: int) -> Iterator[str]:
    """In lines, each with its indent."""
    pad = "  " * indent
    if isinstance(value, Pairs) and value.pairs and indent < 6 and not (indent > 1 and dice.one_in(4)):
        for key, item in value.pairs:
            if isinstance(item, Pairs | list):
                yield f"{pad}{_word(dice, key)}:"
                yield from _block(dice, item, indent + 1)
            else:
                yield f"{pad}{_word(dice, key)}: {_flow(dice, item)}"
    elif isinstance(value, list) and value and indent < 6 and not (indent > 1 and dice.one_in(4)):
        for item in value:
            first, *others = _block(dice, item, indent + 1)
            yield f"{pad}- {first.lstrip(' ')}"
            yield from others
    else:
        yield pad + _flow(dice, value)


def _flow(dice: Dice, value: Any) -> str:
    """In one line."""
    match value:
        case Written():
            return value.text
        case Pairs():
            return "{" + ", ".join(f"{_word(dice, key)}: {_flow(dice, item)}" for key, item in value.pairs) + "}"
        case list():
            return "[" + ", ".join(_flow(dice, item) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _word(dice: Dice, key: str) -> str:
    return key if key and not dice.one_in(200) else json.dumps(key, ensure_ascii=False)
