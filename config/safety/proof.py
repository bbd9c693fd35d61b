"""The proof by the real engine: every chain that the arithmetic found is played, and must come out as it said."""

from dataclasses import dataclass, replace

from config.problem import Problem
from config.safety.stories import Stories
from rules.analysis.chain import Chain, Event, Part
from rules.analysis.chains import slowest
from rules.analysis.drive import HORIZON_S, LAST_INSTANT_S, first_evacuation, first_red
from rules.analysis.measure import Measure
from rules.analysis.week import situations
from rules.plan import Plan

# Chains played when not all are asked for. Each costs an engine, in proportion to the alarms that there can be: 3 ms
# with 1,000 of them. So the whole takes a second or two, however large the venue.
MAX_PLAYED = 64
MIN_PLAYED = 8
PLAYED_ALARMS = 40_000
SLACK_S = 16 * LAST_INSTANT_S  # staff act at the last instant of each look round, which is not quite the end of it


@dataclass(frozen=True)
class Proof:
    """The chains of a venue, the slowest of each over the week; how many were played, and what came out otherwise.

    `classes` are the devices that tell of danger, those that are alike together.
    """

    chains: tuple[Chain, ...]
    classes: tuple[tuple[str, ...], ...]
    played: int
    problems: tuple[Problem, ...]

    @property
    def untimed(self) -> tuple[Chain, ...]:
        """Those that can be, and that neither arithmetic nor engine could time."""
        return tuple(chain for chain in self.chains if chain.untimed)


def prove(plan: Plan, *, everything: bool = False) -> Proof:
    """Play the chains of a checked plan; `everything`: all of them, however many."""
    measure = Measure(plan)
    hours = {around.when: Stories(plan, around, measure) for around in situations(plan)}
    chains = slowest(chain for stories in hours.values() for chain in stories.chains.all())
    lines = {rule.id: rule.line for rule in plan.rules}
    problems: list[Problem] = []
    alarms = sum(len(rule.places) for rule in plan.rules)
    bound = min(MAX_PLAYED, max(MIN_PLAYED, PLAYED_ALARMS // max(1, alarms)))
    number = len(chains) if everything else min(bound, len(chains))
    for index, chain in enumerate(chains[:number]):
        chains[index] = _play(chain, hours[chain.when], lines[chain.rule], problems)
    classes = tuple(next(iter(hours.values())).chains.classes)
    return Proof(tuple(chains), classes, number, tuple(problems))


def _play(chain: Chain, stories: Stories, line: str, problems: list[Problem]) -> Chain:
    """The chain with what the arithmetic did not see. Sooner than it said is by another rule, and as good."""
    long_s = max((event.seconds + HORIZON_S for event in (chain.red, chain.evacuation) if event), default=HORIZON_S)
    story = list(stories.stage.play(chain.told, until_s=long_s))
    red, evacuation = first_red(iter(story)), first_evacuation(iter(story))
    for what, event, after_s in (("red", chain.red, red), ("an evacuation", chain.evacuation, evacuation)):
        if event is not None and (after_s is None or after_s > event.seconds + SLACK_S):
            file, _, number = line.rpartition(":")
            text = f"{chain.rule!r} of {chain.device!r} should lead to {what} within {event.seconds:g} s, but does not"
            hint = "see in the story what holds it up; if the rules mean what they say, tell the makers of Tocsin"
            shown = stories.of_told(chain.told, f"that was all, {what} was expected")
            problems.append(Problem(file, int(number), 1, text, hint, shown))
    if chain.untimed:
        return chain
    return replace(chain, red=chain.red or _seen(red), evacuation=chain.evacuation or _seen(evacuation))


def _seen(after_s: float | None) -> Event | None:
    return None if after_s is None else Event((Part("seen on the engine", after_s),))
