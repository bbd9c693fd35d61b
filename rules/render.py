"""An expression tree back to its text, in one canonical spelling: `parse(render(node))` is the node up to offsets.

Spaces, superfluous parentheses and the spelling of numbers and times are not kept; nothing else is lost.
"""

from decimal import Decimal
from typing import assert_never

from rules.expression import And, Call, Compare, Duration, Name, Names, Node, Not, Number, Or, Word

UNITS = (("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001))  # the largest that gives a whole number is written


def render(node: Node) -> str:
    """The text of a node and everything below it."""
    match node:
        case Name():
            return node.name
        case Word():
            return node.word
        case Number():
            return number(node.value)
        case Duration():
            return duration(node.seconds)
        case Names():
            return f"[{', '.join(node.names)}]"
        case Compare():
            return f"{_operand(node.left, (And, Or, Not, Compare))} {node.operator} {number(node.threshold)}"
        case Not():
            return f"not {_operand(node.operand, (And, Or))}"
        case And():
            return " and ".join(_operand(operand, (And, Or)) for operand in node.operands)
        case Or():
            return " or ".join(_operand(operand, (Or,)) for operand in node.operands)
        case Call():
            return f"{node.function}({', '.join(_argument(*argument) for argument in node.arguments)})"
        case _:
            assert_never(node)


def number(value: float) -> str:
    """A finite number as briefly as it can be read back exactly: 60, 4.8, 1e+20."""
    return repr(float(value)).removesuffix(".0")


def duration(seconds: float) -> str:
    """A time in the largest unit that makes it a whole number: 90s, 5m, 500ms."""
    for unit, size in UNITS:
        count = round(seconds / size)
        if count and count * size == seconds:
            return f"{count}{unit}"
    return f"{Decimal(number(seconds)):f}s"


def _operand(node: Node, loose: tuple[type, ...]) -> str:
    """In parentheses when it is one of those that bind more loosely than what stands around it, or alike."""
    return f"({render(node)})" if isinstance(node, loose) else render(node)


def _argument(keyword: str, node: Node) -> str:
    if not keyword:
        return render(node)
    return f"{keyword}: ({node.name})" if isinstance(node, Name) else f"{keyword}: {render(node)}"
