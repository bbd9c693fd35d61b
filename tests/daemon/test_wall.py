"""The wall clock: believed or not, moved or not; and nothing that decides goes by it."""

from datetime import UTC, datetime

import pytest

from daemon.clock import Stamp
from daemon.wall import LOOK_S, SHOWN_S, Wall
from rules.plan import DutyRule, Plan
from rules.schedule import Schedule, Span
from rules.signal import Fault, Recovered, Signal
from tests.daemon import house
from tests.daemon.house import HandClock

NIGHT = Schedule((Span(20 * 3600, 4 * 3600),))


def utc(text: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class Hands(HandClock):
    """A clock whose hands are moved by the test; engine time and boot time go on together."""

    def __init__(self, wall: str, at: float = 1000.0, boot: str = "boot") -> None:
        super().__init__(at)
        self._boot = boot
        self.offset = utc(wall) - at

    def wall(self) -> float:
        return self.at + self.offset

    def set(self, wall: str) -> None:
        self.offset = utc(wall) - self.at

    def stamp(self) -> Stamp:
        return Stamp(self.at, self.wall(), self._boot, self.at)


class Watch:
    """A watched clock, and what was told of it."""

    def __init__(
        self, clock: Hands, last: Stamp | None = None, believed: float | None = None, plan: Plan | None = None
    ) -> None:
        self.clock = clock
        self.told: list[Signal] = []
        self.changes = 0
        self.wall = Wall(clock, last, believed, lambda: plan or house.plan())
        self.wall.begin(self.told.append, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def look(self, after_s: float = LOOK_S) -> list[str]:
        """What is told at the next look."""
        self.clock.pass_s(after_s)
        self.told.clear()
        self.wall.look()
        return [f"{type(one).__name__} {one.code}" for one in self.told if isinstance(one, Fault | Recovered)]

    @property
    def text(self) -> str:
        return "".join(one.text for one in self.told if isinstance(one, Fault))


@pytest.mark.parametrize("wrong", ["1970-01-01T00:00:07", "2025-12-31T23:00:00", "2100-01-01T00:00:00"])
def test_a_machine_that_lost_its_clock_says_so(wrong: str) -> None:
    """A date before this program was built, or beyond its time, is a fault at once; it ends when the clock is set."""
    watch = Watch(Hands(wrong))
    assert [type(one).__name__ for one in watch.told] == ["Fault"] and watch.wall.doubt
    assert "which cannot be: set it" in watch.text
    assert watch.look() == []
    watch.clock.set("2026-11-22T19:00:00")
    assert watch.look() == ["Fault clock_step", "Recovered not_set"]
    assert watch.wall.doubt == "" and watch.changes == 2


def test_a_boot_into_the_past_is_doubted_until_the_clock_passes_the_journal() -> None:
    """A clock behind the newest row shows what cannot be, also when its date would be possible."""
    last = Stamp(900.0, utc("2026-11-22T19:00:00"), "boot before", 900.0)
    watch = Watch(Hands("2026-11-22T18:59:50"), last, last.wall)
    assert "before the journal's last row (2026-11-22 19:00:00 UTC)" in watch.text
    assert watch.look() == []
    assert watch.look() == ["Recovered not_set"]


def test_a_step_is_told_once_with_its_size() -> None:
    """Forward and back, as a fault that goes by itself; a clock that is adjusted gently is no step."""
    watch = Watch(Hands("2026-11-22T19:00:00"))
    assert watch.told == []
    watch.clock.offset += 3600.0
    assert watch.look() == ["Fault clock_step"]
    assert "forward by 3600.0 s, to 2026-11-22 20:00:05 UTC" in watch.text
    assert watch.look() == []
    watch.clock.offset -= 3600.0
    assert watch.look() == ["Recovered clock_step", "Fault clock_step"]
    assert "back by 3600.0 s" in watch.text and watch.changes == 2
    for _ in range(int(SHOWN_S / LOOK_S) - 1):
        watch.clock.offset += 500e-6 * LOOK_S
        assert watch.look() == []
    assert watch.look() == ["Recovered clock_step"]


def test_who_sets_the_clock_back_is_believed() -> None:
    """A clock that was years ahead and is put right must not be doubted until those years have passed."""
    watch = Watch(Hands("2031-01-01T00:00:00"), believed=utc("2030-12-31T23:00:00"))
    watch.clock.set("2026-11-22T19:00:00")
    assert watch.look() == ["Fault clock_step"]
    assert watch.wall.doubt == ""


def test_a_step_while_the_daemon_was_away_is_told() -> None:
    """Within one boot the machine itself says how long that was; what an NTP daemon adjusts in hours is no step."""
    last = Stamp(900.0, utc("2026-11-22T19:00:00"), "boot", 900.0)
    watch = Watch(Hands("2026-11-22T18:01:40"), last, last.wall)
    assert "back by 3600.0 s" in watch.text and not watch.wall.doubt
    night = Stamp(0.0, utc("2026-11-22T00:00:00"), "boot", 0.0)
    assert Watch(Hands("2026-11-22T08:00:14", at=28_800.0), night, night.wall).told == []


def test_a_step_into_nonsense_is_both() -> None:
    """The hands were moved, and what they show cannot be."""
    watch = Watch(Hands("2026-11-22T19:00:00"))
    watch.clock.set("1970-01-01T00:00:00")
    assert watch.look() == ["Fault clock_step", "Fault not_set"]


def test_people_are_told_what_does_not_work_without_a_clock() -> None:
    """Which schedules are unknown, what that means for duty, and what goes on."""
    plan = house.plan()
    object.__setattr__(plan, "schedules", {"night": NIGHT})
    object.__setattr__(plan, "duty", DutyRule("night"))
    text = Watch(Hands("1970-01-01T00:00:00"), plan=plan).text
    assert "no schedule is known (night): rules that ask during() cannot decide" in text
    assert "nobody counts as on duty by 'night', so no alarm waits for anybody" in text
    assert "schedule" not in Watch(Hands("1970-01-01T00:00:00")).text
