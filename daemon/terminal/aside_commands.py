"""Commands that put alarms aside for a time, and take them back. What is aside: `tocsin status`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from daemon.client import DaemonClient
from daemon.terminal.commands import JsonOption, LangOption, RoleOption, SocketOption, StateOption, find_socket
from daemon.terminal.ordering import Person, WhoOption, WhyOption, completion, give, seconds


def _alarms(client: DaemonClient) -> Sequence[str]:
    return [alarm.alarm for alarm in client.alarms()]


def _shelved(client: DaemonClient) -> Sequence[str]:
    return [alarm.alarm for alarm in client.alarms() if any(one.overlay == "shelved" for one in alarm.overlays)]


def _targets(client: DaemonClient) -> Sequence[str]:
    return [*_alarms(client), *(device.device for device in client.devices())]


def _out(client: DaemonClient) -> Sequence[str]:
    """The alarms out of service, and the devices that they are about."""
    out = [one for one in client.alarms() if any(over.overlay == "out_of_service" for over in one.overlays)]
    return [*(alarm.alarm for alarm in out), *dict.fromkeys(alarm.place for alarm in out)]


ForOption = Annotated[str, typer.Option("--for", help="How long: 90m, 2h.")]
AlarmArgument = Annotated[str, typer.Argument(metavar="ALARM", autocompletion=completion(_alarms), show_default=False)]
ShelvedArgument = Annotated[
    str, typer.Argument(metavar="ALARM", autocompletion=completion(_shelved), show_default=False)
]
TargetArgument = Annotated[
    str, typer.Argument(metavar="DEVICE|ALARM", autocompletion=completion(_targets), show_default=False)
]
OutArgument = Annotated[
    str, typer.Argument(metavar="DEVICE|ALARM", autocompletion=completion(_out), show_default=False)
]


def shelve(
    alarm: AlarmArgument,
    lasting: ForOption = "",
    once: Annotated[bool, typer.Option("--once", help="Only until it next returns to normal.")] = False,
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Put ALARM out of view for --for, or with --once until it next returns to normal; it is kept in the journal.

    An alarm of fire or panic, or one that evacuates, is never shelved. Needs --role commander or engineer.
    """
    for_s = 0.0 if once and not lasting else seconds(lasting)
    path = find_socket(socket, state)
    give("shelve", alarm, _alarms, path, Person(who, why, role), json, lang, for_s=for_s, once=once)


def unshelve(
    alarm: ShelvedArgument,
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Take the shelved ALARM back into view; if its cause still stands it sounds."""
    give("unshelve", alarm, _shelved, find_socket(socket, state), Person(who, why, role), json, lang)


def out_of_service(
    target: TargetArgument,
    lasting: ForOption = "",
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Disable an alarm, or all alarms of a device that is worked on, for --for: they count nowhere.

    Refused for a fire or panic alarm that stands or may be coming. Needs --role commander or engineer.
    """
    path, person = find_socket(socket, state), Person(who, why, role)
    give("out-of-service", target, _targets, path, person, json, lang, for_s=seconds(lasting))


def in_service(
    target: OutArgument,
    why: WhyOption = "",
    who: WhoOption = "",
    role: RoleOption = "operator",
    socket: SocketOption = None,
    state: StateOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Take a device or an alarm back into service; what it says now counts at once."""
    give("in-service", target, _out, find_socket(socket, state), Person(who, why, role), json, lang)
