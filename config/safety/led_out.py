"""A plan leads out the place of the danger, wherever the rules that use it can find one."""

from config.problem import Problems
from config.sheet import Sheet
from rules.plan import Plan, Rule

NAMED = 3  # zones left out that are named; the rest are counted


def check_led_out(plan: Plan, sheet: Sheet, problems: Problems) -> None:
    """Note each plan that can be put in force for a danger in a zone that it leaves alone."""
    leading: dict[str | None, list[Rule]] = {}  # the rules by the plan that they put in force
    for rule in plan.rules:
        leading.setdefault(rule.evacuate, []).append(rule)
    for written in sheet.plans:
        listed = frozenset(written.entry.zones)
        for rule in leading.get(written.entry.id, ()):
            left = [zone for zone in _places(rule, plan) if not _held(zone, listed, plan)]
            if left:
                more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
                text = (
                    f"plan {written.entry.id!r} leaves out {', '.join(map(repr, left[:NAMED]))}{more}, where rule "
                    f"{rule.id!r} can put it in force, expected every zone in which the danger can be"
                )
                problems.add(
                    sheet.mark((*written.path, "zones")),
                    text,
                    "add them, or write 'capacity: 0' at a zone in which nobody stays",
                    about="zones",
                )
                break


def _places(rule: Rule, plan: Plan) -> list[str]:
    """The zones in which an alarm of the rule can be, each once, without those in which nobody stays."""
    devices, zones = plan.venue.devices, plan.venue.zones
    found = dict.fromkeys(devices[at].zone if rule.each == "device" else at for at in rule.places)
    return [zone for zone in found if all(zones[around].capacity != 0 for around in plan.venue.ancestry[zone])]


def _held(zone: str, listed: frozenset[str], plan: Plan) -> bool:
    """Whether a plan holds a zone: named itself, or a zone that holds it, or everything that it consists of."""
    if not listed.isdisjoint(plan.venue.ancestry[zone]):
        return True
    parts = [one.id for one in plan.venue.zones.values() if one.parent == zone]
    return bool(parts) and all(_held(part, listed, plan) for part in parts)
