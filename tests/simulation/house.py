"""The simulated house: its machine, its brokers, its devices and receivers, and who starts the daemon again."""

import shutil
from collections.abc import Callable
from pathlib import Path

from config.files import read_files
from config.load import load_files
from daemon.api.house import House
from daemon.start import Start
from tests.simulation.broker import Broker
from tests.simulation.disk import Disk, image
from tests.simulation.field import Device, Receiver
from tests.simulation.process import Process
from tests.simulation.world import World

VENUE = Path(__file__).with_name("venue.yaml")
RESTART_S = (0.2, 20.0)  # a service manager starts it again at once; a machine that boots takes longer


class SimHouse:
    """Holds everything of one run, in a folder of its own."""

    def __init__(self, seed: int, folder: Path, rooms: int) -> None:
        self.world = World(seed)
        self.disk = Disk(self.world)
        self.rooms = range(1, rooms + 1)
        venue = folder / "venue"
        venue.mkdir()
        (venue / "venue.yaml").write_text(VENUE.read_text("utf-8").replace("ROOMS", f"1..{rooms}"), "utf-8")
        found = read_files(venue)
        self.start = Start(load_files(found), found, venue)
        self.brokers = {link.settings.port: Broker(self.world) for link in self.start.setup.links}
        field, desk = self.brokers.values()
        quiet = {"smoke_obscuration": 0.1, "temperature": 22.0}
        self.devices = {
            **{f"det-{room}": Device(self.world, field, f"det-{room}", quiet, 60.0) for room in self.rooms},
            **{
                f"sos-{room}": Device(self.world, field, f"sos-{room}", {"pressed": False}, 600.0)
                for room in self.rooms
            },
            "call-1": Device(self.world, desk, "call-1", {"contact": False}, 600.0),
        }
        self.receivers = [Receiver(self.world, field, "sounders"), Receiver(self.world, desk, "guard")]
        self.process: Process | None = None
        self.lives = 0
        self.kills = 0
        self.lost_by_degraded = 0  # kills while something was told or acknowledged that was not written
        self.on_death: Callable[[bool], None] = lambda degraded: None
        self._folder = folder
        self._power_cut = False
        self._over = False

    @property
    def house(self) -> House | None:
        """What people and programs can ask; None while the daemon is not there."""
        process = self.process
        return process.house if process is not None and process.alive else None

    def run(self) -> None:
        """One life after another, until `end` was called."""
        state = self._folder / "state-0"
        state.mkdir()
        while True:
            self.lives += 1
            process = Process(
                self.lives, self.world, self.disk, self.brokers, self.start, state, self._folder / "boot_id"
            )
            self.process = process
            try:
                process.run()
            except BaseException:
                process.bury()
                raise
            state = self._after(process, state)
            if self._over:
                return

    def kill(self) -> None:
        """kill -9, from anywhere."""
        if self.process is not None and self.process.alive:
            self.process.kill()

    def cut_power(self) -> None:
        """The machine itself is gone, and comes back with a wall clock that may be wrong."""
        if self.process is not None and self.process.alive:
            self._power_cut = True
            self.process.kill()

    def end(self) -> None:
        self._over = True
        self.kill()

    def database(self) -> Path:
        """The journal as the last life left it."""
        return self._folder / f"state-{self.lives}" / "journal.db"

    def _after(self, process: Process, state: Path) -> Path:
        degraded = process.degraded
        self.kills += 1
        self.lost_by_degraded += degraded
        self.on_death(degraded)
        self.process = None
        for broker in self.brokers.values():
            for session in broker.sessions.values():
                session.connection = None
        left = self._folder / f"state-{self.lives}"
        image(state, left, self._power_cut, self.disk)
        process.bury()
        shutil.rmtree(state)
        if self._power_cut:
            self._power_cut = False
            self.world.reboot(self.world.chance.choice((0.0, 0.0, -3600.0, 30.0)))
        if not self._over:
            self.world.pass_until(self.world.now + self.world.chance.uniform(*RESTART_S))
            self.disk.fails_before = self.disk.fails_after = (
                False  # a start without the journal knows nothing of what stood, and says so: not told here
            )
        return left
