"""The pictures in text: columns that line up, rooms that are found, nothing told by colour alone."""

import re
from datetime import datetime

import pytest
from rich.cells import cell_len

from daemon.api.models import ZoneView
from daemon.api.views import Views
from daemon.terminal.picture import banner, counts, event_line, headline, snapshot, zone_grid
from daemon.terminal.tables import alarm_row, alarm_table, fault_row, table
from daemon.terminal.words import Lang, clock, default_lang, span
from rules.overlay import Overlay
from rules.status import EvacuationStatus, FaultStatus
from rules.tier import Tier
from tests.daemon.fake_core import FakeCore, alarm


def views(**changes: object) -> Views:
    return Views(FakeCore(**changes))  # type: ignore[arg-type]


def zones(**tiers: Tier) -> tuple[ZoneView, ...]:
    return views(tiers={zone.replace("_", "-"): tier for zone, tier in tiers.items()}).zones()


def test_columns_line_up_with_chinese() -> None:
    """A Chinese character takes two cells; the next column begins at the same cell in every line."""
    lines = [line.plain for line in table(("A", "B"), [("烟雾", "x"), ("smoke", "x"), ("", "x")])]
    assert {cell_len(line[: line.index(line[-1])]) for line in lines} == {7}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_grid_fits_its_width_and_names_every_room(width: int, lang: Lang) -> None:
    """No line is wider than the screen and no room is missing."""
    lines = [line.plain for line in zone_grid(zones(room_305=Tier.RED), width, lang)]
    assert max(cell_len(line) for line in lines) <= width
    rooms = {f"{floor}{room:02}" for floor in (1, 2, 3) for room in range(1, 21)}
    assert set(re.findall(r"(?<![0-9])[123]\d\d", "\n".join(lines))) == rooms


def test_a_tier_is_a_letter_not_only_a_colour() -> None:
    """On a monochrome terminal, and to a colour-blind person, the grid says the same."""
    lines = zone_grid(zones(room_305=Tier.RED, room_101=Tier.BLUE, floor_3=Tier.RED, corridor_2=Tier.YELLOW), 80, "en")
    text = "\n".join(line.plain for line in lines)
    for shown in ("305R", "101B", "Floor 3R", "Corridor 2Y"):
        assert shown in text
    assert "304R" not in text and "Floor 1 " in text


def test_colour_ends_where_the_letter_ends() -> None:
    """A red room does not paint its neighbours."""
    (line,) = [line for line in zone_grid(zones(room_305=Tier.RED), 200, "en") if "305R" in line.plain]
    (red,) = [span for span in line.spans if "c00000" in str(span.style)]
    assert line.plain[red.start : red.end] == "305R" and not line.style


def test_the_headline_shouts_a_degraded_journal() -> None:
    """Alarms that go out without being kept are told in the first line."""
    assert "JOURNAL DEGRADED" in headline(views(degraded="disk full").status(), "en").plain
    assert "日志降级" in headline(views(degraded="disk full").status(), "zh").plain


def test_counts_name_each_tier_that_stands() -> None:
    """Worst first; tiers with no alarm are not mentioned; faults are not alarms."""
    status = views(
        standing=[alarm(), alarm("det-306", Tier.RED), alarm("det-307", Tier.RED)],
        faulty=[FaultStatus("broker", "down", "x", 1.0)],
    ).status()
    assert counts(status, "en").plain.startswith("alarms 2 RED 1 ORANGE   faults 1   devices 60")


def test_the_banner_says_where_since_when_and_whereto() -> None:
    """An evacuation on the screen answers what people ask: where, since when, where to, and how to end it."""
    evacuating = [EvacuationStatus("whole-building-1", "whole-building", ("ktv",), "room-305", 95.0)]
    (evacuation,) = views(evacuating=evacuating).evacuations()
    english, chinese = banner(evacuation, "en").plain, banner(evacuation, "zh").plain
    for words in ("EVACUATION IN FORCE", "Starlight KTV", "Room 305", "Leave now", "Car park", "[whole-building-1]"):
        assert words in english
    for words in ("疏散进行中", "星光KTV", "305包房", "请立即撤离", "停车场"):
        assert words in chinese


