"""What happens in a story beside its series: "acknowledge smoke@det-305", "link_down broker", "restart 10s".

One table line for each. An order may end in "as commander" or another role, else an operator gives it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import get_args

from config.problem import did_you_mean, one_of
from drivers.settings import seconds
from rules.plan import Plan
from rules.quantity import QUANTITIES, Kind
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Calendar,
    Duty,
    EndShow,
    Fault,
    Heard,
    InService,
    LinkDown,
    LinkUp,
    OrderEvacuation,
    OutOfService,
    Reading,
    Recovered,
    Reset,
    Role,
    Shelve,
    Signal,
    Silence,
    StartShow,
    Unshelve,
)
from workbench.ruletests.series import SeriesError, parse_series

WHO = "test"
WHY = "as the test says"


@dataclass(frozen=True, slots=True)
class Restart:
    """The process ends and is back after `down_s`; what is said in between nobody hears."""

    at: float
    down_s: float


@dataclass(frozen=True, slots=True)
class Silent:
    """A device says nothing any more, not even that it lives, until it is `Vocal` again."""

    at: float
    device: str


@dataclass(frozen=True, slots=True)
class Vocal:
    """A device is heard again."""

    at: float
    device: str


Happening = Signal | Restart | Silent | Vocal


class HappeningError(Exception):
    """Words that mean nothing here, and the nearest right one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Verb:
    arguments: tuple[str, ...]  # what kind of thing each is; the last may be left out when it begins with "?"
    make: Callable[[float, Sequence[str], Role], tuple[Happening, ...]]
    order: bool = False


VERBS: dict[str, _Verb] = {
    "acknowledge": _Verb(("alarm",), lambda at, a, role: (Acknowledge(at, a[0], WHO, WHY, role),), order=True),
    "silence": _Verb(("?alarm",), lambda at, a, role: (Silence(at, "".join(a), WHO, WHY, role),), order=True),
    "reset": _Verb(("alarm",), lambda at, a, role: (Reset(at, a[0], WHO, WHY, role),), order=True),
    "evacuate": _Verb(("plan",), lambda at, a, role: (OrderEvacuation(at, a[0], WHO, WHY, role),), order=True),
    "advance": _Verb(("evacuation",), lambda at, a, role: (AdvanceEvacuation(at, a[0], WHO, WHY, role),), order=True),
    "all_clear": _Verb(("evacuation",), lambda at, a, role: (AllClear(at, a[0], WHO, WHY, role),), order=True),
    "shelve": _Verb(
        ("alarm", "time"), lambda at, a, role: (Shelve(at, a[0], _time(a[1]), False, WHO, WHY, role),), order=True
    ),
    "shelve_once": _Verb(
        ("alarm", "time"), lambda at, a, role: (Shelve(at, a[0], _time(a[1]), True, WHO, WHY, role),), order=True
    ),
    "unshelve": _Verb(("alarm",), lambda at, a, role: (Unshelve(at, a[0], WHO, WHY, role),), order=True),
    "out_of_service": _Verb(
        ("target", "time"), lambda at, a, role: (OutOfService(at, a[0], _time(a[1]), WHO, WHY, role),), order=True
    ),
    "in_service": _Verb(("target",), lambda at, a, role: (InService(at, a[0], WHO, WHY, role),), order=True),
    "duty": _Verb(("on or off",), lambda at, a, role: (Duty(at, _switch(a[0]), WHO, WHY, role),), order=True),
    "start_show": _Verb(
        ("zone", "time"), lambda at, a, role: (StartShow(at, a[0], _time(a[1]), WHO, WHY, role),), order=True
    ),
    "end_show": _Verb(("zone",), lambda at, a, role: (EndShow(at, a[0], WHO, WHY, role),), order=True),
    "calendar": _Verb(("schedule", "on or off"), lambda at, a, _: (Calendar(at, a[0], _switch(a[1])),)),
    "link_down": _Verb(("link",), lambda at, a, _: (LinkDown(at, a[0], WHY),)),
    "link_up": _Verb(("link",), lambda at, a, _: (LinkUp(at, a[0]),)),
    "fault": _Verb(("source", "code"), lambda at, a, _: (Fault(at, a[0], a[1], WHY),)),
    "recovered": _Verb(("source", "code"), lambda at, a, _: (Recovered(at, a[0], a[1]),)),
    "silent": _Verb(("device",), lambda at, a, _: (Silent(at, a[0]),)),
    "heard": _Verb(("device",), lambda at, a, _: (Vocal(at, a[0]), Heard(at, a[0]))),
    "offline": _Verb(("device",), lambda at, a, _: (Silent(at, a[0]), Heard(at, a[0], online=False))),
    "online": _Verb(("device",), lambda at, a, _: (Vocal(at, a[0]), Heard(at, a[0]))),
    "retained": _Verb(("measured", "value"), lambda at, a, _: (_retained(at, a[0], a[1]),)),
    "restart": _Verb(("?time",), lambda at, a, _: (Restart(at, _time(a[0]) if a else 0.0),)),
}


