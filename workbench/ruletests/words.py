"""What tests say, in words: expectations, decisions, and the timeline around a failure."""

from collections.abc import Iterator

from rules.decision import Decision
from rules.parts import Part
from rules.tier import Tier
from workbench.ruletests.judge import Failure
from workbench.ruletests.play import Player, Recording
from workbench.ruletests.story import Expectation
from workbench.ruletests.suite import Result

BEFORE = 8  # decisions shown before the instant of a failure
AFTER = 3
_QUIET = {"zone_tier"}  # follows from the alarms
_HIDDEN = {"at", "because", "rule", "place", "zone", "category", "sounding", "text", "zones", "deadline"}


def expected(one: Expectation) -> str:
    """At 62 s within 5 s expected evacuation whole-building."""
    said = one.expected.model_dump(exclude={"within"}, exclude_none=True)
    what = ", ".join(f"{key} {_value(value)}" for key, value in said.items())
    match one.when:
        case "at":
            return f"at {one.start:g} s expected {what}"
        case "throughout":
            return f"from {one.start:g} s to {one.end:g} s expected {what}"
        case "within":
            return f"at {one.start:g} s, within {one.end - one.start:g} s, expected {what}"


def _value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def decision(one: Decision) -> str:
    """RAISE smoke@det-305 orange unack: smoke_obscuration is 5 %/m (fire.yaml:14)."""
    tag = str(one.__struct_config__.tag).replace("_", " ").upper()
    parts = [getattr(one, name) for name in one.__struct_fields__ if name not in _HIDDEN]
    words = " ".join(part.word if isinstance(part, Tier) else str(part) for part in parts if _is_word(part))
    because = "; ".join(f"{piece.source} {piece.text}".strip() for piece in one.because[-3:])
    return f"{tag} {words}" + (f": {because}" if because else "")


def _is_word(part: object) -> bool:
    return isinstance(part, Tier) or (isinstance(part, str) and part != "")


def timeline(failure: Failure, recording: Recording) -> Iterator[tuple[float, str, bool]]:
    """The decisions around a failure: when, what, and whether this is the failure itself."""
    told = [one for one in recording.decisions if one.__struct_config__.tag not in _QUIET]
    before = [one for one in told if one.at <= failure.at]
    after = [one for one in told if one.at > failure.at]
    for one in before[-BEFORE:]:
        yield one.at, decision(one), False
    yield failure.at, f"{expected(failure.expectation)}; {failure.was}", True
    for one in after[:AFTER]:
        yield one.at, decision(one), False


def explanation(result: Result, failure: Failure) -> Iterator[str]:
    """Why the alarm that a failure is about is as it is at that instant: its rule, part by part."""
    alarm = getattr(failure.expectation.expected, "alarm", None)
    if alarm is None or result.error:
        return
    player = Player(result.venue.plan)
    player.play(result.test, until=failure.at)
    told = player.engine.explain(alarm)
    if told is None:
        return
    yield f"{alarm}: {told.verdict}"
    for tier in told.tiers:
        yield f"  {tier.tier.word} is {tier.phase} ({tier.line})"
        yield from _part(tier.when, "when", "    ")
        if tier.clear is not None:
            yield from _part(tier.clear, "clear", "    ")


def _part(part: Part, name: str, indent: str) -> Iterator[str]:
    truth = {True: "true", False: "false", None: "unknown"}[part.truth]
    yield f"{indent}{name} {part.text}: {truth}{f', {part.found}' if part.found else ''}"
    for below in part.parts:
        yield from _part(below, "-", indent + "  ")
