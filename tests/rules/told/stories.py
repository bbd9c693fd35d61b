"""The stories that are kept word for word: a plan each, and what is told of it, from many sides at once."""

from collections.abc import Sequence
from dataclasses import replace

from rules.decision import StageAction
from rules.plan import (
    DutyRule,
    EvacuationPlan,
    InvestigationRule,
    Plan,
    Rule,
    Stage,
    VerifyRule,
)
from rules.schedule import Schedule
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Calendar,
    Duty,
    EndShow,
    Fault,
    Heard,
    InService,
    LinkDown,
    LinkUp,
    OrderEvacuation,
    OutOfService,
    Reading,
    Recovered,
    Reset,
    Resumed,
    Role,
    Shelve,
    Silence,
    StartShow,
    Tick,
    Unshelve,
)
from rules.tier import Tier
from rules.venue import Route, Text, Venue, Zone
from tests.rules.house import device, rule, tier
from tests.rules.told.record import Step

WANG: tuple[str, str, Role] = ("Wang", "on site", "commander")
LI = ("Li", "seen")

ZONES = [
    Zone("venue", "venue", Text("venue")),
    Zone("one", "floor", Text("one"), "venue", ("two",), (Route("west", ("stair",), Text("yard")),)),
    Zone("two", "floor", Text("two"), "venue", (), (Route("up", ("stair",), Text("roof")),)),
    Zone("three", "floor", Text("three"), "venue"),
    Zone("hall", "room", Text("hall"), "one"),
    Zone("bar", "room", Text("bar"), "one"),
    Zone("store", "room", Text("store"), "two"),
    Zone("stair", "stair", Text("stair"), "venue"),
]
DEVICES = [
    device("d-hall", "hall", "smoke", "smoke_obscuration", "temperature"),
    device("d-bar", "bar", "smoke", "smoke_obscuration", "temperature"),
    device("d-store", "store", "smoke", "smoke_obscuration", "temperature"),
    device("d-stair", "stair", "smoke", "temperature"),
    device("call", "bar", "contact"),
    device("ups", "store", "on_battery", "battery_charge", "voltage", stale_after_s=300),
    device("plug", "hall", "voltage", "pressed", stale_after_s=300, fed_by="ups"),
]
STAGES = (
    Stage("first", who="origin", actions=(StageAction("lights_up", "venue"),)),
    Stage("next", who="neighbours", after_s=60),
    Stage("others", who="rest", after_s=180),
    Stage("power", after_s=240, actions=(StageAction("power_off", "venue"),)),
)
PLANS = {
    "all": EvacuationPlan("all", ("one", "two", "three"), Text("leave"), Text("square"), STAGES),
    "one": EvacuationPlan("one", ("one",), Text("leave"), Text("yard")),
}
SMOKE = rule(
    "smoke",
    "device",
    ("d-hall", "d-bar", "d-store"),
    tier("yellow", "smoke_obscuration >= 2", "smoke_obscuration < 1", on=5, off=30),
    tier("orange", "smoke_obscuration >= 4.8 or smoke"),
    latching=True,
)
CALL = rule("call-point", "device", ("call",), tier("red", "contact"), latching=True, evacuate="all")
CONFIRMED = rule(
    "confirmed",
    "zone",
    ("one", "two"),
    tier("red", "alarms([smoke], at: orange, devices: 2, within: 60s) or alarms([call-point])"),
    latching=True,
    investigate=InvestigationRule(("smoke",), Tier.ORANGE),
    evacuate="all",
)


def plan(*rules: Rule, duty: str | None = None) -> Plan:
    """The venue with these rules, two evacuation plans and two schedules."""
    venue = Venue("venue", {one.id: one for one in ZONES}, {one.id: one for one in DEVICES}, ("wire",))
    schedules = {"open": Schedule(()), "staff": Schedule(())}
    return Plan(venue, rules, PLANS, schedules, None if duty is None else DutyRule(duty))


def said(at: float, device_id: str, **values: float | bool) -> list[Reading]:
    """Readings of one device at one instant."""
    return [Reading(at, device_id, name, value) for name, value in values.items()]


