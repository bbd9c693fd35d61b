"""Why an alarm is as it is, or why it is not: its rule taken apart, each part with its truth and what was found.

Reads the live objects and changes nothing. Times are engine seconds; texts are for people.
"""

from msgspec import Struct

from rules.cause import Cause, DeviceCause
from rules.decision import Because, OverlayKind, State
from rules.expression import Expression
from rules.investigation import Investigation, Step
from rules.level import Level, Phase
from rules.overlay import Overlay
from rules.parts import Part, device_part, group_part
from rules.plan import TierRule
from rules.tier import Tier
from rules.wording import brief, named


class TierExplanation(Struct, frozen=True):
    """One tier: where it is written, where it stands, until when its running delay lasts, and its conditions."""

    tier: Tier
    line: str
    phase: str
    due: float | None
    on_delay_s: float
    off_delay_s: float
    when: Part
    clear: Part | None = None


class Explanation(Struct, frozen=True):
    """A rule at one place at one instant. `verdict` says it in a sentence; `notes` are what else has a say."""

    at: float
    alarm: str
    rule: str
    place: str
    state: State
    tier: Tier
    since: float
    verdict: str
    tiers: tuple[TierExplanation, ...]  # worst first
    notes: tuple[str, ...]
    because: tuple[Because, ...]


def explain(cause: Cause, now: float) -> Explanation:
    """Take apart why the alarm of a cause is, or is not, up at this instant."""
    alarm = cause.alarm
    tiers = tuple(_tier(cause, level, now) for level in reversed(alarm.levels))
    return Explanation(
        now,
        alarm.id,
        alarm.rule.id,
        alarm.place,
        alarm.state,
        alarm.tier,
        alarm.since,
        _verdict(cause, tiers, now),
        tiers,
        tuple(_notes(cause, now)),
        alarm.because,
    )


def _verdict(cause: Cause, tiers: tuple[TierExplanation, ...], now: float) -> str:
    alarm = cause.alarm
    if alarm.overlays:
        stands = f"its condition stands at {alarm.standing.word}" if alarm.standing else "no tier is true"
        return f"it is kept from view ({' and '.join(_words(kind) for kind in alarm.overlays)}): {stands}"
    if alarm.state in ("unack", "acked"):
        return f"it stands at {alarm.tier.word} for {brief(now - alarm.since)} s"
    if alarm.state not in ("normal", "pending"):
        return f"it stood at {alarm.tier.word}; its cause is gone, and it waits for people ({alarm.state})"
    if cause.investigation is not None and cause.investigation.running:
        return _investigating(cause.investigation, now)
    for tier in tiers:
        if tier.phase == Phase.PENDING.value and tier.due is not None:
            left = f"{brief(tier.due - now)} s of {brief(tier.on_delay_s)} s left"
            return f"{tier.tier.word} is true and waits for its on-delay: {left}"
    for level in reversed(alarm.levels):
        if level.verifying and level.due is not None:
            return f"{level.rule.tier.word} had a first signal, which is being verified ({level.phase.value})"
    if any(tier.when.truth is None for tier in tiers):
        return "it is not up, and whether it should be is unknown"
    return "it is not up: no tier is true"


def _investigating(investigation: Investigation, now: float) -> str:
    assert investigation.due is not None
    what = "acknowledge" if investigation.step is Step.ACKNOWLEDGE else "look"
    return f"staff have {brief(investigation.due - now)} s left to {what} before it is taken as true"


def _notes(cause: Cause, now: float) -> list[str]:
    alarm, notes = cause.alarm, list[str]()
    if alarm.acknowledged_by:
        notes.append(f"acknowledged by {alarm.acknowledged_by}")
    if alarm.state not in ("normal", "pending") and not alarm.sounding:
        notes.append("its sounder is silent")
    if alarm.rule.latching:
        notes.append("it latches: only a reset ends it")
    if alarm.stood_down:
        found = f"a person looked at {alarm.stood_down.word} and stood it down"
        notes.append(f"{found}: it is not looked into again until it rises or comes anew")
    notes += [_overlay_note(overlay, now) for overlay in alarm.overlays.values()]
    if alarm.chatter.quiet_at is not None:
        notes.append(f"it chatters: held as standing for {brief(alarm.chatter.quiet_at - now)} s more of quiet")
    if cause.investigation is not None:
        notes += _investigation_notes(cause.investigation, now)
    return notes


def _overlay_note(overlay: Overlay, now: float) -> str:
    left = "" if overlay.until is None else f", {brief(overlay.until - now)} s left"
    once = ", or until it returns to normal" if overlay.once else ""
    return f"{_words(overlay.kind)} by {overlay.by} since {brief(now - overlay.since)} s{left}{once}: {overlay.why}"


def _words(kind: OverlayKind) -> str:
    return kind.replace("_", " ")


def _investigation_notes(investigation: Investigation, now: float) -> list[str]:
    if investigation.held and not investigation.running:
        held = named([alarm.id for alarm in investigation.held])
        return [f"a show or a schedule holds the investigation of {held} back; its end begins it if it still stands"]
    if investigation.overdue:
        return [f"the investigation ran out: {investigation.overdue}"]
    if investigation.running:
        triggers = named([alarm.id for alarm in investigation.triggers])
        return [f"the investigation began with {triggers}"]
    return [f"no investigation runs; one alarm of {', '.join(investigation.rule.of)} would begin it"]


def _tier(cause: Cause, level: Level, now: float) -> TierExplanation:
    rule: TierRule = level.rule
    return TierExplanation(
        rule.tier,
        rule.line,
        level.phase.value,
        level.due,
        rule.on_delay_s,
        rule.off_delay_s,
        _expression(cause, rule.when, now),
        None if rule.clear is None else _expression(cause, rule.clear, now),
    )


def _expression(cause: Cause, expression: Expression, now: float) -> Part:
    if isinstance(cause, DeviceCause):
        return device_part(expression.root, cause.device, now)
    return group_part(expression.root, cause, now)
