"""What is merely silent leads nobody out, and no restart of Tocsin makes a danger wait longer."""

from config.problem import Problems
from config.rule_sheet import RuleSheet, WrittenRule


def check_unknown(rules: RuleSheet, problems: Problems) -> None:
    """Note rules that take the unknown as true on the way to an evacuation, and danger whose delays begin anew."""
    by_id = {rule.entry.id: rule for rule in rules.rules}
    for rule in rules.rules:
        if rule.entry.after_outage == "restart" and rule.highly_managed:
            text = f"after_outage: rule {rule.entry.id!r} is about danger to people: an outage must not make it wait"
            problems.add(rule.mark("after_outage"), text, "remove it", about="after_outage")
        if rule.entry.evacuate is None:
            continue
        for name in sorted(_behind(rule, by_id)):
            if by_id[name].entry.unknown == "assume_alarm":
                text = (
                    f"unknown: rule {rule.entry.id!r} evacuates: devices that are merely silent would lead people out"
                )
                problems.add(by_id[name].mark("unknown"), text, "write hold or fault", about="unknown")


def _behind(rule: WrittenRule, by_id: dict[str, WrittenRule]) -> set[str]:
    """The rule and all whose alarms lead to its own."""
    found: set[str] = set()
    waiting = [rule.entry.id]
    while waiting:
        name = waiting.pop()
        if name in by_id and name not in found:
            found.add(name)
            waiting += by_id[name].reads()
    return found
