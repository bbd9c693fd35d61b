"""A scenario being played: which step is due, which moments have come, what was promised and kept. Pure."""

from dataclasses import dataclass, field
from typing import Literal

from rules.tier import Tier
from simulators.scenario import START, Expectation, Never, Outcome, Scenario, Step

GRACE_S = 0.05  # of a time limit: what the observing itself may take


@dataclass(frozen=True, slots=True)
class Fact:
    """Something seen from outside, `at` seconds of the story. `detail` is the tier, step or code."""

    at: float
    event: str
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.event.replace('_', ' ')} {self.subject}{' ' if self.detail else ''}{self.detail}"


@dataclass(slots=True)
class Verdict:
    """What came of one expectation. `took_s` counts from the moment it is measured from."""

    text: str
    state: Literal["open", "met", "failed"] = "open"
    took_s: float | None = None
    reason: str = ""


@dataclass(slots=True)
class _Pending:
    expectation: Expectation
    verdict: Verdict
    seen: int = 0


@dataclass(slots=True)
class Play:
    """`due` and `happened` are called with times of the story that never fall; `finish` closes it."""

    scenario: Scenario
    facts: list[Fact] = field(default_factory=list)
    moments: dict[str, float] = field(default_factory=lambda: {START: 0.0})
    _steps: list[Step] = field(default_factory=list)
    _expected: list[_Pending] = field(default_factory=list)
    _never: list[tuple[Never, Verdict]] = field(default_factory=list)
    _unplayed: list[Verdict] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._steps = list(self.scenario.story)
        self._expected = [_Pending(one, Verdict(_promise(one))) for one in self.scenario.expect]
        self._never = [(one, Verdict(_ban(one))) for one in self.scenario.never]

    @property
    def verdicts(self) -> list[Verdict]:
        return [one.verdict for one in self._expected] + [verdict for _, verdict in self._never] + self._unplayed

    @property
    def kept(self) -> bool:
        """Whether everything promised was kept; asked after `finish`."""
        return all(verdict.state == "met" for verdict in self.verdicts)

    def due(self, now: float) -> list[Step]:
        """The steps to carry out now, in order of their time; each is given once and its moment has come."""
        ready = [step for step in self._steps if step.after in self.moments and self._time_of(step) <= now]
        ready.sort(key=self._time_of)
        for step in ready:
            self._steps.remove(step)
            if step.name is not None:
                self.moments[step.name] = now
        self._expire(now)
        return ready

    def happened(self, fact: Fact) -> list[Verdict]:
        """Take note of what was seen; returns the verdicts that this decided."""
        self.facts.append(fact)
        before = [verdict.state for verdict in self.verdicts]
        for pending in self._expected:
            self._hold_against(pending, fact)
        for ban, verdict in self._never:
            over = ban.until is not None and ban.until in self.moments
            if verdict.state == "open" and not over and _matches(ban, fact):
                verdict.state, verdict.reason = "failed", f"{fact} at {fact.at:.1f} s"
        return [verdict for verdict, state in zip(self.verdicts, before, strict=True) if verdict.state != state]

    def finish(self, now: float) -> None:
        """The story is over: what has not happened is failed, what was not to happen is kept."""
        for step in self._steps:
            reason = f"{step.after!r} never came" if step.after not in self.moments else "the story ended before"
            self._unplayed.append(Verdict(f"step {step.action}", "failed", reason=reason))
        for pending in self._expected:
            verdict, times = pending.verdict, pending.expectation.times
            if verdict.state == "open" and times is not None and pending.seen == times:
                verdict.state = "met"
            elif verdict.state == "open":
                verdict.state, verdict.reason = "failed", verdict.reason or _missing(pending, self.moments)
        for _, verdict in self._never:
            if verdict.state == "open":
                verdict.state = "met"

    def _time_of(self, step: Step) -> float:
        return self.moments[step.after] + step.at

    def _hold_against(self, pending: _Pending, fact: Fact) -> None:
        expectation, verdict = pending.expectation, pending.verdict
        if expectation.of not in self.moments or not _matches(expectation, fact):
            return
        took_s = fact.at - self.moments[expectation.of]
        pending.seen += 1
        if expectation.times is not None and pending.seen > expectation.times:
            verdict.state, verdict.reason = "failed", f"{pending.seen} times, the last at {fact.at:.1f} s"
        if verdict.state != "open" or pending.seen > 1:
            return
        if expectation.within is not None and took_s > expectation.within + GRACE_S:
            verdict.state, verdict.reason = "failed", f"came after {took_s:.1f} s"
            return
        verdict.took_s = took_s
        if expectation.times is None:
            verdict.state = "met"
        if expectation.name is not None:
            self.moments[expectation.name] = fact.at

    def _expire(self, now: float) -> None:
        for pending in self._expected:
            expectation, verdict = pending.expectation, pending.verdict
            moment = self.moments.get(expectation.of)
            if verdict.state != "open" or pending.seen or moment is None or expectation.within is None:
                continue
            if now > moment + expectation.within + 1.0:  # what happened in time may still be on its way to us
                verdict.state, verdict.reason = "failed", f"not within {expectation.within:g} s"


def _matches(outcome: Outcome, fact: Fact) -> bool:
    if outcome.event != fact.event or outcome.subject not in (fact.subject, "any"):
        return False
    if outcome.tier is not None and isinstance(outcome, Never):
        return Tier.from_word(fact.detail) >= Tier.from_word(outcome.tier)
    wanted = outcome.tier or outcome.step or outcome.code
    return wanted is None or wanted == fact.detail


def _promise(expectation: Expectation) -> str:
    limit = f" within {expectation.within:g} s of {expectation.of}" if expectation.within is not None else ""
    times = {None: "", 1: " exactly once"}.get(expectation.times, f" exactly {expectation.times} times")
    return f"{expectation}{times}{limit}"


def _ban(ban: Never) -> str:
    return f"never {ban}" + (f" before {ban.until}" if ban.until else "")


def _missing(pending: _Pending, moments: dict[str, float]) -> str:
    if pending.expectation.of not in moments:
        return f"{pending.expectation.of!r} never came"
    return f"{pending.seen} times" if pending.seen else "it did not happen"
