"""Root cause: what an alarm or a dead link explains is out of view while it stands, and in view when it does not."""

from rules.decision import ReportFault
from rules.engine import Engine
from rules.signal import Acknowledge, Fault, Heard, InService, LinkDown, LinkUp, OutOfService, Resumed, Shelve
from tests.rules.house import Story, device, plan, rule, tier, without_zones

METER = device("meter", "floor", "voltage")
STRIP = device("strip", "room-a", "voltage", fed_by="meter")
PLUG = device("plug", "room-a", "power", fed_by="strip")
OTHER = device("other", "attic", "power")
DEVICES = (METER, STRIP, PLUG, OTHER)

DEAD = rule("dead", "device", ("meter", "strip"), tier("yellow", "voltage < 44"), category="power", suppresses=["lost"])
LOST = rule("lost", "device", ("strip", "plug", "other"), tier("blue", "absent"), category="fault")
DARK = rule("dark", "zone", ("floor",), tier("yellow", "any(voltage < 44)"), category="power", suppresses=["lost"])
WIRED = rule("lost", "device", ("plug",), tier("blue", "absent"), category="fault", explained_by_link=True)
FIRE = rule("flame", "device", ("plug",), tier("orange", "absent"), category="fire", explained_by_link=True)


def gone(at: float, device_id: str) -> Heard:
    return Heard(at, device_id, online=False)


def said_of_alarms(said: list[str]) -> list[str]:
    return [line for line in without_zones(said) if "Fault" not in line]


def test_what_a_dead_supply_feeds_is_withheld() -> None:
    """The power's alarm is shown, its consequences down the line are not, and neither is lost from the record."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    assert said_of_alarms(story.tell(gone(11, "plug"))) == ["Withheld lost@plug blue suppressed"]
    assert said_of_alarms(story.tell(gone(12, "other"))) == ["Raise lost@other blue"]
    (status,) = [alarm for alarm in story.engine.alarms() if alarm.alarm == "lost@plug"]
    assert (status.overlays[0].by, status.overlays[0].until, status.standing.word) == ("dead@meter", None, "blue")


def test_a_consequence_that_was_raised_first_is_hidden() -> None:
    """Messages come in any order: what was shown goes out of view when its cause is known."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.tell(gone(9, "plug"))
    assert without_zones(story.read(10, "meter", voltage=0.0)) == [
        "Raise dead@meter yellow",
        "Hidden lost@plug blue suppressed",
    ]


def test_what_still_stands_when_its_cause_is_gone_sounds() -> None:
    """Power is back and the plug is not: that is news."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    story.tell(gone(11, "plug"))
    assert without_zones(story.read(20, "meter", voltage=230.0)) == [
        "Return dead@meter yellow",
        "Shown lost@plug blue suppressed",
    ]
    assert story.alarm("lost@plug") == "unack blue"


def test_consequences_that_never_came_or_are_over_make_no_noise() -> None:
    """Nothing is said of what did not happen; what was withheld and ended is said to be in view, and normal."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    assert [alarm.alarm for alarm in story.engine.alarms()] == ["dead@meter"]
    story.tell(gone(11, "plug"))
    assert said_of_alarms(story.read(12, "plug", power=5.0)) == ["Withheld lost@plug none suppressed"]
    assert without_zones(story.read(20, "meter", voltage=230.0)) == [
        "Return dead@meter yellow",
        "Shown lost@plug none suppressed",
    ]


def test_an_acknowledged_or_shelved_cause_still_explains() -> None:
    """Taking note of a dead supply, or putting it aside, does not make its consequences news."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    story.tell(Acknowledge(11, "dead@meter", "Li", "seen"))
    story.tell(Shelve(12, "dead@meter", 3600, False, "Li", "street works", "engineer"))
    assert said_of_alarms(story.tell(gone(13, "plug"))) == ["Withheld lost@plug blue suppressed"]


def test_a_cause_out_of_service_explains_nothing() -> None:
    """A disabled meter cannot say that the power is gone: its consequences come into view, and go again with it."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    story.tell(gone(11, "plug"))
    said = without_zones(story.tell(OutOfService(20, "meter", 60, "Li", "exchange", "engineer")))
    assert said == ["Hidden dead@meter yellow out_of_service", "Shown lost@plug blue suppressed"]
    said = without_zones(story.tell(InService(30, "meter", "Li", "done")))
    assert said == ["Shown dead@meter yellow out_of_service", "Hidden lost@plug blue suppressed"]


