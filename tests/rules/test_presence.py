"""Silence, faults, retained messages: what is not known is never normal."""

from dataclasses import replace

import pytest

from rules.engine import Engine
from rules.signal import Fault, Heard, LinkDown, LinkUp, Origin, Reading, Recovered, Resumed
from tests.rules.house import SMOKE, Story, device, plan, rule, tier, without_zones

LOST = rule("lost", "device", ("det",), tier("yellow", "absent"), category="fault")
HOT = rule("hot", "device", ("det",), tier("orange", "temperature >= 57"))
DET = device("det", "room-a", "temperature", stale_after_s=30)


def test_a_device_never_heard_is_a_fault() -> None:
    """The venue file says that it is there; thirty seconds of silence since the start are enough."""
    story = Story(plan(LOST, devices=[DET]), heard=False)
    assert story.engine.deadline() == 30
    assert story.tick(29.9) == []
    assert story.tick(30) == ["ReportFault det silent", "Raise lost@det yellow"]
    assert "never heard" in story.engine.faults()[0].text


def test_a_device_that_falls_silent_is_a_fault_and_comes_back() -> None:
    """Silence counts from the last word, is told once, and ends with the next word."""
    story = Story(plan(LOST, devices=[DET]))
    story.read(20, "det", temperature=21.0)
    assert story.tick(49.9) == []
    assert story.tick(50) == ["ReportFault det silent", "Raise lost@det yellow"]
    assert story.tick(500) == []
    assert story.read(501, "det", temperature=21.0) == ["EndFault det silent", "Return lost@det yellow"]
    assert story.engine.deadline() == 531


def test_a_device_silent_in_alarm_stays_in_alarm() -> None:
    """Silence does not clear an alarm, and the last value does not count as known any more."""
    story = Story(plan(HOT, devices=[DET]))
    story.read(1, "det", temperature=80.0)
    assert story.tick(40) == ["ReportFault det silent"]
    assert story.alarm("hot@det") == "unack orange"
    assert story.engine.devices()[0].values == {}


def test_a_ups_that_falls_silent_on_battery_counts_as_low() -> None:
    """The last values still count at the moment of falling silent, and not afterwards."""
    ups = device("ups", "room-a", "on_battery", stale_after_s=30)
    low = rule("low", "device", ("ups",), tier("orange", "on_battery and absent"), category="ups")
    story = Story(plan(low, devices=[ups]))
    assert story.read(1, "ups", on_battery=True) == []
    assert without_zones(story.tick(31)) == ["ReportFault ups silent", "Raise low@ups orange"]
    assert story.tick(500) == []
    assert without_zones(story.read(501, "ups", on_battery=True)) == ["EndFault ups silent", "Return low@ups orange"]


def test_a_delay_goes_on_when_the_device_falls_silent() -> None:
    """A device that burnt before its on-delay was over still raises its alarm."""
    slow = rule("slow", "device", ("det",), tier("orange", "temperature >= 57", on=60))
    story = Story(plan(slow, devices=[DET]))
    story.read(1, "det", temperature=80.0)
    story.tick(40)
    assert without_zones(story.tick(61)) == ["Raise slow@det orange"]


def test_reported_offline_is_lost_at_once_and_heard_brings_it_back() -> None:
    """A last will or a gateway's word needs no time-out."""
    story = Story(plan(LOST, devices=[DET]))
    assert story.tell(Heard(5, "det", online=False)) == ["ReportFault det offline", "Raise lost@det yellow"]
    assert story.tick(100) == []
    assert story.tell(Heard(101, "det")) == ["EndFault det offline", "Return lost@det yellow"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 5000.0, True])
def test_an_impossible_value_is_a_fault_and_leaves_the_quantity_unknown(value: float) -> None:
    """Neither taken nor replaced by a number; the next good value ends the fault."""
    story = Story(plan(HOT, devices=[DET]))
    assert story.tell(Reading(1, "det", "temperature", value)) == ["ReportFault det bad_value:temperature"]
    assert story.engine.devices()[0].values == {}
    assert story.read(2, "det", temperature=20.0) == ["EndFault det bad_value:temperature"]


def test_a_bad_value_does_not_clear_an_alarm() -> None:
    """Unknown is not normal: the alarm stands until a good value clears it."""
    story = Story(plan(HOT, devices=[DET]))
    story.read(1, "det", temperature=80.0)
    story.tell(Fault(2, "det", "bad_value:temperature", "NaN", "temperature"))
    assert story.alarm("hot@det") == "unack orange"
    assert without_zones(story.read(3, "det", temperature=20.0)) == [
        "EndFault det bad_value:temperature",
        "Return hot@det orange",
    ]


