"""Why not: a rule at one place, watched through a stretch of the past."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from daemon.journal.past import History, NoHistory, PlanOf
from rules.engine import Engine
from rules.explain import Explanation
from rules.parts import Part
from rules.plan import Plan, Rule
from rules.reload import swap
from rules.signal import Heard, Reading, Reloaded, Signal, Tick

PLACES_SHOWN = 5
JOURNAL_LAG_S = 10.0  # a running daemon writes at least every 5 s
MAX_CHANGES = 200  # in one answer: what changes more often flutters, and its last changes tell the story


@dataclass(frozen=True, slots=True)
class Change:
    """What became otherwise at an instant: wall time in seconds since 1970, and the conditions' words."""

    wall: float
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The rule as it was at the instant asked about, and what changed in it before. `left_out` counts older changes.

    `lag_s`: wall time less engine time at that instant. `plan`: what was decided by.
    """

    wall: float
    lag_s: float
    plan: Plan
    explanation: Explanation
    changes: tuple[Change, ...]
    left_out: int
    problems: tuple[str, ...]


class UnknownAlarm(Exception):
    """No rule makes such an alarm; the message says what is not known, or that the rule does not look there."""


def alarm_at(plan: Plan, alarm: str) -> str:
    """The alarm RULE@PLACE; for a rule about zones, PLACE may be anything inside one. Raises UnknownAlarm."""
    rule_id, _, place = alarm.partition("@")
    rule = next((rule for rule in plan.rules if rule.id == rule_id), None)
    if rule is None:
        raise UnknownAlarm(f"there is no rule {rule_id!r}{_hint(rule_id, [rule.id for rule in plan.rules])}")
    device = plan.venue.devices.get(place)
    if device is None and place not in plan.venue.zones:
        known = [*plan.venue.devices, *plan.venue.zones]
        raise UnknownAlarm(f"there is no device or zone {place!r}{_hint(place, known)}")
    around = (place, *plan.venue.ancestry[device.zone]) if device else plan.venue.ancestry[place]
    found = next((one for one in around if one in rule.places), None)
    if found is None:
        raise UnknownAlarm(f"rule {rule_id} never looks at {place}: it is about {_places(rule)}")
    return f"{rule_id}@{found}"


def _hint(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=3)
    return f", did you mean {' or '.join(near)}?" if near else ""


def _places(rule: Rule) -> str:
    what = "devices" if rule.each == "device" else "zones"
    shown = ", ".join(rule.places[:PLACES_SHOWN]) or "none here"
    more = len(rule.places) - PLACES_SHOWN
    return f"the {what} {shown}" + (f" and {more} more" if more > 0 else "")


def why_not(
    history: History,
    plan_of: PlanOf,
    asked: str,
    wall: float,
    within_s: float,
    progress: Callable[[float], object],
) -> Answer:
    """Fold the journal up to `wall` and take the alarm's rule apart; changes are told from `within_s` before on.

    `asked` is RULE@PLACE, as `alarm_at` takes it, by the rules in force at `wall`. Raises NoHistory when the journal
    does not reach back to `wall`, UnknownAlarm when the rules of that time made no such alarm.
    """
    first, last = history.span()
    if wall < first:
        raise NoHistory(f"the journal begins later, at {local(first)}")
    if wall > last + JOURNAL_LAG_S:
        history.problems.append(f"the journal ends at {local(last)}: nothing is known of the time after")
    then = plan_of(history.rules_at(wall))
    try:
        alarm = alarm_at(then, asked)
    except UnknownAlarm as error:
        raise UnknownAlarm(f"by the rules of that time: {error}") from None
    members = members_of(then, alarm)
    engine, row = history.engine_before(plan_of, wall - within_s)
    watched: _Watched | None = None
    lag_s = 0.0  # wall less engine time, as of the last signal
    for heard in history.heard(row, wall, progress):
        if watched is None and heard.wall >= wall - within_s:
            watched = _Watched(alarm, engine)
        lag_s = heard.wall - heard.signal.at
        engine = _step(engine, heard.signal, plan_of)
        if watched is not None and _concerns(members, heard.signal):
            watched.look(engine, heard.wall)
    watched = watched or _Watched(alarm, engine)
    for at in _instants(engine, wall - lag_s):
        engine.step(Tick(at))
        watched.look(engine, at + lag_s)
    if watched.found is None:
        raise UnknownAlarm(f"by the rules of that time: there is no alarm {alarm}")
    changes = watched.changes
    shown = changes[-MAX_CHANGES:]
    left_out, problems = len(changes) - len(shown), tuple(history.problems)
    return Answer(wall, lag_s, engine.plan, watched.found, tuple(shown), left_out, problems)


def _step(engine: Engine, signal: Signal, plan_of: PlanOf) -> Engine:
    """The engine after a signal: another one, where the rules were changed."""
    if not isinstance(signal, Reloaded):
        engine.step(signal)
        return engine
    fresh = Engine(plan_of(signal.rules))
    swap(engine, fresh, signal)
    return fresh


def members_of(plan: Plan, alarm: str) -> frozenset[str]:
    """The devices whose words can change this alarm."""
    place = alarm.partition("@")[2]
    return frozenset((place,)) if place in plan.venue.devices else frozenset(plan.venue.devices_within[place])


def local(wall: float) -> str:
    """A wall time as this machine's people read it."""
    return datetime.fromtimestamp(wall).astimezone().isoformat(" ", "seconds")


def _concerns(members: frozenset[str], signal: Signal) -> bool:
    """Words of other devices change nothing here; all else may."""
    return signal.device in members if isinstance(signal, Reading | Heard) else True


def _instants(engine: Engine, until: float) -> Iterator[float]:
    """When something happens without being told after the last signal, and then `until` itself."""
    while (due := engine.deadline()) is not None and engine.now < due < until:
        yield due
    yield max(engine.now, until)


class _Watched:
    """The truth of each part of a rule at one place, as it changes. `found` is None where the rules make no alarm."""

    def __init__(self, alarm: str, engine: Engine) -> None:
        self._alarm = alarm
        self.changes: list[Change] = []
        self._take(engine)

    def look(self, engine: Engine, wall: float) -> None:
        """Note what is otherwise than at the last look."""
        before, had = self._leaves, self.found is not None
        self._take(engine)
        if had is not (self.found is not None):
            text = "the rules were changed: they make no such alarm" if had else "the rules were changed: it is new"
            self.changes.append(Change(wall, text))
        for text, leaf in self._leaves.items():
            if text not in before or _essence(before[text]) != _essence(leaf):
                word = "unknown" if leaf.truth is None else str(leaf.truth).lower()
                self.changes.append(Change(wall, f"{text}: {word}" + (f", {leaf.found}" if leaf.found else "")))

    def _take(self, engine: Engine) -> None:
        try:
            self.found: Explanation | None = engine.explain(self._alarm)
        except KeyError:
            self.found = None
        self._leaves = {} if self.found is None else dict(_leaves(self.found))


def _essence(leaf: Part) -> tuple[bool | None, tuple[str, ...]]:
    return leaf.truth, leaf.by


def _leaves(explanation: Explanation) -> Iterator[tuple[str, Part]]:
    for tier in explanation.tiers:
        yield f"tier {tier.tier.word}", Part("", tier.phase in ("active", "returning"), tier.phase, (), (tier.phase,))
        for root in (tier.when, tier.clear):
            if root is not None:
                yield from _below(root)


def _below(part: Part) -> Iterator[tuple[str, Part]]:
    if not part.parts:
        yield part.text, part
    for below in part.parts:
        yield from _below(below)
