"""Random signals for the random plans: what devices say, what breaks, what people order."""

from typing import Any

from hypothesis import strategies as st

from rules.plan import Plan
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
    Origin,
    OutOfService,
    Provenance,
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
from tests.rules.model.plans import EVACUATIONS, MEASURED, ZONES

VALUES = {"smoke_obscuration": (0.0, 1.5, 3.0, 6.0), "voltage": (0.0, 100.0, 230.0)}
BAD: dict[str, tuple[Any, ...]] = {"smoke_obscuration": (-1.0, 1e9), "voltage": (1e9, True)}  # of the others: 2.0
TOLD = tuple((device, quantity) for device, (_, _, _, quantities) in MEASURED.items() for quantity in quantities)
SOURCES = (*MEASURED, "wire-1/gateway", "tocsin/db", "nobody")
WAITS = st.sampled_from((0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 14.0, 20.0, 61.0, 200.0))

people = st.sampled_from(("Wu", "Li"))
reasons = st.sampled_from(("seen", "seen", "seen", " "))
roles: st.SearchStrategy[Role] = st.sampled_from(("commander", "commander", "engineer", "operator"))


@st.composite
def readings(draw: st.DrawFn, plan: Plan, at: float) -> Signal:
    """A device says something, mostly what a rule asks and in its range, sometimes late or from a broker's memory."""
    named = {name for rule in plan.rules for tier in rule.tiers for name in tier.when.quantities}
    asked = [one for one in TOLD if one[1] in named] if draw(st.integers(0, 9)) else []
    device, quantity = draw(st.sampled_from(asked or TOLD))
    bad = draw(st.integers(0, 19)) == 0
    value: Any = draw(st.sampled_from((BAD if bad else VALUES).get(quantity, (2.0,) if bad else (True, False))))
    origin = Origin(draw(st.sampled_from(("boot-1", "boot-2"))), draw(st.integers(1, 9)))
    origins: tuple[Origin | None, ...] = (None, None, origin)
    provenance: Provenance = "retained" if draw(st.integers(0, 9)) == 0 else "live"
    return Reading(at, device, quantity, value, provenance, draw(st.sampled_from(origins)))


@st.composite
def troubles(draw: st.DrawFn, at: float) -> Signal:
    """Something breaks, or works again."""
    device, code = draw(st.sampled_from(tuple(MEASURED))), draw(st.sampled_from(("tamper", "battery")))
    source, link = draw(st.sampled_from(SOURCES)), draw(st.sampled_from(("wire-1", "wire-2")))
    quantity = draw(st.sampled_from((None, *(quantity for _, quantity in TOLD))))
    possible: tuple[Signal, ...] = (
        Heard(at, device, draw(st.booleans())),
        Fault(at, source, code, "broken", quantity),
        Recovered(at, source, code),
        LinkDown(at, link, "cut"),
        LinkUp(at, link),
    )
    return draw(st.sampled_from(possible))


@st.composite
def orders(draw: st.DrawFn, plan: Plan, at: float, up: list[str], in_force: list[str]) -> Signal:
    """A person orders something, mostly about an alarm that is up or an evacuation in force, and not always rightly."""
    alarms = [f"{rule.id}@{place}" for rule in plan.rules for place in rule.places] or ["nothing"]
    about = up if up and draw(st.integers(0, 4)) > 0 else alarms
    by = (draw(people), draw(reasons), draw(roles))
    alarm, for_s = draw(st.sampled_from(about)), draw(st.sampled_from((3.0, 30.0, 100.0, 1000.0, 0.0)))
    evacuation = draw(st.sampled_from(in_force or ["whole-1", "phased-2"]))
    zone = draw(st.sampled_from([zone.id for zone in ZONES]))
    target = draw(st.sampled_from((alarm, *MEASURED)))
    if in_force and draw(st.integers(0, 3)) == 0:
        return AllClear(at, evacuation, *by)
    possible: tuple[Signal, ...] = (
        Acknowledge(at, alarm, *by),
        Acknowledge(at, alarm, *by),
        Silence(at, draw(st.sampled_from(("", alarm))), *by),
        Reset(at, alarm, *by),
        Reset(at, alarm, *by),
        OrderEvacuation(at, draw(st.sampled_from((*EVACUATIONS, "none"))), *by),
        AdvanceEvacuation(at, evacuation, *by),
        AllClear(at, evacuation, *by),
        Shelve(at, alarm, for_s, draw(st.booleans()), *by),
        Unshelve(at, alarm, *by),
        OutOfService(at, target, for_s, *by),
        InService(at, target, *by),
        Duty(at, draw(st.booleans()), *by),
        StartShow(at, zone, for_s, *by),
        EndShow(at, zone, *by),
    )
    return draw(st.sampled_from(possible))


@st.composite
def calendars(draw: st.DrawFn, at: float) -> Signal:
    """A schedule begins, ends, or cannot be told."""
    return Calendar(at, draw(st.sampled_from(("open", "staff"))), draw(st.sampled_from((True, False, True, None))))
