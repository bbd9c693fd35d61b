"""The command `reload`: the venue's files anew, without a restart."""

from collections.abc import Iterator
from typing import Annotated

import typer

from daemon.client import ReloadView
from daemon.terminal.commands import (
    EXIT_REFUSED,
    JsonOption,
    SocketOption,
    StateOption,
    asking,
    current_user,
    show_json,
)

RELOAD_S = 155.0  # longer than the daemon gives it, so that its own word arrives first


def reload(
    why: Annotated[str, typer.Option("--why", help="Why; kept in the journal.")] = "",
    who: Annotated[str, typer.Option("--who", help="Who asks for it; by default the user.")] = "",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Take up the venue's files without a restart; wait, and say what became of each rule.

    Exit code 1 when the files are refused or need a restart: nothing was changed then.
    """
    with asking(socket, state, RELOAD_S) as client:
        told = client.reload(who=who or current_user(), why=why)
    if json:
        show_json(told)
    else:
        for line in report_lines(told):
            typer.echo(line)
    if told.outcome in ("refused", "restart"):
        raise typer.Exit(EXIT_REFUSED)


def report_lines(told: ReloadView) -> Iterator[str]:
    """The report, a line for each rule that is not as it was."""
    match told.outcome:
        case "unchanged":
            yield f"unchanged: rules {told.rules} are in force"
        case "refused":
            yield from told.problems
            yield f"refused, {told.count} problem{'s' * (told.count != 1)}: rules {told.rules} stay in force"
        case "restart":
            yield from told.restart
            yield f"restart the daemon to take the files up: rules {told.rules} stay in force, nothing is changed"
        case "applied":
            yield f"applied: rules {told.rules} are in force"
            yield from _changes(told)


def _changes(told: ReloadView) -> Iterator[str]:
    changes = told.changes
    if changes is None:
        return
    if changes.kept:
        yield f"kept      {len(changes.kept)} rules, with their alarms and timers"
    for one in changes.retimed:
        where = f"{one.rule} {one.tier}".strip()
        yield f"re-timed  {where} {one.delay}: {one.before_s:g} s to {one.after_s:g} s, {one.running} running"
    for rule in changes.changed:
        yield f"changed   {rule.rule}: {', '.join(rule.what)}"
    for name in changes.added:
        yield f"added     {name}"
    for gone in changes.dropped:
        yield f"dropped   {gone.rule}, {gone.ended} alarms ended"
    for text in changes.venue:
        yield f"venue     {text}"
