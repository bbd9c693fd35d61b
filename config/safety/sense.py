"""Rules that can never do what they say: conditions that cannot be, tiers nobody will see, alarms that cannot end."""

from collections.abc import Sequence

from config.problem import Problems
from config.rule_sheet import RuleSheet, WrittenRule, WrittenTier
from rules.analysis.places import Places, coincidences
from rules.analysis.satisfy import ANYWHERE, Known, Wanted, Witness, together
from rules.analysis.shape import shape
from rules.plan import Plan, Rule
from rules.tier import Tier


def check_sense(rules: RuleSheet, plan: Plan, problems: Problems) -> None:
    """Note every tier and rule without effect.

    A rule of the venue's own is judged by the devices it has here; a stock rule by what any venue could have.
    """
    places = Places(plan)
    planned = {rule.id: rule for rule in plan.rules}
    for written in rules.rules:
        rule = planned[written.entry.id]
        _check_tiers_read(written, planned, problems)
        if written.stock:
            _check_tiers(written, [ANYWHERE], problems)
        elif not rule.places:
            text = f"rule {rule.id!r} finds nothing to look at in this venue, expected at least one place"
            problems.add(written.mark(), text, about="places")
        else:
            if not _check_counts(written, rule, places, problems):
                _check_tiers(written, places.known(rule), problems)
    _check_twins(rules, planned, problems)


def _check_tiers(written: WrittenRule, known: Sequence[Known], problems: Problems) -> None:
    for tier in written.tiers:
        _check_tier(written, tier, known, problems)
    for lower in written.tiers:
        for higher in written.tiers:
            if _hides(higher, lower, known):
                low, high = lower.entry.tier, higher.entry.tier
                text = f"tier {low!r} is never raised: whenever it begins, {high!r} begins as soon"
                problems.add(written.document.mark(lower.path), text, about="shadowed")


def _check_tier(written: WrittenRule, tier: WrittenTier, known: Sequence[Known], problems: Problems) -> None:
    mark = written.document.mark((*tier.path, "when"))
    when = tier.when.root
    investigated = written.entry.investigate is not None and tier is max(written.tiers, key=_tier_of)
    if _never(((when, True),), known) and not investigated:
        text = f"when: can never be true{_where(written)}, expected a condition that something can meet"
        problems.add(mark, text, about="when")
        return
    if tier.clear is None:
        if _never(((when, False),), known):
            problems.add(mark, "when: is always true, so this tier never ends", about="when")
        return
    clear, mark = tier.clear.root, written.document.mark((*tier.path, "clear"))
    if _never(((when, False), (clear, True)), known):
        problems.add(mark, "clear: can never be true, so this tier never ends", about="clear")
    both = together(((when, True), (clear, True)), ANYWHERE)
    if both is not None:
        text = f"clear: holds while 'when' still holds{_example(both)}, expected a condition that excludes it"
        problems.add(mark, text, about="clear")


def _tier_of(tier: WrittenTier) -> Tier:
    return Tier.from_word(tier.entry.tier)


def _never(wanted: Sequence[Wanted], known: Sequence[Known]) -> bool:
    """Whether there is no place at which this can be."""
    return all(together(wanted, place) is None for place in known)


def _where(written: WrittenRule) -> str:
    return "" if written.stock else f" at any place of rule {written.entry.id!r}"


def _example(values: Witness) -> str:
    said = {name: "" if value is True else f" {value:g}" for name, value in values.items() if value is not False}
    return f" (at {', '.join(name + number for name, number in said.items())})" if said else ""


def _hides(higher: WrittenTier, lower: WrittenTier, known: Sequence[Known]) -> bool:
    """Whether a lower tier can never be seen to begin, because a higher one of the rule begins whenever it does."""
    if _tier_of(higher) <= _tier_of(lower) or higher.entry.on_delay > lower.entry.on_delay:
        return False
    wanted = ((lower.when.root, True), (higher.when.root, False))
    return _never(wanted, known) and not _never(wanted[:1], known)


def _check_tiers_read(written: WrittenRule, planned: dict[str, Rule], problems: Problems) -> None:
    """An alarm is read at a tier that its rule can have."""
    for tier in written.tiers:
        for key, expression in (("when", tier.when), ("clear", tier.clear)):
            for read in coincidences(expression.root) if expression else ():
                for name, offset in zip(read.names.names, read.names.offsets, strict=True):
                    if planned[name].tiers[-1].tier < read.at:
                        mark = written.document.mark_within((*tier.path, key), offset)
                        text = f"{key}: rule {name!r} has no tier {read.at.word} or above: its alarms never count here"
                        problems.add(mark, text, about="at")
    look = written.entry.investigate
    for index, name in enumerate(look.of if look else ()):
        if look and planned[name].tiers[-1].tier < Tier.from_word(look.at):
            text = f"of: rule {name!r} has no tier {look.at} or above, so it never begins this investigation"
            problems.add(written.mark("investigate", "of", index), text, about="of")


def _check_counts(written: WrittenRule, rule: Rule, places: Places, problems: Problems) -> bool:
    """As many devices as a coincidence asks for can be found in one place; whether one asks for too many.

    An investigation does without them.
    """
    before = len(problems)
    for tier in written.tiers:
        for read in coincidences(tier.when.root):
            most = max(places.countable(read, place) for place in rule.places)
            if 0 < most < read.devices and rule.investigate is None:
                offset = next((at.offset for word, at in read.call.arguments if word == "devices"), read.call.offset)
                text = f"when: {read.devices} devices must agree, but no place has more than {most} that can"
                problems.add(written.document.mark_within((*tier.path, "when"), offset), text, about="devices")
    return len(problems) > before


def _check_twins(rules: RuleSheet, planned: dict[str, Rule], problems: Problems) -> None:
    """Two rules that always say the same are one too many: one of them was meant otherwise."""
    first: dict[object, WrittenRule] = {}
    for written in rules.rules:
        rule = planned[written.entry.id]
        tiers = tuple((tier.tier, shape(tier.when.root), tier.on_delay_s) for tier in rule.tiers)
        twin = first.setdefault((rule.each, rule.places, rule.members, tiers, rule.evacuate), written)
        if rule.places and twin is not written:
            place = twin.mark("id")
            text = f"rule {rule.id!r} says the same as {twin.entry.id!r} in {place.file}:{place.line}, everywhere"
            problems.add(written.mark("id"), text, "remove one, or change it to what was meant", about="twin")