def test_any_of_several_causes_is_enough_and_the_last_one_lets_go() -> None:
    """Two supplies in a row are dead: the plug is explained until both are back."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    story.read(10, "strip", voltage=0.0)
    story.tell(gone(11, "plug"))
    assert without_zones(story.read(20, "meter", voltage=230.0)) == ["Return dead@meter yellow"]
    assert "Shown lost@plug blue suppressed" in story.read(30, "strip", voltage=230.0)


def test_a_suppressed_cause_still_explains_by_the_root() -> None:
    """A chain of causes is as quiet as its root: hiding a link of it shows nothing below it."""
    shed = rule("shed", "device", ("strip",), tier("yellow", "voltage < 44"), category="power", suppresses=["lost"])
    main = rule("main", "device", ("meter",), tier("orange", "voltage < 44"), category="power", suppresses=["shed"])
    story = Story(plan(main, shed, LOST, devices=DEVICES))
    story.read(10, "strip", voltage=0.0)
    story.tell(gone(11, "plug"))
    assert without_zones(story.read(12, "meter", voltage=0.0)) == [
        "Raise main@meter orange",
        "Hidden shed@strip yellow suppressed",
    ]
    assert story.alarm("lost@plug") == "normal none"


def test_a_zone_explains_what_lies_in_it() -> None:
    """A zone's rule explains the alarms of its zone and below, and none outside."""
    story = Story(plan(DARK, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    assert said_of_alarms(story.tell(gone(11, "plug"))) == ["Withheld lost@plug blue suppressed"]
    assert said_of_alarms(story.tell(gone(12, "other"))) == ["Raise lost@other blue"]


def test_a_shelved_consequence_is_shown_when_both_let_go() -> None:
    """Suppression under a shelf is not told; when the shelf ends first, what still holds it is."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.tell(gone(5, "plug"))
    story.tell(Shelve(6, "lost@plug", 60, False, "Li", "known", "engineer"))
    assert without_zones(story.read(10, "meter", voltage=0.0)) == ["Raise dead@meter yellow"]
    assert story.tick(66) == ["Hidden lost@plug blue suppressed"]
    assert "Shown lost@plug blue suppressed" in story.read(70, "meter", voltage=230.0)


def test_a_shelf_outlasts_the_suppression() -> None:
    """When the cause ends first, the shelf holds on and nothing is said."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    story.tell(gone(11, "plug"))
    story.tell(Shelve(12, "lost@plug", 60, False, "Li", "known", "engineer"))
    assert without_zones(story.read(20, "meter", voltage=230.0)) == ["Return dead@meter yellow"]
    assert without_zones(story.tick(72)) == ["Shown lost@plug blue shelved"]


def test_a_dead_link_explains_the_silence_behind_it() -> None:
    """The link's fault is told; the devices behind it are withheld until it is back."""
    story = Story(plan(WIRED, devices=DEVICES))
    assert story.tell(LinkDown(10, "wire", "cut")) == ["ReportFault wire link_down"]
    assert said_of_alarms(story.tell(gone(11, "plug"))) == ["Withheld lost@plug blue suppressed"]
    assert story.tell(LinkDown(12, "wire", "cut")) == []
    assert without_zones(story.tell(LinkUp(20, "wire"))) == [
        "EndFault wire link_down",
        "Shown lost@plug blue suppressed",
    ]


def test_nothing_explains_a_fire_away() -> None:
    """A rule of fire is shown whatever its file says of it and of its causes."""
    dead = rule("dead", "device", ("meter",), tier("yellow", "voltage < 44"), category="power", suppresses=["flame"])
    story = Story(plan(dead, FIRE, devices=DEVICES))
    story.read(9, "meter", voltage=0.0)
    story.tell(LinkDown(10, "wire", "cut"))
    assert said_of_alarms(story.tell(gone(11, "plug"))) == ["Raise flame@plug orange"]


def test_faults_name_what_explains_them() -> None:
    """A silent device behind a dead link, or fed by a dead supply, points at it; the list follows what is so now."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.tell(gone(5, "plug"))
    assert explained(story) == {"plug": ""}
    story.tell(gone(6, "strip"))
    assert explained(story) == {"plug": "strip", "strip": ""}
    story.read(10, "meter", voltage=0.0)
    assert explained(story) == {"plug": "strip", "strip": "meter"}
    story.tell(LinkDown(11, "wire", "cut"))
    assert explained(story) == {"plug": "wire", "strip": "wire", "wire": ""}
    (fault,) = [one for one in story.engine.step(gone(12, "other")) if isinstance(one, ReportFault)]
    assert (fault.source, fault.explained_by) == ("other", "wire")


def explained(story: Story) -> dict[str, str]:
    return {fault.source: fault.explained_by for fault in story.engine.faults()}


def test_suppression_survives_a_restart_and_follows_changed_rules() -> None:
    """A restart says nothing anew; a rule that suppresses no more lets its consequences go."""
    story = Story(plan(DEAD, LOST, devices=DEVICES))
    story.read(10, "meter", voltage=0.0)
    story.tell(gone(11, "plug"))
    story.restart()
    assert story.tell(Resumed(20, 1)) == []
    loose = rule("dead", "device", ("meter", "strip"), *DEAD.tiers, category="power")
    story.engine = Engine.restore(plan(loose, LOST, devices=DEVICES), story.engine.snapshot())
    assert without_zones(story.tell(Resumed(30, 1))) == ["Shown lost@plug blue suppressed"]


def test_a_supply_that_feeds_itself_is_followed_once() -> None:
    """A circle of feeders, which the loader refuses, does not hang the engine."""
    a, b = device("a", "room-a", "power", fed_by="b"), device("b", "room-a", "power", fed_by="a")
    assert plan(devices=(a, b)).venue.feeders == {"a": ("b",), "b": ("a",)}


def test_a_device_explains_no_zone() -> None:
    """What a UPS feeds are devices; a zone alarm that its rule names is in view all the same."""
    ups = device("ups", "floor", "on_battery")
    mains = rule("mains", "device", ("ups",), tier("blue", "on_battery"), category="power", suppresses=("dark",))
    dark = rule("dark", "zone", ("floor",), tier("blue", "any(on_battery)"), category="power")
    story = Story(plan(mains, dark, devices=[ups]))
    said = without_zones(story.read(10, "ups", on_battery=True))
    assert sorted(said) == ["Raise dark@floor blue", "Raise mains@ups blue"]


def test_a_dead_link_explains_what_stands_behind_it() -> None:
    """A gateway or a port by the name that begins with the link's, a device by its own link; no other link's."""
    story = Story(plan(devices=[device("det", "room-a", "smoke")]))
    story.tell(LinkDown(1, "wire", "cable"))
    for source in ("wire/gateway/7", "other/gateway", "det"):
        story.tell(Fault(2, source, "trouble", "it says so"))
    told = [one for one in story.decisions if isinstance(one, ReportFault)]
    assert [(one.source, one.explained_by) for one in told] == [
        ("wire", ""),
        ("wire/gateway/7", "wire"),
        ("other/gateway", ""),
        ("det", "wire"),
    ]


def test_a_link_explains_no_alarm_of_a_zone() -> None:
    """A zone is on no link: were a rule for zones to ask for it, its alarm stays in view."""
    zones = rule("dim", "zone", ("floor",), tier("blue", "any(voltage < 44)"), category="power", explained_by_link=True)
    story = Story(plan(zones, devices=DEVICES))
    story.tell(LinkDown(1, "wire", "cut"))
    assert without_zones(story.read(2, "meter", voltage=0.0)) == ["Raise dim@floor blue"]
