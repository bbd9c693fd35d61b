"""The first call of a person counts at once and by itself: it waits for no time, no second call and no other device."""

from collections.abc import Collection, Iterator

from config.problem import Problems
from config.safety.stories import Stories
from config.sheet import Sheet
from rules.analysis.calm_group import Told
from rules.analysis.drive import Moment
from rules.analysis.extremes import Values, calm
from rules.danger import CALLS, TELLS
from rules.decision import Escalate, Raise
from rules.plan import Plan
from rules.tier import Tier

Alarms = set[tuple[str, str, Tier]]  # rule, place, and a tier that it reaches


def check_at_once(
    plan: Plan, stories: Stories, exempt: Collection[str], silent: Collection[str], sheet: Sheet, problems: Problems
) -> None:
    """Note each device for calls whose first one does not lead to red at once; where red is not asked for, to an alarm.

    Without those that lead to nothing, `silent`: they are told already.
    """
    paths = {device.entry.id: device.path for device in sheet.devices}
    when = f" ({stories.around.when})" if stories.around.when else ""
    for device, needed in _late(plan, stories, exempt, silent):
        what = "red" if needed is Tier.RED else "an alarm"
        text = (
            f"the first call of {plan.venue.devices[device].kind} {device!r} does not lead to {what} at once{when}, "
            "expected no wait, no second call and no other device"
        )
        hint = "let a rule read it as it is, such as 'when: contact' or 'when: pressed'"
        shown = stories.of_told({device: _call(plan, device)}, "that was all")
        problems.add(sheet.mark(paths[device]), text, hint, "first call", shown)


def _late(plan: Plan, stories: Stories, exempt: Collection[str], silent: Collection[str]) -> Iterator[tuple[str, Tier]]:
    """The devices whose first call is not enough, each with the tier that it must lead to."""
    for alike in stories.chains.classes:
        calling = [device for device in alike if _call(plan, device) and device not in silent]
        for device in calling[:1]:
            for members, needed in (
                ([one for one in calling if one not in exempt], Tier.RED),
                ([one for one in calling if one in exempt], Tier.BLUE),
            ):
                if members and not _counts(plan, stories, device, needed):
                    yield from ((member, needed) for member in members)


def _call(plan: Plan, device: str) -> Values:
    """What a device says when a person calls; nothing when that is not what it is there for."""
    known = plan.venue.devices[device]
    told = known.quantities & CALLS & TELLS.get(known.kind, frozenset())
    return dict.fromkeys(sorted(told), True)


def _counts(plan: Plan, stories: Stories, device: str, needed: Tier) -> bool:
    """Whether one call brings an alarm to a tier in its own instant, which was not there before."""
    quiet = calm(plan.venue.devices[device])
    called = _reached(stories, {device: quiet | _call(plan, device)}) - _reached(stories, {device: quiet})
    if any(tier >= needed for _, _, tier in called):
        return True
    story = stories.stage.play({device: _call(plan, device)}, until_s=0.0)
    return any(_raises(moment, needed) for moment in story)


def _reached(stories: Stories, told: Told) -> Alarms:
    """What follows at once, by arithmetic."""
    found = stories.chains.reach.follow(told).alarms
    return {(*alarm, tier) for alarm, tiers in found.items() for tier, event in tiers.items() if not event.seconds}


def _raises(moment: Moment, needed: Tier) -> bool:
    return isinstance(moment.what, Raise | Escalate) and moment.what.tier >= needed
