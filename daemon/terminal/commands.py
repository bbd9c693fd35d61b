"""Commands that ask the daemon: status, alarms, zones, devices, faults, events, top."""

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from daemon.api.models import DEFAULT_SOCKET_NAME, RoleWord
from daemon.client import (
    TIMEOUT_S,
    AsyncDaemonClient,
    ClientError,
    DaemonClient,
    NoDaemon,
    StreamEnded,
    TimedOut,
    default_socket,
)
from daemon.terminal.words import Lang, default_lang

EXIT_REFUSED = 1
EXIT_NO_DAEMON = 4

SocketOption = Annotated[
    Path | None, typer.Option("--socket", help="The daemon's socket; by default api.sock in the state directory.")
]
StateOption = Annotated[
    Path | None, typer.Option("--state", help="The daemon's state directory; by default $STATE_DIRECTORY or ./state.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON as the API gives it, for programs.")]
LangOption = Annotated[Lang | None, typer.Option("--lang", help="Language; by default the terminal's.")]
RoleOption = Annotated[
    RoleWord,
    typer.Option(
        "--role",
        envvar="TOCSIN_ROLE",
        help="In which role it is ordered; all-clear and resetting a fire need commander.",
    ),
]


def status(
    socket: SocketOption = None, state: StateOption = None, json: JsonOption = False, lang: LangOption = None
) -> None:
    """The daemon and the venue at a glance: what is in force, what stands, what is not well."""
    with asking(socket, state) as client:
        told, evacuations = client.status(), client.evacuations()
        alarms, faults = client.alarms(), client.faults()
    if json:
        show_json(told)
        return
    from daemon.terminal.picture import snapshot

    show(snapshot(told, evacuations, (), alarms, faults, lang or default_lang()))


def alarms(
    socket: SocketOption = None, state: StateOption = None, json: JsonOption = False, lang: LangOption = None
) -> None:
    """Alarms that are not normal, worst first, with the evidence that came last; then those put out of view."""
    from daemon.terminal.tables import alarm_table, aside_table

    with asking(socket, state) as client:
        found = client.alarms()
    if json:
        show_json(found)
        return
    show(alarm_table(found, lang or default_lang()))
    show(aside_table(found, lang or default_lang()))


def zones(
    socket: SocketOption = None, state: StateOption = None, json: JsonOption = False, lang: LangOption = None
) -> None:
    """All zones with the worst tier in and below each."""
    from daemon.terminal.tables import zone_table

    with asking(socket, state) as client:
        found = client.zones()
    show_json(found) if json else show(zone_table(found, lang or default_lang()))


def devices(
    socket: SocketOption = None, state: StateOption = None, json: JsonOption = False, lang: LangOption = None
) -> None:
    """All devices: where they are, when they were heard, what they said last."""
    from daemon.terminal.tables import device_table

    with asking(socket, state) as client:
        found = client.devices()
    show_json(found) if json else show(device_table(found, lang or default_lang()))


def faults(
    socket: SocketOption = None, state: StateOption = None, json: JsonOption = False, lang: LangOption = None
) -> None:
    """Faults that stand: devices, links and parts of Tocsin itself, newest first."""
    from daemon.terminal.tables import fault_table

    with asking(socket, state) as client:
        found = client.faults()
    show_json(found) if json else show(fault_table(found, lang or default_lang()))


def events(
    socket: SocketOption = None, state: StateOption = None, json: JsonOption = False, lang: LangOption = None
) -> None:
    """Follow what is decided from now on, one line each, until Ctrl-C or until the daemon ends (exit code 4)."""
    try:
        with saying_errors():
            asyncio.run(_follow(find_socket(socket, state), json, lang or default_lang()))
    except KeyboardInterrupt:
        raise typer.Exit from None


def top(
    socket: SocketOption = None,
    state: StateOption = None,
    lang: LangOption = None,
    who: Annotated[str, typer.Option("--who", help="Who acknowledges; by default the user.")] = "",
    role: RoleOption = "operator",
    once: Annotated[bool, typer.Option("--once", help="Print the picture once and end.")] = False,
) -> None:
    """Watch the venue live: zones by tier, evacuation, alarms, faults, links. Without a terminal: the picture, once."""
    path = find_socket(socket, state)
    if not once and sys.stdin.isatty() and sys.stdout.isatty():
        from daemon.terminal.top import TopApp

        TopApp(path, lang or default_lang(), who or current_user(), role).run()
        return
    from daemon.terminal.picture import snapshot

    with asking(path, None) as client:
        whole = (client.status(), client.evacuations(), client.zones(), client.alarms(), client.faults())
    show(snapshot(*whole, lang or default_lang(), console().width))


def find_socket(socket: Path | None, state: Path | None) -> Path:
    """--socket, else api.sock in --state, else where a daemon would put it by default."""
    if socket is not None:
        return socket
    return state / DEFAULT_SOCKET_NAME if state is not None else default_socket()


def current_user() -> str:
    """Who sits here; behind sudo, who called sudo."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or f"uid {os.getuid()}"


@contextmanager
def asking(socket: Path | None, state: Path | None, timeout_s: float = TIMEOUT_S) -> Iterator[DaemonClient]:
    """A client whose errors end the command with their message and exit code."""
    with saying_errors(), DaemonClient(find_socket(socket, state), timeout_s=timeout_s) as client:
        yield client


@contextmanager
def saying_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        typer.echo(f"tocsin: {error}", err=True)
        no_daemon = isinstance(error, NoDaemon | TimedOut | StreamEnded)
        raise typer.Exit(EXIT_NO_DAEMON if no_daemon else EXIT_REFUSED) from None


def console() -> Console:
    """Plain when piped or when NO_COLOR is set. Lines are never cut or broken."""
    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


def show(lines: Iterable[Text]) -> None:
    out = console()
    for line in lines:
        out.print(line)


def show_json(answer: object) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2))


async def _follow(socket: Path, json: bool, lang: Lang) -> None:
    from daemon.terminal.picture import event_line

    out = console()
    async with AsyncDaemonClient(socket) as client:
        async for event in client.events():
            if json:
                typer.echo(msgspec.json.encode(event))
                sys.stdout.flush()
            else:
                out.print(event_line(event, lang))
