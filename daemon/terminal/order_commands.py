"""Commands that tell the daemon what a person orders, each with who and why."""

from collections.abc import Sequence
from typing import Annotated

import typer

from daemon.client import DaemonClient, OrderWord
from daemon.terminal.commands import JsonOption, LangOption, RoleOption, SocketOption, StateOption, find_socket
from daemon.terminal.ordering import Person, WhoOption, WhyOption, completion, give, one_of, seconds


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


AlarmArgument = Annotated[str, typer.Argument(metavar="ALARM", autocompletion=completion(_alarms), show_default=False)]
PlanArgument = Annotated[str, typer.Argument(metavar="PLAN", autocompletion=completion(_plans), show_default=False)]
EvacuationArgument = Annotated[
    str, typer.Argument(metavar="EVACUATION", autocompletion=completion(_evacuations), show_default=False)
]


ZoneArgument = Annotated[str, typer.Argument(metavar="ZONE", autocompletion=completion(_zones), show_default=False)]


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
    give("acknowledge", alarm, _alarms, find_socket(socket, state), Person(who, why, role), json, lang)


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
    give("silence", alarm, _alarms, find_socket(socket, state), Person(who, why, role), json, lang)


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
    give("reset", alarm, _alarms, find_socket(socket, state), Person(who, why, role), json, lang)


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
    give("evacuate", plan, _plans, find_socket(socket, state), Person(who, why, role), json, lang)


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
    give("advance", evacuation, _evacuations, find_socket(socket, state), Person(who, why, role), json, lang)


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
    give("all-clear", evacuation, _evacuations, find_socket(socket, state), Person(who, why, role), json, lang)


def duty(
    word: Annotated[
        str,
        typer.Argument(
            metavar="on|off",
            parser=one_of("on", "off"),
            autocompletion=lambda: ["on", "off"],
            show_default=False,
        ),
    ],
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
    give(order, "", _nothing, find_socket(socket, state), Person(who, why, role), json, lang)


def show_mode(
    word: Annotated[
        str,
        typer.Argument(
            metavar="start|end",
            parser=one_of("start", "end"),
            autocompletion=lambda: ["start", "end"],
            show_default=False,
        ),
    ],
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
        give("end-show", zone, _shows, path, Person(who, why or "the show is over", role), json, lang)
    else:
        give("start-show", zone, _zones, path, Person(who, why, role), json, lang, for_s=seconds(lasting))
