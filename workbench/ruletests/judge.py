"""Whether what must follow did follow; if not, what was there instead."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import assert_never

from rules.decision import Because, Decision
from rules.tier import Tier
from workbench.ruletests.form import (
    AlarmExpected,
    AlarmsExpected,
    DecisionExpected,
    EvacuationExpected,
    Expected,
    FaultExpected,
    NoEvacuationExpected,
    NoFaultExpected,
    ZoneExpected,
)
from workbench.ruletests.play import Moment, Recording
from workbench.ruletests.story import Expectation, Test

SHOWN = 6  # things of one kind named in a message


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that was not met: `at` is the instant that shows it, `was` what was there."""

    expectation: Expectation
    at: float
    was: str


def judge(test: Test, recording: Recording) -> list[Failure]:
    """Every expectation that was not met, in the order written."""
    found = [_failure(one, recording) for one in test.expectations]
    return [failure for failure in found if failure is not None]


def fails(test: Test, recording: Recording) -> bool:
    """Whether any expectation was not met."""
    return any(_failure(one, recording) is not None for one in test.expectations)


def _failure(one: Expectation, recording: Recording) -> Failure | None:
    if isinstance(one.expected, DecisionExpected):
        return _judge_decisions(one, one.expected, recording)
    missing = _missing(one.expected)
    if one.when == "at":
        was = missing(recording.at(one.start))
        return Failure(one, one.start, was) if was else None
    moments = recording.during(one.start, one.end)
    if one.when == "throughout":
        return next((Failure(one, max(at.at, one.start), was) for at in moments if (was := missing(at))), None)
    if not any(missing(moment) == "" for moment in moments):
        return Failure(one, one.end, missing(moments[-1]))
    return None


def _judge_decisions(one: Expectation, expected: DecisionExpected, recording: Recording) -> Failure | None:
    found = [decision for decision in recording.decided(one.start, one.end) if _is(decision, expected)]
    if len(found) == expected.count or (expected.count is None and found):
        return None
    times = ", ".join(f"{decision.at:g} s" for decision in found[:SHOWN])
    return Failure(one, one.end, f"{len(found)} of them, at {times}" if found else "none of them")


def _is(decision: Decision, expected: DecisionExpected) -> bool:
    if decision.__struct_config__.tag != expected.decision:
        return False
    wanted = expected.model_dump(exclude={"decision", "count", "within", "because"}, exclude_none=True)
    return all(_plain(getattr(decision, key, None)) == value for key, value in wanted.items()) and _told(
        decision.because, expected.because
    )


def _plain(value: object) -> object:
    return value.word if isinstance(value, Tier) else value


def _told(because: Iterable[Because], text: str | None) -> bool:
    return text is None or any(text in f"{one.source} {one.text} {one.line}" for one in because)


Missing = Callable[[Moment], str]


def _missing(expected: Expected) -> Missing:
    """A function that says what was there instead; empty when all is as expected."""
    match expected:
        case AlarmExpected():
            return lambda moment: _alarm(expected, moment)
        case AlarmsExpected():
            return lambda moment: _alarms(expected, moment)
        case ZoneExpected():
            return lambda moment: _zone(expected, moment)
        case EvacuationExpected():
            return lambda moment: _evacuation(expected, moment)
        case NoEvacuationExpected():
            return lambda moment: _named("in force", [one.evacuation for one in moment.evacuations])
        case FaultExpected():
            return lambda moment: _fault(expected, moment)
        case NoFaultExpected():
            return lambda moment: _named("faulted", _faults(expected.no_fault, expected.code, moment))
        case DecisionExpected():
            raise AssertionError("decisions are counted, they do not stand")
        case _:
            assert_never(expected)


def _named(what: str, names: list[str]) -> str:
    return f"{what}: {', '.join(names[:SHOWN])}" if names else ""


def _alarm(expected: AlarmExpected, moment: Moment) -> str:
    status = moment.alarms.get(expected.alarm)
    tier, state = (status.tier.word, status.state) if status else (Tier.NONE.word, "normal")
    sounding = status.sounding if status else False
    words = f"{expected.alarm} is {'normal' if state == 'normal' else f'{state} {tier}'}"
    if expected.tier is None and expected.state is None and expected.overlay is None and state in ("normal", "pending"):
        return words
    if expected.tier not in (None, tier) or expected.state not in (None, state):
        return words
    overlays: list[str] = [one.kind for one in status.overlays] if status else []
    if expected.overlay is not None and expected.overlay not in (overlays or ["none"]):
        return f"{words} and {', '.join(overlays) or 'not kept from view'}"
    if expected.sounding not in (None, sounding):
        return f"{words} and {'sounds' if sounding else 'does not sound'}"
    because = status.because if status else ()
    if not _told(because, expected.because):
        return f"{words}, because {'; '.join(one.text for one in because[:SHOWN]) or 'nothing'}"
    return ""


def _alarms(expected: AlarmsExpected, moment: Moment) -> str:
    up = {name: one.tier.word for name, one in moment.alarms.items() if one.state not in ("normal", "pending")}
    wanted = {name: tier for name, _, tier in (alarm.partition(" ") for alarm in expected.alarms)}
    if up.keys() == wanted.keys() and all(tier in ("", up[name]) for name, tier in wanted.items()):
        return ""
    return _named("up", [f"{name} {tier}" for name, tier in sorted(up.items())]) or "no alarm is up"


def _zone(expected: ZoneExpected, moment: Moment) -> str:
    tier = moment.zones.get(expected.zone, Tier.NONE).word
    return "" if tier == expected.tier else f"{expected.zone} is {tier}"


def _evacuation(expected: EvacuationExpected, moment: Moment) -> str:
    for one in moment.evacuations:
        if one.plan == expected.evacuation and expected.origin in (None, one.origin):
            return ""
    return _named("in force", [f"{one.plan} from {one.origin}" for one in moment.evacuations]) or "none in force"


def _fault(expected: FaultExpected, moment: Moment) -> str:
    if _faults(expected.fault, expected.code, moment, expected.because):
        return ""
    return _named("faulted", _faults("any", None, moment)) or "no fault stands"


def _faults(source: str, code: str | None, moment: Moment, text: str | None = None) -> list[str]:
    return [
        f"{one.source} {one.code}"
        for one in moment.faults
        if source in ("any", one.source) and code in (None, one.code) and (text is None or text in one.text)
    ]
