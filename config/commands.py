"""The commands `check`, `matrix` and `schema`."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer

from config.kinds import WIRED_MAX_S
from config.load import load
from config.matrix.as_csv import as_csv
from config.matrix.as_html import as_html
from config.matrix.table import matrix as make_matrix
from config.problem import ConfigError, Problem
from config.safety.proof import prove
from config.safety.words import as_json as chain_as_json
from config.safety.words import cannot_be_timed, describe, unanswered, who
from config.schema import rules_schema, venue_schema
from config.setup import Setup
from rules.danger import TELLS

BY_RADIO = ("zigbee2mqtt",)  # drivers of battery-powered devices, which speak when something happens
ON_BATTERIES = ("panic_button",)  # kinds


def check(
    directory: Annotated[Path, typer.Argument(help="Directory with venue.yaml.", metavar="DIR")],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Replace a value for this run: links.broker.port=18830.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
    chains: Annotated[
        bool, typer.Option("--chains", help="Print what each danger signal leads to, and how soon.")
    ] = False,
) -> None:
    """Check a venue's files; print every problem as file:line:col. Exit code 1 when there is any.

    Every fire and panic device is told to say the worst, on the real engine in virtual time: it must lead to red, no
    later than was worked out. --chains plays them all and prints them.
    """
    try:
        setup = load(directory, overrides or ())
        proof = prove(setup.plan, everything=chains)
        if proof.problems:
            raise ConfigError(proof.problems)
    except ConfigError as error:
        _print_problems(error.problems, as_json)
        raise typer.Exit(1) from None
    silent = list(unanswered(proof.chains, proof.classes))
    if as_json:
        untimed = [chain_as_json(chain) for chain in proof.untimed]
        told = {"ok": True, "summary": summary(setup), "notes": notes(setup), "problems": []}
        told |= {"cannot_be_timed": untimed, "unanswered": silent}
        found = {"chains": [chain_as_json(chain) for chain in proof.chains]} if chains else {}
        print(json.dumps({**told, **found}, ensure_ascii=False))
        return
    kinds = {device.id: device.kind for device in setup.plan.venue.devices.values()}
    for line in describe(proof.chains, kinds, setup.exempt) if chains else ():
        print(line)
    for chain in proof.untimed:
        print(f"{cannot_be_timed(chain)} (of {who(chain)})")
    for line in silent:
        print(line)
    for note in notes(setup):
        print(f"note: {note}")
    print(f"ok: {summary(setup)}; {proof.played} of {_count(len(proof.chains), 'chain')} played on the engine")


def matrix(
    directory: Annotated[Path, typer.Argument(help="Directory with venue.yaml.", metavar="DIR")],
    kind: Annotated[Literal["csv", "html"], typer.Option("--format", help="For a spreadsheet, or to print.")] = "html",
    output: Annotated[Path | None, typer.Option("--output", help="Write here instead of printing.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="Replace a value for this run: links.broker.port=18830.")
    ] = None,
) -> None:
    """The cause-and-effect matrix that a fire inspector expects, made from the rules."""
    try:
        table = make_matrix(load(directory, overrides or ()))
    except ConfigError as error:
        _print_problems(error.problems, as_json=False)
        raise typer.Exit(1) from None
    text = as_csv(table) if kind == "csv" else as_html(table)
    if output is None:
        print(text, end="")
        return
    try:
        # A spreadsheet takes a file without this mark for one in the code page of the machine.
        output.write_text(text, "utf-8-sig" if kind == "csv" else "utf-8", newline="")
    except OSError as error:
        print(f"{output}: cannot be written: {error.strerror}", file=sys.stderr)
        raise typer.Exit(1) from None


def schema(
    file: Annotated[Literal["venue", "rules"], typer.Argument(help="Which file's schema.")] = "venue",
) -> None:
    """Print the JSON Schema of venue.yaml or of a rules file, for your editor."""
    print(json.dumps(venue_schema() if file == "venue" else rules_schema(), indent=2, ensure_ascii=False))


def summary(setup: Setup) -> str:
    """What a venue consists of, in one line."""
    venue = setup.plan.venue
    zones = Counter(zone.kind for zone in venue.zones.values() if zone.parent is not None)
    parts = [_count(number, kind.replace("_", " ")) for kind, number in zones.items()]
    parts += [
        _count(len(venue.devices), "device"),
        _count(len(setup.links), "link"),
        _count(len(setup.outputs), "output"),
        _count(len(setup.plan.rules), "rule"),
    ]
    idle = [rule.id for rule in setup.plan.rules if not rule.places]
    return f"{venue.zones[venue.root].name.en}: {', '.join(parts)}" + (
        f" (nothing here for {', '.join(idle)})" if idle else ""
    )


def notes(setup: Setup) -> list[str]:
    """What is allowed and worth a second look: fire and panic devices on the mains that may be silent for long."""
    devices = setup.plan.venue.devices
    radio = [own for link in setup.links for own in link.drivers if own.kind in BY_RADIO]
    silent = {one.device for own in radio for one in own.bindings}
    slow = [
        device.id
        for device in devices.values()
        if device.kind in TELLS and device.kind not in ON_BATTERIES and device.id not in silent
        if device.stale_after_s > WIRED_MAX_S
    ]
    if not slow:
        return []
    more = f" and {len(slow) - 3} more" if len(slow) > 3 else ""
    return [
        f"{', '.join(slow[:3])}{more} may be silent for more than {WIRED_MAX_S:g} s before they count as lost, the "
        "most for wired detectors (GB 4717, EN 54-2 8.1): write a shorter stale_after unless they run on batteries"
    ]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _print_problems(problems: tuple[Problem, ...], as_json: bool) -> None:
    if as_json:
        told = [{name: getattr(problem, name) for name in Problem.__slots__} for problem in problems]
        print(json.dumps({"ok": False, "problems": told}, ensure_ascii=False))
        return
    for problem in problems:
        print(problem)
    print(_count(len(problems), "problem"), file=sys.stderr)
