"""The cause-and-effect matrix: the smallest venue to the letter, the sample venue by what must be in it."""

import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer

from config.commands import matrix as command
from config.load import load
from config.matrix.as_csv import as_csv
from config.matrix.as_html import as_html
from config.matrix.table import Matrix, matrix

SAMPLES = Path(__file__).parents[3] / "config" / "samples"
GOLDEN = Path(__file__).parent / "golden"
VOID = {"meta", "br"}

VENUE = """\
venue: {id: bar, name: {en: "Bar <b>", zh: 酒吧}}
rules: [rules/house.yaml]
links:
  - {id: broker, kind: mqtt, drivers: [{kind: tocsin}]}
zones:
  - {id: floor-1, kind: floor}
  - {id: floor-2, kind: floor, neighbours: [floor-1]}
devices:
  - {for: {k: 1..3}, id: "smoke-{k}", kind: smoke_detector, zone: floor-1, link: broker, driver: tocsin}
outputs:
  - {id: broker, kind: mqtt, link: broker}
  - {id: log, kind: log}
evacuation_plans:
  - id: all
    zones: [floor-1, floor-2]
    message: {en: Leave}
    assembly_point: {en: Square}
    phased: true
    stages:
      - {id: first, zones: origin}
      - {id: then, zones: rest, after: 120s, actions: [{action: lift, target: floor-2}]}
"""
RULES = """\
rules:
  - id: smoke
    title: {en: "=Smoke & <fire>", zh: 烟雾}
    category: fire
    each: device
    devices: {kind: smoke_detector}
    tiers:
      - {tier: orange, when: smoke, clear: not smoke, verify: {reset: 30s, confirm_within: 60s}, off_delay: 5s}
    latching: true
    show_mode: true
  - id: lost
    category: fault
    each: device
    tiers: [{tier: blue, when: absent}]
  - id: silence
    category: power
    each: zone
    zones: {ids: [floor-1]}
    tiers: [{tier: yellow, when: all(absent)}]
    suppresses: [lost]
  - id: confirmed
    category: fire
    each: zone
    zones: {kind: floor}
    tiers: [{tier: red, when: "alarms([smoke], at: orange, devices: 2, within: 60s)"}]
    investigate: {of: [smoke], at: orange}
    latching: true
    evacuate: {plan: all}
"""


class Table(HTMLParser):
    """The cells of the page's table, row by row, and every tag in its place."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "tr" in self.open:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def ktv() -> Matrix:
    return matrix(load(SAMPLES / "ktv"))


@pytest.fixture
def bar(tmp_path: Path) -> Matrix:
    """A venue with stages, suppression, and names that would break a page or a spreadsheet."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "venue.yaml").write_text(VENUE, "utf-8")
    (tmp_path / "rules" / "house.yaml").write_text(RULES, "utf-8")
    return matrix(load(tmp_path))


@pytest.mark.parametrize("kind", ["csv", "html"])
def test_the_smallest_venue_to_the_letter(kind: str) -> None:
    """A change of the form is seen and meant: write the new one to the file in golden/."""
    table = matrix(load(SAMPLES / "minimal"))
    text = as_csv(table) if kind == "csv" else as_html(table)
    golden = (GOLDEN / f"minimal.{kind}").read_text("utf-8")
    assert text.replace(table.digest[:12], "DIGEST").splitlines() == golden.splitlines()


def test_every_rule_with_a_place_is_a_cause(ktv: Matrix) -> None:
    """Nothing that can act is left out, and nothing stands twice."""
    rules = load(SAMPLES / "ktv").plan.rules
    places = {rule.id: set(rule.places) for rule in rules}
    for rule in rules:
        rows = [row for row in ktv.rows if row.rule == rule.id]
        if rule.each == "device":
            seen = [device for row in rows for device in row.devices if row.tier is rule.tiers[-1].tier]
            assert len(seen) == len(set(seen)) and set(seen) <= places[rule.id]
    causes = [(row.zone, row.devices, row.rule, row.tier) for row in ktv.rows]
    assert len(causes) == len(set(causes))
    assert {"smoke", "call-point", "fire-confirmed", "sos", "mains-loss"} <= {row.rule for row in ktv.rows}


