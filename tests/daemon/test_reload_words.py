"""What a reload has to say: what only a restart can change, the line of the log, the lines of the command."""

from pathlib import Path

import msgspec
import pytest

from config.load import load
from daemon.api.models import ReloadView
from daemon.core import ReloadReport
from daemon.reload_words import in_words, needs_restart
from daemon.terminal.reload_command import report_lines
from rules.reload import Changed, Changes, Dropped, Retimed

VENUE = """\
venue: {id: bar, name: {en: My bar}, time_zone: Asia/Shanghai}
rules: []
links:
  - {id: broker, kind: mqtt, port: 1883, drivers: [{kind: tocsin}]}
zones:
  - {id: room, kind: room}
devices:
  - {id: meter-1, kind: power_meter, zone: room, link: broker, driver: tocsin}
outputs:
  - {id: log, kind: log}
"""
CHANGES = Changes(
    kept=("a", "b"),
    retimed=(Retimed("low", "yellow", "on_delay", 60.0, 1.5, 1), Retimed("fire", "", "then", 60.0, 90.0)),
    changed=(Changed("smoke", ("title", "orange when")),),
    added=("new",),
    dropped=(Dropped("old", 2),),
    venue=("device meter-1: name",),
)


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("name: {en: My bar}", "name: {en: Our bar}", ()),
        ("time_zone: Asia/Shanghai", "time_zone: Asia/Tokyo", ()),
        ("driver: tocsin}", "driver: tocsin, name: {en: Main meter}, stale_after: 9m}", ()),
        ("id: bar", "id: pub", ("the venue's id is different",)),
        ("port: 1883", "port: 1884", ("link broker is different",)),
        (
            "driver: tocsin}",
            "driver: tocsin, address: m1}",
            ("link broker is different", "link broker: device meter-1 is different"),
        ),
        (
            "id: meter-1",
            "id: m-2",
            ("link broker is different", *(f"link broker: device {x}" for x in ("m-2 is new", "meter-1 is gone"))),
        ),
        ("kind: log}", "kind: log, language: zh}", ("output log is different",)),
        ("rules:", "journal: {thin: {voltage: 2}}\nrules:", ("the journal's settings are different",)),
    ],
)
def test_what_only_a_restart_can_change(tmp_path: Path, was: str, now: str, said: tuple[str, ...]) -> None:
    """Links, what is bound to them, outputs, the journal and the venue's id; all else is live."""
    (tmp_path / "venue.yaml").write_text(VENUE)
    before = load(tmp_path)
    assert was in VENUE
    (tmp_path / "venue.yaml").write_text(VENUE.replace(was, now))
    assert needs_restart(before, load(tmp_path)) == said


def test_the_log_says_it_in_one_line() -> None:
    """Each outcome; long lists are cut."""
    kept = "kept 2; re-timed low yellow on_delay 60 s to 1.5 s, 1 running, fire then 60 s to 90 s"
    rest = "changed smoke (title, orange when); added new; dropped old (2 alarms ended); venue device meter-1: name"
    assert in_words(ReloadReport("applied", "abc", CHANGES)) == f"rules abc are in force: {kept}; {rest}"
    many = Changes(added=tuple(f"r{number}" for number in range(30)))
    assert in_words(ReloadReport("applied", "abc", many)).endswith("r19, and 10 more")
    assert "nothing that decides" in in_words(ReloadReport("applied", "abc", Changes()))
    assert in_words(ReloadReport("unchanged", "abc")) == "rules abc stay in force: the files are the same"
    assert in_words(ReloadReport("restart", "abc", restart=("output x is new",))).endswith("restart: output x is new")
    refused = in_words(ReloadReport("refused", "abc", problems=("a.yaml:1:2: no", "b"), count=2))
    assert refused == (
        "the files are refused: a.yaml:1:2: no (and 1 more: `tocsin reload` says all); "
        "the rules in force stay as they were"
    )


def test_the_command_says_what_became_of_each_rule() -> None:
    """A line for each that is not as it was; of those that were kept, how many."""

    def lines(report: ReloadReport) -> list[str]:
        return list(report_lines(msgspec.convert(report, ReloadView, from_attributes=True)))

    assert lines(ReloadReport("applied", "abc", CHANGES)) == [
        "applied: rules abc are in force",
        "kept      2 rules, with their alarms and timers",
        "re-timed  low yellow on_delay: 60 s to 1.5 s, 1 running",
        "re-timed  fire then: 60 s to 90 s, 0 running",
        "changed   smoke: title, orange when",
        "added     new",
        "dropped   old, 2 alarms ended",
        "venue     device meter-1: name",
    ]
    assert lines(ReloadReport("unchanged", "abc")) == ["unchanged: rules abc are in force"]
    assert lines(ReloadReport("refused", "abc", problems=("x:1:1: no",), count=1)) == [
        "x:1:1: no",
        "refused, 1 problem: rules abc stay in force",
    ]
    assert lines(ReloadReport("refused", "abc", problems=("x", "y"), count=2))[2].startswith("refused, 2 problems:")
    assert lines(ReloadReport("restart", "abc", restart=("output x is new",)))[0] == "output x is new"
