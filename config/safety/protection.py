"""What each device of the fire and panic protection leads to: red, or a reason by name why not; and how soon."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from config.document import Path
from config.problem import Problems
from config.safety.stories import Stories
from config.sheet import Sheet, Written
from config.venue_file import ExemptEntry
from rules.analysis.chain import Chain
from rules.analysis.drive import first_red
from rules.analysis.extremes import extreme
from rules.plan import Plan

# For each kind of device that must be able to lead to red: what it tells of danger by.
PROTECTS: dict[str, frozenset[str]] = {
    "smoke_detector": frozenset({"smoke", "smoke_obscuration"}),
    "heat_detector": frozenset({"heat", "temperature"}),
    "call_point": frozenset({"contact"}),
    "fire_panel": frozenset({"contact"}),
    "panic_button": frozenset({"pressed"}),
}


def check_protection(plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """Note each device that cannot lead to red without a reason, each reason without need, each chain too slow."""
    stories = Stories(plan)
    chains = {devices: tuple(stories.chains.of(devices)) for devices in stories.chains.classes}
    weak = dict(_weak(plan, chains, stories))
    _check_exempt(weak, plan, sheet, problems)
    paths = {device.entry.id: device.path for device in sheet.devices}
    for device, chain in weak.items():
        if exempted(device, sheet) is None:
            _refuse(device, chain, paths[device], plan, stories, sheet, problems)
    if sheet.never_slower_than_s is not None:
        _check_speed(sheet.never_slower_than_s, chains, stories, sheet, problems)


def exempted(device: str, sheet: Sheet) -> Written[ExemptEntry] | None:
    """The entry that says why a device need not lead to red."""
    for written in sheet.exempt:
        if any(fnmatchcase(device, pattern) for pattern in written.entry.devices):
            return written
    return None


def _weak(
    plan: Plan, chains: dict[tuple[str, ...], tuple[Chain, ...]], stories: Stories
) -> Iterator[tuple[str, Chain | None]]:
    """Each device that cannot lead to red, with the chain that ends too early, if one begins.

    What the arithmetic does not see the engine is asked: it must come to red on what the device is there to tell.
    """
    for devices, found in chains.items():
        kind = plan.venue.devices[devices[0]].kind
        tells = PROTECTS.get(kind, frozenset())
        about = [chain for chain in found if chain.told[chain.device].keys() & tells]
        if not tells or any(chain.red for chain in about):
            continue
        told = {devices[0]: extreme(plan.venue.devices[devices[0]], tells)}
        if first_red(stories.stage.play(told)) is None:
            yield from ((device, about[0] if about else None) for device in devices)
    for device in plan.venue.devices.values():
        if device.kind in PROTECTS and device.quantities.isdisjoint(PROTECTS[device.kind]):
            yield device.id, None


def _refuse(
    device: str, chain: Chain | None, path: Path, plan: Plan, stories: Stories, sheet: Sheet, problems: Problems
) -> None:
    kind = plan.venue.devices[device].kind
    if chain is None:
        ends = f"no rule raises an alarm on its {' or '.join(sorted(PROTECTS[kind]))}"
    else:
        ends = f"its alarm {chain.rule!r} ends at {chain.tier.word}"
    told = {device: extreme(plan.venue.devices[device], PROTECTS[kind])}
    text = f"{kind} {device!r} can never lead to red: {ends}"
    hint = "let a rule with tier red read it, or say why not: exempt: [{devices: [...], why: ...}]"
    problems.add(sheet.mark(path), text, hint, "red", stories.of_told(told, "still no red"))


def _check_exempt(weak: dict[str, Chain | None], plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """A reason that no longer explains anything hides what comes later."""
    for written in sheet.exempt:
        for index, pattern in enumerate(written.entry.devices):
            mark = sheet.mark((*written.path, "devices", index))
            meant = [device for device in plan.venue.devices if fnmatchcase(device, pattern)]
            if not meant:
                problems.add(mark, f"devices: no device is called {pattern!r}", about="exempt")
            elif weak.keys().isdisjoint(meant):
                problems.add(mark, f"devices: {pattern!r} needs no exemption", "remove it", about="exempt")


def _check_speed(
    limit_s: float, chains: dict[tuple[str, ...], tuple[Chain, ...]], stories: Stories, sheet: Sheet, problems: Problems
) -> None:
    """Every chain to an evacuation is as fast as the venue promises."""
    for devices, found in chains.items():
        for chain in found:
            if chain.evacuation is not None and chain.evacuation.seconds > limit_s:
                parts = " + ".join(f"{part.text} {part.seconds:g} s" for part in chain.evacuation.parts)
                who = f"{devices[0]!r}" + (f" and {len(devices) - 1} alike" if len(devices) > 1 else "")
                text = (
                    f"never_slower_than: {limit_s:g} s, but {chain.rule!r} of {who} may take "
                    f"{chain.evacuation.seconds:g} s to evacuation {chain.plan!r}: {parts}"
                )
                shown = stories.of_told(chain.told)
                problems.add(sheet.mark(("never_slower_than",)), text, "", (chain.rule, parts), shown)
