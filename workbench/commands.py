"""The commands of the workbench: test."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from config.problem import ConfigError

EXIT_FAILED = 1
EXIT_USAGE = 2


def run_tests(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Test files, or folders of them; by default tests/.", metavar="FILE...")
    ] = None,
    keyword: Annotated[str, typer.Option("-k", metavar="TEXT", help="Only tests with this in their name.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The results as JSON, for programs.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the results for CI.")] = None,
) -> None:
    """Run tests of rules on the real engine in virtual time. Exit code 1 when one fails, or a file has a problem."""
    from rich.console import Console

    from workbench.ruletests import report
    from workbench.ruletests.suite import load_suite, run

    try:
        venues = load_suite(files or [Path("tests")], keyword)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        raise typer.Exit(EXIT_FAILED) from None
    if not venues:
        print(f"tocsin: no test has {keyword!r} in its name", file=sys.stderr)
        raise typer.Exit(EXIT_USAGE)
    teller = report.Teller(Console(highlight=False), quiet=as_json)
    results = []
    for venue in venues:
        for test in venue.tests:
            results.append(run(venue, test))
            teller.tell(results[-1])
    failed = sum(not result.passed for result in results)
    if junit is not None:
        junit.write_bytes(report.junit(results))
    if as_json:
        print(json.dumps({"passed": not failed, "tests": [report.as_json(one) for one in results]}, ensure_ascii=False))
    else:
        print(f"{len(results) - failed} passed" + (f", {failed} failed" if failed else ""))
    if failed:
        raise typer.Exit(EXIT_FAILED)
