"""When a tier with a deadband ends: as soon as its condition, each threshold moved back by the band, is false.

ISA-18.2: a value has to come back by the band beyond the limit, so that one that swings about it is one alarm.
"""

from dataclasses import replace

from rules.expression import And, Call, Compare, Expression, ExpressionError, Name, Node, Not, Or, expression, walk
from rules.quantity import QUANTITIES
from rules.render import number, render

_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def cleared_by(when: Expression, band: float) -> Expression:
    """The `clear` of a checked condition with a deadband, in the unit of its thresholds.

    Raises ExpressionError when it has no threshold, or thresholds of different units: which of them should move back?
    """
    units = sorted({_unit(node) for node in walk(when.root) if isinstance(node, Compare)})
    if not units:
        raise ExpressionError(0, "a deadband moves a threshold back, and the condition has none")
    if len(units) > 1:
        message = f"a deadband is in one unit, and the condition compares {' and '.join(units)}: write clear instead"
        raise ExpressionError(0, message)
    root = _negation(_loosened(when.root, band))
    return expression(render(root), root)


def _loosened(node: Node, band: float) -> Node:
    """The condition with each threshold moved so that it is true for longer; a negative band: for less long."""
    match node:
        case Compare():
            back = -band if node.operator in (">", ">=") else band
            return replace(node, threshold=float(number(node.threshold + back)))  # what it compares has another unit
        case Not():
            return replace(node, operand=_loosened(node.operand, -band))
        case And() | Or():
            return replace(node, operands=tuple(_loosened(operand, band) for operand in node.operands))
        case Call():
            return replace(node, arguments=tuple((key, _loosened(argument, band)) for key, argument in node.arguments))
        case _:
            return node


def _negation(node: Node) -> Node:
    """Not this; a comparison of one device's value reads better turned round."""
    if isinstance(node, Compare) and isinstance(node.left, Name):
        return replace(node, operator=_OPPOSITE[node.operator])
    return Not(node, 0)


def _unit(compare: Compare) -> str:
    """What a threshold is counted in."""
    node = compare.left
    if isinstance(node, Name):
        return QUANTITIES[node.name].unit
    assert isinstance(node, Call)
    if node.function in ("share", "count"):
        return f"a {node.function}"
    quantity = node.arguments[0][1]
    assert isinstance(quantity, Name)
    unit = QUANTITIES[quantity.name].unit
    return f"{unit}/s" if node.function == "rate" else unit
