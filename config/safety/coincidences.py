"""Two independent devices must agree before people are led out, unless a person asked for it.

An automatic detector may be wrong, so one alone starts a look round at most (GB 50116 4.1.6; NFPA 72, positive alarm
sequence). What a person does counts alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from config.problem import Problems
from config.rule_sheet import RuleSheet, WrittenRule, WrittenTier
from config.safety.needs import Without, devices_asked, without, without_call, without_device, without_two
from config.safety.stories import Stories
from rules.danger import CALLS
from rules.expression import Call, Node, Number, Word, keyword, walk
from rules.group_conditions import rules_read
from rules.tier import Tier


def check_coincidences(rules: RuleSheet, stories: Stories | None, problems: Problems) -> None:
    """Note coincidences that are none, and evacuations that one automatic device can begin."""
    needs = _Needs({rule.entry.id: rule for rule in rules.rules})
    for rule in rules.rules:
        _check_coincidences(rule, problems)
        if rule.entry.evacuate is not None and rule.tiers:
            _check_evacuation(rule, rule.entry.evacuate.plan, needs, stories, problems)


def _check_coincidences(rule: WrittenRule, problems: Problems) -> None:
    """A coincidence that is written out as one device is none."""
    for tier in rule.tiers:
        for key, expression in (("when", tier.when), ("clear", tier.clear)):
            for node in walk(expression.root) if expression else ():
                count = keyword(node, "devices") if isinstance(node, Call) else None
                if isinstance(count, Number) and count.value < 2:
                    mark = rule.document.mark_within((*tier.path, key), count.offset)
                    text = f"{key}: a coincidence that {count.value:g} device can satisfy, expected devices: 2 or more"
                    problems.add(mark, text, about="devices")


def _check_evacuation(
    rule: WrittenRule, plan: str, needs: "_Needs", stories: Stories | None, problems: Problems
) -> None:
    highest = max(rule.tiers, key=_tier_of)
    weak = needs.weak(rule, highest, frozenset({rule.entry.id}))
    if weak is None or (isinstance(weak, Call) and keyword(weak, "devices") and devices_asked(weak) < 2):
        return  # a coincidence of one device is told already
    if devices_asked(weak) >= 2:
        text = (
            f"when: alarms of {needs.not_devices(weak)!r} are not each of one device that says it is in danger: one "
            f"device, or none, can evacuate {plan!r}, expected rules for each device"
        )
        hint = "read the rules about the devices themselves"
    else:
        text = f"when: one device alone can evacuate {plan!r}, expected at least two that agree"
        hint = "write alarms([...], devices: 2, within: 60s)"
    shown = stories.of_one_device(plan, CALLS) if stories else ()
    mark = rule.document.mark_within((*highest.path, "when"), weak.offset)
    problems.add(mark, text, hint, about="devices", timeline=shown)


@dataclass(frozen=True, slots=True)
class _Needs:
    """Follows what rules need to the devices behind them. `through` are the rules that led to a place.

    A rule that is not there, or that reads itself, is told elsewhere: it needs enough here.
    """

    rules: Mapping[str, WrittenRule]

    def weak(self, rule: WrittenRule, tier: WrittenTier, through: frozenset[str]) -> Node | None:
        """The part by which a tier begins without a call and without two devices; None without one."""
        leaf = without_call if rule.entry.each == "device" else without_two
        return without(tier.when.root, True, self._following(leaf, through))

    def not_devices(self, node: Node) -> str:
        """The first rule for which a coincidence of several is not one of several devices; "" when there is none."""
        names = rules_read(node) if isinstance(node, Call) else ()
        return next((name for name in names if not self._counts(name, node, frozenset())), "")

    def _following(self, leaf: Without, through: frozenset[str]) -> Without:
        def followed(node: Node, wanted: bool) -> Node | None:
            if not isinstance(node, Call) or node.function != "alarms":
                return leaf(node, wanted)
            if not wanted:
                return node
            names = rules_read(node)
            counts = self._counts if devices_asked(node) >= 2 else self._enough
            return None if all(counts(name, node, through) for name in names) else node

        return followed

    def _counts(self, name: str, read: Node, through: frozenset[str]) -> bool:
        """Whether two alarms of this rule are two devices, or one is enough."""
        return self._enough(name, read, through) or self._of_devices(name, read, through)

    def _enough(self, name: str, read: Node, through: frozenset[str]) -> bool:
        """Whether no single automatic device can raise an alarm of this rule, at the tier that is read."""
        rule = self.rules.get(name)
        if rule is None or name in through:
            return True
        return all(self.weak(rule, tier, through | {name}) is None for tier in _read(rule, read))

    def _of_devices(self, name: str, read: Node, through: frozenset[str]) -> bool:
        """Whether an alarm of this rule needs that the device at which it stands has said something."""
        rule = self.rules.get(name)
        if rule is None or name in through:
            return True

        def leaf(node: Node, wanted: bool) -> Node | None:
            if not isinstance(node, Call) or node.function != "alarms":
                return without_device(node, wanted)
            behind = wanted and all(self._of_devices(one, node, through | {name}) for one in rules_read(node))
            return None if behind else node

        tiers = _read(rule, read)
        return rule.entry.each == "device" and all(without(tier.when.root, True, leaf) is None for tier in tiers)


def _read(rule: WrittenRule, read: Node) -> list[WrittenTier]:
    """The tiers of a rule at which its alarm counts for a condition."""
    at = keyword(read, "at") if isinstance(read, Call) else None
    return [tier for tier in rule.tiers if not isinstance(at, Word) or _tier_of(tier) >= Tier.from_word(at.word)]


def _tier_of(tier: WrittenTier) -> Tier:
    return Tier.from_word(tier.entry.tier)