def test_the_effects_of_fire_in_the_sample(ktv: Matrix) -> None:
    """One detector: a look round, 75 s at most; two: at once; a call point: at once; a cell for each."""
    effects = {
        (row.rule, row.tier.word, row.zone): (led.alone_s, led.agreed_s, led.others, row.investigation)
        for row in ktv.rows
        for led in [row.evacuations["whole-building"]]
    }
    look = "fire-confirmed: 15 s + 60 s"
    assert effects["smoke", "orange", "floor-3"] == (75.0, 0.0, 1, look)
    assert effects["smoke", "yellow", "floor-3"] == (None, None, 0, "")
    assert effects["call-point", "red", "floor-2"] == (0.0, None, 0, "")
    assert effects["fire-confirmed", "red", "floor-1"] == (0.0, None, 0, "")
    assert effects["co-fire", "orange", "floor-1"] == (None, None, 0, "")


def test_what_cannot_be_at_a_place_is_no_cause_there(ktv: Matrix) -> None:
    """Corridor detectors say smoke or not, so they have no pre-alarm; no room has three of them."""
    assert not [
        row for row in ktv.rows if "corr-1-a" in row.devices and row.rule == "smoke" and row.tier.word == "yellow"
    ]
    assert not [row for row in ktv.rows if row.rule == "hot-ceiling"]


def test_the_table_of_the_sample_is_a_table(ktv: Matrix) -> None:
    """Well formed, self-contained, as many cells in each row as there are columns, both languages."""
    page = as_html(ktv)
    table = Table(page)
    assert table.open == [] and not table.tags & {"script", "link", "img", "iframe"}
    assert "http" not in page and "size: A3 landscape" in page
    head, *rows = table.rows
    assert all(len(row) in (1, len(head)) for row in rows)
    assert sum(len(row) == len(head) for row in rows) == len(ktv.rows)
    assert any("Floor 3 3楼" in row[0] for row in rows) and any("det-301 ... det-320 (20)" in row[0] for row in rows)
    lines = list(csv.reader(io.StringIO(as_csv(ktv))))
    assert len(lines) == len(ktv.rows) + 1 and len({len(line) for line in lines}) == 1


def test_it_is_the_same_on_every_run(ktv: Matrix) -> None:
    """Two files can be compared line by line."""
    again = matrix(load(SAMPLES / "ktv"))
    assert as_html(again) == as_html(ktv) and as_csv(again) == as_csv(ktv)


def test_stages_suppression_and_notes(bar: Matrix) -> None:
    """Each stage is an effect with its own time; what hides what is said on both sides."""
    lines = {(line["rule"], line["zone"]): line for line in csv.DictReader(io.StringIO(as_csv(bar)))}
    smoke = lines["smoke", "floor-1"]
    assert smoke["evacuation all/first: alone s"] == "105" and smoke["evacuation all/then: alone s"] == "225"
    assert smoke["evacuation all/first: agreed s"] == "0" and smoke["evacuation all/then: who agree"] == "2"
    assert smoke["staff warning after s"] == "30" and smoke["devices"] == "smoke-1 smoke-2 smoke-3"
    assert smoke["notes"].split("; ") == [
        "stays until reset",
        "verified: 30 s, confirmed within 60 s",
        "ends: not smoke",
        "ends after 5 s",
        "begins no investigation alone while a show is on",
    ]
    assert lines["silence", "floor-1"]["suppresses"] == "lost"
    assert "not shown while silence stands" in lines["lost", "floor-1"]["notes"]
    assert [stage.words.en for stage in bar.stages] == ["the zone of origin", "all the rest; lift floor-2"]


def test_names_cannot_break_the_page_or_the_spreadsheet(bar: Matrix) -> None:
    """Names are text, whatever is in them."""
    page = as_html(bar)
    assert "Bar &lt;b&gt; 酒吧" in page and "=Smoke &amp; &lt;fire&gt; 烟雾" in page and "<fire>" not in page
    assert "'=Smoke & <fire>" in as_csv(bar)


def test_the_command_prints_or_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For a spreadsheet with the mark that makes it read UTF-8; what cannot be written is said."""
    command(SAMPLES / "minimal", "csv", None, None)
    assert capsys.readouterr().out.startswith("zone,zone name,区域,")
    command(SAMPLES / "minimal", "csv", tmp_path / "m.csv", None)
    assert (tmp_path / "m.csv").read_bytes().startswith(b"\xef\xbb\xbfzone,")
    command(SAMPLES / "minimal", "html", tmp_path / "m.html", None)
    assert (tmp_path / "m.html").read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(typer.Exit):
        command(SAMPLES / "minimal", "html", tmp_path / "none" / "m.html", None)
    assert "cannot be written" in capsys.readouterr().err
    with pytest.raises(typer.Exit):
        command(tmp_path, "html", None, None)