def test_faults_are_told_once_and_ended_once() -> None:
    """A repeated fault says nothing; recovering from what was not told says nothing."""
    story = Story(plan(HOT, devices=[DET]))
    assert story.tell(Fault(1, "det", "trouble", "lens dirty")) == ["ReportFault det trouble"]
    assert story.tell(Fault(2, "det", "trouble", "lens dirty")) == []
    assert story.tell(Recovered(3, "det", "trouble")) == ["EndFault det trouble"]
    assert story.tell(Recovered(4, "det", "trouble")) == []
    assert story.tell(LinkDown(5, "wire", "refused")) == ["ReportFault wire link_down"]
    assert story.tell(LinkUp(6, "wire")) == ["EndFault wire link_down"]


def test_a_fault_of_what_is_no_device_ends_too() -> None:
    """Tocsin's own faults stand and end like any other."""
    story = Story(plan(SMOKE))
    assert story.tell(Fault(1, "tocsin", "disk_full", "no room")) == ["ReportFault tocsin disk_full"]
    assert story.tell(Recovered(2, "tocsin", "disk_full")) == ["EndFault tocsin disk_full"]


def test_a_retained_alarm_is_a_fault_to_look_at_and_never_an_alarm() -> None:
    """Yesterday's retained smoke evacuates nobody, and is not taken for normal either."""
    story = Story(plan(SMOKE), heard=False)
    assert story.tell(Reading(1, "det-a", "smoke", True, "retained")) == ["ReportFault det-a unverified"]
    assert story.alarm("smoke@det-a") == "normal"
    assert story.engine.devices()[0].values == {"smoke": True}
    assert story.engine.devices()[0].heard_at is None
    assert without_zones(story.read(2, "det-a", smoke=True)) == [
        "EndFault det-a unverified",
        "Raise smoke@det-a orange",
    ]


def test_a_retained_danger_makes_what_was_normal_unknown() -> None:
    """The contact may have closed while the line was down: its last `false` is believed no more, until it speaks."""
    story = Story(plan(SMOKE))
    story.read(1, "det-a", smoke=False)
    assert story.tell(Reading(2, "det-a", "smoke", True, "retained")) == ["ReportFault det-a unverified"]
    assert story.engine.explain("smoke@det-a").tiers[0].when.truth is None
    assert story.tell(Reading(3, "det-a", "smoke", True, "retained")) == []
    story.restart()
    assert without_zones(story.read(4, "det-a", smoke=True)) == [
        "EndFault det-a unverified",
        "Raise smoke@det-a orange",
    ]
    assert story.tell(Reading(5, "det-a", "smoke", True, "retained")) == []


def test_only_a_retained_danger_is_a_fault() -> None:
    """A retained state that is no danger, or says that there is none, is shown and nothing more."""
    det = device("det", "room-a", "smoke", "heat", "tamper")
    story = Story(plan(devices=[det]), heard=False)
    assert story.tell(Reading(1, "det", "tamper", True, "retained")) == []
    assert story.tell(Reading(1, "det", "heat", False, "retained")) == []
    assert story.tell(Reading(2, "det", "smoke", True, "retained")) == ["ReportFault det unverified"]
    assert story.read(3, "det", smoke=False) == ["EndFault det unverified"]


def test_a_second_retained_danger_keeps_the_fault() -> None:
    """Until the last of them is told anew."""
    det = device("det", "room-a", "smoke", "heat")
    story = Story(plan(devices=[det]), heard=False)
    for name in ("smoke", "heat"):
        story.tell(Reading(1, "det", name, True, "retained"))
    assert story.read(2, "det", smoke=False) == []
    assert story.read(3, "det", heat=False) == ["EndFault det unverified"]


def test_a_fault_that_is_over_lets_its_alarm_return() -> None:
    """`faulted` is true while any fault of the device stands."""
    lost = rule("lost", "device", ("det-a",), tier("yellow", "faulted"), category="fault")
    story = Story(plan(lost))
    story.tell(Fault(1, "det-a", "trouble", "lens"))
    story.tell(Fault(1, "det-a", "tamper", "lid"))
    assert without_zones(story.tell(Recovered(2, "det-a", "trouble"))) == ["EndFault det-a trouble"]
    assert without_zones(story.tell(Recovered(3, "det-a", "tamper"))) == [
        "EndFault det-a tamper",
        "Return lost@det-a yellow",
    ]


