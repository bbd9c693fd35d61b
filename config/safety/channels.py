"""Two ways to tell people: one output that fails must not leave an orange or red alarm untold."""

from config.problem import Problems, one_of
from config.rule_sheet import RuleSheet
from config.sheet import Sheet

LOUD = ("orange", "red")  # tiers that somebody must be told of
NEEDED = 2
# A log is read afterwards, or by whoever watches the journal of the machine: a channel, but never the only kind.
QUIET = frozenset({"log"})


def check_channels(rules: RuleSheet, sheet: Sheet, problems: Problems) -> None:
    """Where a rule can reach orange or red there are two channels, and one that people or devices hear.

    Every output carries every alarm, so each is a channel; those over one link are one, for they fail together. One
    that stands in for another (`then`) is told only when that fails, and is no second channel beside it.
    """
    loud = next((rule for rule in rules.rules for tier in rule.tiers if tier.entry.tier in LOUD), None)
    if loud is None:
        return
    written = [entry for _, entry in sheet.document.items("outputs") if isinstance(entry, dict)]
    stand_ins = {output.get("then") for output in written if isinstance(output.get("then"), str)}
    outputs = [output for output in written if output.get("id") not in stand_ins]
    mark = sheet.document.key_mark(("outputs",))
    reach = f"rule {loud.entry.id!r} can reach orange or red"
    channels = {str(output.get("link") or output.get("kind")) for output in outputs}
    if all(str(output.get("kind")) in QUIET for output in outputs):
        text = f"{reach}, but no output tells anybody; expected one beside the log"
        problems.add(mark, text, about="outputs")
    elif len(channels) < NEEDED:
        ids = one_of(str(output.get("id")) for output in outputs)
        text = f"{reach}, but only {ids} tells of it; expected {NEEDED} outputs that do not fail together"
        problems.add(mark, text, "add one: {id: log, kind: log}", about="outputs")
