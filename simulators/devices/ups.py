"""A line-interactive UPS of 1000 VA that speaks Megatec/Q1, with a battery that empties and fills as a real one does.

No wire and no clock: `simulators.ups` puts it on a serial port.
"""

from dataclasses import dataclass, field

from simulators.physics.battery import CELLS, Battery

NOMINAL_V, NOMINAL_HZ = 220.0, 50.0
RATED_W, RATED_A = 600.0, 4.0
INVERTER_EFFICIENCY = 0.85
TRANSFER_LOW_V, TRANSFER_HIGH_V = 180.0, 270.0  # medians of 170 dumps of 220 V units
BATTERY_LOW_V, CUT_OFF_V = 1.80 * CELLS, 1.67 * CELLS
TEST_S = 10.0  # the length of the test that T orders
STEP_S = 1.0  # the longest step of the battery
MINUTE_S = 60.0


@dataclass
class Ups:
    """What the UPS is and does. `now` is the caller's clock, in s; the battery's runs `battery_speed` times faster."""

    now: float
    load_percent: float = 35.0
    battery: Battery = field(default_factory=Battery)
    battery_speed: float = 1.0
    mains_v: float = 226.0
    failed: bool = False
    per_cell: bool = False
    maker: str = "TOCSIN"
    off: bool = False
    last_fault_v: float = 195.0
    _beeping: bool = True
    _test_until: float = 0.0
    _shutdown_at: float | None = None

    @property
    def mains_failed(self) -> bool:
        return not TRANSFER_LOW_V <= self.mains_v <= TRANSFER_HIGH_V

    @property
    def testing(self) -> bool:
        return self.now < self._test_until

    @property
    def on_battery(self) -> bool:
        return self.mains_failed or self.testing

    @property
    def battery_low(self) -> bool:
        return self.on_battery and self.battery.voltage <= BATTERY_LOW_V

    @property
    def battery_charge(self) -> float:
        """Per cent."""
        return 100.0 * self.battery.charge

    def set_mains(self, volts: float) -> None:
        """The mains changes; its return wakes a UPS that has switched itself off."""
        if self.mains_failed:
            self.last_fault_v = self.mains_v
        self.mains_v = volts
        if not self.mains_failed:
            self.off = False

    def advance(self, now: float) -> None:
        """Let time pass up to `now`."""
        left_s = (now - self.now) * self.battery_speed
        self.now = now
        while left_s > 0:
            step_s = min(left_s, STEP_S)
            left_s -= step_s
            self._step(step_s)
        if self._shutdown_at is not None and now >= self._shutdown_at:
            self._shutdown_at = None
            self.off = True

    def _step(self, dt: float) -> None:
        if not self.on_battery:
            self.battery.recharge(dt)
        elif not self.off:
            self.battery.discharge(RATED_W * self.load_percent / 100.0 / INVERTER_EFFICIENCY, dt)
            self.off = self.battery.voltage <= CUT_OFF_V

    def answer(self, command: str) -> bytes:
        """The reply to one command; nothing from a UPS that is off, or to an order that it just carries out."""
        if self.off:
            return b""
        if command == "Q1":
            return self._status()
        if command == "F":
            return f"#{NOMINAL_V:05.1f} {RATED_A:03.0f} {2.0 * CELLS:05.2f} {NOMINAL_HZ:04.1f}\r".encode()
        if command == "I":
            return f"#{self.maker:<15.15} {'SIM1000':<10} {'V1':<10}\r".encode()
        return b"" if self._ordered(command) else f"{command}\r".encode("latin-1")

    def _status(self) -> bytes:
        output_v = NOMINAL_V if self.on_battery else self.mains_v
        battery_v = self.battery.voltage
        battery = f"{battery_v / CELLS:4.2f}" if self.per_cell else f"{battery_v:04.1f}"
        flags = (
            self.mains_failed,
            self.battery_low,
            False,
            self.failed,
            True,
            self.testing,
            self._shutdown_at is not None,
            self._beeping,
        )
        bits = "".join("1" if flag else "0" for flag in flags)
        return (
            f"({self.mains_v:05.1f} {self.last_fault_v:05.1f} {output_v:05.1f} {self.load_percent:03.0f} "
            f"{NOMINAL_HZ:04.1f} {battery} 30.0 {bits}\r"
        ).encode()

    def _ordered(self, command: str) -> bool:
        """Carry out an order; False when it is none that this UPS knows."""
        if command == "T":
            self._test_until = self.now + TEST_S
        elif command[:1] == "T" and command[1:].isdecimal():
            self._test_until = self.now + int(command[1:]) * MINUTE_S
        elif command == "TL":
            self._test_until = float("inf")
        elif command == "CT":
            self._test_until = 0.0
        elif command == "C":
            self._shutdown_at = None
        elif command == "Q":
            self._beeping = not self._beeping
        elif command[:1] == "S" and _is_number(command[1:]):
            self._shutdown_at = self.now + float(command[1:]) * MINUTE_S
        else:
            return False
        return True


def _is_number(text: str) -> bool:
    return text.replace(".", "0", 1).isdecimal()