def test_at_a_start_only_faults_of_what_is_gone_end() -> None:
    """Those of a link and of what stands behind it, of an output and of Tocsin itself stand."""
    story = Story(plan(SMOKE))
    story.plan = replace(story.plan, venue=replace(story.plan.venue, links=("wire",)))
    for source in ("wire", "wire/gateway/7", "output/siren/1", "tocsin/journal/disk", "gone/x", "det-a", "det-z"):
        story.tell(Fault(1, source, "trouble", "it says so"))
    story.restart()
    assert story.tell(Resumed(5, 1.0)) == ["EndFault gone/x trouble", "EndFault det-z trouble"]


def test_a_late_reading_counts_where_the_window_has_forgotten_all() -> None:
    """The device was silent for so long that nothing of the window is known; then news of before arrives."""
    det = device("det", "room-a", "temperature")
    hot = rule("hot", "device", ("det",), tier("orange", "max(temperature, 10s) >= 50"), latching=True)
    story = Story(plan(hot, devices=[det]), heard=False)
    story.tell(Reading(10, "det", "temperature", 20.0, origin=Origin("b1", 5)))
    story.tell(Heard(20, "det", online=False))
    said = story.tell(Reading(100, "det", "temperature", 60.0, origin=Origin("b1", 3)))
    assert "Raise hot@det orange" in said


def test_a_retained_normal_value_is_not_believed_either() -> None:
    """A retained `false` neither clears an alarm nor overrides a live value."""
    story = Story(plan(SMOKE))
    story.read(1, "det-a", smoke=True)
    assert story.tell(Reading(2, "det-a", "smoke", False, "retained")) == []
    assert story.alarm("smoke@det-a") == "unack orange"


def test_a_device_is_lost_once() -> None:
    """A gateway that says again what it said tells nothing new."""
    story = Story(plan(LOST, devices=[DET]))
    assert without_zones(story.tell(Heard(1, "det", online=False))) == [
        "ReportFault det offline",
        "Raise lost@det yellow",
    ]
    assert story.tell(Heard(2, "det", online=False)) == []


def test_silence_counts_from_the_last_word() -> None:
    """A device that was heard in between is not silent when its first staleness time is over."""
    story = Story(plan(LOST, devices=[device("det", "room-a", "smoke", stale_after_s=100)]))
    story.read(60, "det", smoke=False)
    assert story.tick(100) == []
    assert without_zones(story.tick(160)) == ["ReportFault det silent", "Raise lost@det yellow"]


def test_an_engine_that_was_told_nothing_expects_nobody_yet() -> None:
    """Kept and restored before its first signal, it gives each device its staleness time from that signal on."""
    story = Story(plan(LOST, devices=[device("det", "room-a", "smoke", stale_after_s=100)]))
    story.engine = Engine.restore(story.plan, Engine(story.plan).snapshot())
    assert story.engine.deadline() is None
    assert story.tick(5000) == []
    assert without_zones(story.tick(5100)) == ["ReportFault det silent", "Raise lost@det yellow"]


def test_downtime_is_no_devices_silence() -> None:
    """After an hour down, every device has its whole staleness time again; a running delay is over."""
    slow = rule("slow", "device", ("det",), tier("orange", "temperature >= 57", on=60))
    story = Story(plan(slow, devices=[DET]))
    story.read(1, "det", temperature=80.0)
    story.restart()
    assert without_zones(story.tell(Resumed(3600, 3599))) == ["Raise slow@det orange"]
    assert story.tick(3629) == []
    assert story.tick(3630) == ["ReportFault det silent"]


def test_a_repeated_message_is_known_by_its_own_count() -> None:
    """Boot and sequence number tell a repetition from news, across a restart too."""
    story = Story(plan(HOT, devices=[DET]))
    story.tell(Reading(1, "det", "temperature", 20.0, origin=Origin("b1", 7)))
    story.restart()
    assert story.engine.seen("det", Origin("b1", 7))
    assert not story.engine.seen("det", Origin("b1", 6))
    assert not story.engine.seen("det", Origin("b2", 7))
    assert not story.engine.seen("nowhere", Origin("b1", 7))


