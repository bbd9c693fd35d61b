"""Commands that bring a venue to life: demo, simulate."""

import asyncio
import json as json_text
import os
from pathlib import Path
from typing import Annotated

import typer

from config.problem import ConfigError

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NO_DAEMON = 4
SAMPLE = Path(__file__).parent.parent / "config" / "samples" / "ktv"

ConfigOption = Annotated[
    Path, typer.Option("--config", help="The venue's configuration directory; by default the sample venue.")
]
BrokerOption = Annotated[
    str, typer.Option("--broker", metavar="HOST:PORT", help="Where the broker is, if not where the venue file says.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Replace one value of venue.yaml for this run.")
]


def simulate(
    scenario: Annotated[str, typer.Argument(help="A scenario's name (see --list) or the path of its file.")] = "",
    config: ConfigOption = SAMPLE,
    broker: BrokerOption = "",
    socket: Annotated[Path | None, typer.Option("--socket", help="The daemon's socket.")] = None,
    settings: SetOption = None,
    among_others: Annotated[
        bool, typer.Option("--among-others", help="Play although devices report to the daemon already.")
    ] = False,
    show_list: Annotated[bool, typer.Option("--list", help="List the scenarios that come with Tocsin.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The verdict as JSON, for programs.")] = False,
) -> None:
    """Play a scenario against a running daemon, on real wires, and say whether what must follow did follow."""
    from simulators import scenario_file

    if show_list:
        for name in scenario_file.stock_names():
            typer.echo(f"{name:16} {scenario_file.load(name).scenario.title.en}")
        return
    if not scenario:
        typer.echo("tocsin: which scenario? See tocsin simulate --list", err=True)
        raise typer.Exit(EXIT_USAGE)
    from daemon.client import ClientError, default_socket
    from simulators.fleet import NoBroker
    from simulators.simulate import LiveVenue, broker_at, play

    try:
        result = asyncio.run(
            play(
                scenario,
                config,
                socket or default_socket(),
                broker=broker_at(broker) if broker else None,
                settings=settings or [],
                say=(lambda _: None) if json else say,
                among_others=among_others,
            )
        )
    except (ConfigError, LiveVenue, ValueError) as error:
        typer.echo(f"tocsin: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    except (ClientError, NoBroker, OSError) as error:
        typer.echo(f"tocsin: {error}", err=True)
        raise typer.Exit(EXIT_NO_DAEMON) from None
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_FAILED) from None
    if json:
        typer.echo(json_text.dumps(result.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in result.lines():
            say(line)
    raise typer.Exit(0 if result.passed else EXIT_FAILED)


def demo(
    scenario: Annotated[str, typer.Option("--scenario", help="The story to play.")] = "room-fire",
    config: ConfigOption = SAMPLE,
    broker: BrokerOption = "",
    settings: SetOption = None,
    seconds: Annotated[
        float, typer.Option("--seconds", envvar="DEMO_SECONDS", help="End after so long; 0: when you end it.")
    ] = 0.0,
    lines: Annotated[bool, typer.Option("--lines", help="Events as lines, also at a terminal.")] = False,
) -> None:
    """A karaoke venue comes alive in this terminal, with the real daemon; then a fire starts."""
    from simulators.daemon_process import DaemonFailed
    from simulators.demo import Demo
    from simulators.fleet import NoBroker
    from simulators.simulate import broker_at

    try:
        told = asyncio.run(
            Demo(
                scenario,
                config,
                broker=broker_at(broker) if broker else None,
                settings=settings or [],
                seconds=seconds,
                picture=not lines and os.isatty(0) and os.isatty(1),
                say=say,
            ).run()
        )
    except (ConfigError, ValueError) as error:
        typer.echo(f"tocsin: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    except (DaemonFailed, NoBroker, OSError, ImportError) as error:
        typer.echo(f"tocsin: {error}", err=True)
        raise typer.Exit(EXIT_FAILED) from None
    for line in told.lines:
        say(line)
    raise typer.Exit(0 if told.kept else EXIT_FAILED)


def say(line: str) -> None:
    """One line, at once; without colour when it is no terminal or NO_COLOR is set."""
    typer.echo(line, color=False if os.environ.get("NO_COLOR") else None)
