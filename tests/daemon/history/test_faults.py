"""When an export is a fault, and when it is one no longer."""

import msgspec

from daemon.history.export import _Faults
from daemon.history.job import Progress
from daemon.journal.keeping import Keeping
from rules.signal import Fault, Recovered, Signal
from tests.daemon.house import HandClock


class Judge:
    """Faults as they stand, by their code."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.standing: dict[str, str] = {}
        self._told = Progress("up")
        self._faults = _Faults("history/archive", 600.0, self.clock, self._hear, Keeping())
        self._faults.judge(self._told)

    def tell(self, **changes: object) -> list[str]:
        """The faults that stand once the process has said this."""
        self._told = msgspec.structs.replace(self._told, **changes)
        self._faults.judge(self._told)
        return sorted(self.standing)

    def _hear(self, signal: Signal) -> None:
        assert isinstance(signal, Fault | Recovered) and signal.source == "history/archive"
        if isinstance(signal, Fault):
            assert signal.code not in self.standing
            self.standing[signal.code] = signal.text
        else:
            del self.standing[signal.code]


def test_a_target_is_behind_until_it_has_caught_up() -> None:
    """The fault says how far and why, stands while the target catches up, and ends when it has."""
    judge = Judge()
    assert judge.tell(condition="waiting", behind=100, behind_s=599.0, error="refused") == []
    assert judge.tell(condition="waiting", behind=123_456, behind_s=7500.0) == ["history_behind"]
    assert judge.standing["history_behind"] == "2.1 h and 123456 signals are not sent yet: refused"
    assert judge.tell(condition="up", behind=100, behind_s=40.0, error="") == ["history_behind"]
    assert judge.tell(behind=0, behind_s=0.0) == []
    assert judge.tell(behind_s=599.0) == []


def test_a_start_is_no_fault() -> None:
    """Before anything was sent nobody knows what the target has; a moment later it is known."""
    judge = Judge()
    assert judge.tell(condition="starting", behind=100, behind_s=7500.0) == []
    assert judge.tell(condition="up", behind=0, behind_s=0.0) == []
    assert judge.tell(condition="starting", behind=100, behind_s=7500.0) == []
    assert judge.tell(condition="waiting") == ["history_behind"]


def test_a_target_that_refuses_is_a_fault_at_once() -> None:
    """Only people can help; it ends when the target takes something."""
    judge = Judge()
    assert judge.tell(condition="refused", error="401 Unauthorized:") == ["history_refused"]
    assert "401 Unauthorized" in judge.standing["history_refused"]
    assert judge.tell(condition="waiting") == ["history_refused"]
    assert judge.tell(condition="up") == []


def test_what_is_about_to_be_deleted_is_told_before() -> None:
    """At 80 % of what the journal keeps there is still time; what was lost then stays in view for an hour."""
    judge = Judge()
    assert judge.tell(behind=int(Keeping().signals * 0.79)) == []
    assert judge.tell(behind=int(Keeping().signals * 0.81)) == ["history_losing"]
    assert judge.tell(lost=7) == ["history_losing", "history_lost"]
    assert judge.tell(behind=0) == ["history_lost"]
    judge.clock.pass_s(3601.0)
    assert judge.tell() == []


def test_rejected_lines_stay_in_view_for_an_hour() -> None:
    """Each one anew; those of an earlier run are counted and no news."""
    judge = Judge()
    assert judge.tell(rejected=1) == ["history_rejected"]
    judge.clock.pass_s(3000.0)
    assert judge.tell(rejected=2) == ["history_rejected"]
    judge.clock.pass_s(3000.0)
    assert judge.tell() == ["history_rejected"]
    judge.clock.pass_s(601.0)
    assert judge.tell() == []