FIRE: list[Step] = [
    Tick(0),
    *said(1, "d-hall", smoke_obscuration=0.0, temperature=20.0, smoke=False),
    *said(10, "d-hall", smoke_obscuration=3.0),
    "smoke@d-hall",
    Tick(15),
    *said(20, "d-hall", smoke_obscuration=5.0),
    "shown",
    "confirmed@one",
    "smoke@d-hall",
    Silence(21, "", *LI),
    Acknowledge(22, "smoke@d-hall", *LI),
    "confirmed@one",
    *said(25, "d-hall", smoke_obscuration=0.5),
    "confirmed@one",
    Reset(40, "smoke@d-hall", "Li", "haze", "operator"),
    Reset(41, "confirmed@one", *WANG),
    "confirmed@one",
    *said(60, "d-bar", smoke=True),
    *said(61, "d-stair", smoke=True, temperature=70.0),
    Tick(75),
    "shown",
    "confirmed@one",
    *said(80, "call", contact=True),
    *said(90, "d-store", smoke=True),
    *said(91, "d-store", smoke_obscuration=0.1, smoke=False),
    AdvanceEvacuation(95, "all-1", "Li", "now", "operator"),
    AdvanceEvacuation(96, "all-1", *WANG),
    Tick(315),
    "shown",
    OrderEvacuation(320, "one", *LI),
    OrderEvacuation(321, "one", *LI),
    OrderEvacuation(322, "none", *LI),
    Silence(323, "", *LI),
    Silence(324, "", *LI),
    Acknowledge(325, "smoke@d-bar", *LI),
    Acknowledge(326, "smoke@d-bar", *LI),
    *said(327, "d-bar", smoke=False),
    Reset(328, "smoke@d-store", *LI),
    Reset(329, "smoke@d-bar", *WANG),
    Reset(330, "confirmed@one", *WANG),
    Reset(331, "confirmed@two", *WANG),
    AllClear(340, "all-1", "Li", "mistake", "operator"),
    AllClear(341, "all-1", "Wang", " ", "commander"),
    AllClear(342, "all-1", *WANG),
    AllClear(343, "all-1", *WANG),
    Resumed(400, 30),
    "shown",
]

STAIR = rule("stair", "device", ("d-stair",), tier("orange", "smoke"), latching=True)

WARM = rule(
    "warm",
    "device",
    ("d-hall", "d-bar"),
    tier("blue", "temperature >= 30", "temperature < 28", on=3, off=4),
    tier("orange", "temperature >= 50"),
    category="power",
    re_alarm=60,
)
LOST = rule("lost", "device", ("d-hall", "plug", "ups"), tier("yellow", "absent or faulted"), category="fault")
LOST = replace(LOST, explained_by_link=True)
MAINS = rule("mains", "device", ("ups",), tier("blue", "on_battery"), category="power", suppresses=("lost", "dead"))
DEAD = rule("dead", "device", ("plug",), tier("yellow", "voltage < 40"), category="power")
HOT = rule("hot", "venue", ("venue",), tier("yellow", "max(temperature) >= 50"), category="power", suppresses=("warm",))
ASIDE: list[Step] = [
    Tick(0),
    *said(1, "d-hall", temperature=35.0, smoke_obscuration=0.0),
    *said(1, "d-bar", temperature=20.0),
    *said(1, "plug", voltage=230.0),
    *said(1, "ups", on_battery=False, voltage=230.0, battery_charge=100.0),
    "warm@d-hall",
    Tick(4),
    Silence(5, "warm@d-hall", *LI),
    Shelve(6, "warm@d-hall", 100, True, "Li", "sun on it", "operator"),
    Shelve(6, "warm@d-hall", 100, True, "Zhao", "sun on it", "engineer"),
    "warm@d-hall",
    "shown",
    *said(10, "d-hall", temperature=55.0),
    "warm@d-hall",
    OutOfService(11, "d-hall", 50, "Zhao", "painting", "engineer"),
    "warm@d-hall",
    "shown",
    Unshelve(12, "warm@d-hall", *LI),
    Unshelve(12, "warm@d-hall", *LI),
    Tick(61),
    "warm@d-hall",
    *said(62, "d-hall", temperature=20.0),
    Tick(66),
    "warm@d-hall",
    Acknowledge(67, "warm@d-hall", *LI),
    Shelve(70, "warm@d-bar", 1e9, False, "Zhao", "x", "engineer"),
    Shelve(70, "warm@d-bar", 1, False, "Zhao", "short", "engineer"),
    Tick(71),
    Shelve(72, "smoke@d-bar", 5, False, "Zhao", "x", "engineer"),
    Shelve(72, "smoke@nowhere", 5, False, "Zhao", "x", "engineer"),
    OutOfService(73, "nothing", 5, "Zhao", "x", "engineer"),
    OutOfService(73, "d-bar", 0, "Zhao", "x", "engineer"),
    OutOfService(73, "confirmed@one", 5, "Zhao", "x", "engineer"),
    InService(73, "nothing", *LI),
    InService(73, "d-bar", *LI),
    OutOfService(74, "d-bar", 3600, "Zhao", "dust", "engineer"),
    *said(75, "d-bar", smoke=True),
    "smoke@d-bar",
    InService(76, "d-bar", *LI),
    OutOfService(77, "d-bar", 3600, "Zhao", "dust", "engineer"),
    *said(80, "plug", voltage=10.0),
    *said(81, "ups", on_battery=True),
    "dead@plug",
    "shown",
    Heard(82, "plug", False),
    "shown",
    *said(90, "ups", on_battery=False),
    LinkDown(91, "wire", "cable"),
    LinkDown(92, "wire", "cable"),
    "lost@plug",
    "shown",
    LinkUp(95, "wire"),
    LinkUp(96, "wire"),
    Heard(97, "plug"),
    Acknowledge(98, "lost@plug", *LI),
    Acknowledge(98, "nothing@plug", *LI),
    Silence(98, "nothing@plug", *LI),
    Reset(98, "nothing@plug", *WANG),
    *said(100, "d-bar", temperature=60.0),
    "warm@d-bar",
    Fault(101, "d-bar", "trouble", "lens", "temperature"),
    "hot@venue",
    Recovered(102, "d-bar", "trouble"),
    Recovered(103, "d-bar", "trouble"),
    Tick(400),
    "shown",
]

