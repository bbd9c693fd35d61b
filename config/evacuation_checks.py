"""What venue.yaml says of leading people out, checked: nobody is forgotten, and nobody waits longer than is allowed."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from config.document import Path, words
from config.evacuation_file import PlanEntry
from config.problem import Mark, Problems
from config.references import known
from config.sheet import Sheet, Written

LOCKING = ("lock", "close", "shut")  # an action that begins so could hold people in: doors fail open

Plan = Written[PlanEntry]
Children = dict[str, list[str]]


def check_evacuation(sheet: Sheet, problems: Problems) -> None:
    """Note every route and every plan that does not fit the venue, or leaves somebody behind."""
    _check_routes(sheet, problems)
    for plan in sheet.plans:
        zones = _all_known(plan.entry.zones, (*plan.path, "zones"), sheet, problems)
        stages = [_check_stage(plan, index, sheet, problems) for index, _ in enumerate(plan.entry.stages or ())]
        _check_order(plan, sheet, problems)
        _check_phased(plan, sheet, problems)
        if plan.entry.stages and zones and all(stages):
            _check_parts(plan, sheet, problems)
            _check_everybody(plan, sheet, problems)


def _check_routes(sheet: Sheet, problems: Problems) -> None:
    seen: dict[str, Mark] = {}
    for zone in sheet.zones:
        for number, route in enumerate(zone.entry.routes):
            path = (*zone.path, "routes", number)
            mark = sheet.mark((*path, "id"))
            if route.id in seen:
                text = f"route {route.id!r} is already in line {seen[route.id].line}, expected another id"
                hint = "a route that serves several zones belongs to the zone that holds them"
                problems.add(mark, text, hint, words((*path, "id")))
            seen.setdefault(route.id, mark)
            _all_known(route.through, (*path, "through"), sheet, problems)


def _check_stage(plan: Plan, index: int, sheet: Sheet, problems: Problems) -> bool:
    """Whether every zone that a stage names is there. Notes that, and actions that hit nothing or hold people in."""
    stages = plan.entry.stages or []
    stage, path = stages[index], (*plan.path, "stages", index)
    if stage.id in [earlier.id for earlier in stages[:index]]:
        text = f"stage {stage.id!r} stands twice in plan {plan.entry.id!r}, expected each once"
        problems.add(sheet.mark((*path, "id")), text, about=words((*path, "id")))
    for number, action in enumerate(stage.actions):
        place = (*path, "actions", number)
        if action.action.startswith(LOCKING):
            text = f"action {action.action!r} could hold people in, expected one that lets them out"
            problems.add(sheet.mark((*place, "action")), text, about="action")
        if action.target not in sheet.ids["devices"]:
            known("zone", action.target, sheet, (*place, "target"), problems)
    return _all_known(stage.listed, (*path, "zones"), sheet, problems)


def _all_known(zones: Sequence[str], path: Path, sheet: Sheet, problems: Problems) -> bool:
    """Whether all are there; each that is not is noted."""
    found = [known("zone", zone, sheet, (*path, index), problems) for index, zone in enumerate(zones)]
    return all(found)


def _check_order(plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """The first stage leads people out at once, and no stage begins before one above it."""
    stages, path = plan.entry.stages or [], (*plan.path, "stages")
    for index, (before, stage) in enumerate(pairwise(stages), 1):
        if stage.after < before.after:
            text = (
                f"after: {stage.after:g} s is before stage {before.id!r} above it, expected at least {before.after:g} s"
            )
            problems.add(sheet.mark((*path, index, "after")), text, about="after")
    if stages and (stages[0].after > 0 or stages[0].zones in (None, "neighbours")):
        text = f"stage {stages[0].id!r} is the first, expected one that leads people out at once"
        problems.add(sheet.mark((*path, 0)), text, "write its 'zones' and no 'after'", words(path))


def _check_phased(plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """That people are led out one after another is said aloud, and only where it is so: all at once is the rule, in
    China the only one once a fire is confirmed (GB 50116 4.8)."""
    moving = [stage for stage in plan.entry.stages or [] if stage.moves_people]
    if plan.entry.phased and not any(stage.after > 0 for stage in moving):
        text = f"phased: found true, but plan {plan.entry.id!r} moves everybody at once"
        problems.add(sheet.mark((*plan.path, "phased")), text, "remove it", "phased")
    elif not plan.entry.phased and len(moving) > 1:
        text = f"plan {plan.entry.id!r} moves people in {len(moving)} stages, expected 'phased: true' in it"
        hint = "say it where a wait is safe and allowed, or write one stage"
        problems.add(sheet.mark((*plan.path, "stages")), text, hint, "phased")


def _check_parts(plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """An origin is one of several parts, and the neighbours of an origin come after it."""
    stages, path = plan.entry.stages or [], (*plan.path, "stages")
    told = [stage.zones for stage in stages]
    if sheet.venue and sheet.venue.id in plan.entry.zones and ("origin" in told or "neighbours" in told):
        text = f"zone {sheet.venue.id!r} is the whole venue, expected the zones of which one is the origin"
        problems.add(sheet.mark((*plan.path, "zones")), text, "list the floors", "zones")
    if "neighbours" in told and "origin" not in told[: told.index("neighbours")]:
        text = "zones: neighbours without their origin, expected a stage with 'zones: origin' above it"
        problems.add(sheet.mark((*path, told.index("neighbours"), "zones")), text, about="zones")


def _check_everybody(plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """Each zone of the plan is moved by some stage, wherever it burns."""
    stages = plan.entry.stages or []
    if any(stage.zones == "rest" for stage in stages):
        return
    children: Children = {}
    for zone in sheet.zones:
        children.setdefault(zone.entry.parent or (sheet.venue.id if sheet.venue else ""), []).append(zone.entry.id)
    moved = _with_all_below([zone for stage in stages for zone in stage.listed], children)
    for index, name in enumerate(plan.entry.zones):
        parts = _with_all_below([name], children)
        rooms = {part for part in parts if not children.get(part)}
        if name not in moved and not (rooms and rooms <= moved):
            text = f"zone {name!r} is moved by no stage of plan {plan.entry.id!r}, expected one that does"
            problems.add(sheet.mark((*plan.path, "zones", index)), text, "add a stage with 'zones: rest'", "stages")


def _with_all_below(zones: Iterable[str], children: Children) -> set[str]:
    """These zones and what is in them. Ends also where a zone is inside itself, which is told elsewhere."""
    waiting, seen = list(zones), set[str]()
    while waiting:
        zone = waiting.pop()
        if zone not in seen:
            seen.add(zone)
            waiting += children.get(zone, [])
    return seen
