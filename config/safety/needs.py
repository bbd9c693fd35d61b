"""What a condition cannot become true without, in any of the ways in which it can: a call, a device, two devices."""

from collections.abc import Callable

from rules.danger import CALLS
from rules.expression import And, Call, Compare, Duration, Name, Node, Not, Number, Or, keyword
from rules.quantity import QUANTITIES

Without = Callable[[Node, bool], Node | None]

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def without(node: Node, wanted: bool, leaf: Without) -> Node | None:
    """The part by which the condition can come to be as wanted without what `leaf` looks for; None when it cannot.

    `leaf` is asked so about each part that is not made of `not`, `and` and `or`.
    """
    match node:
        case Not():
            return without(node.operand, not wanted, leaf)
        case And() | Or():
            found = [without(operand, wanted, leaf) for operand in node.operands]
            if isinstance(node, And) == wanted:  # all of them must be so: one that needs it is enough
                return None if None in found else found[0]
            return next((weak for weak in found if weak is not None), None)
        case _:
            return leaf(node, wanted)


def without_call(node: Node, wanted: bool) -> Node | None:
    """A leaf: needs what a person does."""
    if isinstance(node, Name):
        return None if wanted and node.name in CALLS else node
    inner = _inner(node, wanted)
    return node if inner is None or without(inner, True, without_call) else None


def without_device(node: Node, wanted: bool) -> Node | None:
    """A leaf: needs that a device has said something, and not merely that it is silent or that it is night."""
    match node:
        case Name():
            return None if wanted and node.name in QUANTITIES else node
        case Compare() if _inner(node, wanted) is None and _counted(node) is None:
            return None
        case _:
            inner = _inner(node, wanted)
            return node if inner is None or without(inner, True, without_device) else None


def without_two(node: Node, wanted: bool) -> Node | None:
    """A leaf over several devices: needs what a person does, or that two devices say something."""
    if isinstance(node, Compare) and _least(node, wanted) >= 2 and _over_devices(node):
        inner = _inner(node, wanted)
        return node if inner is None or without(inner, True, without_device) else None
    return without_call(node, wanted)


def devices_asked(node: Node) -> float:
    """How many devices a coincidence asks for."""
    asked = keyword(node, "devices") if isinstance(node, Call) else None
    return asked.value if isinstance(asked, Number) else 1


def _inner(node: Node, wanted: bool) -> Node | None:
    """The condition that at least one device must make true, or must have made true, for this; None without one."""
    if isinstance(node, Call) and node.function in ("any", "all") and wanted:
        return node.arguments[0][1]
    if isinstance(node, Compare) and _least(node, wanted) > 0:
        return _counted(node)
    return None


def _counted(node: Compare) -> Node | None:
    """The condition that a comparison counts."""
    left = node.left
    return left.arguments[0][1] if isinstance(left, Call) and left.function in ("count", "share") else None


def _least(node: Compare, wanted: bool) -> float:
    """The least number with which a comparison is as wanted; for a share anything above 0. 0 when it asks for none."""
    operator = node.operator if wanted else _OPPOSITE[node.operator]
    if _counted(node) is None or operator in ("<", "<="):
        return 0
    if isinstance(node.left, Call) and node.left.function == "share":
        return 1 if node.threshold > 0 or (operator == ">" and node.threshold >= 0) else 0
    return max(0.0, node.threshold // 1 + 1 if operator == ">" else -(-node.threshold // 1))


def _over_devices(node: Compare) -> bool:
    """Whether it counts devices, and not times in a window."""
    left = node.left
    return (
        isinstance(left, Call)
        and left.function == "count"
        and not any(isinstance(argument, Duration) for _, argument in left.arguments)
    )
