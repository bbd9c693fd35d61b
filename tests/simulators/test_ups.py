"""The virtual UPS behaves as a UPS does, and its port as an adapter does."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import serial

from simulators.devices.ups import BATTERY_LOW_V, CUT_OFF_V, Ups
from simulators.physics.battery import FLOAT_V, Battery
from simulators.pty_port import PtyPort
from simulators.ups import SerialUps

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 30.0  # for what takes a quarter of a second, on a busy machine
STATUS_BYTES, RATING_BYTES, IDENTITY_BYTES = 47, 22, 39  # as NUT demands


def _minutes_to_empty(load_percent: float) -> float:
    ups = Ups(0.0, load_percent=load_percent)
    ups.set_mains(0.0)
    while not ups.off:
        ups.advance(ups.now + 10.0)
    return ups.now / 60.0


def test_runtime_is_that_of_a_real_one() -> None:
    """1000 VA on two 7 Ah blocks lasts about 5 minutes at full load, and more than twice as long at half of it."""
    full, half, low = (_minutes_to_empty(load) for load in (100.0, 50.0, 25.0))
    assert 3.0 < full < 8.0
    assert 2.2 * full < half < 3.2 * full  # Peukert
    assert 2.2 * half < low < 3.2 * half


def test_voltage_falls_with_load_and_charge_and_never_rises_on_battery() -> None:
    """The terminals sag under load, fall as the charge goes, fast at the end, and rest between float and cut-off."""
    battery = Battery()
    volts = []
    while battery.voltage > CUT_OFF_V:
        battery.discharge(400.0, 1.0)
        volts.append(battery.voltage)
    assert FLOAT_V - volts[0] > 1.0
    assert volts == sorted(volts, reverse=True)
    middle = volts[len(volts) // 2 - 30] - volts[len(volts) // 2]
    assert volts[-30] - volts[-1] > 3 * middle
    light = Battery()
    light.discharge(50.0, 1.0)
    assert light.voltage > volts[0]


def test_it_charges_slower_than_it_empties() -> None:
    """An empty battery is back in hours, not minutes, and stays at the float voltage."""
    battery = Battery(charge=0.0)
    hours = 0.0
    while battery.charge < 0.9:
        battery.recharge(60.0)
        hours += 1 / 60
    assert 4.0 < hours < 12.0
    assert battery.voltage == FLOAT_V


def test_low_flag_comes_before_the_end_and_mains_wakes_it() -> None:
    """The low flag stands minutes before it goes silent; the mains' return brings it back."""
    ups = Ups(0.0, load_percent=50.0)
    ups.set_mains(0.0)
    low_at = None
    while not ups.off:
        ups.advance(ups.now + 1.0)
        if low_at is None and ups.battery_low:
            low_at = ups.now
            assert ups.battery.voltage <= BATTERY_LOW_V
    assert low_at is not None and 15.0 < ups.now - low_at < 300.0
    assert ups.answer("Q1") == b""
    ups.set_mains(226.0)
    assert ups.answer("Q1").startswith(b"(226.0")


@pytest.mark.parametrize("per_cell", [False, True])
def test_answers_have_the_length_of_the_protocol(per_cell: bool) -> None:
    """Status, rating and identity have NUT's lengths, an unknown command comes back, an order is obeyed in silence."""
    ups = Ups(0.0, per_cell=per_cell)
    assert [len(ups.answer(one)) for one in ("Q1", "F", "I")] == [STATUS_BYTES, RATING_BYTES, IDENTITY_BYTES]
    assert ups.answer("QPI") == b"QPI\r"
    assert ups.answer("T") == b"" and ups.testing


def test_a_speed_makes_the_battery_live_faster() -> None:
    """The battery's time runs as many times faster as was asked."""
    slow, fast = Ups(0.0), Ups(0.0, battery_speed=60.0)
    for ups, seconds in ((slow, 600.0), (fast, 10.0)):
        ups.set_mains(0.0)
        ups.advance(seconds)
    assert slow.battery_charge == pytest.approx(fast.battery_charge)


@pytest.fixture
async def ups(tmp_path: Path) -> AsyncIterator[SerialUps]:
    """A UPS on a port, alive."""
    ups = SerialUps(tmp_path / "tty")
    task = asyncio.create_task(ups.run())
    async with asyncio.timeout(WAIT_S):
        while not (tmp_path / "tty").is_symlink():
            await asyncio.sleep(0)
    yield ups
    task.cancel()
    await asyncio.wait({task})
    assert not (tmp_path / "tty").is_symlink()


def _ask(path: Path, command: bytes, size: int, timeout_s: float = WAIT_S) -> bytes:
    with serial.Serial(str(path), 2400, timeout=timeout_s, exclusive=True) as port:
        port.write(command)
        return port.read(size)


async def test_it_answers_on_its_port(ups: SerialUps, tmp_path: Path) -> None:
    """A program that opens the port is answered, at each opening anew."""
    for _ in range(2):
        answer = await asyncio.to_thread(_ask, tmp_path / "tty", b"Q1\r", STATUS_BYTES)
        assert answer.startswith(b"(226.0") and answer.endswith(b"\r")


async def test_by_hand(tmp_path: Path) -> None:
    """Run from a terminal it answers on its port, obeys what is typed, and says what it did not understand."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators.ups", "--link", str(tmp_path / "tty")),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None and process.stderr is not None
    try:
        async with asyncio.timeout(WAIT_S):
            assert b"answers on" in await process.stderr.readline()
            process.stdin.write(b"mains off\nload 50\ndance\n")
            assert b"dance" in await process.stderr.readline()
        answer = await asyncio.to_thread(_ask, tmp_path / "tty", b"Q1\r", STATUS_BYTES)
        assert answer.startswith(b"(000.0") and b" 050 " in answer and answer.endswith(b" 10001001\r")
    finally:
        process.terminate()
        await process.wait()


async def test_troubles_of_the_line(ups: SerialUps, tmp_path: Path) -> None:
    """Half frames are half, noise changes bytes, another device answers its own words, and mute is silence."""
    ups.half_frames()
    assert len(await asyncio.to_thread(_ask, tmp_path / "tty", b"Q1\r", STATUS_BYTES, 1.0)) == STATUS_BYTES // 2
    ups.half_frames(False)
    ups.answer_instead(b"OK\r")
    assert await asyncio.to_thread(_ask, tmp_path / "tty", b"Q1\r", 3) == b"OK\r"
    ups.answer_instead(None)
    ups.mute()
    before = ups.questions
    assert await asyncio.to_thread(_ask, tmp_path / "tty", b"Q1\r", 1, 0.5) == b""
    assert ups.questions == before + 1
    ups.unmute()
    ups.noise(1.0)
    noisy = await asyncio.to_thread(_ask, tmp_path / "tty", b"Q1\r", STATUS_BYTES)
    assert noisy != ups.device.answer("Q1")


async def test_replugging_gives_another_device_behind_the_same_name(tmp_path: Path) -> None:
    """Unplugged, the name is gone and an open port reads its end; plugged in, the name leads to a living one."""
    port = PtyPort(tmp_path / "tty", lambda _: None)
    port.plug()
    mine = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    port.unplug()
    assert not (tmp_path / "tty").is_symlink()
    with suppress(OSError):  # EIO or the end, as the kernel likes
        assert os.read(mine, 1) == b""
    with pytest.raises(OSError, match="Input/output error"):
        os.write(mine, b"x")
    port.plug()
    assert (tmp_path / "tty").exists() and port.plugged
    os.close(mine)
    port.unplug()
    port.unplug()
