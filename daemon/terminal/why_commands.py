"""Commands that explain: why an alarm is as it is, and why a rule did not raise one."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.text import Text

from daemon.terminal.commands import (
    JsonOption,
    LangOption,
    SocketOption,
    StateOption,
    asking,
    find_socket,
    show,
    show_json,
)
from daemon.terminal.order_commands import AlarmArgument
from daemon.terminal.telling import instant, progress, refuse, span
from daemon.terminal.words import Lang, default_lang

if TYPE_CHECKING:
    from config.setup import Setup
    from daemon.rule_sets import RuleSets
    from daemon.why import Answer
    from rules.plan import Plan

DATABASE = "journal.db"


def why(
    alarm: AlarmArgument,
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Say why ALARM (RULE@PLACE) is as it is: its conditions with what was found, its delays, what people did."""
    _ask_daemon(alarm, find_socket(socket, state), json, lang or default_lang())


def why_not(
    rule: Annotated[str, typer.Argument(help="The rule that did not raise an alarm.", metavar="RULE")],
    place: Annotated[str, typer.Argument(help="A device or a zone.", metavar="PLACE")],
    time: Annotated[
        str, typer.Argument(help="21:14:05, 2026-02-06T21:14:05 or 90s (ago). Without it: now.", metavar="TIME")
    ] = "",
    config: Annotated[
        Path | None,
        typer.Option("--config", help="Judge the past by the files in DIR, not by the rules of then.", metavar="DIR"),
    ] = None,
    within: Annotated[str, typer.Option("--within", help="How far back to look for changes: 30s, 10m, 2h.")] = "10m",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Say why RULE did not raise an alarm at PLACE: now, asking the daemon, or at a TIME of the past.

    For the past, the journal in the state directory is read, never changed, and folded by the rules that were in
    force then. Exit code 1: no such rule or place, or the journal does not reach back so far.
    """
    if not time:
        _ask_daemon(f"{rule}@{place}", find_socket(socket, state), json, lang or default_lang())
        return
    folder = state or Path(os.environ.get("STATE_DIRECTORY", "state").split(":")[0])
    answer = _fold(_judge(config, folder), f"{rule}@{place}", instant(time), _duration(within), folder / DATABASE)
    _show_past(answer, json, lang or default_lang())


def _ask_daemon(alarm: str, socket: Path, json: bool, lang: Lang) -> None:
    from daemon.terminal.why_picture import why_picture

    with asking(socket, None) as client:
        found = client.why(alarm)
    show_json(found) if json else show(why_picture(found, lang))


@dataclass(slots=True)
class _Judge:
    """What the past is gone through with: the rules of then, or, without `sets`, today's files throughout."""

    latest: "Plan"
    sets: "RuleSets | None"
    problems: list[str] = field(default_factory=list)
    loaded: "dict[str, Plan]" = field(default_factory=dict)

    def plan_of(self, rules: str) -> "Plan":
        if self.sets is None or not rules:
            return self.latest
        if rules not in self.loaded:
            self.loaded[rules] = self._kept(self.sets, rules)
        return self.loaded[rules]

    def _kept(self, sets: "RuleSets", rules: str) -> "Plan":
        from daemon.start import plan_kept

        found = plan_kept(sets, rules)
        if found is None:
            self.problems.append(f"the rules {rules} of that time are not kept any more; the latest are used instead")
        return found or self.latest


def _judge(config: Path | None, state: Path) -> _Judge:
    from config.load import load_files
    from config.problem import ConfigError
    from daemon.rule_sets import RuleSets

    if config is not None:
        return _Judge(_load(config).plan, None)
    sets = RuleSets(state)
    last = sets.last()
    if last is None:
        refuse(f"{state}: no rules are kept there; give the daemon's --state folder, or --config")
    try:
        return _Judge(load_files(last).plan, sets)
    except ConfigError as error:
        refuse("\n".join(str(problem) for problem in error.problems))


def _fold(judge: _Judge, alarm: str, wall: float, within_s: float, journal: Path) -> "Answer":
    from daemon.journal.past import History, NoHistory
    from daemon.why import UnknownAlarm, why_not

    try:
        with History(journal) as history, progress("reading the journal") as tell:
            answer = why_not(history, judge.plan_of, alarm, wall, within_s, tell)
    except (UnknownAlarm, NoHistory) as error:
        refuse(str(error))
    return replace(answer, problems=(*answer.problems, *dict.fromkeys(judge.problems)))


def _show_past(answer: "Answer", json: bool, lang: Lang) -> None:
    from daemon.api.views import iso
    from daemon.api.why_view import why_view
    from daemon.terminal.why_picture import why_picture

    found = why_view(answer.explanation, answer.plan, lambda at: iso(at + answer.lag_s))
    if json:
        changes = [{"time": iso(change.wall), "text": change.text} for change in answer.changes]
        told = {**msgspec.to_builtins(found), "changes": changes, "problems": answer.problems}
        show_json({**told, "changes_left_out": answer.left_out})
        return
    show(why_picture(found, lang))
    show(_changes(answer))
    for problem in answer.problems:
        typer.echo(f"tocsin: {problem}", err=True)


def _changes(answer: "Answer") -> Iterator[Text]:
    yield Text()
    if answer.left_out:
        yield Text(f"... {answer.left_out} earlier changes", "dim")
    for change in answer.changes:
        yield Text(f"{datetime.fromtimestamp(change.wall).astimezone():%H:%M:%S.%f}"[:-3] + f"  {change.text}")
    if not answer.changes:
        yield Text("Nothing changed in it in that time.")


def _load(directory: Path) -> "Setup":
    from config.load import load
    from config.problem import ConfigError

    try:
        return load(directory)
    except ConfigError as error:
        refuse("\n".join(str(problem) for problem in error.problems))


def _duration(text: str) -> float:
    span_s = span(text)
    if span_s is None:
        raise typer.BadParameter(f"found {text!r}, expected a time such as 30s, 10m or 2h", param_hint="--within")
    return span_s
