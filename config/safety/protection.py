"""What each device of the fire and panic protection leads to: red, or a reason by name why not; and how soon.

It must be so in every hour of the week, staffed or not, and also while the clock cannot be believed.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from config.document import Path
from config.problem import Problems
from config.safety.at_once import check_at_once
from config.safety.stories import Stories
from config.safety.words import who
from config.sheet import Sheet
from config.venue_file import ExemptEntry
from rules.analysis.chain import Chain
from rules.analysis.chains import slowest
from rules.analysis.drive import first_red
from rules.analysis.extremes import Values, extreme
from rules.analysis.measure import Measure
from rules.analysis.week import MAX_SITUATIONS, Situation, TooManySituations, situations
from rules.danger import TELLS
from rules.plan import Plan, Stage


def check_protection(plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """Note each device that cannot lead to red without a reason, each reason without need, each chain too slow."""
    measure = Measure(plan)
    try:
        hours = [_Hour(plan, one, measure) for one in situations(plan)]
    except TooManySituations:
        text = f"the schedules make more than {MAX_SITUATIONS} different hours in a week, expected fewer"
        problems.add(sheet.mark(("schedules",)), text)
        return
    exempt = exemptions(sheet, plan)
    weak: dict[str, tuple[_Hour, Chain | None]] = {}
    for hour in hours:
        for device, chain in hour.weak(exempt):
            weak.setdefault(device, (hour, chain))
    _check_exempt(weak, plan, sheet, problems)
    paths = {device.entry.id: device.path for device in sheet.devices}
    for device, (hour, chain) in weak.items():
        if device not in exempt:
            _refuse(device, chain, hour, paths[device], sheet, problems)
    silent = {device for device, (_, chain) in weak.items() if chain is None or device not in exempt}
    for hour in hours:
        check_at_once(plan, hour.stories, exempt, silent, sheet, problems)
    if sheet.never_slower_than_s is not None:
        _check_speed(sheet.never_slower_than_s, hours, sheet, problems)


def exemptions(sheet: Sheet, plan: Plan) -> dict[str, str]:
    """Each device that need not lead to red, and why."""
    return {
        device: written.entry.why
        for written in reversed(sheet.exempt)
        for device in plan.venue.devices
        if _names(written.entry, device)
    }


def _names(entry: ExemptEntry, device: str) -> bool:
    return any(fnmatchcase(device, pattern) for pattern in entry.devices)


@dataclass(frozen=True)
class _Hour:
    """The protection of a venue in one hour of the week."""

    plan: Plan
    around: Situation
    measure: Measure

    @cached_property
    def stories(self) -> Stories:
        return Stories(self.plan, self.around, self.measure)

    @cached_property
    def chains(self) -> Mapping[tuple[str, ...], tuple[Chain, ...]]:
        """The chains of each class of devices that are alike."""
        return {devices: tuple(self.stories.chains.of(devices)) for devices in self.stories.chains.classes}

    def weak(self, exempt: Collection[str]) -> Iterator[tuple[str, Chain | None]]:
        """Each device that cannot lead to red, with the chain that ends too early, if one begins.

        What the arithmetic does not see the engine is asked, unless all of them are exempt anyway: it must come to red
        on what the device is there to tell.
        """
        devices = self.plan.venue.devices
        for alike, found in self.chains.items():
            tells = TELLS.get(devices[alike[0]].kind, frozenset())
            about = [chain for chain in found if chain.told[chain.device].keys() & tells]
            if not tells or any(chain.red for chain in about):
                continue
            exempted = all(device in exempt for device in alike)
            if exempted or first_red(self.stories.stage.play({alike[0]: self.worst(alike[0])})) is None:
                yield from ((device, about[0] if about else None) for device in alike)
        for device in devices.values():
            if device.kind in TELLS and device.quantities.isdisjoint(TELLS[device.kind]):
                yield device.id, None

    def worst(self, device: str) -> Values:
        """The worst that a device can say of what it is there to tell."""
        known = self.plan.venue.devices[device]
        return extreme(known, TELLS[known.kind])


def _refuse(device: str, chain: Chain | None, hour: _Hour, path: Path, sheet: Sheet, problems: Problems) -> None:
    kind = hour.plan.venue.devices[device].kind
    if chain is None:
        ends = f"no rule raises an alarm on its {' or '.join(sorted(TELLS[kind]))}"
    elif chain.untimed:
        ends = f"nothing shows that it can ({chain.untimed})"
    else:
        ends = f"its alarm {chain.rule!r} ends at {chain.tier.word}"
    when = f" ({hour.around.when})" if hour.around.when else ""
    text = f"{kind} {device!r} can never lead to red{when}: {ends}"
    hint = "let a rule with tier red read it, or say why not: exempt: [{devices: [...], why: ...}]"
    shown = hour.stories.of_told({device: hour.worst(device)}, "still no red")
    problems.add(sheet.mark(path), text, hint, "red", shown)


def _check_exempt(weak: Mapping[str, tuple[_Hour, Chain | None]], plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """A reason that no longer explains anything hides what comes later."""
    for written in sheet.exempt:
        for index, pattern in enumerate(written.entry.devices):
            mark = sheet.mark((*written.path, "devices", index))
            meant = [device for device in plan.venue.devices if fnmatchcase(device, pattern)]
            if not meant:
                problems.add(mark, f"devices: no device is called {pattern!r}", about="exempt")
            elif weak.keys().isdisjoint(meant):
                problems.add(mark, f"devices: {pattern!r} needs no exemption", "remove it", about="exempt")


def _check_speed(limit_s: float, hours: list[_Hour], sheet: Sheet, problems: Problems) -> None:
    """Every chain is as fast as the venue promises, until the last people of the plan are told to go."""
    by_when = {hour.around.when: hour for hour in hours}
    mark = sheet.mark(("never_slower_than",))
    for chain in slowest(chain for hour in hours for found in hour.chains.values() for chain in found):
        when = f" {chain.when}" if chain.when else ""
        if chain.untimed and chain.plan:
            text = (
                f"never_slower_than: {limit_s:g} s, but {chain.rule!r} of {who(chain)}{when} cannot be timed "
                f"to evacuation {chain.plan!r}: {chain.untimed}"
            )
            hint = "write a condition that a danger makes true and keeps true, or promise nothing"
            shown = by_when[chain.when].stories.of_told(chain.told, "nothing more")
            problems.add(mark, text, hint, (chain.rule, chain.untimed), shown)
        elif chain.evacuation is not None:
            last = _last_stage(by_when[chain.when].plan, chain.plan)
            seconds = chain.evacuation.seconds + last.after_s
            if seconds <= limit_s:
                continue
            what = f"stage {last.id!r} of evacuation {chain.plan!r}" if last.after_s else f"evacuation {chain.plan!r}"
            waits = [chain.evacuation.words] if chain.evacuation.seconds or not last.after_s else []
            parts = " + ".join([*waits, *([f"until that stage {last.after_s:g} s"] if last.after_s else [])])
            text = (
                f"never_slower_than: {limit_s:g} s, but {chain.rule!r} of {who(chain)}{when} may take "
                f"{seconds:g} s to {what}: {parts}"
            )
            shown = by_when[chain.when].stories.of_told(chain.told)
            problems.add(mark, text, "", (chain.rule, parts), shown)


def _last_stage(plan: Plan, name: str) -> Stage:
    """The last stage of a plan that leads people out; a plan without stages is one, at once."""
    known = plan.evacuation_plans.get(name)
    moving = [stage for stage in known.in_stages if stage.moves_people] if known else []
    return moving[-1] if moving else Stage("all")
