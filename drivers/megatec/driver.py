"""One UPS on one line: when to ask what, and what its answers and its silence mean."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from drivers.contract import SHOWN_BYTES, BadInput, Binding
from drivers.links.polled import Outcome
from drivers.megatec.codec import (
    ASK_IDENTITY,
    ASK_RATING,
    ASK_STATUS,
    Frames,
    Identity,
    Rating,
    Refused,
    Reply,
    Status,
)
from drivers.megatec.confirmed import ConfirmedFlag
from drivers.megatec.settings import MegatecSettings
from rules.quantity import QUANTITIES
from rules.signal import Fault, Heard, Reading, Recovered, Signal

log = logging.getLogger(__name__)

ANSWER_S = 1.0  # NUT's SER_WAIT_SEC; question and answer take 0.22 s on the wire at 2400 Bd
POLL_ON_BATTERY_S = 1.0  # the last minutes are worth a look each second; also the pace of asking one that is silent
AGAIN_S = 0.25  # soon enough that confirming a flag costs less than half a second
MISSED_MAX = 3  # polls without an answer: one is noise, three are silence
BAD_MAX = 5  # bad frames without a good one between
GOOD_MIN = 3  # good statuses in a row before the line is trusted again, lest a bad line fault and recover all day
ASKED_MAX = 2  # tries for rating and identity: many UPSs know neither
CELL_V = 2.0  # nominal volts of a lead-acid cell; online types tell volts of one cell (Santak Castle: 2.28 of 27.36 V)
FLAGS = ("on_battery", "ups_battery_low", "ups_failed", "test", "shutdown")
BYPASS_RATIO = (0.95, 1.05)  # output to input voltage; below trims, above boosts (NUT nutdrv_qx_blazer-common.c)


@dataclass
class _Line:
    """Where the talk on the line stands."""

    asked: bytes = b""  # the question that waits for an answer
    give_up_at: float = 0.0
    ask_at: float = 0.0
    questions: deque[bytes] = field(default_factory=deque)  # once per opened line, after the first status
    missed: int = 0
    bad_in_row: int = 0
    good_in_row: int = 0
    refused: bytes = b""


class MegatecDriver:
    """A PolledDriver for exactly one UPS."""

    def __init__(self, settings: MegatecSettings, bindings: Sequence[Binding]) -> None:
        if len(bindings) != 1:
            raise ValueError(f"a Megatec line carries exactly one UPS, and {len(bindings)} devices are bound to it")
        self._settings = settings
        self._binding = bindings[0]
        self._frames = Frames()
        self._line = _Line()
        self._flags = {name: ConfirmedFlag() for name in FLAGS}
        self._stands: dict[str, bool] = {}  # by fault code; what the last run of the daemon left standing is not known
        self._nominal_battery_v: float | None = None
        self._identity = ""

    def opened(self, at: float) -> None:
        self._frames.clear()
        self._line = _Line(ask_at=at, missed=self._line.missed)
        self._get_acquainted()

    def _get_acquainted(self) -> None:
        """Whoever answers next may be another UPS than before."""
        self._line.questions = deque((ASK_RATING, ASK_IDENTITY) * ASKED_MAX)
        self._nominal_battery_v = None
        self._identity = ""

    def due(self) -> float:
        at = self._line.give_up_at if self._line.asked else self._line.ask_at
        half = self._frames.deadline()
        return at if half is None else min(at, half)

    def tick(self, at: float) -> Outcome:
        heard = self._taken(self._frames.expire(at), at)
        signals = list(heard.signals)
        line = self._line
        if line.asked and at >= line.give_up_at:
            signals += self._missed(at)
        send = b""
        if not line.asked and at >= line.ask_at:
            send = line.asked = self._question()
            line.give_up_at = at + ANSWER_S
        return Outcome(send, tuple(signals), bad=heard.bad)

    def feed(self, data: bytes, at: float) -> Outcome:
        return self._taken(self._frames.feed(data, at), at)

    def _question(self) -> bytes:
        line = self._line
        if line.questions and line.good_in_row and self._settled:
            return line.questions.popleft()
        return ASK_STATUS

    @property
    def _settled(self) -> bool:
        return all(flag.settled for flag in self._flags.values())

    @property
    def _pause_s(self) -> float:
        """From one question to the next while the UPS answers."""
        if self._line.questions or not self._settled:
            return AGAIN_S
        if self._flags["on_battery"].believed:
            return min(self._settings.poll, POLL_ON_BATTERY_S)
        return self._settings.poll

    def _missed(self, at: float) -> Iterator[Signal]:
        """The answer did not come in time."""
        line = self._line
        status_missed = line.asked == ASK_STATUS
        line.asked = b""
        line.ask_at = at
        if not status_missed:
            return
        line.missed += 1
        if line.missed >= MISSED_MAX:
            self._get_acquainted()
            yield from self._fault(at, "no_answer", f"no answer to {MISSED_MAX} polls; {self._what_came()}")

    def _what_came(self) -> str:
        if self._line.refused:
            return f"it only says {self._line.refused!r}: another protocol, or the cable sends our own bytes back"
        if self._line.bad_in_row:
            return "what comes is not Megatec: another device, another speed than 2400 8N1, or a bad cable"
        return "is it on, and is the cable a UPS interface cable?"

    def _taken(self, found: Sequence[Reply | BadInput], at: float) -> Outcome:
        signals: list[Signal] = []
        bad: list[BadInput] = []
        for one in found:
            if isinstance(one, BadInput):
                bad.append(one)
                signals += self._not_believed(one, at)
            else:
                signals += self._replied(one, at)
        return Outcome(signals=tuple(signals), frames=len(found) - len(bad), bad=tuple(bad))

    def _not_believed(self, bad: BadInput, at: float) -> Iterator[Signal]:
        line = self._line
        line.bad_in_row += 1
        line.good_in_row = 0
        if line.bad_in_row >= BAD_MAX:
            shown = bad.evidence[:SHOWN_BYTES].hex(" ")
            text = f"{BAD_MAX} bad frames in a row; the last one is {shown}: {bad.reason}"
            yield from self._fault(at, "bad_input", text)

    def _replied(self, reply: Reply, at: float) -> Iterator[Signal]:
        match reply:
            case Status():
                yield from self._status(reply, at)
            case Rating():
                self._answered(ASK_RATING, at)
                self._nominal_battery_v = reply.battery_v
            case Identity():
                self._answered(ASK_IDENTITY, at)
                self._identified(reply)
            case Refused() if self._line.asked == ASK_STATUS:
                self._line.refused = reply.frame
            case Refused():
                self._answered(self._line.asked, at)

    def _answered(self, question: bytes, at: float) -> None:
        """Do not ask this again, and go on."""
        line = self._line
        line.questions = deque(other for other in line.questions if other != question)
        if line.asked == question:
            line.asked = b""
            line.ask_at = at + self._pause_s

    def _identified(self, identity: Identity) -> None:
        log.info("%s: the UPS says it is %r", self._binding.device, identity.text)
        self._identity = identity.text

    @property
    def _is_ours(self) -> bool:
        return self._identity.startswith(self._settings.identity)

    def _strange(self, at: float) -> Iterator[Signal]:
        """A UPS that is not known to be ours has answered; it may still have been asked who it is."""
        if ASK_IDENTITY not in self._line.questions and self._line.asked != ASK_IDENTITY:
            text = f"this is not our UPS: it says {self._identity!r} and {self._settings.identity!r} was expected"
            yield from self._fault(at, "identity", text)

    def _status(self, status: Status, at: float) -> Iterator[Signal]:
        line = self._line
        line.missed = line.bad_in_row = 0
        line.refused = b""
        line.good_in_row += 1
        if self._is_ours:
            yield from self._believed(status, at)
        else:
            yield from self._strange(at)
        self._answered(ASK_STATUS, at)

    def _believed(self, status: Status, at: float) -> Iterator[Signal]:
        yield from self._recovered(at, "identity")
        yield from self._recovered(at, "no_answer")
        if self._line.good_in_row >= GOOD_MIN:
            yield from self._recovered(at, "bad_input")
        states = self._states(status)
        if states.pop("shutdown", None):
            yield from self._fault(at, "shutdown", "the UPS is about to switch its output off")
        elif self._settled:
            yield from self._recovered(at, "shutdown")
        values = {**states, **self._numbers(status)}
        told: list[Signal] = [
            Reading(at, self._binding.device, *one) for one in values.items() if one[0] in self._binding.quantities
        ]
        yield from told or [Heard(at, self._binding.device)]

    def _states(self, status: Status) -> dict[str, bool]:
        """The flags that are believed; a new one only when a second frame has confirmed it."""
        frame = {
            "on_battery": status.mains_failed,
            "ups_battery_low": status.battery_low,
            "ups_failed": status.failed,
            "test": status.testing,
            "shutdown": status.shutting_down,
        }
        believed = {name: self._flags[name].see(value) for name, value in frame.items()}
        if self._settled:
            believed["ups_bypass"] = on_bypass(status)
        return {name: value for name, value in believed.items() if value is not None}

    def _numbers(self, status: Status) -> dict[str, float]:
        """What the UPS really measures, in our units. How warm it is inside says nothing about the air of the room."""
        numbers = {
            "voltage": status.input_v,
            "output_voltage": status.output_v,
            "load": status.load_percent,
            "frequency": None if status.mains_failed else status.frequency_hz,  # on battery it tells its own output's
            "battery_voltage": self._battery_v(status),
        }
        return {name: value for name, value in numbers.items() if value is not None}

    def _battery_v(self, status: Status) -> float | None:
        if status.battery_v is None or not status.per_cell:
            return status.battery_v
        if not self._nominal_battery_v:
            return None
        pack_v = round(status.battery_v * self._nominal_battery_v / CELL_V, 2)
        return pack_v if QUANTITIES["battery_voltage"].accepts(pack_v) else None

    def _fault(self, at: float, code: str, text: str) -> Iterator[Signal]:
        if self._stands.get(code) is not True:
            self._stands[code] = True
            yield Fault(at, self._binding.device, code, text)

    def _recovered(self, at: float, code: str) -> Iterator[Signal]:
        if self._stands.get(code) is not False:
            self._stands[code] = False
            yield Recovered(at, self._binding.device, code)


def on_bypass(status: Status) -> bool:
    """Whether the mains goes through unprotected: the flag means bypass, trim or boost, and the voltages tell which.

    Where they cannot tell, it is taken as a bypass; NUT then ignores the flag.
    """
    if not status.regulating:
        return False
    if not status.input_v or status.output_v is None:
        return True
    low, high = BYPASS_RATIO
    ratio = status.output_v / status.input_v
    return low <= ratio < high or ratio < 0.5 or ratio >= 1.5
