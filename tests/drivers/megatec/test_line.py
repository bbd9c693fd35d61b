"""The whole way: virtual UPS, pseudo-terminal, serial link and Megatec driver as the registry builds them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.contract import Binding
from drivers.links.serial_settings import SerialSettings
from drivers.megatec.settings import MegatecSettings
from drivers.registry import LINKS, Attached
from rules.signal import Fault, LinkDown, LinkUp, Reading, Recovered, Signal
from simulators.ups import SerialUps
from tests.drivers.links.serial_line import Collected, running
from tests.drivers.megatec.talk import QUANTITIES

ATTACHED = Attached("megatec", MegatecSettings(poll=0.5), (Binding("ups-1", "", QUANTITIES),))


def says(quantity: str, value: float | bool) -> Callable[[Signal], bool]:
    """Whether a signal is that reading."""
    return lambda one: isinstance(one, Reading) and one.quantity == quantity and one.value == value


def fault(code: str) -> Callable[[Signal], bool]:
    """Whether a signal is that fault of the UPS."""
    return lambda one: isinstance(one, Fault) and (one.source, one.code) == ("ups-1", code)


def recovered(code: str) -> Callable[[Signal], bool]:
    """Whether a signal is the end of that fault."""
    return lambda one: isinstance(one, Recovered) and (one.source, one.code) == ("ups-1", code)


@asynccontextmanager
async def _reading(path: Path) -> AsyncIterator[Collected]:
    inbox = Collected()
    now = asyncio.get_running_loop().time
    async with running(LINKS["serial"].build("ups-line", SerialSettings(path=str(path)), [ATTACHED], inbox, now)):
        yield inbox


@pytest.fixture
async def ups(tmp_path: Path) -> AsyncIterator[SerialUps]:
    """A UPS on the port `tty`."""
    ups = SerialUps(tmp_path / "tty")
    task = asyncio.create_task(ups.run())
    yield ups
    task.cancel()
    await asyncio.wait({task})


async def test_a_power_cut(ups: SerialUps, tmp_path: Path) -> None:
    """The mains goes, the battery goes low, the mains comes back: each is told once it is so."""
    async with _reading(tmp_path / "tty") as inbox:
        seen = await inbox.until(says("on_battery", False))
        ups.mains(False)
        seen = await inbox.until(says("on_battery", True), seen)
        ups.device.battery.charge, ups.device.battery_speed = 0.04, 0.01
        seen = await inbox.until(says("ups_battery_low", True), seen)
        ups.mains(True)
        seen = await inbox.until(says("on_battery", False), seen)
        await inbox.until(says("ups_battery_low", False), seen)


async def test_unplugged_on_battery(ups: SerialUps, tmp_path: Path) -> None:
    """Pulled out while on battery: the line is told dead and, three polls later, the UPS silent; both end."""
    ups.mains(False)
    async with _reading(tmp_path / "tty") as inbox:
        seen = await inbox.until(says("on_battery", True))
        ups.unplug()
        seen = await inbox.kind(LinkDown, seen)
        seen = await inbox.until(fault("no_answer"), seen)
        ups.plug()
        seen = await inbox.kind(LinkUp, seen)
        seen = await inbox.until(recovered("no_answer"), seen)
        await inbox.until(says("on_battery", True), seen)


async def test_muted_and_back(ups: SerialUps, tmp_path: Path) -> None:
    """A UPS that stops answering on a line that stands is a fault of the UPS, not of the line."""
    async with _reading(tmp_path / "tty") as inbox:
        seen = await inbox.until(says("voltage", 226.0))
        ups.mute()
        seen = await inbox.until(fault("no_answer"), seen)
        ups.unmute()
        await inbox.until(recovered("no_answer"), seen)
    assert not [one for one in inbox.signals if isinstance(one, LinkDown)]


def _halve(ups: SerialUps, on: bool) -> None:
    ups.half_frames(on)


def _replace(ups: SerialUps, on: bool) -> None:
    ups.answer_instead(b"+CREG: 0,1\r" if on else None)


@pytest.mark.parametrize("trouble", [_halve, _replace])
async def test_what_is_not_megatec_is_a_fault_and_over(
    trouble: Callable[[SerialUps, bool], None], ups: SerialUps, tmp_path: Path
) -> None:
    """Half frames and another device's answers are bad input, told with the bytes; a healthy line ends it."""
    async with _reading(tmp_path / "tty") as inbox:
        seen = await inbox.until(says("voltage", 226.0))
        trouble(ups, True)
        seen = await inbox.until(fault("bad_input"), seen)
        trouble(ups, False)
        await inbox.until(recovered("bad_input"), seen)


async def test_a_noisy_line_tells_nothing_illegal(ups: SerialUps, tmp_path: Path) -> None:
    """With one byte in a hundred spoilt readings still come, and no power cut is seen that is none."""
    ups.noise(0.01)
    async with _reading(tmp_path / "tty") as inbox:
        seen = 0
        for _ in range(5):
            seen = await inbox.until(says("on_battery", False), seen)
    assert not any(map(says("on_battery", True), inbox.signals))


def test_a_serial_line_runs_one_driver() -> None:
    """Two drivers on one serial line are refused when it is built."""
    with pytest.raises(ValueError, match="exactly one driver"):
        LINKS["serial"].build("line", SerialSettings(path="/dev/x"), [ATTACHED, ATTACHED], Collected(), lambda: 0.0)
