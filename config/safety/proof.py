"""The proof by the real engine: every chain that the arithmetic found is played, and must come out as it said."""

from collections.abc import Iterator
from dataclasses import dataclass

from config.problem import Problem
from config.safety.stories import Stories
from rules.analysis.chain import Chain, Event
from rules.analysis.chains import slowest
from rules.analysis.drive import HORIZON_S, LAST_INSTANT_S, first_evacuation, first_red
from rules.analysis.week import situations
from rules.plan import Plan

MAX_PLAYED = 64  # chains, when not all are asked for: 4 ms each in a venue of 150 devices, 40 ms in one of 1,000
SLACK_S = 16 * LAST_INSTANT_S  # staff act at the last instant of each look round, which is not quite the end of it


@dataclass(frozen=True)
class Proof:
    """The chains of a venue, the slowest of each over the week; how many were played, and what came out otherwise."""

    chains: tuple[Chain, ...]
    played: int
    problems: tuple[Problem, ...]


def prove(plan: Plan, *, everything: bool = False) -> Proof:
    """Play the chains of a checked plan; `everything`: also more than MAX_PLAYED."""
    hours = {around.when: Stories(plan, around) for around in situations(plan)}
    chains = slowest(chain for stories in hours.values() for chain in stories.chains.all())
    played = chains if everything else chains[:MAX_PLAYED]
    lines = {rule.id: rule.line for rule in plan.rules}
    found = [one for chain in played for one in _differences(chain, hours[chain.when], lines[chain.rule])]
    return Proof(tuple(chains), len(played), tuple(found))


def _differences(chain: Chain, stories: Stories, line: str) -> Iterator[Problem]:
    """What the engine does otherwise: later than it was worked out, or never. Sooner is by another rule, and as good."""
    wanted = (("red", chain.red, first_red), ("an evacuation", chain.evacuation, first_evacuation))
    for what, event, first in wanted:
        after_s = first(stories.stage.play(chain.told)) if event is not None and event.seconds <= HORIZON_S else 0.0
        if event is not None and (after_s is None or after_s > event.seconds + SLACK_S):
            file, _, number = line.rpartition(":")
            text = f"{chain.rule!r} of {chain.device!r} was worked out to lead to {what} {_after(event)}, but does not"
            yield Problem(file, int(number or 1), 1, text, "tell the makers of Tocsin", stories.of_told(chain.told, f"no {what}"))


def _after(event: Event) -> str:
    return f"within {event.seconds:g} s"


def describe(proof: Proof, kinds: dict[str, str], exempt: dict[str, str]) -> Iterator[str]:
    """The chains as lines for people: the devices that are alike, then each rule with what it leads to."""
    last = ""
    for chain in proof.chains:
        if chain.device != last:
            last = chain.device
            alike = f" and {len(chain.like) - 1} alike" if len(chain.like) > 1 else ""
            yield f"{kinds[chain.device]} {chain.device}{alike}"
            if chain.device in exempt:
                yield f"  need not lead to red: {exempt[chain.device]}"
        who = f"with {chain.others} more" if chain.others else "alone"
        when = f" ({chain.when})" if chain.when else ""
        yield f"  {chain.rule} {chain.tier.word}, {who}{when}: {outcome(chain)}"


def outcome(chain: Chain) -> str:
    """What a chain leads to, and what the time is made of."""
    if chain.evacuation is not None:
        return f"evacuation {chain.plan!r} within {chain.evacuation.seconds:g} s: {chain.evacuation.words}"
    if chain.red is not None:
        return f"red within {chain.red.seconds:g} s: {chain.red.words}"
    return "a warning only"
