"""A story written down word for word: what was told, all that the engine said to it, and all that it then shows."""

from collections.abc import Iterable
from enum import Enum

from msgspec import UNSET, Struct
from msgspec.structs import fields

from rules.engine import Engine
from rules.explain import Explanation
from rules.parts import Part
from rules.plan import Plan
from rules.signal import Signal
from tests.rules.house import check_said

Step = Signal | str  # a signal; "shown" for all that is shown now; else the id of an alarm to explain


def record(plan: Plan, steps: Iterable[Step]) -> str:
    """The story in lines, with a restart before each thing told: whoever reads them would not know of it."""
    engine = Engine(plan)
    lines: list[str] = []
    for step in steps:
        if step == "shown":
            lines += ["", "SHOWN", *_shown(engine), ""]
        elif isinstance(step, str):
            lines += ["", *_explained(engine.explain(step)), ""]
        else:
            decisions = engine.step(step)
            check_said(decisions, engine.now)
            lines += [_line(step), *_all(decisions)]
            engine = Engine.restore(plan, engine.snapshot())
    return "\n".join(lines).replace("\n\n\n", "\n\n").strip() + "\n"


def _shown(engine: Engine) -> Iterable[str]:
    shown = (engine.alarms(), engine.faults(), engine.evacuations(), engine.schedules(), engine.shows())
    yield from _all([*(one for kind in shown for one in kind), *engine.devices()])
    yield f"  duty: {_value(engine.duty())}"
    yield f"  zones: {_value({zone: tier for zone, tier in engine.zone_tiers().items() if tier})}"
    yield f"  delays: {_value({' '.join(key): count for key, count in sorted(engine.running_delays().items())})}"
    yield f"  flood since: {engine.flood_since()}; next: {engine.deadline()}"


def _explained(found: Explanation) -> Iterable[str]:
    yield f"WHY {found.alarm} ({found.rule} at {found.place}, {found.at:g}): {found.verdict}"
    yield f"  {found.state} {found.tier.word} since {found.since:g}"
    for tier in found.tiers:
        delays = f"on {tier.on_delay_s:g} s, off {tier.off_delay_s:g} s"
        yield f"  {tier.tier.word} {tier.phase} due {tier.due}; {delays}; {tier.line}"
        yield from _part("when", tier.when, 4)
        if tier.clear is not None:
            yield from _part("clear", tier.clear, 4)
    yield from (f"  note: {note}" for note in found.notes)
    yield from (f"  because {_line(reason)}" for reason in found.because)


def _part(word: str, part: Part, indent: int) -> Iterable[str]:
    by = f" by {', '.join(part.by)}" if part.by else ""
    yield f"{' ' * indent}{word} {part.text} is {part.truth}: {part.found!r}{by}"
    for one in part.parts:
        yield from _part("of", one, indent + 2)


def _all(said: Iterable[Struct]) -> Iterable[str]:
    """Each with its evidence, unless that is the same as the one before it."""
    before: object = ()
    for one in said:
        yield f"  {_line(one)}"
        because = getattr(one, "because", ())
        yield from (f"    because {_line(reason)}" for reason in because if because != before)
        before = because


def _line(said: Struct) -> str:
    """Its kind and its fields, without those that say what they always say."""
    told = [
        f"{field.name}={_value(getattr(said, field.name))}"
        for field in fields(said)
        if field.name != "because" and (field.default is UNSET or getattr(said, field.name) != field.default)
    ]
    return " ".join([type(said).__name__, *told])


def _value(value: object) -> str:
    match value:
        case Struct():
            return f"({_line(value)})"
        case tuple() | list():
            return f"[{', '.join(_value(one) for one in value)}]"
        case dict():
            return "{" + ", ".join(f"{key}: {_value(one)}" for key, one in value.items()) + "}"
        case Enum():
            return value.name.lower()
        case float():
            return f"{value:g}"
        case _:
            return str(value)
