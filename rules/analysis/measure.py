"""Times that no arithmetic gives, taken from the engine: what it does when devices say the worst for ten minutes."""

from collections.abc import Iterable
from dataclasses import replace

from rules.analysis.calm_group import Told
from rules.analysis.chain import Chain, Event, Part
from rules.analysis.drive import Moment, Stage, first_evacuation, first_red
from rules.analysis.week import Situation
from rules.decision import Escalate, Investigate, Raise
from rules.plan import Plan, Rule
from rules.tier import Tier

# Stories that are played for one plan, in all hours of the week together. Each costs a new engine, in proportion to the
# alarms that there can be, and a venue of many such rules must still load in a second or two.
MAX_STORIES = 32
MIN_STORIES = 4
PLAYED_ALARMS = 40_000


class Measure:
    """Plays chains of one plan, as if their rules were the only ones that look at devices."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        alarms = sum(len(rule.places) for rule in plan.rules)
        self._left = min(MAX_STORIES, max(MIN_STORIES, PLAYED_ALARMS // max(1, alarms)))

    def of(
        self, chain: Chain, companies: Iterable[Told], apart: frozenset[str], ceiling: Tier, around: Situation
    ) -> Chain:
        """The chain with the times that the engine takes, told by the first company that suffices; else as it was.

        `apart` are the other rules that look at devices, which have no part in it.
        """
        stage: Stage | None = None
        for told in companies:
            if self._left <= 0:
                break
            self._left -= 1
            stage = stage or self._stage(chain.rule, apart, ceiling, around)
            story = list(stage.play(told))
            red, evacuation = first_red(iter(story)), first_evacuation(iter(story))
            if _rose(story, chain) and (evacuation is not None or not chain.plan):
                looked = any(isinstance(one.what, Investigate) for one in story)
                return replace(
                    chain,
                    told=told,
                    red=_event(red, looked_into=looked),
                    evacuation=_event(evacuation, looked_into=looked),
                    untimed="",
                    measured=True,
                )
        return chain

    def _stage(self, rule: str, apart: frozenset[str], ceiling: Tier, around: Situation) -> Stage:
        def alone(one: Rule) -> Rule:
            if one.id in apart:
                return replace(one, places=())
            kept = tuple(tier for tier in one.tiers if tier.tier <= ceiling)
            return replace(one, tiers=kept) if one.id == rule else one

        return Stage(replace(self._plan, rules=tuple(map(alone, self._plan.rules))), around)


def _rose(story: Iterable[Moment], chain: Chain) -> bool:
    changes = (one.what for one in story if isinstance(one.what, Raise | Escalate))
    return any(change.rule == chain.rule and change.tier >= chain.tier for change in changes)


def _event(after_s: float | None, *, looked_into: bool) -> Event | None:
    return None if after_s is None else Event((Part("measured", after_s, looked_into),))
