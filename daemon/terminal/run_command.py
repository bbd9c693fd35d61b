"""The command `run`: the daemon in the foreground."""

import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from daemon.api.models import DEFAULT_SOCKET_NAME

if TYPE_CHECKING:
    import subprocess
    from concurrent.futures import Future

    from config.apart import CheckEnded
    from config.files import FileSet
    from config.problem import ConfigError
    from config.setup import Setup
    from daemon.api.house import House
    from daemon.start import Start

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

    It takes up changed files by itself, at once with SIGHUP or `tocsin reload`. Files that are refused change nothing;
    at the start the last good ones are used instead.

    After three starts within 60 s without a clean stop it starts in safe mode: only built-in rules, by which any smoke,
    heat, call point, carbon monoxide, gas or call for help is red. Stop and start it, once the cause is gone, to leave
    safe mode.

    Exit codes: 0 stopped; 1 bad configuration or no state directory; 3 another daemon holds the state directory.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    folder = state or Path(os.environ.get("STATE_DIRECTORY", "state").split(":")[0])
    start = _start(directory, tuple(overrides or ()), folder)
    _hold(folder)
    import asyncio

    from daemon.log import LogThread
    from daemon.starts import Starts

    log = LogThread()
    sys.setswitchinterval(SWITCH_S)
    socket = socket or folder / DEFAULT_SOCKET_NAME
    starts = Starts(socket.with_name(f"{socket.name}.starts"))
    start = replace(start, safe_mode=starts.begin())
    try:
        asyncio.run(_main(start, folder, socket))
        starts.end()
    finally:
        log.stop(LOG_S)


async def _main(start: "Start", folder: Path, socket: Path) -> None:
    import asyncio

    from daemon import app

    stop, hangup = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, hangup.set)
    await app.run(start, folder, _api(socket), stop, hangup)


def _api(socket: Path) -> "Callable[[House], Awaitable[None]]":
    from daemon.api.server import serve

    return lambda house: serve(house, socket)


def _start(directory: Path, overrides: tuple[str, ...], folder: Path) -> "Start":
    """The directory's files; where they are refused, the last good ones. What differs from those is checked in a child
    first, as at a reload, so that no file can keep the daemon from its start.
    """
    from config.apart import CheckEnded, refuse_apart
    from config.files import read_files
    from config.problem import ConfigError
    from daemon.rule_sets import RuleSets

    found = read_files(directory, overrides)
    last = RuleSets(folder).last()
    try:
        if last is None:
            setup = _load_first(found)
        else:
            if last.digest != found.digest:
                refuse_apart(found, started=_import_all)
            setup = _load(found)
        from daemon.start import Start

        return Start(setup, found, directory, overrides)
    except (ConfigError, CheckEnded) as error:
        typer.echo(str(error), err=True)
        if last is None:
            raise typer.Exit(EXIT_BAD_CONFIGURATION) from None
        return _last_good(msgspec.structs.replace(last, overrides=overrides), directory, error)


def _load_first(found: "FileSet") -> "Setup":
    """Load the files while a child still checks them: there are no others to start with. Raises ConfigError."""
    from concurrent.futures import ThreadPoolExecutor

    from config.apart import refuse_apart

    with ThreadPoolExecutor(1) as pool:
        checked = pool.submit(refuse_apart, found)
        checked.add_done_callback(_end_if_wild)
        setup = _load(found)
        checked.result()
    return setup


def _end_if_wild(checked: "Future[None]") -> None:
    """What hangs a child, or takes all its memory, does the same to this process, in which nothing bounds it."""
    from config.apart import CheckEnded

    error = checked.exception()
    if isinstance(error, CheckEnded):
        typer.echo(str(error), err=True)
        os._exit(EXIT_BAD_CONFIGURATION)


def _load(found: "FileSet") -> "Setup":
    _import_all()
    from config.load import load_files

    setup = load_files(found)
    gc.collect()  # what is freed now, the engine can use
    gc.freeze()
    return setup


def _import_all(_child: "subprocess.Popen[bytes] | None" = None) -> None:
    """Import what the daemon needs. While a child checks the files, another core has time for it."""
    import daemon.api.server
    import daemon.app  # noqa: F401  # for those who import it later

    gc.freeze()  # none of it goes any more: the collector need not walk it before the daemon is ready


def _last_good(last: "FileSet", directory: Path, error: "ConfigError | CheckEnded") -> "Start":
    from config.load import load_files
    from config.problem import ConfigError
    from daemon.reload_words import refusal
    from daemon.start import Start

    problems = tuple(map(str, error.problems)) if isinstance(error, ConfigError) else (f"{directory}: {error}",)
    count = error.count if isinstance(error, ConfigError) else 1
    typer.echo("tocsin: starting with the last good files, kept in the state folder", err=True)
    try:
        return Start(load_files(last), last, directory, last.overrides, refusal(problems, count))
    except ConfigError as also:
        typer.echo(f"the last good files are refused too:\n{also}", err=True)
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
