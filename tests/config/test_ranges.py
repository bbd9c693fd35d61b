"""A range is written once and means each of its entries."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.load import load
from config.problem import ConfigError

Write = Callable[..., Path]

ZONE = '{for: {room: 1..2}, id: "room-{room}", in: floor-1, kind: room}'


def rooms(write: Write, written: str, ids: str) -> list[str]:
    directory = write()
    venue = (directory / "venue.yaml").read_text("utf-8")
    zone = f'{ZONE}\n  - {{for: {written}, id: "{ids}", in: floor-1, kind: hall}}'
    (directory / "venue.yaml").write_text(venue.replace(ZONE, zone), "utf-8")
    return [zone.id for zone in load(directory).plan.venue.zones.values() if zone.kind == "hall"]


@pytest.mark.parametrize(
    ("written", "ids", "meant"),
    [
        ("{n: 1..3}", "h-{n}", ["h-1", "h-2", "h-3"]),
        ("{n: 08..11}", "h-{n}", ["h-08", "h-09", "h-10", "h-11"]),
        ("{n: 9..11}", "h-{n}", ["h-9", "h-10", "h-11"]),
        ("{n: 7..7}", "h-{n}", ["h-7"]),
        ("{n: a..c}", "h-{n}", ["h-a", "h-b", "h-c"]),
        ("{n: [vip, 8]}", "h-{n}", ["h-vip", "h-8"]),
        ("{f: 1..2, n: a..b}", "{f}{n}{f}", ["1a1", "1b1", "2a2", "2b2"]),
    ],
)
def test_a_range_means_its_entries_in_order(write: Write, written: str, ids: str, meant: list[str]) -> None:
    """Numbers keep the zeros of their first value; several names count like digits."""
    assert rooms(write, written, ids) == meant


@pytest.mark.parametrize(
    "written", ["{n: 3..1}", "{n: 1.3}", "{n: []}", "{n: true}", "{n: [{a: b}]}", "{}", "[1, 2]", "1..3"]
)
def test_what_is_no_range_is_told(write: Write, written: str) -> None:
    """Never a venue with fewer rooms than were meant."""
    with pytest.raises(ConfigError, match="expected"):
        rooms(write, written, "h-{n}")


def test_braces_outside_a_range_are_only_text(write: Write) -> None:
    """A message may say {exit}."""
    directory = write()
    venue = (directory / "venue.yaml").read_text("utf-8")
    (directory / "venue.yaml").write_text(venue.replace("{en: Leave}", '{en: "Leave by {exit}"}'), "utf-8")
    assert load(directory).plan.evacuation_plans["all"].message.en == "Leave by {exit}"
