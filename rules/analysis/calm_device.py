"""What a condition says of a device that was calm and now says the worst: the arithmetic of `rules.conditions`."""

from rules.analysis.extremes import Values, calm_value
from rules.analysis.week import ALWAYS, Situation
from rules.conditions import STATES_OF_DEVICE, schedule_of
from rules.expression import And, Call, Compare, Duration, Name, Node, Not, Or
from rules.truth import COMPARISONS, Truth, conjoin, disjoin, negate
from rules.venue import Device


def device_truth(node: Node, device: Device, told: Values, around: Situation = ALWAYS, for_s: float = 0.0) -> Truth:
    """True, false, or None for what this does not work out: rates, counts and whatever is not of the device itself.

    `for_s` is how long it must stay so: a rise is over when its window has passed.
    """
    match node:
        case Name(name="nobody_on_duty"):
            return not around.staffed
        case Name():
            return _name(node.name, device, told)
        case Call(function="during"):
            return around.during(schedule_of(node))
        case Compare():
            return _compare(node, device, told, for_s)
        case Not():
            return negate(device_truth(node.operand, device, told, around, for_s))
        case And():
            return conjoin(device_truth(operand, device, told, around, for_s) for operand in node.operands)
        case Or():
            return disjoin(device_truth(operand, device, told, around, for_s) for operand in node.operands)
        case _:
            return None


def _name(name: str, device: Device, told: Values) -> Truth:
    if name in STATES_OF_DEVICE or name in device.quantities:
        return bool(told.get(name, False))
    return None


def _compare(node: Compare, device: Device, told: Values, for_s: float) -> Truth:
    quantity, window = node.left, None
    if isinstance(quantity, Call) and quantity.function == "rise":
        quantity, window = (argument for _, argument in quantity.arguments)
    if not isinstance(quantity, Name):
        return None
    if quantity.name not in device.quantities:
        return False
    before = calm_value(quantity.name)
    value = told.get(quantity.name, before)
    if window is None:
        return COMPARISONS[node.operator](value, node.threshold)
    true = COMPARISONS[node.operator](max(0.0, value - before), node.threshold)
    return true if isinstance(window, Duration) and for_s < window.seconds else None
