"""The form of a test file. What its names mean is held against the venue in `sheet`."""

from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from config.form import Form
from config.venue_file import VenueShell
from config.words import Duration
from drivers.settings import Settings

TierOrNone = Literal["none", "blue", "yellow", "orange", "red"]
StateWord = Literal["normal", "pending", "unack", "acked", "rtn_unack", "latched_unack", "latched_acked"]
_SOME = Field(min_length=1)


class FileShell(Settings):
    """The keys at the top of a test file. Tests are checked one by one, so that one bad test hides no other.

    Beside them may stand the keys of a venue file: a small venue of the test's own, instead of `config`.
    """

    config: Annotated[str, _SOME] = ".."
    tests: Annotated[list[Any], _SOME]


class TestEntry(Settings):
    """One story, and what must follow. Times count from its beginning.

    Every device is heard throughout unless the story says otherwise. `start: normal`: at 0 each says that all is well;
    `given` says what some of them say instead.
    """

    __test__ = False  # none of pytest's own

    name: Annotated[str, Field(min_length=1, max_length=200)]
    every: Annotated[Duration, Field(gt=0)] = 1.0
    start: Literal["normal", "unknown"] = "normal"
    given: dict[str, float | bool] = {}
    series: dict[str, str | float | bool] = {}
    at: list[dict[str, str]] = []
    expect: Annotated[list[dict[str, Any]], _SOME]


class _Expected(Settings):
    """`within`: not now, but at some time from now on until then."""

    within: Duration | None = None
    because: Annotated[str, _SOME] | None = None  # a part of the text of its evidence


class AlarmExpected(_Expected):
    """An alarm is up, or is as said."""

    alarm: str
    tier: TierOrNone | None = None
    state: StateWord | None = None
    sounding: bool | None = None
    overlay: Literal["none", "shelved", "suppressed", "out_of_service"] | None = None  # what keeps it from view


class AlarmsExpected(Settings):
    """All alarms that are up, and no others: each "rule@place" or "rule@place tier"."""

    alarms: list[str]
    within: Duration | None = None


class ZoneExpected(Settings):
    """The worst tier in a zone."""

    zone: str
    tier: TierOrNone
    within: Duration | None = None


class EvacuationExpected(_Expected):
    """An evacuation plan is in force."""

    evacuation: str
    origin: str | None = None


class NoEvacuationExpected(Settings):
    """No evacuation is in force."""

    no_evacuation: Literal[True]


class FaultExpected(_Expected):
    """A fault of a device, a link or Tocsin stands."""

    fault: str
    code: str | None = None


class NoFaultExpected(Settings):
    """No fault stands, of this source or, with `any`, at all."""

    no_fault: str
    code: str | None = None


class DecisionExpected(_Expected):
    """The engine says something, `count` times; without a count at least once. Other keys narrow what is counted."""

    decision: str
    alarm: str | None = None
    tier: TierOrNone | None = None
    state: StateWord | None = None
    zone: str | None = None
    plan: str | None = None
    step: Literal["acknowledge", "look"] | None = None
    source: str | None = None
    code: str | None = None
    order: str | None = None
    count: Annotated[int, Field(ge=0)] | None = None


Expected = (
    DecisionExpected
    | AlarmExpected
    | AlarmsExpected
    | ZoneExpected
    | EvacuationExpected
    | NoEvacuationExpected
    | FaultExpected
    | NoFaultExpected
)

_SECTIONS: dict[str, Any] = dict.fromkeys(VenueShell.model_fields, (Any, None))
FILE: Form[FileShell] = Form(create_model("TestFile", __base__=FileShell, **_SECTIONS))
TEST: Form[TestEntry] = Form(TestEntry)
# By the key that says what is expected; where two could be meant, the first.
EXPECTED: dict[str, Form[Expected]] = {
    "decision": Form(DecisionExpected),
    "alarm": Form(AlarmExpected),
    "alarms": Form(AlarmsExpected),
    "evacuation": Form(EvacuationExpected),
    "no_evacuation": Form(NoEvacuationExpected),
    "fault": Form(FaultExpected),
    "no_fault": Form(NoFaultExpected),
    "zone": Form(ZoneExpected),
}
