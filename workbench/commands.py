"""The commands of the workbench: test."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.problem import ConfigError

if TYPE_CHECKING:
    from workbench.ruletests.hunt import Verdict
    from workbench.ruletests.suite import Venue

EXIT_FAILED = 1
EXIT_USAGE = 2


def run_tests(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Test files, folders of them, or venues; by default tests/.", metavar="FILE..."),
    ] = None,
    keyword: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only tests with this in their name.")] = "",
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Say which rules, tiers and parts of conditions no test exercised.")
    ] = False,
    least: Annotated[
        float, typer.Option("--coverage-min", metavar="PERCENT", min=0, max=100, help="Fail below this coverage.")
    ] = 0.0,
    mutate: Annotated[
        bool, typer.Option("--mutate", help="Change each threshold, delay and tier; say which change no test notices.")
    ] = False,
    limit: Annotated[
        int,
        typer.Option("--mutants", metavar="N", min=1, help="At most N changes, spread over all rules; 5000 at most."),
    ] = 5000,
    as_json: Annotated[bool, typer.Option("--json", help="The results as JSON, for programs.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the results for CI.")] = None,
) -> None:
    """Run tests of rules on the real engine in virtual time.

    Exit code 1 when a test fails, a file has a problem, coverage is too low, or a change of a rule goes unnoticed.
    """
    from rich.console import Console

    from workbench.ruletests import report
    from workbench.ruletests.coverage import Coverage
    from workbench.ruletests.hunt import count
    from workbench.ruletests.suite import load_suite, run

    chosen = files or [Path("tests")]
    try:
        venues = load_suite(chosen, keyword)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        raise typer.Exit(EXIT_FAILED) from None
    if not venues:
        print(f"tocsin: no test has {keyword!r} in its name", file=sys.stderr)
        raise typer.Exit(EXIT_USAGE)
    console = Console(highlight=False, quiet=as_json)
    measured = Coverage() if coverage or least else None
    teller, results = report.Teller(console), []
    for venue in venues:
        if measured is not None:
            measured.expect(venue.plan)
        for test in venue.tests:
            result = run(venue, test) if measured is None else run(venue, test, measured.build)
            results.append(result)
            teller.tell(result)
            if measured is not None:
                measured.take(venue.plan, result.recording.decisions)
    failed = sum(not result.passed for result in results)
    if junit is not None:
        junit.write_bytes(report.junit(results))
    told: dict[str, Any] = {"tests": [report.as_json(one) for one in results]}
    console.print(f"{len(results) - failed} passed" + (f", {failed} failed" if failed else ""))
    if measured is not None:
        report.tell_coverage(console, measured)
        told["coverage"] = report.coverage_as_json(measured)
    verdicts: list[Verdict] = []
    if mutate and not failed:
        verdicts = _hunt(chosen, keyword, venues, limit)
        report.tell_mutants(console, verdicts, count(venues))
        told["mutants"] = report.mutants_as_json(verdicts)
    elif mutate:
        console.print("no rule was changed: all tests must pass first")
    short = measured is not None and measured.percent < least
    if short:
        console.print(f"coverage is below {least:g} %")
    bad = bool(failed) or short or any(verdict.survived for verdict in verdicts)
    if as_json:
        print(json.dumps({"ok": not bad, **told}, ensure_ascii=False))
    if bad:
        raise typer.Exit(EXIT_FAILED)


def _hunt(files: Sequence[Path], keyword: str, venues: "Sequence[Venue]", limit: int) -> "list[Verdict]":
    """All verdicts, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from workbench.ruletests.hunt import hunt

    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("changing the rules", total=None)
        return list(
            hunt(files, keyword, venues, limit, lambda done, all_: bar.update(task, completed=done, total=all_))
        )
