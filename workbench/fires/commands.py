"""The command `evaluate`: how the rules do on recordings of real events."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from config.problem import ConfigError

EXIT_FAILED = 1


def evaluate(
    what: Annotated[Literal["fires"], typer.Argument(help="What is recorded: fires.")],
    folder: Annotated[
        Path, typer.Argument(help="Folder of recordings, NIST or FSRI; searched to the bottom.", metavar="DIR")
    ],
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="A rules file instead of the stock fire pack; may be repeated.")
    ] = None,
    sensitivity: Annotated[
        float | None,
        typer.Option("--sensitivity", min=1, max=90, help="Also make each number smaller and greater, in percent."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One row for each fire, for a spreadsheet.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also say what was assumed and left out in each file.")
    ] = False,
) -> None:
    """Play recordings of real fires to the fire rules.

    Prints the seconds from ignition to each tier and to evacuation, what was said before ignition, and when real alarms
    rang. Exit code 1 when DIR has no recording, a recording cannot be read, or the rules have a problem.
    """
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other", param_hint="--csv")
    if sensitivity is not None and (as_json or as_csv):
        raise typer.BadParameter("prints tables, not --json or --csv", param_hint="--sensitivity")
    from workbench.fires import report
    from workbench.fires.campaign import play_all
    from workbench.fires.change import changes
    from workbench.fires.find import find
    from workbench.fires.house import plan_for
    from workbench.fires.recording import RecordingError

    chosen = tuple(rules or ())
    share = (sensitivity or 0) / 100
    try:
        found, notes = find(folder)
        varied = tuple(changes(plan_for(found[0].read().detectors, chosen), share)) if share else ()
        with _progress(len(found)) as tick:
            played, wrong = play_all(found, chosen, varied, tick)
    except (RecordingError, ConfigError, OSError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(EXIT_FAILED) from None
    outcomes = [one[0] for one in played]
    if as_json:
        print(json.dumps(report.as_json(outcomes, notes, wrong), indent=2, ensure_ascii=False))
    elif as_csv:
        print(report.as_csv(outcomes), end="")
    elif outcomes:
        _print(report.fire_table(outcomes))
        _print(["", *report.summary_lines(outcomes)])
        if varied:
            _print(["", *report.sensitivity_lines(played, varied, share)])
        _print(["", *report.ASSUMPTIONS])
        if verbose:
            _print(["", *notes, *(f"{one.name}: {note}" for one in outcomes for note in one.notes)])
    for problem in wrong:
        print(problem, file=sys.stderr)
    if wrong:
        raise typer.Exit(EXIT_FAILED)


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        print(line)


@contextmanager
def _progress(length: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with typer.progressbar(length=length, label="fires", file=sys.stderr) as bar:
        yield lambda: bar.update(1)
