"""Commands that tell the daemon what a person orders, each with who and why."""

import difflib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

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


def _zones(client: DaemonClient) -> Sequence[str]:
    return [zone.zone for zone in client.zones()]


def _shows(client: DaemonClient) -> Sequence[str]:
    return [show.zone for show in client.status().shows]


def _nothing(_client: DaemonClient) -> Sequence[str]:
    return ()


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


ZoneArgument = Annotated[str, typer.Argument(metavar="ZONE", autocompletion=_completion(_zones), show_default=False)]


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


def duty(
    word: Annotated[Literal["on", "off"], typer.Argument(metavar="on|off", show_default=False)],
    why: WhyOption = "told at the terminal",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Say that somebody is on duty, or that nobody is: then no alarm waits to be looked into.

    It holds until the duty schedule changes.
    """
    order: OrderWord = "duty-on" if word == "on" else "duty-off"
    _order(order, "", _nothing, find_socket(socket, state), Person(who, why, role), json, lang)


def show_mode(
    word: Annotated[Literal["start", "end"], typer.Argument(metavar="start|end", show_default=False)],
    zone: ZoneArgument,
    lasting: Annotated[str, typer.Option("--for", help="How long, at most 4h: 90m, 2h.")] = "",
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Announce stage haze in ZONE: one smoke alarm there is shown and sounds, and starts no investigation.

    A second detector, heat and a call point evacuate as ever. It ends by itself after --for. Start needs --role
    commander or engineer.
    """
    path = find_socket(socket, state)
    if word == "end":
        _order("end-show", zone, _shows, path, Person(who, why or "the show is over", role), json, lang)
    else:
        _order("start-show", zone, _zones, path, Person(who, why, role), json, lang, for_s=_seconds(lasting))


class Person(NamedTuple):
    """Who orders, why, and in which role, as the options say; empty is the user, and asked for."""

    who: str
    why: str
    role: RoleWord


def _order(
    order: OrderWord,
    target: str,
    targets: Targets,
    socket: Path,
    person: Person,
    json: bool,
    lang: Lang | None,
    *,
    for_s: float = 0.0,
) -> None:
    reason = person.why or _ask_why()
    with asking(socket, None) as client:
        try:
            result = client.order(
                order, target, who=person.who or current_user(), why=reason, role=person.role, for_s=for_s
            )
        except Refused as refused:
            typer.echo(f"tocsin: refused: {refused.reason}{_hint(target, targets(client))}", err=True)
            raise typer.Exit(EXIT_REFUSED) from None
    if json:
        show_json(result)
    else:
        show(event_line(decision, lang or default_lang()) for decision in result.decisions)


def _seconds(text: str) -> float:
    """How long "90m" is. Raises typer.BadParameter for what is no time with its unit."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)", text)
    if match is None:
        raise typer.BadParameter("say how long, such as 90m or 2h", param_hint="--for")
    return float(match[1]) * {"s": 1.0, "m": 60.0, "h": 3600.0}[match[2]]


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
