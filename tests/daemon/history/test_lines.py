"""What the journal's rows become: docs/history.md in examples."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.core import Event
from daemon.history.lines import TEXT_CHARS, Lines
from daemon.journal.rows import Row
from rules.decision import (
    Because,
    Decision,
    EndFault,
    Evacuate,
    Flood,
    Investigate,
    Raise,
    ReportFault,
    ZoneTier,
)
from rules.signal import Heard, Origin, Reading, Signal, Tick
from rules.tier import Tier

WALL = 1_700_000_000.0
MS = 1_700_000_000_000


def times(told: list[str]) -> list[int]:
    return [int(line.rsplit(" ", 1)[1]) for line in told]


def lines(*signals: Signal, at: float = 10.0, seq: int = 1, decisions: tuple[Decision, ...] = ()) -> list[str]:
    """A row of these, written at engine time `at`, in which a second is one of the wall clock."""
    stamp = {"seq": seq, "run": 1, "at": at, "wall": WALL + at, "total": len(signals)}
    row = Row._make(stamp.get(name) for name in Row._fields)  # what is decoded already is not in it
    events = [Event(number, WALL + decision.at, decision) for number, decision in enumerate(decisions, 7)]
    return Lines("ktv", {"det-1": "room 1"}, "tocsin_").of(row, signals, events)


def test_a_reading_is_a_point_of_its_quantity() -> None:
    """Measurement by quantity, tags in order, the value as a number, the time of the reading and not of the row."""
    sent = Origin("boot", 1042)
    told = lines(Reading(9.5, "det-1", "temperature", 21.5, "live", sent), Reading(10.0, "sos-1", "pressed", True))
    assert told == [
        rf"tocsin_temperature,device=det-1,venue=ktv,zone=room\ 1 value=21.5 {MS + 9500}000042",
        f"tocsin_pressed,device=sos-1,venue=ktv value=1.0 {MS + 10_000}000031",
    ]


def test_a_reading_that_is_not_live_says_so() -> None:
    """What a broker kept is a series of its own."""
    (told,) = lines(Reading(10.0, "det-1", "co", 3.0, "retained"))
    assert told.startswith("tocsin_co,device=det-1,provenance=retained,venue=ktv,")


def test_what_shares_an_instant_keeps_its_order() -> None:
    """Three values of one device at one instant are three points, in the order in which they were heard."""
    told = lines(*(Reading(10.0, "det-1", "contact", value) for value in (True, False, True)))
    assert times(told) == sorted(set(times(told)))
    assert [line.split("value=")[1][0] for line in told] == ["1", "0", "1"]


def test_what_shares_an_instant_stays_apart_across_rows() -> None:
    """A burst that was written as two rows has no two points in one place, and they are in order."""
    first = lines(*(Reading(10.0, "det-1", "contact", True) for _ in range(20)), seq=7)
    second = lines(*(Reading(10.0, "det-1", "contact", False) for _ in range(20)), seq=8)
    assert times(first + second) == sorted(set(times(first + second)))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["temperature", "co"]), st.booleans()), max_size=30),
    st.data(),
)
def test_a_point_has_the_same_time_when_the_row_was_thinned(
    heard: "list[tuple[int, str, bool]]", data: st.DataObject
) -> None:
    """Readings with their sender's count, or at an instant of their own: whichever of a row are left, each is the very
    line that it was, so that one that is sent again is stored once.
    """
    signals = [
        Reading(9.0 + number / 64, f"det-{device}", quantity, number, "live", Origin("boot", number) if count else None)
        for number, (device, quantity, count) in enumerate(heard)
    ]
    left = [signal for signal in signals if data.draw(st.booleans())]
    assert set(lines(*left)) <= set(lines(*signals))


def test_only_readings_are_points_of_signals() -> None:
    """The rest of what was heard shows in what was decided."""
    assert len(lines(Tick(9.0), Heard(9.0, "det-1"), Reading(10.0, "det-1", "co", 3.0))) == 1


def test_no_line_is_made_of_what_is_no_number() -> None:
    """Line protocol has no word for infinity; no driver says it."""
    assert lines(Reading(10.0, "det-1", "co", float("inf")), Reading(10.0, "det-1", "co", float("nan"))) == []


def test_an_alarm_is_a_point_at_each_change() -> None:
    """Its tier and whether it sounds as numbers, its state and the last evidence as text."""
    why = (Because(9.0, "det-1", "smoke"), Because(10.0, "det-1", 'smoke "5.0" %/m', "house.yaml:1"))
    raised = Raise(10.0, "smoke@det-1", "smoke", "det-1", "room 1", "fire", Tier.ORANGE, "unack", True, why)
    assert lines(decisions=(raised,)) == [
        r"tocsin_alarm,category=fire,place=det-1,rule=smoke,venue=ktv,zone=room\ 1 "
        r'tier=3i,sounding=1i,decision=7i,change="raise",state="unack",because="det-1: smoke \"5.0\" %/m" '
        f"{MS + 10_000}000007"
    ]


def test_zones_and_faults_have_points_of_their_own() -> None:
    """As steps that a chart can show."""
    told = lines(
        decisions=(
            ZoneTier(10.0, "hall", Tier.RED),
            ReportFault(11.0, "tocsin/journal", "degraded", "the disk\nis slow"),
            EndFault(12.0, "tocsin/journal", "degraded"),
        )
    )
    assert told == [
        f"tocsin_zone,venue=ktv,zone=hall tier=4i {MS + 10_000}000007",
        'tocsin_fault,code=degraded,source=tocsin/journal,venue=ktv standing=1i,text="the disk is slow" '
        f"{MS + 11_000}000008",
        f"tocsin_fault,code=degraded,source=tocsin/journal,venue=ktv standing=0i {MS + 12_000}000009",
    ]


def test_every_other_decision_is_an_event() -> None:
    """With its kind, the zone that it is about, and all of it as JSON but for the evidence."""
    evacuate, investigate, flood = lines(
        decisions=(
            Evacuate(10.0, "whole/1", "whole", ("hall",), "room-1", (Because(10.0, "ann", "fire"),), "all"),
            Investigate(10.0, "smoke@det-1", "room-1", "look", 70.0),
            Flood(10.0, 12),
        )
    )
    assert evacuate.startswith('tocsin_event,kind=evacuate,venue=ktv,zone=room-1 decision=7i,body="{')
    assert r"\"zones\":[\"hall\"]" in evacuate and ',because="ann: fire" ' in evacuate
    assert investigate.startswith("tocsin_event,kind=investigate,venue=ktv,zone=room-1 ")
    assert flood.startswith("tocsin_event,kind=flood,venue=ktv decision=9i,")


def test_a_long_text_is_cut() -> None:
    """No server refuses a line for its length."""
    (told,) = lines(decisions=(ReportFault(10.0, "a,b=c d", "x", "y" * 100_000),))
    assert len(told) < TEXT_CHARS + 200
    assert told.startswith(r"tocsin_fault,code=x,source=a\,b\=c\ d,venue=ktv standing=1i,")
