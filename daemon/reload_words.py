"""What only a restart can change, and what a reload has to say to people."""

from collections.abc import Mapping

from config.setup import Setup
from daemon.core import ReloadReport
from rules.reload import Changes, Retimed

TOLD = 20  # entries of one kind in a log line


def needs_restart(old: Setup, new: Setup) -> tuple[str, ...]:
    """What differs in links, devices on them, outputs, history, journal, maintenance and the venue's id, in words."""
    found: list[str] = []
    if old.plan.venue.root != new.plan.venue.root:
        found.append("the venue's id is different")
    before, after = {link.id: link for link in old.links}, {link.id: link for link in new.links}
    found += _entries("link", before, after)
    for name in before.keys() & after.keys():
        old_devices = {bound.device: bound for driver in before[name].drivers for bound in driver.bindings}
        new_devices = {bound.device: bound for driver in after[name].drivers for bound in driver.bindings}
        found += [f"link {name}: {text}" for text in _entries("device", old_devices, new_devices)]
    found += _entries("output", {one.id: one for one in old.outputs}, {one.id: one for one in new.outputs})
    found += _entries("history", {one.id: one for one in old.history}, {one.id: one for one in new.history})
    if old.journal != new.journal:
        found.append("the journal's settings are different")
    if old.maintenance != new.maintenance:
        found.append("maintenance is different")
    return tuple(found)


def _entries(kind: str, old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    found = [f"{kind} {name} is new" for name in new if name not in old]
    found += [f"{kind} {name} is gone" for name in old if name not in new]
    return found + [f"{kind} {name} is different" for name in new if name in old and old[name] != new[name]]


def refusal(problems: tuple[str, ...], count: int) -> str:
    """The text of the fault: the first problem, how many more, and what that means."""
    more = f" (and {count - 1} more: `tocsin reload` says all)" if count > 1 else ""
    return f"{problems[0]}{more}; the rules in force stay as they were"


def in_words(report: ReloadReport) -> str:
    """One line for the log."""
    match report.outcome:
        case "applied":
            told = "; ".join(change_lines(report.changes or Changes(), TOLD)) or "nothing that decides is different"
            return f"rules {report.rules} are in force: {told}"
        case "unchanged":
            return f"rules {report.rules} stay in force: the files are the same"
        case "refused":
            return f"the files are refused: {refusal(report.problems, report.count)}"
        case "restart":
            return f"the files wait for a restart: {'; '.join(report.restart[:TOLD])}"


def change_lines(changes: Changes, most: int) -> list[str]:
    """What became of the rules, a line for each kind, `most` entries in each."""
    kinds = [
        ("kept", [str(len(changes.kept))] if changes.kept else []),
        ("re-timed", [_retimed(one) for one in changes.retimed]),
        ("changed", [f"{one.rule} ({', '.join(one.what)})" for one in changes.changed]),
        ("added", list(changes.added)),
        ("dropped", [f"{one.rule} ({one.ended} alarms ended)" for one in changes.dropped]),
        ("venue", list(changes.venue)),
    ]
    return [f"{kind} {', '.join(_cut(entries, most))}" for kind, entries in kinds if entries]


def _retimed(one: Retimed) -> str:
    where = f"{one.rule} {one.tier}".strip()
    running = f", {one.running} running" if one.running else ""
    return f"{where} {one.delay} {one.before_s:g} s to {one.after_s:g} s{running}"


def _cut(entries: list[str], most: int) -> list[str]:
    return entries if len(entries) <= most else [*entries[:most], f"and {len(entries) - most} more"]
