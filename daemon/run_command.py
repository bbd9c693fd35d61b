"""The command `run`: the daemon in the foreground."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.api_models import DEFAULT_SOCKET_NAME

if TYPE_CHECKING:
    from config.setup import Setup
    from daemon.house import House

EXIT_BAD_CONFIGURATION = 1
EXIT_STATE_HELD = 3
SWITCH_S = (
    0.0005  # the journal's thread holds the interpreter at most this long against the loop; Python's 5 ms is seen
)
LOG_S = 1.0  # for the last lines at the end

_log = logging.getLogger(__name__)


def run(
    directory: Annotated[Path, typer.Argument(help="Directory with venue.yaml.", metavar="DIR")],
    state: Annotated[
        Path | None, typer.Option("--state", help="Where the journal lives; by default $STATE_DIRECTORY or ./state.")
    ] = None,
    socket: Annotated[
        Path | None, typer.Option("--socket", help="The API's socket; by default api.sock in the state directory.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Replace a value for this run: links.broker.port=18830.")
    ] = None,
) -> None:
    """Run the daemon for the venue in DIR until it is told to stop (SIGTERM or Ctrl-C).

    Exit codes: 0 stopped; 1 bad configuration or no state directory; 3 another daemon holds the state directory.
    """
    setup = _load(directory, overrides or [])
    folder = state or Path(os.environ.get("STATE_DIRECTORY", "state").split(":")[0])
    _hold(folder)
    from daemon.log import LogThread

    log = LogThread()
    sys.setswitchinterval(SWITCH_S)
    try:
        asyncio.run(_main(setup, folder, socket or folder / DEFAULT_SOCKET_NAME))
    finally:
        log.stop(LOG_S)


async def _main(setup: "Setup", folder: Path, socket: Path) -> None:
    from daemon import app

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await app.run(setup, folder, _api(socket), stop)


def _api(socket: Path) -> "Callable[[House], Awaitable[None]]":
    from daemon.api import serve

    return lambda house: serve(house, socket)


def _load(directory: Path, overrides: list[str]) -> "Setup":
    from config.load import load
    from config.problem import ConfigError

    try:
        return load(directory, overrides)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_BAD_CONFIGURATION) from None


def _hold(folder: Path) -> None:
    """The folder stays held until the process ends."""
    from daemon.lock import AlreadyRunning, lock_folder

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        lock_folder(folder)
    except AlreadyRunning as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_STATE_HELD) from None
    except OSError as error:
        typer.echo(f"{folder}: the state directory cannot be used: {error}; give another with --state", err=True)
        raise typer.Exit(EXIT_BAD_CONFIGURATION) from None
