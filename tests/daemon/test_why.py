"""Why and why not, over the API, from the journal, and on the command line."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from config.files import read_files
from config.load import load, load_files
from daemon.api.models import WhyView
from daemon.client import AsyncDaemonClient, NotThere
from daemon.clock import Stamp
from daemon.journal.journal import Entry, Journal
from daemon.journal.past import History, NoHistory
from daemon.journal.schema import open_database
from daemon.journal.writer import Writer
from daemon.outbox.ledger import Ledger, Run
from daemon.rule_sets import RuleSets
from daemon.terminal.why_picture import PHASE
from daemon.why import Answer, UnknownAlarm, alarm_at, why_not
from rules.engine import Engine
from rules.level import Phase
from rules.plan import Plan
from rules.signal import LinkUp, Reading, Reloaded, Signal, Tick
from tests.conftest import ROOT
from tests.daemon import house
from tests.daemon.fake_core import FakeCore, make_plan
from tests.daemon.served import served
from tests.daemon.test_cli import tocsin
from tests.daemon.written import AT_ONCE_S

WALL = 1_790_000_000.0  # of engine time 0: an instant in 2026
MINIMAL = ROOT / "config/samples/minimal"


async def _written(path: Path, plan: Plan, signals: Sequence[Signal], *, snapshot_after: float = -1.0) -> None:
    """A journal in which each signal has a row of its own; a snapshot stands after the first that is late enough."""
    connection = open_database(path)
    journal = Journal(Writer(path, connection, Run("aaaa", "boot", ())), Ledger(), print, lambda: None, AT_ONCE_S)
    journal.start()
    engine, kept = Engine(plan), snapshot_after < 0
    for signal in signals:
        engine.step(signal)
        entry = Entry(Stamp(signal.at, WALL + signal.at, "boot", signal.at), [signal], [])
        if not kept and signal.at >= snapshot_after:
            entry.snapshot, kept = engine.snapshot(), True
        done = asyncio.Event()
        entry.done = done.set
        journal.submit(entry)
        await asyncio.wait_for(done.wait(), 10)
    assert await asyncio.to_thread(journal.close, 10)


def _asked(path: Path, at: float, *, alarm: str = "smoke@det-1", within_s: float = 600.0) -> Answer:
    with History(path) as history:
        plan = house.plan()
        return why_not(history, lambda _: plan, alarm, WALL + at, within_s, lambda share: None)


STORY: list[Signal] = [
    Tick(0.0),
    house.smoke(10.0, 1.0, 1),
    house.smoke(20.0, 6.0, 2),
    house.smoke(23.0, 2.0, 3),
    house.smoke(30.0, 1.0, 9, "det-2"),
    house.smoke(40.0, 7.0, 4),
    house.smoke(60.0, 7.5, 5),
]


@pytest.mark.parametrize("snapshot_after", [-1.0, 10.0, 23.0])
async def test_the_past_is_as_it_was(tmp_path: Path, snapshot_after: float) -> None:
    """The same answer whether the journal is folded from its beginning or from a snapshot on."""
    path = tmp_path / "journal.db"
    await _written(path, house.plan(), STORY, snapshot_after=snapshot_after)
    waiting = _asked(path, 22.0)
    assert waiting.explanation.verdict == "orange is true and waits for its on-delay: 3 s of 5 s left"
    assert _asked(path, 30.0).explanation.verdict == "it is not up: no tier is true"
    assert _asked(path, 45.5).explanation.verdict == "it stands at orange for 0.5 s"


async def test_changes_before_are_told(tmp_path: Path) -> None:
    """The smoke that went before its delay was over is in the answer; other devices' words are not."""
    path = tmp_path / "journal.db"
    await _written(path, house.plan(), STORY)
    changes = [(change.wall - WALL, change.text) for change in _asked(path, 35.0).changes]
    condition = "smoke_obscuration >= 4.8"
    assert changes == [
        (10.0, f"{condition}: false, smoke_obscuration is 1 %/m"),
        (20.0, "tier orange: false, pending"),
        (20.0, f"{condition}: true, smoke_obscuration is 6 %/m"),
        (23.0, "tier orange: false, inactive"),
        (23.0, f"{condition}: false, smoke_obscuration is 2 %/m"),
    ]
    assert [change.wall - WALL for change in _asked(path, 35.0, within_s=14.0).changes] == [23.0, 23.0]