def test_what_the_plan_does_not_know_is_passed_over() -> None:
    """An old journal may speak of devices and quantities that are gone."""
    story = Story(plan(HOT, devices=[DET]))
    assert story.tell(Reading(1, "gone", "temperature", 90.0)) == []
    assert story.tell(Reading(1, "det", "co", 900.0)) == []
    assert story.tell(Reading(1, "det", "nonsense", 1.0)) == []
    assert story.tell(Heard(1, "gone")) == []


def test_time_never_runs_backwards() -> None:
    """A signal stamped earlier than the one before counts as simultaneous with it."""
    story = Story(plan(HOT, devices=[DET]))
    story.read(10, "det", temperature=20.0)
    story.read(5, "det", temperature=90.0)
    assert story.engine.alarms()[0].since == 10


def test_a_repeat_that_was_overtaken_can_raise_an_alarm_but_not_hide_one() -> None:
    """An older reading that comes after newer ones is an instant of the past, also across runs and restarts."""
    story = Story(plan(SMOKE))
    story.tell(Reading(1, "det-a", "smoke", False, origin=Origin("b1", 1)))
    story.tell(Reading(2, "det-a", "smoke", False, origin=Origin("b1", 3)))
    said = without_zones(story.tell(Reading(3, "det-a", "smoke", True, origin=Origin("b1", 2))))
    assert said == ["Raise smoke@det-a orange", "Return smoke@det-a orange"]
    story.tell(Reading(4, "det-a", "smoke", True, origin=Origin("b2", 1)))
    story.restart()
    story.tell(Reading(5, "det-a", "smoke", False, origin=Origin("b1", 4)))
    assert story.alarm("smoke@det-a") == "unack orange"


def test_a_message_about_something_else_overtakes_nothing() -> None:
    """Late is told for each quantity: an older message that alone tells a quantity is news about it."""
    story = Story(plan(SMOKE), heard=False)
    story.tell(Reading(1, "det-a", "smoke", False, origin=Origin("b1", 1)))
    story.tell(Reading(2, "det-a", "temperature", 20.0, origin=Origin("b1", 3)))
    story.tell(Reading(3, "det-a", "smoke", True, origin=Origin("b1", 2)))
    assert story.alarm("smoke@det-a") == "unack orange"


def test_an_alarm_of_absence_says_how_the_device_was_lost() -> None:
    """A last will and a time-out are different reasons."""
    story = Story(plan(LOST, devices=[DET]))
    story.tell(Heard(5, "det", online=False))
    assert story.engine.alarms()[0].because[0].text.startswith("it was reported offline")


def test_an_overtaken_reading_neither_ends_an_alarm_nor_stops_a_delay() -> None:
    """It says how it was, not how it is: nothing returns, nothing is raised twice, no delay begins anew."""
    story = Story(plan(SMOKE))
    story.tell(Reading(1, "det-a", "smoke", True, origin=Origin("b", 2)))
    assert story.tell(Reading(2, "det-a", "smoke", False, origin=Origin("b", 1))) == []
    story.tell(Reading(10, "det-b", "smoke_obscuration", 3.0, origin=Origin("b", 2)))
    story.tell(Reading(14, "det-b", "smoke_obscuration", 0.0, origin=Origin("b", 1)))
    assert without_zones(story.tick(15)) == ["Raise smoke@det-b yellow"]


def test_an_overtaken_alarm_counts_although_the_device_was_lost_since() -> None:
    """What overtook it is unknown by now; an alarm that nobody has seen is not dropped for that."""
    story = Story(plan(SMOKE), heard=False)
    story.tell(Reading(1, "det-a", "smoke", False, origin=Origin("b", 6)))
    story.tell(Heard(2, "det-a", online=False))
    assert "Raise smoke@det-a orange" in story.tell(Reading(3, "det-a", "smoke", True, origin=Origin("b", 5)))
    assert story.alarm("smoke@det-a") == "unack orange"


def test_a_quantity_told_in_a_forgotten_run_takes_news() -> None:
    """A detector that told its smoke contact three starts ago, and other things since, is believed when it tells it."""
    story = Story(plan(SMOKE), heard=False)
    story.tell(Reading(1, "det-a", "smoke", False, origin=Origin("b1", 1)))
    story.tell(Reading(2, "det-a", "temperature", 20.0, origin=Origin("b2", 1)))
    story.tell(Reading(3, "det-a", "temperature", 20.0, origin=Origin("b3", 1)))
    story.tell(Reading(4, "det-a", "smoke", True, origin=Origin("b3", 2)))
    assert story.alarm("smoke@det-a") == "unack orange"
