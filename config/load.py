"""A configuration directory, venue.yaml and the rules files it names, as one checked Setup."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.build import build_history, build_journal, build_links, build_outputs, build_plan, build_venue
from config.consequences import check_consequences
from config.document import Document
from config.files import MAX_RULES_FILES, STOCK, VENUE, FileSet, Unread, read_files
from config.hours_checks import check_hours, check_schedules
from config.overrides import override
from config.problem import Mark, Problems, did_you_mean, show
from config.ranges import expand
from config.rule_checks import check_rules, check_watching, order_rules
from config.rule_sheet import read_rules
from config.safety import check_floor, check_protection, check_sense
from config.safety.protection import exemptions
from config.setup import Setup
from config.sheet import Sheet, read_sheet
from config.venue_checks import check_venue
from config.yaml_text import read_yaml
from drivers.registry import LINKS
from rules.signal import Signal


def load(directory: Path | str, overrides: Sequence[str] = ()) -> Setup:
    """Read and check everything. Raises ConfigError with all problems of all files.

    `overrides` such as "links.broker.port=18830" replace values of venue.yaml for this run. Reads files and nothing
    else of the world: no connection is made, no name is resolved.
    """
    return load_files(read_files(directory, tuple(overrides)))


def load_files(found: FileSet) -> Setup:
    """Check files that were read before. Raises ConfigError with all problems of all files."""
    with _nothing_to_collect():
        return _checked(found)


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Loading makes a hundred thousand objects and hardly any garbage; to look for it costs a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _checked(found: FileSet) -> Setup:
    problems = Problems()
    document = _read(found, VENUE, problems)
    if document is None:
        problems.refuse()
        raise AssertionError("a file that cannot be read is a problem")
    document = override(expand(document, ("zones", "devices"), problems), found.overrides, problems)
    sheet = read_sheet(document, problems)
    check_venue(sheet, problems)
    check_schedules(sheet, problems)
    venue = build_venue(sheet.venue, sheet) if sheet.venue and not len(problems) else None
    names = list(_rules_files(sheet, found, problems))
    read = [(content, name.startswith(STOCK)) for name in names if (content := _read(found, name, problems))]
    rules = read_rules(read, sheet.ids["schedules"], problems)
    named = len(problems)
    check_rules(rules, sheet, problems)
    check_consequences(rules, sheet, problems)
    if venue and len(problems) == named:
        check_watching(rules, venue, sheet, problems)
    check_hours(rules, sheet, venue, problems)
    ordered = order_rules(rules.rules, problems)
    plan = build_plan(venue, ordered, sheet) if venue and not len(problems) else None
    check_floor(rules, sheet, venue, plan, problems)
    problems.refuse()
    assert plan and sheet.venue, "a plan that cannot be built is a problem"
    check_sense(rules, plan, problems)
    problems.refuse()
    check_protection(plan, sheet, problems)
    setup = Setup(
        Path(found.directory),
        sheet.venue.time_zone,
        plan,
        build_links(sheet),
        build_outputs(sheet),
        (found.path(VENUE), *(found.path(name) for name in names)),
        found.digest,
        build_journal(sheet),
        exempt=exemptions(sheet, plan),
        history=build_history(sheet),
        maintenance=sheet.maintenance,
    )
    _check_links(setup, sheet, problems)
    problems.refuse()
    return setup


def _check_links(setup: Setup, sheet: Sheet, problems: Problems) -> None:
    """What only a driver itself knows of its devices: build each link, which connects only when it runs."""
    for index, link in enumerate(setup.links):
        try:
            LINKS[link.kind].build(link.id, link.settings, link.drivers, _Nobody(), lambda: 0.0)
        except ValueError as error:
            problems.add(sheet.mark(("links", index)), f"link {link.id!r}: {error}")


class _Nobody:
    """Takes what a link that never runs would hear."""

    def put(self, signals: Sequence[Signal], done: Callable[[], None] | None = None) -> None:
        raise AssertionError("a link that does not run hears nothing")


def _read(found: FileSet, name: str, problems: Problems) -> Document | None:
    """One file; None, with the problem noted, when it cannot be read."""
    content, shown = found.files[name], str(found.path(name))
    if isinstance(content, Unread):
        problems.add(Mark(shown), content.why)
        return None
    return read_yaml(shown, content.raw, problems)


def _rules_files(sheet: Sheet, found: FileSet, problems: Problems) -> Iterator[str]:
    """The names of the files that `rules` asks for. A rules file that nobody asks for would be a silent gap."""
    named: set[str] = set()
    if not isinstance(sheet.document.data, dict) or not isinstance(sheet.document.data.get("rules"), list):
        return
    for index, written in sheet.document.items("rules"):
        mark = sheet.mark(("rules", index))
        if not isinstance(written, str):
            continue
        if written in named:
            problems.add(mark, f"{show(written)} is named twice, expected once")
            continue
        named.add(written)
        if not written.startswith(STOCK) and not _inside(written):
            problems.add(mark, f"found {show(written)}, expected stock:... or a file such as rules/house.yaml")
        elif written in found.files:
            yield written
        elif written.startswith(STOCK):
            packs = found.stock_packs()
            text = f"unknown stock pack {show(written)}, expected one of {', '.join(packs)}"
            problems.add(mark, text, did_you_mean(written, packs))
        else:
            problems.add(mark, f"there is no file {show(written)}", did_you_mean(written, found.rules_files()))
    for name in found.rules_files():
        if name not in named:
            where = Mark(str(found.path(name)))
            problems.add(where, "no line under rules: in venue.yaml names this file", "name it, or remove it")
    if len(found.rules_files()) > MAX_RULES_FILES:
        text = f"there are more than {MAX_RULES_FILES} rules files, expected rules in fewer files"
        problems.add(sheet.document.key_mark(("rules",)), text)


def _inside(written: str) -> bool:
    """Whether this names a rules file below the directory."""
    parts = Path(written).parts
    return (
        written.endswith(".yaml")
        and "\0" not in written
        and len(parts) == 2
        and parts[0] == "rules"
        and len(written) < 200
    )
