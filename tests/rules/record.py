"""Records the journals of tests/rules/recorded anew: each story is played against the real daemon over a real broker.

python -m tests.rules.record [NAME...]: what today's engine says otherwise to the journals that are there, then new ones
in their place. Minutes; nothing of the machine is written down. `git diff` shows what became otherwise.
"""

import asyncio
import shutil
import sys
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace

from config.files import LIBRARY, read_files
from daemon.client import AsyncDaemonClient
from daemon.journal.rows import Reader, open_journal
from rules.decision import Decision
from rules.signal import Reloaded, Signal
from simulators.daemon_process import DaemonProcess
from simulators.simulate import play
from simulators.wire import Broker
from tests.broker import Mosquitto
from tests.conftest import ROOT
from tests.rules.recorded.replay import FOLDER, RULES, decide, journal, names
from tests.rules.recorded.replay import replay as replayed
from tests.rules.recorded.rows import Told, write

STOCK_STORIES = ("room-fire", "mains-loss", "fog-machine", "panic-press", "dead-detector")
BUSY = "busy-evening"
FIRST, EDITED = "ktv", "ktv-edited"
HOUSE = """\
rules:
  - id: warm
    category: power
    each: device
    devices: {zone: floor-3, quantity: temperature}
    tiers:
      - {tier: blue, when: temperature >= 30, off_delay: 5s}
"""


async def record(name: str) -> list[Told]:
    """Play a story and read what the daemon's journal holds of it."""
    with TemporaryDirectory() as folder:
        here = Path(folder)
        venue = here / "venue"
        shutil.copytree(ROOT / "config/samples/ktv", venue)
        mosquitto = Mosquitto(_made(here / "broker"))
        mosquitto.start()
        settings = [f"links.broker.port={mosquitto.port}", f"links.ups-line.path={here / 'ups-line'}"]
        daemon = DaemonProcess(venue, here, settings)
        await daemon.start()
        first = read_files(venue, tuple(settings)).digest
        try:
            story = str(FOLDER / f"{name}.yaml") if name == BUSY else name
            broker = Broker(mosquitto.host, mosquitto.port)
            aside = asyncio.create_task(_meanwhile(daemon, venue)) if name == BUSY else None
            result = await play(story, venue, daemon.socket, broker=broker, settings=settings, say=print)
            print("\n".join(result.lines()))
            if aside is not None:
                await aside
        finally:
            await daemon.stop()
            mosquitto.close()
        return compact(list(_rows(here / "state" / "journal.db", first)), folder)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _meanwhile(daemon: DaemonProcess, venue: Path) -> None:
    """What people do in the busy evening besides: put aside, take new rules into force, start the box again."""
    await asyncio.sleep(14)
    async with AsyncDaemonClient(daemon.socket) as client:
        await client.order("shelve", "mains-loss@ktv", who="Chen", why="known", role="engineer", for_s=600.0)
        await client.order("out-of-service", "det-101", who="Chen", why="painting", role="engineer", for_s=900.0)
    await asyncio.sleep(4)
    (venue / "rules").mkdir()
    (venue / "rules" / "house.yaml").write_text(HOUSE)
    text = (venue / "venue.yaml").read_text("utf-8")
    (venue / "venue.yaml").write_text(text.replace("stock:faults]", "stock:faults, rules/house.yaml]"), "utf-8")
    async with AsyncDaemonClient(daemon.socket, timeout_s=60.0) as client:
        await client.reload(who="Chen", why="kitchen is warm")
    await asyncio.sleep(6)
    await daemon.kill()
    await daemon.start()
    await asyncio.sleep(20)
    async with AsyncDaemonClient(daemon.socket) as client:
        for evacuation in await client.evacuations():
            await client.order(
                "all-clear", evacuation.evacuation, who="Wu", why="glass broken by a guest", role="commander"
            )
        await client.order("unshelve", "mains-loss@ktv", who="Chen", why="looked at", role="engineer")


def _rows(path: Path, first: str) -> Iterator[Told]:
    """What was written, the sets of files by the names that they have here."""
    connection = open_journal(path)
    reader = Reader(connection)
    for row in reader.rows():
        signals = [_named(signal, first) for signal in reader.signals(row)]
        yield signals, [event.decision for event in reader.events(row)]
    connection.close()
    assert not reader.problems, reader.problems


def compact(told: Sequence[Told], folder: str) -> list[Told]:
    """The same journal in tenths of milliseconds, without the machine's paths. Raises AssertionError when the engine
    says other things to it than the daemon said.
    """
    signals = [[_short(signal, folder) for signal in part] for part, _ in told]
    said = list(decide(signals))
    for (_, recorded), now in zip(told, said, strict=True):
        assert [_what(one) for one in recorded] == [_what(one) for one in now], (recorded, now)
    return list(zip(signals, said, strict=True))


def _short(signal: Signal, folder: str) -> Signal:
    """Rounded up: a tick that came when a delay was over still comes when it is over."""
    plain = msgspec.json.encode(signal).decode().replace(folder, "/run/ktv")
    short: Signal = msgspec.json.decode(plain, type=Signal)
    return replace(short, at=ceil(signal.at * 10_000) / 10_000)


def _what(decision: Decision) -> object:
    """A decision without its times and the evidence."""
    shown = ("alarm", "tier", "state", "sounding", "zone", "evacuation", "source", "code", "step", "target", "reason")
    return type(decision), [getattr(decision, key, None) for key in shown]


def _named(signal: Signal, first: str) -> Signal:
    if not isinstance(signal, Reloaded):
        return signal
    return replace(signal, rules=FIRST if signal.rules == first else EDITED)


def keep_rules() -> None:
    """The files of now become those of the journals."""
    shutil.rmtree(RULES, ignore_errors=True)
    for name in (FIRST, EDITED):
        shutil.copytree(ROOT / "config/samples/ktv", RULES / name)
        (RULES / name / "stock").mkdir()
        for pack in LIBRARY.glob("*.yaml"):
            shutil.copy(pack, RULES / name / "stock")
    text = (RULES / EDITED / "venue.yaml").read_text("utf-8")
    (RULES / EDITED / "venue.yaml").write_text(
        text.replace("stock:faults]", "stock:faults, rules/house.yaml]"), "utf-8"
    )
    (RULES / EDITED / "rules").mkdir()
    (RULES / EDITED / "rules" / "house.yaml").write_text(HOUSE)


async def main(wanted: Sequence[str]) -> None:
    """Say what differs, then record."""
    for name in names():
        for difference in replayed(journal(name)):
            print(f"{name}: {difference}")
    if not wanted or not RULES.exists():
        keep_rules()
    for name in wanted or (*STOCK_STORIES, BUSY):
        told = await record(name)
        (FOLDER / f"{name}.txt").write_text("\n".join(write(told)) + "\n", "utf-8")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
