"""The commands of the workbench: test."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from config.problem import ConfigError, Problems

EXIT_FAILED = 1


def run_tests(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Test files, or folders of them; by default tests/.", metavar="FILE...")
    ] = None,
) -> None:
    """Check the form of tests of rules; print every problem as file:line:col. Exit code 1 when there is any."""
    from workbench.ruletests.files import find, read

    problems = Problems()
    found = [read(path, problems) for path in find(files or [Path("tests")], problems)]
    try:
        problems.refuse()
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        raise typer.Exit(EXIT_FAILED) from None
    print(f"ok: {sum(len(file.tests) for file in found if file)} tests have the right form")
