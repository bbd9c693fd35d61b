"""Commands that tell the daemon what a person orders, each with who and why."""

import difflib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from daemon.client import ClientError, DaemonClient, OrderWord, Refused, RoleWord
from daemon.commands import (
    EXIT_REFUSED,
    JsonOption,
    LangOption,
    RoleOption,
    SocketOption,
    StateOption,
    asking,
    current_user,
    find_socket,
    show,
    show_json,
)
from daemon.picture import event_line
from daemon.words import Lang, default_lang

COMPLETION_S = 1.0  # nobody waits longer for a Tab
SHOWN_MAX = 10  # of the ids that are named when one was mistyped

Targets = Callable[[DaemonClient], Sequence[str]]


def _alarms(client: DaemonClient) -> Sequence[str]:
    return [alarm.alarm for alarm in client.alarms()]


def _plans(client: DaemonClient) -> Sequence[str]:
    return [plan.plan for plan in client.status().plans]


def _evacuations(client: DaemonClient) -> Sequence[str]:
    return client.status().evacuations


def _completion(targets: Targets) -> Callable[[typer.Context, str], list[str]]:
    """What Tab offers: the ids that stand now, or nothing when no daemon answers in time."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        path = find_socket(ctx.params.get("socket"), ctx.params.get("state"))
        try:
            with DaemonClient(path, timeout_s=COMPLETION_S) as client:
                return [one for one in targets(client) if one.startswith(incomplete)]
        except ClientError:
            return []

    return complete


WhoOption = Annotated[str, typer.Option("--who", help="Who orders it; by default the user.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why; asked for on a terminal.")]
AlarmArgument = Annotated[str, typer.Argument(metavar="ALARM", autocompletion=_completion(_alarms), show_default=False)]
PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", autocompletion=_completion(_plans), show_default=False)]
EvacuationArgument = Annotated[
    str, typer.Argument(metavar="EVACUATION", autocompletion=_completion(_evacuations), show_default=False)
]


def ack(
    alarm: AlarmArgument,
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Acknowledge ALARM, such as smoke@det-305: a person has seen it. It neither silences for good nor resets."""
    _order("acknowledge", alarm, _alarms, find_socket(socket, state), Person(who, why, role), json, lang)


def silence(
    alarm: AlarmArgument = "",
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Stop the sounder for ALARM, or for all that stand now. A new alarm sounds again."""
    _order("silence", alarm, _alarms, find_socket(socket, state), Person(who, why, role), json, lang)


def reset(
    alarm: AlarmArgument,
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """End the latched ALARM whose cause is gone, or stand an investigation down after a look."""
    _order("reset", alarm, _alarms, find_socket(socket, state), Person(who, why, role), json, lang)


def evacuate(
    plan: PlanArgument,
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Put the evacuation PLAN in force at once. It ends only by `tocsin all-clear`."""
    _order("evacuate", plan, _plans, find_socket(socket, state), Person(who, why, role), json, lang)


def advance(
    evacuation: EvacuationArgument,
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Begin the next stage of EVACUATION before its time. `tocsin status` names it. Needs --role commander."""
    _order("advance", evacuation, _evacuations, find_socket(socket, state), Person(who, why, role), json, lang)


def all_clear(
    evacuation: EvacuationArgument,
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """End EVACUATION. `tocsin status` names those in force."""
    _order("all-clear", evacuation, _evacuations, find_socket(socket, state), Person(who, why, role), json, lang)


class Person(NamedTuple):
    """Who orders, why, and in which role, as the options say; empty is the user, and asked for."""

    who: str
    why: str
    role: RoleWord


def _order(
    order: OrderWord, target: str, targets: Targets, socket: Path, person: Person, json: bool, lang: Lang | None
) -> None:
    reason = person.why or _ask_why()
    with asking(socket, None) as client:
        try:
            result = client.order(order, target, who=person.who or current_user(), why=reason, role=person.role)
        except Refused as refused:
            typer.echo(f"tocsin: refused: {refused.reason}{_hint(target, targets(client))}", err=True)
            raise typer.Exit(EXIT_REFUSED) from None
    if json:
        show_json(result)
    else:
        show(event_line(decision, lang or default_lang()) for decision in result.decisions)


def _ask_why() -> str:
    if sys.stdin.isatty() and sys.stderr.isatty():
        return str(typer.prompt("Why", err=True))
    raise typer.BadParameter("say why: an order is journalled with its reason", param_hint="--why")


def _hint(target: str, known: Sequence[str]) -> str:
    """The nearest id to a mistyped one, else those there are. Empty when the target was right."""
    if not target or target in known:
        return ""
    near = difflib.get_close_matches(target, known, n=3, cutoff=0.6)
    if near:
        return f"\nDid you mean {' or '.join(near)}?"
    shown = ", ".join(known[:SHOWN_MAX]) + (", ..." if len(known) > SHOWN_MAX else "")
    return f"\nThere are: {shown}" if known else "\nThere is none."
