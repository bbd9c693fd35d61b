"""The virtual UPS on a pseudo-terminal, at the pace of 2400 Bd and with the troubles of a real line.

By hand: `python -m simulators.ups --link /path/of/port`, then type `help`.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from simulators.devices.ups import Ups
from simulators.physics.noise import noise
from simulators.pty_port import PtyPort

log = logging.getLogger(__name__)

BYTE_S = 10 / 2400  # start bit, eight data bits, stop bit
CHUNK = 8  # bytes that an adapter hands over at once
TURN_S = 0.1
COMMAND_MAX = 16  # a real UPS forgets a longer one as well


class SerialUps:
    """A UPS on a pseudo-terminal at `path`. `run` keeps it alive until it is cancelled, and then pulls it out."""

    def __init__(self, path: Path, *, battery_speed: float = 1.0, load_percent: float = 35.0, seed: int = 1) -> None:
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self.device = Ups(self._clock(), battery_speed=battery_speed, load_percent=load_percent)
        self._port = PtyPort(path, self._heard)
        self._random = noise(seed, "ups")
        self._command = b""
        self._muted = False
        self._noise = 0.0
        self._halved = False
        self._instead: bytes | None = None
        self.questions = 0

    async def run(self) -> None:
        """Raises OSError when the path cannot be written."""
        self._port.plug()
        try:
            while True:
                self.device.advance(self._clock())
                if self._random.random() < self._noise:
                    self._port.send(self._random.randbytes(CHUNK))
                await asyncio.sleep(TURN_S)
        finally:
            self._port.unplug()

    @property
    def battery_charge(self) -> float:
        """Per cent."""
        return self.device.battery_charge

    def mains(self, on: bool) -> None:
        """The mains returns or fails."""
        self.set_mains_voltage(226.0 if on else 0.0)

    def set_mains_voltage(self, volts: float) -> None:
        self.device.advance(self._clock())
        self.device.set_mains(volts)

    def set_load(self, percent: float) -> None:
        self.device.advance(self._clock())
        self.device.load_percent = percent

    def fail(self, failed: bool = True) -> None:
        """An internal failure, shown by its flag."""
        self.device.failed = failed

    def mute(self) -> None:
        """Say nothing more, and go on working."""
        self._muted = True

    def unmute(self) -> None:
        self._muted = False

    def noise(self, level: float) -> None:
        """Spoil each byte sent with this probability, and babble in between."""
        self._noise = level

    def half_frames(self, on: bool = True) -> None:
        """Stop in the middle of each answer."""
        self._halved = on

    def answer_instead(self, reply: bytes | None) -> None:
        """Answer everything with this, as another device on the line would; None: be a UPS again."""
        self._instead = reply

    def stop_reading(self) -> None:
        """Take nothing from the line until `start_reading`."""
        self._port.ignore()

    def start_reading(self) -> None:
        self._port.listen()

    def unplug(self) -> None:
        """Pull the adapter out."""
        self._port.unplug()

    def plug(self) -> None:
        """Put it back; the system gives it another device node."""
        self._port.plug()

    def _heard(self, data: bytes) -> None:
        *commands, rest = (self._command + data).split(b"\r")
        self._command = rest[-COMMAND_MAX:]
        for command in commands:
            self.questions += 1
            self._reply(command)

    def _reply(self, command: bytes) -> None:
        self.device.advance(self._clock())
        reply = self.device.answer(command.decode("latin-1"))
        if self._instead is not None:
            reply = self._instead
        if self._muted:
            return
        if self._halved:
            reply = reply[: len(reply) // 2]
        loop = asyncio.get_running_loop()
        for start in range(0, len(reply), CHUNK):
            chunk = reply[start : start + CHUNK]
            loop.call_later((start + len(chunk)) * BYTE_S, self._port.send, self._spoilt(chunk))

    def _spoilt(self, data: bytes) -> bytes:
        return bytes(self._random.randrange(256) if self._random.random() < self._noise else byte for byte in data)


HELP = "mains on|off, voltage V, load PERCENT, fail on|off, mute on|off, noise LEVEL, half on|off, plug, unplug, state"


async def _obey(ups: SerialUps) -> None:
    """Carry out the lines typed at the terminal until it is closed."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    orders: dict[str, Callable[[str], None]] = {
        "mains": lambda word: ups.mains(word == "on"),
        "voltage": lambda word: ups.set_mains_voltage(float(word)),
        "load": lambda word: ups.set_load(float(word)),
        "fail": lambda word: ups.fail(word == "on"),
        "mute": lambda word: ups.mute() if word == "on" else ups.unmute(),
        "noise": lambda word: ups.noise(float(word)),
        "half": lambda word: ups.half_frames(word == "on"),
        "plug": lambda _: ups.plug(),
        "unplug": lambda _: ups.unplug(),
        "state": lambda _: log.info("%s", ups.device),
    }
    while line := (await lines.readline()).decode():
        order, _, word = line.strip().partition(" ")
        try:
            orders[order](word)
        except (KeyError, ValueError):
            log.info("not understood: %r; write one of %s", line.strip(), HELP)


async def _main(path: Path, load_percent: float, battery_speed: float) -> None:
    ups = SerialUps(path, load_percent=load_percent, battery_speed=battery_speed)
    running = asyncio.create_task(ups.run())
    log.info("a UPS answers on %s at 2400 8N1; %s", path, HELP)
    obeying = asyncio.create_task(_obey(ups))
    try:
        await running
    finally:
        obeying.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A virtual Megatec UPS on a pseudo-terminal.")
    parser.add_argument("--link", type=Path, required=True, help="path under which the port appears")
    parser.add_argument("--load", type=float, default=35.0, help="per cent")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster the battery lives")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(options.link, options.load, options.speed))