async def test_a_fluttering_rule_is_cut_to_its_last_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer stays readable: the newest changes are shown and the older ones are counted."""
    monkeypatch.setattr("daemon.why.MAX_CHANGES", 2)
    path = tmp_path / "journal.db"
    await _written(path, house.plan(), STORY)
    answer = _asked(path, 35.0)
    assert (len(answer.changes), answer.left_out) == (2, 3)


async def test_what_the_journal_cannot_tell_is_said(tmp_path: Path) -> None:
    """Before its beginning, after its end, pruned, damaged or absent: each is said, none is taken for quiet."""
    path = tmp_path / "journal.db"
    with pytest.raises(NoHistory, match="there is no journal"):
        History(path)
    open_database(path).close()
    with History(path) as empty, pytest.raises(NoHistory, match="empty"):
        empty.span()
    await _written(path, house.plan(), STORY, snapshot_after=10.0)
    with pytest.raises(NoHistory, match="begins later"):
        _asked(path, -5.0)
    assert "nothing is known of the time after" in _asked(path, 500.0).problems[0]
    connection = open_database(path)
    connection.execute("UPDATE snapshots SET body = x'00'")
    connection.execute("UPDATE commits SET signals = '[[' WHERE seq = 3")
    connection.execute("DELETE FROM commits WHERE seq = 1")
    connection.close()
    problems = "\n".join(_asked(path, 35.0, within_s=10.0).problems)
    assert "a snapshot cannot be read" in problems
    assert "let go by retention" in problems
    assert "commit 3 cannot be read" in problems


async def test_the_rules_of_an_instant_are_found(tmp_path: Path) -> None:
    """By the last change of rules before it, else by a snapshot, else nobody knows; what cannot be read is passed."""
    path = tmp_path / "journal.db"
    changes: list[Signal] = [Reloaded(10.0, "a"), Tick(15.0), Reloaded(20.0, "b"), Tick(30.0)]
    await _written(path, house.plan(), [Tick(0.0), *changes], snapshot_after=20.0)
    with History(path) as history:
        assert [history.rules_at(WALL + at) for at in (5.0, 12.0, 25.0)] == ["", "a", "b"]
    connection = open_database(path)
    connection.execute("UPDATE commits SET signals = '[[\"reloaded\"' WHERE seq = 4")
    with History(path) as history:
        assert history.rules_at(WALL + 25.0) == "a"
    connection.execute("DELETE FROM commits WHERE seq <= 4")
    with History(path) as history:
        assert history.rules_at(WALL + 25.0) == "b"
    connection.execute("UPDATE snapshots SET body = x'00'")
    connection.close()
    with History(path) as history:
        assert history.rules_at(WALL + 25.0) == ""


def test_a_journal_of_another_version_is_not_read(tmp_path: Path) -> None:
    """A schema that this program does not know is refused, and so is a file that is no database."""
    path = tmp_path / "journal.db"
    connection = open_database(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NoHistory, match="version 99"):
        History(path)
    path.write_bytes(b"no database" * 100)
    with pytest.raises(NoHistory, match="not a database"):
        History(path)


def test_alarm_at_finds_the_place_or_says_why_not() -> None:
    """A zone rule is found from any device in its zone; what is mistyped or never looked at is said."""
    plan = make_plan()
    assert alarm_at(plan, "smoke@det-305") == "smoke@det-305"
    with pytest.raises(UnknownAlarm, match="did you mean smoke"):
        alarm_at(plan, "smok@det-305")
    with pytest.raises(UnknownAlarm, match="did you mean det-3"):
        alarm_at(plan, "smoke@det-3O5")
    with pytest.raises(UnknownAlarm, match=r"never looks at stage: it is about the devices det-101, .* and 55 more"):
        alarm_at(plan, "smoke@stage")
    ktv = load(ROOT / "config/samples/ktv").plan
    assert alarm_at(ktv, "fire-confirmed@det-305") == "fire-confirmed@floor-3"
    assert alarm_at(ktv, "fire-confirmed@room-305") == "fire-confirmed@floor-3"


def test_every_phase_has_its_word() -> None:
    """A new phase of a tier must be named for people."""
    assert set(PHASE) == {phase.value for phase in Phase}


async def test_the_api_explains(tmp_path: Path) -> None:
    """GET /v1/why tells each tier with its conditions; an unknown rule is 404 with a hint."""
    socket = tmp_path / "api.sock"
    async with served(FakeCore(), socket), AsyncDaemonClient(socket) as client:
        found = await client.why("smoke@det-305")
        with pytest.raises(NotThere, match="there is no rule 'smok', did you mean smoke"):
            await client.why("smok@det-305")
    assert isinstance(found, WhyView)
    assert found.title.zh == "烟雾"
    assert found.since is None
    assert found.tiers[0].when.truth is False


async def test_commands_now(tmp_path: Path) -> None:
    """`why` and `why-not` without a time ask the daemon, in both languages and as JSON."""
    socket = tmp_path / "api.sock"
    async with served(FakeCore(), socket):
        _, english, _ = await tocsin("why", "smoke@det-305", "--socket", str(socket))
        _, chinese, _ = await tocsin("why-not", "smoke", "det-305", "--lang", "zh", "--socket", str(socket))
        _, told, _ = await tocsin("why", "smoke@det-305", "--json", "--socket", str(socket))
        code, _, errors = await tocsin("why", "smoke@nowhere", "--socket", str(socket))
    assert "when no  smoke_obscuration >= 4.8  [det-305 does not measure smoke_obscuration]" in english
    assert "烟雾, 305探测器" in chinese and "未成立" in chinese
    assert json.loads(told)["alarm"] == "smoke@det-305"
    assert (code, errors) == (1, "tocsin: there is no device or zone 'nowhere'\n")


async def test_commands_for_the_past(tmp_path: Path) -> None:
    """`why-not RULE PLACE TIME` reads the journal of the state folder and tells what changed on the way."""
    found = read_files(MINIMAL)
    RuleSets(tmp_path).store(found)
    signals: list[Signal] = [Reloaded(0.0, found.digest), LinkUp(0.5, "broker")]
    signals += [Reading(1.0, "smoke-1", "smoke", False), Reading(20.0, "smoke-1", "smoke", True), Tick(30.0)]
    await _written(tmp_path / "journal.db", load_files(found).plan, signals)
    asked = ("why-not", "smoke", "smoke-1", "2026-09-21T14:13:30+00:00", "--state", str(tmp_path))
    code, out, errors = await tocsin(*asked, env={"TZ": "UTC"})
    assert (code, errors) == (0, "")
    assert "it is not up: no tier is true" in out
    assert "14:13:21.000  smoke: false, smoke is false" in out
    _, told, _ = await tocsin(*asked, "--json")
    assert [change["text"] for change in json.loads(told)["changes"]] == ["smoke: false, smoke is false"]


async def test_the_past_is_judged_by_the_rules_of_then(tmp_path: Path) -> None:
    """Rules changed at 10 s: before it there was no such alarm. With --config the files of today judge all of it; what
    is not kept any more is said.
    """
    house_rules = (MINIMAL / "rules/house.yaml").read_text()
    sets, digests = RuleSets(tmp_path), []
    for number, rule in enumerate(("smoke-old", "smoke")):
        folder = tmp_path / f"files-{number}"
        shutil.copytree(MINIMAL, folder)
        (folder / "rules/house.yaml").write_text(house_rules.replace("id: smoke", f"id: {rule}"))
        found = read_files(folder)
        sets.store(found)
        digests.append(found.digest)
    signals: list[Signal] = [Reloaded(0.0, digests[0]), Reading(1.0, "smoke-1", "smoke", True)]
    signals += [Reloaded(10.0, digests[1]), Tick(30.0)]
    await _written(tmp_path / "journal.db", Engine(load(tmp_path / "files-0").plan).plan, signals)
    where = ("--state", str(tmp_path))
    code, _, errors = await tocsin("why-not", "smoke", "smoke-1", "2026-09-21T14:13:25+00:00", *where)
    told = "tocsin: by the rules of that time: there is no rule 'smoke', did you mean smoke-old?\n"
    assert (code, errors) == (1, told)
    code, gone, errors = await tocsin("why-not", "smoke-old", "smoke-1", "2026-09-21T14:13:25+00:00", *where)
    assert (code, errors) == (0, "")
    assert "it stands at orange for 4 s" in gone
    code, _, errors = await tocsin("why-not", "smoke-old", "smoke-1", "2026-09-21T14:13:40+00:00", *where)
    assert code == 1 and "there is no rule 'smoke-old'" in errors
    _, after, _ = await tocsin("why-not", "smoke", "smoke-1", "2026-09-21T14:13:40+00:00", *where)
    assert "the rules were changed: it is new" in after
    today = ("--config", str(tmp_path / "files-1"))
    _, before, _ = await tocsin("why-not", "smoke", "smoke-1", "2026-09-21T14:13:25+00:00", *where, *today)
    assert "it stands at orange for 4 s" in before
    next((tmp_path / "rules").glob(f"*-{digests[0]}.json")).unlink()
    _, _, errors = await tocsin("why-not", "smoke", "smoke-1", "2026-09-21T14:13:40+00:00", *where)
    assert "are not kept any more; the latest are used instead" in errors


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("yesterday",), 2, "expected 21:14:05"),
        (("23:59",), 1, "no rules are kept there"),
        (("90s", "--config", str(MINIMAL), "--within", "soon"), 2, "expected a time such as 30s"),
        (("90s", "--config", str(MINIMAL)), 1, "there is no journal"),
        (("21:14:05", "--config", "/nonexistent"), 1, "venue.yaml"),
    ],
)
async def test_wrong_usage_is_said(tmp_path: Path, args: tuple[str, ...], code: int, said: str) -> None:
    """What cannot be understood or is not there ends with a message and the exit code of its kind."""
    if args == ("yesterday",):
        args = ("yesterday", "--config", str(MINIMAL))
    got, _, errors = await tocsin("why-not", "smoke", "smoke-1", *args, "--state", str(tmp_path))
    assert got == code
    assert said in errors
