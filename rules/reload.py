"""Other rules while the engine runs: one engine goes on where another was, and what became of each rule."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from msgspec import Struct

from rules.decision import Decision
from rules.engine import Engine
from rules.expression import Expression
from rules.plan import InvestigationRule, Plan, Rule, TierRule
from rules.render import render
from rules.signal import Reloaded, Tick
from rules.status import AlarmStatus

_DELAYS = {"on_delay_s", "off_delay_s", "acknowledge_within_s", "then_s", "re_alarm_s"}
_NOT_COMPARED = {"id", "line", "tiers", "investigate"}  # a rule may move within its file; the last two have their own


class Retimed(Struct, frozen=True):
    """A delay with another length: of a tier; or of the rule, or a step of its investigation (`tier` is then empty)."""

    rule: str
    tier: str
    delay: str  # as in the rules file: on_delay, off_delay, re_alarm, acknowledge_within, then
    before_s: float
    after_s: float
    running: int = 0  # alarms in which this delay ran at the reload


class Dropped(Struct, frozen=True):
    """A rule that is gone."""

    rule: str
    ended: int = 0  # alarms that stood or waited


class Changed(Struct, frozen=True):
    """A rule in which more than delays is different: `what` names the keys, "orange when" for one of a tier."""

    rule: str
    what: tuple[str, ...]


class Changes(Struct, frozen=True):
    """What became of each rule; a rule may be both re-timed and changed. `venue` tells all else that is different."""

    kept: tuple[str, ...] = ()
    retimed: tuple[Retimed, ...] = ()
    changed: tuple[Changed, ...] = ()
    added: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    venue: tuple[str, ...] = ()


def compare(old: Plan, new: Plan) -> Changes:
    """What is different in `new`. Words, not places: a rule that only moved within its file is kept."""
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    retimed = {name: _retimed(before[name], after[name]) for name in after if name in before}
    changed = {name: _changed(before[name], after[name]) for name in after if name in before}
    return Changes(
        kept=tuple(name for name in changed if not changed[name] and not retimed[name]),
        retimed=tuple(one for name in retimed for one in retimed[name]),
        changed=tuple(Changed(name, what) for name, what in changed.items() if what),
        added=tuple(name for name in after if name not in before),
        dropped=tuple(Dropped(name) for name in before if name not in after),
        venue=_venue(old, new),
    )


def counted(changes: Changes, engine: Engine) -> Changes:
    """The same with how many alarms each of them concerns. `engine` still runs by the old plan."""
    running = engine.running_delays()
    alarms: dict[str, int] = {}
    for alarm in engine.alarms():
        alarms[alarm.rule] = alarms.get(alarm.rule, 0) + 1
    retimed = tuple(
        Retimed(one.rule, one.tier, one.delay, one.before_s, one.after_s, running[one.rule, one.tier, one.delay])
        for one in changes.retimed
    )
    dropped = tuple(Dropped(one.rule, alarms.get(one.rule, 0)) for one in changes.dropped)
    return Changes(changes.kept, retimed, changes.changed, changes.added, dropped, changes.venue)


def in_the_way(engine: Engine, plan: Plan) -> dict[str, str]:
    """What is up and may be ended by people alone, but would not outlive a change to this plan: the id of each such
    evacuation and highly managed alarm, with words that say what has to be done first.
    """
    found = {
        one.evacuation: f"evacuation plan {one.plan!r} is in force and cannot go before the all-clear"
        for one in engine.evacuations()
        if one.plan not in plan.evacuation_plans
    }
    before = {rule.id: rule for rule in engine.plan.rules}
    after = {rule.id: rule for rule in plan.rules}
    for alarm in engine.alarms():
        rule, other = before[alarm.rule], after.get(alarm.rule)
        if rule.highly_managed and alarm.tier and not _holds(other, rule, alarm.place):
            text = f"alarm {alarm.alarm} is up and would end with its rule or its place"
            found[alarm.alarm] = f"{text}: {_first(alarm)} first"
    return found


def _holds(other: Rule | None, rule: Rule, place: str) -> bool:
    """Whether the alarm goes on, and still only a person ends it where only a person could."""
    return other is not None and place in other.places and other.highly_managed and other.latching >= rule.latching


def _first(alarm: AlarmStatus) -> str:
    match alarm.state:
        case "latched_unack" | "latched_acked":
            return "reset it"
        case "rtn_unack":
            return "acknowledge it"
        case _:
            return "let it end and reset it"


def swap(old: Engine, fresh: Engine, signal: Reloaded) -> list[Decision]:
    """Let `fresh`, new from another plan, go on where `old` is; the decisions, in order. Both may be one engine.

    What is over by the old rules at that instant is decided by them. After this `old` must be told nothing more.
    """
    said = old.step(Tick(signal.at))
    if fresh is not old:
        fresh.take_up(old.snapshot())
    return said + fresh.step(signal)


def _retimed(old: Rule, new: Rule) -> tuple[Retimed, ...]:
    pairs: list[tuple[str, object, object]] = [("", old, new), ("", old.investigate, new.investigate)]
    tiers = {tier.tier: tier for tier in old.tiers}
    pairs += [(tier.tier.word, tiers.get(tier.tier), tier) for tier in new.tiers]
    return tuple(
        Retimed(new.id, tier, name.removesuffix("_s"), was, now)
        for tier, one, other in pairs
        if one is not None and other is not None
        for name in _names(other)
        if name in _DELAYS and _is_retimed(was := getattr(one, name), now := getattr(other, name))
    )


def _is_retimed(was: float | None, now: float | None) -> bool:
    """A delay that only one of them has came or went: that is another rule, not another length."""
    return was is not None and now is not None and was != now


def _changed(old: Rule, new: Rule) -> tuple[str, ...]:
    again = {"re_alarm_s"} if _is_retimed(old.re_alarm_s, new.re_alarm_s) else set[str]()
    what = _different(old, new, _NOT_COMPARED | again)
    what += [f"investigate {key}".strip() for key in _parts(old.investigate, new.investigate)]
    before = {tier.tier: tier for tier in old.tiers}
    after = {tier.tier: tier for tier in new.tiers}
    for tier in sorted(before.keys() | after.keys()):
        what += [f"{tier.word} {key}".strip() for key in _parts(before.get(tier), after.get(tier))]
    return tuple(what)


Part = TierRule | InvestigationRule


def _parts(old: Part | None, new: Part | None) -> list[str]:
    """The keys that differ, delays left out; a part that only one of them has differs as a whole."""
    if old is None or new is None:
        return [] if old is new else [""]
    return _different(old, new, _DELAYS | {"line"})


def _different(old: Any, new: Any, without: Iterable[str]) -> list[str]:
    names = [name for name in _names(new) if name not in without]
    return [name.removesuffix("_s") for name in names if _plain(getattr(old, name)) != _plain(getattr(new, name))]


def _names(part: Any) -> list[str]:
    return [field.name for field in fields(part)]


def _plain(value: object) -> object:
    """A condition is its words: where they stand in the file makes no difference."""
    return render(value.root) if isinstance(value, Expression) else value


def _venue(old: Plan, new: Plan) -> tuple[str, ...]:
    said = _entries("zone", old.venue.zones, new.venue.zones)
    said += _entries("device", old.venue.devices, new.venue.devices)
    for name in _names(new):
        if name in ("venue", "rules"):
            continue
        was, now = getattr(old, name), getattr(new, name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            said += _entries(name.removesuffix("s").replace("_", " "), was, now)
        elif was != now:
            said.append(f"{name} is different")
    return tuple(said)


def _entries(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    said = [f"{kind} {name} is new" for name in new if name not in old]
    said += [f"{kind} {name} is gone" for name in old if name not in new]
    both = [name for name in new if name in old and old[name] != new[name]]
    return said + [f"{kind} {name}: {', '.join(_different(old[name], new[name], ()))}" for name in both]
