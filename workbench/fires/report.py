"""The outcome of all fires as tables for people, as JSON and as CSV for programs."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from rules.tier import Tier
from workbench.fires.change import Change
from workbench.fires.outcome import Outcome
from workbench.fires.summary import ACT, Summary, summarise

TIERS = (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED)
HEADINGS = ("FIRE", "BLUE", "YELLOW", "ORANGE", "RED", "EVACUATE", "ION", "PHOTO", "BEFORE IGNITION", "ORANGE BY")
CSV_NAMES = (
    *("name", "series", "group", "quiet_s", "blue_s", "yellow_s", "orange_s", "red_s", "evacuated_s"),
    *("ion_s", "photo_s", "false_before_ignition", "orange_by"),
)
ASSUMPTIONS = (
    "Seconds from ignition; a higher tier counts for the lower ones. ION, PHOTO: the first real alarm of that kind.",
    "Nobody acknowledges. Evacuation is by two devices, or by the end of the 15 s that staff have.",
    "Instruments stand for detectors, without the lag of a housing: real ones are later, by up to tens of seconds.",
    "Flaming fires only as far as the files go: nothing here speaks for smouldering unless such a file is given.",
)


def fire_table(outcomes: Sequence[Outcome]) -> list[str]:
    """One line for each fire."""
    return _table([HEADINGS, *(_row(one) for one in outcomes)])


def _row(one: Outcome) -> tuple[str, ...]:
    return (
        one.name,
        *(_seconds(one.first_s.get(tier)) for tier in TIERS),
        _seconds(one.evacuated_s),
        _seconds(one.rang.ion_s if one.rang else None),
        _seconds(one.rang.photo_s if one.rang else None),
        _before(one),
        one.first_by.get(ACT, "never"),
    )


def _before(one: Outcome) -> str:
    """The first that was said before ignition; what people act on comes before what only informs."""
    said = one.false or one.before
    if not said:
        return "quiet" if one.quiet_s else "not recorded"
    return f"{said[0].tier.word} {said[0].alarm} at {_seconds(said[0].at_s)}, {len(one.before)} in all"


def summary_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Counts, medians, and what was compared."""
    found = summarise(outcomes)
    lines = _table(
        [
            ("SERIES", "WHAT BURNT", "FIRES", "ORANGE MEDIAN", "WORST", "MISSED"),
            *(
                (one.series, one.group, str(one.fires), _seconds(one.median_s), _seconds(one.worst_s), str(one.missed))
                for one in found.groups
            ),
        ]
    )
    lines += ["", f"Orange or red before ignition: {found.false} of {found.fires} fires, in {_minutes(found.quiet_s)}."]
    if found.yellow:
        lines.append(f"Blue or yellow before ignition: {found.yellow} of {found.fires} fires.")
    if found.compared:
        lines.append(
            f"Orange before the first photoelectric alarm: {found.before_photo} of {found.with_photo} fires; "
            f"before the first alarm of all: {found.before_first} of {found.compared}"
            + (f", and {found.with_first} at the same instant." if found.with_first else ".")
        )
    return lines


def sensitivity_lines(outcomes: Sequence[tuple[Outcome, ...]], changes: Sequence[Change], share: float) -> list[str]:
    """One line for each change of a number that makes a difference; the first line is the rules as they are."""
    base = summarise([one[0] for one in outcomes])
    rows = [("NUMBER", "CHANGED TO", "FALSE", "BEFORE PHOTO", "BEFORE ALL", *(one.group for one in base.groups))]
    rows.append(("as it is", "", *_figures(base)))
    for index, change in enumerate(changes, start=1):
        figures = _figures(summarise([one[index] for one in outcomes]))
        if figures != _figures(base):
            rows.append((change.text, change.label, *figures))
    return [
        f"Each number {share:.0%} smaller and greater; the last columns are the medians to orange, in s.",
        *_table(rows),
        f"{len(changes) - len(rows) + 2} of {len(changes)} changes make no difference.",
    ]


def _figures(summary: Summary) -> tuple[str, ...]:
    return (
        str(summary.false),
        f"{summary.before_photo} of {summary.with_photo}",
        f"{summary.before_first} of {summary.compared}",
        *(_seconds(group.median_s) for group in summary.groups),
    )


def as_json(outcomes: Sequence[Outcome], notes: Sequence[str], wrong: Sequence[str]) -> dict[str, Any]:
    """Everything, for programs. Times in seconds from ignition; null is never."""
    found = summarise(outcomes)
    return {
        "summary": {
            **{name: getattr(found, name) for name in Summary.__slots__ if name != "groups"},
            "groups": [{name: getattr(one, name) for name in type(one).__slots__} for one in found.groups],
        },
        "fires": [_fire(one) for one in outcomes],
        "assumptions": list(ASSUMPTIONS),
        "notes": list(notes),
        "not_read": list(wrong),
    }


def _fire(one: Outcome) -> dict[str, Any]:
    return {
        "name": one.name,
        "series": one.series,
        "group": one.group,
        "path": one.path,
        "quiet_s": one.quiet_s,
        "detectors": one.detectors,
        "tiers_s": {tier.word: one.first_s.get(tier) for tier in TIERS},
        "by": {tier.word: one.first_by.get(tier) for tier in TIERS},
        "evacuated_s": one.evacuated_s,
        "ion_s": one.rang.ion_s if one.rang else None,
        "photo_s": one.rang.photo_s if one.rang else None,
        "before_ignition": [{"at_s": said.at_s, "alarm": said.alarm, "tier": said.tier.word} for said in one.before],
        "notes": list(one.notes),
    }


def as_csv(outcomes: Sequence[Outcome]) -> str:
    """One row for each fire; an empty cell is never."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_NAMES)
    for one in outcomes:
        times = [*(one.first_s.get(tier) for tier in TIERS), one.evacuated_s]
        rang = [one.rang.ion_s, one.rang.photo_s] if one.rang else [None, None]
        cells = [one.name, one.series, one.group, one.quiet_s, *times, *rang, len(one.false), one.first_by.get(ACT)]
        writer.writerow(["" if cell is None else cell for cell in cells])
    return text.getvalue()


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min of quiet" if seconds else "no quiet time: the files begin at ignition"
