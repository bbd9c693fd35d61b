"""Three-valued logic (Kleene): None is unknown, and unknown is never taken for false.

A number over several devices, some of them unknown, is an interval from the least to the greatest it can be.
"""

from collections.abc import Callable, Iterable
from operator import ge, gt, le, lt

Truth = bool | None
Interval = tuple[float, float]

COMPARISONS: dict[str, Callable[[float, float], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def negate(truth: Truth) -> Truth:
    """Unknown stays unknown."""
    return None if truth is None else not truth


def conjoin(truths: Iterable[Truth]) -> Truth:
    """False if any is false, else unknown if any is unknown, else true."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def disjoin(truths: Iterable[Truth]) -> Truth:
    """True if any is true, else unknown if any is unknown, else false."""
    result: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            result = None
    return result


def compare(interval: Interval, operator: str, threshold: float) -> Truth:
    """True or false when it is so at both ends of the interval, else unknown."""
    holds = COMPARISONS[operator]
    low, high = holds(interval[0], threshold), holds(interval[1], threshold)
    return low if low == high else None
