"""The reloader on a pump of its own: what counts as good, what is said, what a start does that cannot take effect."""

import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.files import read_files
from config.load import load_files
from config.problem import ConfigError
from config.setup import Setup
from daemon.reload import CHANGED, Reloader
from daemon.reload_words import refusal
from daemon.rule_sets import RuleSets
from daemon.start import Start
from rules.engine import Engine
from rules.signal import Signal
from tests.conftest import ROOT
from tests.daemon import house
from tests.daemon.house import HandClock
from tests.daemon.test_pump import Bench, running

MINIMAL = ROOT / "config/samples/minimal"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A venue's directory that a test may change."""
    return Path(shutil.copytree(MINIMAL, tmp_path / "files"))


def edit(files: Path, old: str, new: str) -> None:
    """Change the rules."""
    path = files / "rules/house.yaml"
    path.write_text(path.read_text().replace(old, new))


class Kept:
    """A reloader and what it told others of."""

    def __init__(self, bench: Bench, start: Start, state: Path) -> None:
        self.bench = bench
        self.adopted: list[Setup] = []
        self.sets = RuleSets(state)
        self.reloader = Reloader(start, self.sets, bench.pump, bench.clock.now, self.adopted.append)

    def last(self) -> str:
        """The digest of the last good set."""
        found = self.sets.last()
        return found.digest if found else ""

    async def faults(self) -> dict[str, str]:
        """What it complains of."""
        await self.bench.durable()
        return {fault.code: fault.text for fault in self.bench.pump.engine.faults() if fault.source == "tocsin/rules"}


@asynccontextmanager
async def reloading(files: Path, tmp_path: Path, *before: Signal, refused: str = "") -> AsyncIterator[Kept]:
    """Begun with the sample's files, after `before` was heard."""
    found = read_files(MINIMAL)
    async with running(tmp_path / "journal.db", HandClock()) as bench:
        if before:
            await bench.durable(*before)
        kept = Kept(bench, Start(load_files(found), found, files, (), refused), tmp_path)
        kept.reloader.begin()
        yield kept


async def test_a_set_counts_as_good_when_it_is_in_force(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the engine refuses was stored, and is never what the next start falls back on."""

    class Faulty(Engine):
        def take_up(self, body: bytes) -> None:
            raise ZeroDivisionError("bug")

    async with reloading(files, tmp_path) as kept:
        assert (await kept.reloader.reload()).outcome == "unchanged"
        good = kept.last()
        assert good == read_files(MINIMAL).digest
        edit(files, "id: smoke", "id: other")
        with monkeypatch.context() as patched:
            patched.setattr("daemon.reload.Engine", Faulty)
            assert (await kept.reloader.reload()).outcome == "refused"
        assert kept.last() == good
        assert kept.sets.find(read_files(files).digest) is not None
        assert (await kept.reloader.reload()).outcome == "applied"
        assert kept.last() == read_files(files).digest == kept.bench.pump.engine.rules


async def test_what_the_fault_says_already_is_not_logged_again(
    files: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first look after a start finds the file that the start refused; only who asks is told once more."""
    edit(files, "id: smoke", "id: smoke-")
    edit(files, "category: fire", "category: water")
    with pytest.raises(ConfigError) as wrong:
        load_files(read_files(files))
    text = refusal(tuple(map(str, wrong.value.problems)), wrong.value.count)
    async with reloading(files, tmp_path, refused=text) as kept:

        def errors() -> int:
            return sum(one.name == "daemon.reload" and one.levelno >= logging.ERROR for one in caplog.records)

        assert (await kept.reloader.reload(why=CHANGED)).outcome == "refused"
        assert await kept.faults() == {"refused": text}
        assert errors() == 0
        await kept.reloader.reload(why="SIGHUP")
        assert errors() == 1
        edit(files, "category: water", "category: earth")
        await kept.reloader.reload(why=CHANGED)
        assert errors() == 2


async def test_a_start_whose_files_would_end_what_is_up_goes_on_as_before(files: Path, tmp_path: Path) -> None:
    """Also where it began with the first words of the start: the engine's rules stay, and the files wait."""
    async with reloading(files, tmp_path, house.press(100.0, 1)) as kept:
        engine = kept.bench.pump.engine
        report = await kept.reloader.reload()
        assert report.outcome == "refused"
        assert any("panic@sos-1 is up" in problem for problem in report.problems)
        assert kept.bench.pump.engine is engine
        assert kept.reloader.setup.plan is engine.plan
        assert [setup.plan for setup in kept.adopted] == [engine.plan]
        assert "refused" in await kept.faults()