def test_the_banner_says_which_stage_comes_when_and_which_ways_are_blocked() -> None:
    """A line more where there is more to say, in both languages; the client's answer has the same."""
    told = EvacuationStatus(
        *("whole-building-1", "whole-building", ("ktv",), "room-305", 95.0),
        *("first", ("first",), 155.0, ("way-3a", "way-3b"), ("room-305",)),
    )
    (evacuation,) = views(evacuating=[told]).evacuations()
    assert (evacuation.stage, evacuation.due_at, evacuation.blocked) == ("first", 155.0, ("way-3a", "way-3b"))
    assert evacuation.next_stage is None  # the plan of this test has one stage
    english, chinese = banner(evacuation, "en").plain, banner(evacuation, "zh").plain
    assert "Stage first; next: " in english and "BLOCKED ROUTES: way-3a, way-3b" in english
    assert "阶段 first" in chinese and "受阻路线: way-3a, way-3b" in chinese


def test_a_hundred_faults_stay_a_page() -> None:
    """A broken line with a hundred silent devices does not bury the rest of the picture, and says what is hidden."""
    seen = views(faulty=[FaultStatus(f"det-{n}", "silent", "x", 1.0) for n in range(100)])
    lines = [
        line.plain for line in snapshot(seen.status(), (), seen.zones(), seen.alarms(), seen.faults(), "en", width=80)
    ]
    assert len(lines) < 60
    assert "... and 80 more" in lines
    assert any(line.startswith("broker (mqtt)") for line in lines)


def test_a_fault_row_names_what_explains_it() -> None:
    """Forty silent plugs point at the one wire."""
    fault = FaultStatus("det-305", "silent", "nothing heard", 90.0, explained_by="broker")
    assert fault_row(views(faulty=[fault]).faults()[0], "en")[-1] == "nothing heard (explained by broker)"


def test_what_is_out_of_view_stays_a_page_too() -> None:
    """A floor without power hides many alarms: the page says how many more there are."""
    overlay = Overlay("suppressed", 40.0, None, "supply-lost@meter-1", "it explains it")
    hidden = [alarm(f"det-{number}", tier=Tier.NONE, state="normal", overlays=(overlay,)) for number in range(301, 321)]
    more = [alarm(f"det-{number}", tier=Tier.NONE, state="normal", overlays=(overlay,)) for number in range(101, 104)]
    told = views(standing=[*hidden, *more])
    page = "\n".join(line.plain for line in snapshot(told.status(), (), (), told.alarms(), (), "en"))
    assert page.count("supply-lost@meter-1") == 20 and "... and 3 more" in page
    assert told.status().alarms["none"] == 0


def test_an_alarm_row_says_that_it_was_first_and_that_it_chatters() -> None:
    """Both are in words, in either language."""
    (row,) = views(standing=[alarm(first_out=True, chattering=True)]).alarms()
    assert str(alarm_row(row, "en")[1]) == "NEW ♪ first chattering"
    assert str(alarm_row(row, "zh")[1]) == "未确认 ♪ 首出 频繁"


def test_an_alarm_row_says_who_took_note_and_that_it_sounds() -> None:
    """State, sound and name stand in words and signs."""
    acked = alarm(state="acked", sounding=False, acknowledged_by="lin")
    text = "\n".join(line.plain for line in alarm_table(views(standing=[acked, alarm("det-306")]).alarms(), "en"))
    assert "acked (lin)" in text and "NEW ♪" in text


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.9, "0 s", "0秒"),
        (59, "59 s", "59秒"),
        (125, "2 min 5 s", "2分5秒"),
        (7_260, "2 h 1 min", "2小时1分"),
        (190_000, "2 d 4 h", "2天4小时"),
    ],
)
def test_durations_in_two_units(seconds: float, english: str, chinese: str) -> None:
    """Precise enough to act on, short enough to read."""
    assert (span(seconds, "en"), span(seconds, "zh")) == (english, chinese)


def test_another_day_is_named() -> None:
    """A time of today is a clock time; any other carries its date."""
    now = datetime.now().astimezone().replace(microsecond=0)
    assert clock(now.isoformat()) == now.strftime("%H:%M:%S")
    assert clock("2020-02-29T12:00:00.000Z").startswith("2020-02-")


@pytest.mark.parametrize(("locale", "lang"), [("zh_CN.UTF-8", "zh"), ("en_US.UTF-8", "en"), ("C", "en")])
def test_the_language_is_the_terminals(locale: str, lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to say --lang on a Chinese machine."""
    monkeypatch.setenv("LC_ALL", locale)
    assert default_lang() == lang


def test_an_event_does_not_say_the_same_twice() -> None:
    """A source without a name is printed once, and evidence equal to the text is left out."""
    from daemon.core import Event
    from rules.decision import Because, ReportFault

    fault = ReportFault(100.0, "broker", "down", "refused", (Because(99.0, "broker", "refused"),))
    line = event_line(views().event(Event(1, 1.79e9, fault)), "en").plain
    assert line.count("broker") == 1 and line.count("refused") == 1