RATTLE: list[Step] = [
    Tick(0),
    *said(1, "d-hall", temperature=20.0),
    *(one for n in range(5) for one in said(10 + 8 * n, "d-hall", temperature=60.0 if n % 2 == 0 else 20.0)),
    "warm@d-hall",
    "shown",
    *said(50, "d-hall", temperature=20.0),
    Tick(110),
    Acknowledge(111, "warm@d-hall", *LI),
    *said(120, "d-hall", temperature=60.0),
    Acknowledge(121, "warm@d-hall", *LI),
    "shown",
    Tick(181),
    "warm@d-hall",
    *(
        one
        for n in range(11)
        for one in said(200 + 30 * n, ("d-hall", "d-bar")[n % 2], temperature=60.0 if n // 2 % 2 == 0 else 20.0)
    ),
    "shown",
    *(one for n in range(8) for one in said(600 + 10 * n, "d-bar", temperature=35.0 if n % 2 else 20.0)),
    "shown",
    Tick(1300),
    Tick(1500),
    "shown",
]

GROUP = rule(
    "group",
    "zone",
    ("one",),
    tier("blue", "share(temperature >= 30) > 0.4 and not all(smoke) or count(pressed) > 3", on=2),
    tier("yellow", "mean(temperature) >= 40 or min(temperature) > 38"),
    tier("orange", "any(temperature >= 60 and smoke_obscuration > 1) or max(temperature) > 70"),
    category="power",
    unknown="fault",
)
WINDOWS = rule(
    "windows",
    "device",
    ("d-hall",),
    tier("blue", "rise(temperature, 60s) >= 8 or rate(temperature, 10s) > 2"),
    tier("yellow", "mean(temperature, 30s) >= 40 and min(temperature, 10s) >= 35 and max(temperature, 10s) < 90"),
    tier("orange", "count(smoke, 60s) >= 2 or alarms([smoke], at: orange)"),
    category="power",
    after_outage="restart",
)
ASSUMED = rule(
    "assumed", "device", ("d-bar",), tier("blue", "temperature >= 50", on=5), category="power", unknown="assume_alarm"
)
NONE = rule("none", "zone", ("three",), tier("blue", "max(temperature) > 5 or share(smoke) > 0.5"), category="power")
LOOKED: list[Step] = [
    Tick(0),
    "group@one",
    "windows@d-hall",
    "none@three",
    *said(1, "d-hall", temperature=20.0, smoke=False, smoke_obscuration=0.0),
    "group@one",
    *said(2, "d-bar", temperature=20.0, smoke=False, smoke_obscuration=0.0),
    *said(3, "plug", voltage=230.0),
    *said(10, "d-hall", temperature=45.0),
    "group@one",
    "windows@d-hall",
    "shown",
    Tick(12),
    *said(15, "d-bar", temperature=65.0, smoke_obscuration=2.0),
    "group@one",
    *said(20, "d-bar", temperature=float("nan")),
    "group@one",
    "assumed@d-bar",
    "shown",
    Tick(25),
    "assumed@d-bar",
    *said(30, "d-hall", smoke=True),
    *said(31, "d-hall", smoke=False),
    *said(32, "d-hall", smoke=True),
    "windows@d-hall",
    Reading(33, "d-bar", "smoke", True, "retained"),
    Reading(33, "d-hall", "smoke_obscuration", 3.0, "retained"),
    "shown",
    "smoke@d-bar",
    *said(40, "d-bar", temperature=20.0, smoke=False),
    *said(41, "plug", pressed=True),
    *said(50, "d-hall", temperature=21.0),
    "windows@d-hall",
    Fault(51, "tocsin/journal", "degraded", "disk full"),
    Fault(52, "d-hall", "trouble", "lens"),
    Tick(110),
    "windows@d-hall",
    Tick(400),
    Tick(1100),
    "windows@d-hall",
    "group@one",
    "shown",
    Resumed(1200, 60),
    "shown",
]

HAZY = replace(SMOKE, show_mode=True)
NIGHT = rule("night", "device", ("d-hall",), tier("blue", "smoke_obscuration >= 1 and not during(open)"))
ALONE = rule("alone", "zone", ("one",), tier("blue", "any(smoke) and nobody_on_duty"))
AROUND: list[Step] = [
    Tick(0),
    "alone@one",
    "shown",
    Calendar(1, "staff", True),
    Calendar(2, "open", True),
    *said(3, "d-hall", smoke=False, smoke_obscuration=1.5),
    "night@d-hall",
    Calendar(4, "open", False),
    "night@d-hall",
    Calendar(5, "open", None),
    "shown",
    StartShow(6, "nowhere", 60, "Zhao", "haze", "engineer"),
    StartShow(6, "venue", 60, "Zhao", "haze", "engineer"),
    StartShow(6, "hall", 0, "Zhao", "haze", "engineer"),
    StartShow(6, "hall", 1e6, "Zhao", "haze", "engineer"),
    StartShow(6, "hall", 60, "Zhao", "haze", "operator"),
    StartShow(7, "hall", 60, "Zhao", "haze", "engineer"),
    *said(10, "d-hall", smoke=True),
    "confirmed@one",
    "shown",
    StartShow(11, "one", 60, "Zhao", "haze", "engineer"),
    EndShow(12, "bar", *LI),
    Tick(67),
    "confirmed@one",
    Duty(70, False, "Wang", "called away"),
    "shown",
    "confirmed@one",
    Duty(71, True, "Wang", "back"),
    Calendar(80, "staff", False),
    AllClear(81, "all-1", *WANG),
    *said(82, "d-hall", smoke=False),
    Acknowledge(83, "smoke@d-hall", *LI),
    Reset(84, "smoke@d-hall", *WANG),
    StartShow(85, "hall", 60, "Zhao", "haze", "engineer"),
    Acknowledge(86, "confirmed@one", *LI),
    Reset(87, "confirmed@one", *WANG),
    Acknowledge(87, "night@d-hall", *LI),
    *said(88, "d-hall", smoke_obscuration=0.0),
    StartShow(88, "hall", 60, "Zhao", "haze", "engineer"),
    Calendar(89, "staff", True),
    StartShow(90, "hall", 60, "Zhao", "haze", "engineer"),
    *said(91, "d-hall", smoke=True),
    EndShow(95, "hall", *LI),
    Tick(200),
    "shown",
]

VERIFIED = rule(
    "smoke",
    "device",
    ("d-hall", "d-bar"),
    tier("yellow", "smoke_obscuration >= 2", on=5),
    replace(tier("orange", "smoke"), verify=VerifyRule(30, 60)),
    latching=True,
)
VERIFY: list[Step] = [
    Tick(0),
    *said(1, "d-hall", smoke=False, smoke_obscuration=0.0),
    *said(10, "d-hall", smoke=True),
    "smoke@d-hall",
    OutOfService(11, "d-hall", 60, "Zhao", "dust", "engineer"),
    *said(12, "d-hall", smoke=False),
    Tick(41),
    "smoke@d-hall",
    "shown",
    Tick(101),
    *said(110, "d-hall", smoke=True),
    *said(120, "d-bar", smoke=True),
    "shown",
    "confirmed@one",
]

STORIES: dict[str, tuple[Plan, Sequence[Step]]] = {
    "a_fire_and_its_evacuation": (plan(SMOKE, CALL, STAIR, CONFIRMED), FIRE),
    "what_is_put_aside_and_explained": (plan(MAINS, HOT, WARM, DEAD, LOST, SMOKE, CONFIRMED), ASIDE),
    "what_comes_too_often": (plan(WARM), RATTLE),
    "what_conditions_look_at": (plan(SMOKE, GROUP, WINDOWS, ASSUMED, NONE), LOOKED),
    "schedules_duty_and_shows": (plan(HAZY, NIGHT, ALONE, CONFIRMED, duty="staff"), AROUND),
    "a_signal_that_is_verified": (plan(VERIFIED, CONFIRMED), VERIFY),
}