def parse_happening(at: float, text: str, plan: Plan) -> tuple[Happening, ...]:
    """What the words mean, at this instant. Raises HappeningError."""
    words = text.split()
    if not words or words[0] not in VERBS:
        found = words[0][:40] if words else "nothing"
        raise HappeningError(f"found {found!r}, expected {one_of(VERBS)}", did_you_mean(found, VERBS))
    verb = VERBS[words[0]]
    arguments, role = _role(verb, words)
    least = sum(not kind.startswith("?") for kind in verb.arguments)
    if not least <= len(arguments) <= len(verb.arguments):
        form = " ".join(f"[{kind[1:].upper()}]" if kind.startswith("?") else kind.upper() for kind in verb.arguments)
        raise HappeningError(f"found {text[:60]!r}, expected {words[0]} {form}")
    for kind, word in zip(verb.arguments, arguments, strict=False):
        check_name(kind.removeprefix("?"), word, plan)
    return verb.make(at, arguments, role)


def _role(verb: _Verb, words: Sequence[str]) -> tuple[Sequence[str], Role]:
    if not verb.order or len(words) < 3 or words[-2] != "as":
        return words[1:], "operator"
    for role in get_args(Role):
        if role == words[-1]:
            return words[1:-2], role
    raise HappeningError(
        f"found role {words[-1][:40]!r}, expected {one_of(get_args(Role))}", did_you_mean(words[-1], get_args(Role))
    )


def check_name(kind: str, word: str, plan: Plan) -> None:
    """Raises HappeningError when the venue or its rules have nothing of this kind by this name."""
    venue = plan.venue
    match kind:
        case "alarm":
            _check_alarm(word, plan)
        case "plan":
            _check_among("evacuation plan", word, plan.evacuation_plans)
        case "link":
            _check_among("link", word, venue.links)
        case "device":
            _check_among("device", word, venue.devices)
        case "zone":
            _check_among("zone", word, venue.zones)
        case "measured":
            check_measured(word, plan)
        case "target":
            if "@" in word:
                _check_alarm(word, plan)
            else:
                _check_among("device", word, venue.devices)
        case "schedule":
            _check_among("schedule", word, plan.schedules)
        case "on or off":
            _switch(word)
        case "time":
            _time(word)
        case _:  # a code, a source such as an output, an evacuation by its number: told as they are
            pass


def check_measured(word: str, plan: Plan) -> None:
    """Raises HappeningError unless this is "device.quantity" of a device that measures it."""
    device, _, quantity = word.rpartition(".")
    if not device:
        raise HappeningError(f"found {word[:60]!r}, expected device.quantity, such as det-305.smoke_obscuration")
    _check_among("device", device, plan.venue.devices)
    measured = plan.venue.devices[device].quantities
    if quantity not in measured:
        raise HappeningError(
            f"device {device!r} does not measure {quantity!r}, expected {one_of(sorted(measured))}",
            did_you_mean(quantity, measured),
        )


def _check_alarm(word: str, plan: Plan) -> None:
    name, _, place = word.partition("@")
    places = {rule.id: rule.places for rule in plan.rules}
    _check_among("rule", name, places)
    if place not in places[name]:
        some = list(places[name][:3])
        raise HappeningError(
            f"rule {name!r} has no alarm at {place!r}, expected one such as {one_of(f'{name}@{one}' for one in some)}"
            if some
            else f"rule {name!r} has no alarm in this venue: nothing here is what it watches",
            did_you_mean(place, places[name]),
        )


def _check_among(what: str, word: str, known: Collection[str]) -> None:
    if word not in known:
        raise HappeningError(f"the venue has no {what} {word[:60]!r}", did_you_mean(word, known))


def fits(quantity: str, value: float | bool) -> bool:
    """Whether a value is of the quantity's type; one out of its range is: it becomes a fault."""
    return (QUANTITIES[quantity].kind is not Kind.NUMBER) == isinstance(value, bool)


def _retained(at: float, measured: str, text: str) -> Reading:
    device, _, quantity = measured.rpartition(".")
    try:
        (value,) = parse_series(text)
    except (SeriesError, ValueError):
        value = None
    if value is None or not fits(quantity, value):
        raise HappeningError(f"found {text[:40]!r}, expected a value of {quantity}: {QUANTITIES[quantity].expected}")
    return Reading(at, device, quantity, value, "retained")


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise HappeningError(f"found {text[:40]!r}, expected 'on' or 'off'")
    return text == "on"


def _time(text: str) -> float:
    try:
        value = seconds(text)
    except ValueError as error:
        raise HappeningError(str(error)) from None
    assert isinstance(value, float)
    return value
