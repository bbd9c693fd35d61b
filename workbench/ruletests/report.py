"""What came of the tests, for people, for programs and for CI."""

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbench.ruletests import words
from workbench.ruletests.coverage import Coverage
from workbench.ruletests.hunt import Verdict
from workbench.ruletests.judge import Failure
from workbench.ruletests.suite import Result

EXPLAINED = 5  # failures that are taken apart in one run: the first are read, the rest are counted


class Teller:
    """Prints results as they come. Colour never stands without a word."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._explained = 0

    def tell(self, result: Result) -> None:
        """One line for a test that passed, the whole story for one that failed."""
        mark = result.test.mark
        verdict = Text("ok  ", "green") if result.passed else Text("FAIL", "bold red")
        self._print(Text.assemble(verdict, f" {result.test.name}  ", (f"{mark.file}:{mark.line}", "dim")))
        if result.error:
            self._print(Text(f"     {result.error}"))
        for failure in result.failures:
            self._failure(result, failure)

    def _failure(self, result: Result, failure: Failure) -> None:
        mark = failure.expectation.mark
        self._print(Text(f"     {mark.file}:{mark.line}:{mark.col}: {words.expected(failure.expectation)}", "bold"))
        self._print(Text(f"     but {failure.was}"))
        if self._explained >= EXPLAINED:
            return
        self._explained += 1
        for at, what, here in words.timeline(failure, result.recording):
            line = f"     {'>' if here else ' '} {at:>9.2f} s  {what}"
            self._print(Text(line, "bold red" if here else ""))
        for line in words.explanation(result, failure):
            self._print(Text(f"       {line}"))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def as_json(result: Result) -> dict[str, Any]:
    """One test for a program."""
    return {
        "file": result.test.mark.file,
        "line": result.test.mark.line,
        "name": result.test.name,
        "passed": result.passed,
        "error": result.error,
        "failures": [
            {
                "line": failure.expectation.mark.line,
                "col": failure.expectation.mark.col,
                "at": failure.at,
                "expected": words.expected(failure.expectation),
                "was": failure.was,
                "timeline": [
                    {"at": at, "what": what, "here": here}
                    for at, what, here in words.timeline(failure, result.recording)
                ],
            }
            for failure in result.failures
        ],
    }


def junit(results: Sequence[Result]) -> bytes:
    """The results in the form that CI servers read."""
    failed = sum(not result.passed for result in results)
    root = ElementTree.Element("testsuites", tests=str(len(results)), failures=str(failed))
    for file in dict.fromkeys(result.test.mark.file for result in results):
        own = [result for result in results if result.test.mark.file == file]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=file,
            tests=str(len(own)),
            failures=str(sum(not result.passed for result in own)),
        )
        for result in own:
            case = ElementTree.SubElement(suite, "testcase", classname=file, name=result.test.name)
            if not result.passed:
                text = "\n".join(_junit_lines(result))
                ElementTree.SubElement(case, "failure", message=text.split("\n", 1)[0]).text = text
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _junit_lines(result: Result) -> list[str]:
    if result.error:
        return [result.error]
    return [
        f"{failure.expectation.mark.line}: {words.expected(failure.expectation)}, but {failure.was}"
        for failure in result.failures
    ]


def tell_coverage(console: Console, coverage: Coverage) -> None:
    """A table of the rules, and everything that no test exercised with its line."""
    table = Table(box=None, pad_edge=False)
    table.add_column("rule")
    table.add_column("where")
    for title in ("tiers raised", "cleared", "branches", "covered"):
        table.add_column(title, justify="right")
    for rule in coverage.rules():
        counts = [f"{rule.covered[kind]}/{rule.total[kind]}" for kind in ("raised", "cleared", "branch")]
        table.add_row(
            rule.rule, rule.line, *counts, Text(f"{rule.percent:.0f} %", "" if not rule.missing else "bold yellow")
        )
    console.print(table)
    for rule in coverage.rules():
        for point in rule.missing:
            console.print(Text(f"{point.line}: {point.rule}: {point.what}"), soft_wrap=True)
    console.print(f"coverage {coverage.percent:.1f} %")


def coverage_as_json(coverage: Coverage) -> dict[str, Any]:
    """Coverage for a program."""
    return {
        "percent": round(coverage.percent, 1),
        "rules": [
            {
                "rule": rule.rule,
                "line": rule.line,
                "percent": round(rule.percent, 1),
                "covered": rule.covered,
                "total": rule.total,
                "missing": [{"line": point.line, "what": point.what} for point in rule.missing],
            }
            for rule in coverage.rules()
        ],
    }


def tell_mutants(console: Console, verdicts: Sequence[Verdict], possible: int) -> None:
    """Each change that no test notices, how many were noticed, and how many were not tried."""
    survived = [verdict for verdict in verdicts if verdict.survived]
    for verdict in survived:
        text = f"no test notices that {verdict.line} {verdict.rule}: {verdict.text}"
        console.print(Text(text, "bold yellow"), soft_wrap=True)
    left = possible - len(verdicts)
    untried = f", {left} not tried" if left else ""
    console.print(f"{len(verdicts) - len(survived)} of {len(verdicts)} changes noticed{untried}")


def mutants_as_json(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """The changes for a program."""
    return [{"rule": one.rule, "line": one.line, "change": one.text, "noticed_by": one.noticed_by} for one in verdicts]
