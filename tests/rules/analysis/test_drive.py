"""What is told to the engine in a proof, and what it says: to the instant, and nothing besides."""

from rules.analysis.calm_group import Told
from rules.analysis.drive import LAST_INSTANT_S, SIGNAL_S, Moment, Staff, Stage, first_evacuation, first_red
from rules.analysis.week import Situation
from rules.plan import DutyRule, InvestigationRule
from rules.signal import Acknowledge, Reading
from rules.tier import Tier
from tests.rules.house import device, plan, rule, tier, words

DEVICES = [
    device("det-a", "room-a", "smoke", "smoke_obscuration", "pressed", stale_after_s=20.0),
    device("det-b", "room-b", "smoke", stale_after_s=20.0),
]
SOS = rule("sos", "device", ["det-a"], tier("orange", "count(pressed, 60s) >= 3"), category="panic")
SMOKE = rule("smoke", "device", ["det-a", "det-b"], tier("orange", "smoke", on=15), latching=True)
CONFIRMED = rule(
    "confirmed",
    "zone",
    ["floor"],
    tier("red", "alarms([smoke], devices: 2)"),
    investigate=InvestigationRule(("smoke",), Tier.ORANGE),
    latching=True,
    evacuate="whole",
)
LOST = rule("lost", "device", ["det-a", "det-b"], tier("yellow", "absent"), category="fault")
PLAN = plan(SOS, SMOKE, CONFIRMED, LOST, devices=DEVICES)


def played(staff: Staff = "slow", *, until_s: float, **more: float) -> list[str]:
    """The story of a detector that sees smoke and whose button is pressed, in lines."""
    story = Stage(PLAN).play({"det-a": {"smoke": True, "pressed": True}}, staff, until_s=until_s, **more)
    return [line(moment) for moment in story]


def line(moment: Moment) -> str:
    what = moment.what
    if isinstance(what, Reading):
        return f"{moment.after_s:g} {what.device} {what.quantity} {what.value}"
    if isinstance(what, Acknowledge):
        return f"{moment.after_s:g} {what.who} acknowledges {what.alarm}"
    return f"{moment.after_s:g} {words(what)}"


SAID = ["0 det-a smoke True", "0 det-a pressed True", "1 det-a pressed True", "2 det-a pressed True"]
CALLED = ["2 Raise sos@det-a orange", "2 [room-a orange]", "2 [floor orange]", "2 [venue orange]"]
SEEN = ["15 Raise smoke@det-a orange", "15 Investigate confirmed@floor acknowledge until 3631"]


def test_slow_staff_acknowledge_at_the_last_instant() -> None:
    """Readings are repeated without being told again, the button is pressed as often as a rule asks, nobody is lost."""
    last = f"{30 - LAST_INSTANT_S:g}"
    looked = f"{90 - LAST_INSTANT_S:g}"
    assert played(until_s=100.0) == [
        *(*SAID, *CALLED, *SEEN),
        f"{last} staff acknowledges confirmed@floor",
        f"{last} Investigate confirmed@floor look until 3691",
        "60 Return sos@det-a orange",
        *(
            f"{looked} {said}"
            for said in ("Raise confirmed@floor red", "Evacuate whole-1", "[floor red]", "[venue red]")
        ),
    ]


def test_staff_who_are_away_acknowledge_nothing() -> None:
    """What is over at the last instant of the story is in it."""
    confirmed = ["Raise confirmed@floor red", "Evacuate whole-1", "[floor red]", "[venue red]"]
    assert played("away", until_s=30.0) == [*SAID, *CALLED, *SEEN, *(f"30 {said}" for said in confirmed)]
    assert played("away", until_s=29.9) == [*SAID, *CALLED, *SEEN]


def test_devices_that_relent_say_once_that_all_is_calm() -> None:
    """With their next repetition; and nobody presses any more from that instant on."""
    calm = ["20 det-a smoke False", "20 Return smoke@det-a orange"]
    assert played(until_s=35.0, relent_s=12.0)[:-2] == [*SAID, *CALLED, *SEEN, *calm]
    assert played(until_s=15.0, relent_s=2.0) == [*SAID[:3], "10 det-a smoke False"]
    assert played(until_s=15.0, relent_s=1.5) == [*SAID[:3], "10 det-a smoke False"]


def test_the_first_red_and_the_first_evacuation_of_a_story() -> None:
    """In seconds from the signal; None where there is none. Without anybody on duty nobody is waited for."""
    told: Told = {"det-a": {"smoke": True}}
    assert first_red(Stage(PLAN).play(told, "away")) == 30.0 == first_evacuation(Stage(PLAN).play(told, "away"))
    assert first_red(Stage(PLAN).play(told, until_s=20.0)) is None
    assert first_evacuation(Stage(PLAN).play(told, until_s=20.0)) is None
    alone = plan(SMOKE, CONFIRMED, devices=DEVICES)
    unmanned = Stage(
        type(alone)(alone.venue, alone.rules, alone.evacuation_plans, duty=DutyRule()), Situation(staffed=False)
    )
    assert first_evacuation(unmanned.play(told)) == 15.0
    assert SIGNAL_S == 3601.0
